/**
 * A manager as its sockets show it: `socket.io`.
 * @module
 */
import type { Packet } from "../protocol/socket_packet.ts";
import type { Emitter } from "./emitter.ts";
import type { ManagerOptions } from "./options.ts";
import type { ClientSession } from "./session.ts";

/** Events of a manager. */
export interface ManagerEvents {
  /** There is a connection. */
  open: () => void;
  /** It is gone. */
  close: (reason: string, description?: unknown) => void;
  /** It could not be made. */
  error: (error: Error) => void;
  /** The server sent a heartbeat. */
  ping: () => void;
  /** A packet came. */
  packet: (packet: Packet) => void;
  /** It is tried again, for the `attempt`th time. */
  reconnect_attempt: (attempt: number) => void;
  /** That succeeded. */
  reconnect: (attempt: number) => void;
  /** That failed. */
  reconnect_error: (error: Error) => void;
  /** It is not tried any more. */
  reconnect_failed: () => void;
}

/** One connection to a server, which its sockets share. */
export interface ManagerFace extends Emitter<ManagerEvents> {
  /** The options it was made with. */
  readonly opts: ManagerOptions;
  /** The session below; undefined before the first. */
  readonly engine: ClientSession | undefined;
  /** Connects, unless it does or is. `done` is told how that went; with it a failure is not followed by attempts. */
  open(done?: (error?: Error) => void): this;
  /** The same as `open`. */
  connect(done?: (error?: Error) => void): this;
  /** Whether it connects again by itself. */
  reconnection(): boolean;
  /** Sets it. */
  reconnection(value: boolean): this;
  /** How often in a row. */
  reconnectionAttempts(): number;
  /** Sets it. */
  reconnectionAttempts(value: number): this;
  /** ms before the first attempt, on average. */
  reconnectionDelay(): number;
  /** Sets it. */
  reconnectionDelay(value: number): this;
  /** The most ms before an attempt. */
  reconnectionDelayMax(): number;
  /** Sets it. */
  reconnectionDelayMax(value: number): this;
  /** 0 to 1: how random each delay is. */
  randomizationFactor(): number;
  /** Sets it. */
  randomizationFactor(value: number): this;
  /** ms that connecting may take; false: any time. */
  timeout(): number | false;
  /** Sets it. */
  timeout(value: number | false): this;
}
