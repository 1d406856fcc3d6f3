/**
 * What a socket asks of its namespace and of its connection, and what it shows of them. Both are one object for
 * many sockets, and neither shows more than a socket needs.
 * @module
 */
import type {
  CloseReason,
  EngineSocket,
  PeerInfo,
  ReportError,
  SendOptions,
  TopicSocket,
} from "../engine/ports.ts";
import type { Packet } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import type { FramesOrPromise } from "./adapter.ts";
import type { AdapterView } from "./adapter_view.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";
import type { Broadcastable } from "./broadcastable.ts";
import type { ContractChecks, Invalid } from "../contract/contract_checks.ts";
import type { Middleware } from "./middleware.ts";
import type { RateLimited } from "./rate_limit.ts";
import type { Room, SocketId } from "./ids.ts";
import type { SessionEnd } from "./session_store.ts";
import type { Sleeper } from "./sleep.ts";

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
  extends Broadcastable<NamespaceReservedEvents<S>, ServerSideEvents, EmitEvents, SocketData> {
  /** Begins with a slash. */
  readonly name: string;
  /** Its connected sockets in this process, by id. */
  readonly sockets: ReadonlyMap<string, S>;
  /** Its rooms and sockets. */
  readonly adapter: AdapterView;
  /** Adds a middleware, asked in order about every client that wants to join. */
  use(middleware: Middleware<S>): unknown;
}

/** Life-cycle events of a namespace, and of the server (which has those of its main one). `S`: its sockets. */
export interface NamespaceReservedEvents<S> {
  /** A client was connected: it was told so, and what is emitted to it here comes after that. */
  connection: (socket: S) => void;
  /** The same, earlier. */
  connect: (socket: S) => void;
  /** A namespace was made. On the server and its main namespace only. */
  // deno-lint-ignore no-explicit-any -- a namespace of whatever events
  new_namespace: (namespace: NamespaceOf<any, any, any, any>) => void;
  /** With an event contract: a client's event, or its answer to one of ours, is not what the contract says. */
  invalid: (socket: S, invalid: Invalid) => void;
  /** An event of a client was beyond the `rateLimit`. */
  rate_limited: (socket: S, limited: RateLimited) => void;
  /** With connection state recovery: a client that lost its connection will not be recovered any more. */
  session_expired: (session: SessionExpiry) => void;
}

/** The server as sockets and namespaces show it. */
export interface ServerOf<EmitEvents, ServerSideEvents, SocketData>
  extends Broadcastable<unknown, ServerSideEvents, EmitEvents, SocketData> {
  /** The namespace with this name, made if need be. */
  of(name: string): NamespaceOf<EmitEvents, ServerSideEvents, SocketData, unknown>;
  /** The engine. */
  readonly engine: { readonly clientsCount: number };
}

/** A session that was not recovered. */
export interface SessionExpiry {
  /** The id of the socket it was. */
  readonly id: string;
  /** The rooms it was in. */
  readonly rooms: readonly string[];
  /** Its `data`. */
  readonly data: unknown;
  /**
   * `age`: the client did not come back in time; `limit`: there were too many; `closed`: the server closed;
   * `offset`: it came, but what it missed is gone; `refused`: it came, and a middleware refused it.
   */
  readonly reason: SessionEnd | "offset" | "refused";
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
  readonly view: AdapterView;
  /** The public server. */
  readonly server: unknown;
  /** Of a runtime that lets connections sleep. */
  readonly sleeper?: Sleeper | undefined;
  /** ms that an ack is waited for where nothing was said; undefined: for as long as the socket is there. */
  readonly ackTimeout?: number | undefined;
  /** Makes the id of a socket. */
  makeId(): string;
  /** An ack id that no socket of the namespace waits for. */
  nextAckId(): number;
  /**
   * The frames of an event without an ack for one socket, logged, where connection state recovery is on;
   * undefined where it is off.
   */
  logged(data: unknown[], id: SocketId, isVolatile: boolean): FramesOrPromise | undefined;
  /** The event contract, where there is one. */
  readonly checks: ContractChecks | undefined;
  /** Tells listeners of the namespace. */
  tell(event: string, args: readonly unknown[]): void;
  /** Whether the namespace has handlers of an event. */
  handles(event: string): boolean;
  /** Runs the namespace's own handlers of an event, before the socket's listeners. */
  handle(socket: unknown, event: string, args: readonly unknown[]): void;
  join(id: SocketId, rooms: readonly Room[]): void | Promise<void>;
  leave(id: SocketId, room: Room): void | Promise<void>;
  roomsOf(id: SocketId): ReadonlySet<Room>;
  /** Forgets the socket and its rooms. */
  forget(id: SocketId, reason: DisconnectReason): void;
}

/** What a socket may ask of its connection. One object for all sockets of it. */
export interface SocketLink {
  readonly conn: EngineSocket;
  readonly client: Client;
  /** Queues a packet; after the end it does nothing. Throws a TypeError on what cannot be encoded. */
  send(packet: Packet, options?: SendOptions): void;
  /** The same with what was encoded already. */
  sendFrames(frames: FramesOrPromise, options?: SendOptions): void;
  /** See {@linkcode EngineSocket.direct}. */
  direct?(bytes: number): TopicSocket | undefined;
  /** Tells the client, and drops its socket of this namespace. */
  disconnect(nsp: string): void;
  /** Tells the client and drops all its sockets, then closes the connection. */
  disconnectAll(): void;
  /** Ends the connection and its sockets with a reason. */
  close(reason: DisconnectReason): void;
}
