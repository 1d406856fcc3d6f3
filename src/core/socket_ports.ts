/**
 * What a socket asks of its namespace and of its connection, and what it shows of them. Both are one object for
 * many sockets, and neither shows more than a socket needs.
 * @module
 */
import type { CloseReason, EngineSocket, PeerInfo, ReportError, SendOptions } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Packet } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import type { BroadcastTarget } from "./broadcast_operator.ts";
import type { Broadcastable } from "./broadcastable.ts";
import type { Room, SocketId } from "./ids.ts";

/**
 * Why a socket was disconnected: the reasons of the engine, and
 * - `client namespace disconnect`: the client left the namespace
 * - `server namespace disconnect`: `socket.disconnect()` was called
 * - `server shutting down`: `io.close()` was called
 *
 * `parse error` also stands for what is Engine.IO but not Socket.IO (officially `forced close`).
 */
export type DisconnectReason =
  | CloseReason
  | "client namespace disconnect"
  | "server namespace disconnect"
  | "server shutting down";

/** Life-cycle events of a socket. */
export interface SocketReservedEvents {
  /** It is about to end: `socket.rooms` is still there. */
  disconnecting: (reason: DisconnectReason, description?: unknown) => void;
  /** It ended. */
  disconnect: (reason: DisconnectReason, description?: unknown) => void;
  /** Something went wrong that ended nothing. */
  error: (error: Error) => void;
}

/** The connection under one or more sockets. */
export interface Client {
  /** The sid. */
  readonly id: string;
  /** The session. */
  readonly conn: EngineSocket;
  /** The handshake request. */
  readonly request: PeerInfo;
}

/** A socket's namespace as the socket shows it. `S` is the type of its sockets. */
export interface NamespaceOf<EmitEvents, ServerSideEvents, SocketData, S>
  extends Broadcastable<unknown, ServerSideEvents, EmitEvents, SocketData> {
  /** Begins with a slash. */
  readonly name: string;
  /** Its connected sockets in this process, by id. */
  readonly sockets: ReadonlyMap<string, S>;
}

/** What a socket may ask of its namespace. One object for all sockets of it. */
export interface SocketHome {
  readonly name: string;
  /** What its sockets are called when errors of their listeners are reported. */
  readonly subject: string;
  /** The public object. */
  readonly nsp: unknown;
  readonly clock: Clock;
  readonly report: ReportError;
  readonly target: BroadcastTarget;
  /** An ack id that no socket of the namespace waits for. */
  nextAckId(): number;
  join(id: SocketId, rooms: readonly Room[]): void | Promise<void>;
  leave(id: SocketId, room: Room): void | Promise<void>;
  roomsOf(id: SocketId): ReadonlySet<Room>;
  /** Forgets the socket and its rooms. */
  forget(id: SocketId): void;
}

/** What a socket may ask of its connection. One object for all sockets of it. */
export interface SocketLink {
  readonly conn: EngineSocket;
  readonly client: Client;
  /** Queues a packet; after the end it does nothing. Throws a TypeError on what cannot be encoded. */
  send(packet: Packet, options?: SendOptions): void;
  /** The same with what was encoded already. */
  sendFrames(frames: readonly Frame[] | Promise<readonly Frame[]>, options?: SendOptions): void;
  /** Tells the client, and drops its socket of this namespace. */
  disconnect(nsp: string): void;
  /** Tells the client and drops all its sockets, then closes the connection. */
  disconnectAll(): void;
}
