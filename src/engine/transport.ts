/**
 * The seam between a session's driver and the ways to reach its client.
 * @module
 */
import type { Frame } from "../protocol/frame.ts";
import type { CloseReason, TopicSocket } from "./ports.ts";
import type { TransportHandle } from "./session.ts";

/** One way to reach a client. No method throws: a failure comes back as `lost`. */
export interface Transport extends TransportHandle {
  /** Bytes handed over that the client has not taken, where the runtime tells; else 0. */
  readonly bufferedAmount: number;
  /** Sends frames in order. Called only after the owner was told `ready`. */
  write(frames: readonly Frame[], compress: boolean): void;
  /** See {@linkcode EngineSocket.direct}; absent where frames cannot be published. */
  direct?(bytes: number): TopicSocket | undefined;
  /** Looks at once how much is still held, and tells the owner. */
  refresh(): void;
  /** The session is done with this transport. A parked poll is answered with the farewell. */
  release(farewell: "close" | "noop"): void;
}

/** Whom a transport tells what happens: the driver of its session. */
export interface TransportOwner {
  /** The transport takes frames (again). */
  ready(transport: Transport): void;
  /** The transport holds `bytes` and wants no more until it is ready. */
  blocked(transport: Transport, bytes: number): void;
  /** A frame came in. */
  receive(transport: Transport, frame: Frame): void;
  /** What came in is not Engine.IO; `description` says what. */
  garbled(transport: Transport, description: unknown): void;
  /** The transport is gone or its client misbehaved. */
  lost(transport: Transport, reason: CloseReason, description?: unknown): void;
}
