/**
 * The ports of connection state recovery: who keeps the sessions of clients that lost their connection, and who
 * keeps the events that they miss meanwhile. In memory: `adapters/memory_session_store.ts`, `memory_event_log.ts`.
 *
 * Source: Socket.IO 4.8, "Connection state recovery" (`pid` and `offset` in CONNECT).
 * @module
 */
import type { Frame } from "../protocol/frame.ts";
import type { Room, SocketId } from "./ids.ts";

/** Names a session between server and client only; who knows it may take the session over. */
export type PrivateId = string & { readonly __brand: "PrivateId" };

/** Names a place in an {@linkcode EventLog}; sent to the client as the last argument of an event. */
export type Offset = string & { readonly __brand: "Offset" };

/** What a client needs to come back as if it had never been away. */
export interface RecoverableSession {
  /** The namespace. */
  readonly nsp: string;
  /** The socket's id. */
  readonly id: SocketId;
  /** The secret by which its client asks for it. */
  readonly pid: PrivateId;
  /** The rooms it was in, its own included. */
  readonly rooms: readonly Room[];
  /** The socket's `data`. */
  readonly data: unknown;
  /** What its client knew when it connected: the last event of an earlier connection, or nothing. */
  readonly known?: Offset | undefined;
  /** Where to go on if its client still knows no more than that. */
  readonly since: Offset;
  /** The last event that was sent to it; absent where none was. A client that has it has missed nothing before `left`. */
  readonly sent?: Offset | undefined;
  /** The end of the log when it was disconnected. */
  readonly left: Offset;
  /** When it is too old, ms of the server's clock. */
  readonly until: number;
}

/** What is known of a connected socket that may come back. */
export interface LiveSession {
  /** The secret by which its client will ask for it. */
  readonly pid: PrivateId;
  /** What its client knew when it connected, and where to go on if it still knows no more. */
  readonly known: Offset | undefined;
  /** See `known`. */
  readonly since: Offset;
  /** The last logged event that was sent to it. */
  readonly sent: Offset | undefined;
}

/** Why a session is gone for good: `age`: too old; `limit`: the store was full; `closed`: the store was closed. */
export type SessionEnd = "age" | "limit" | "closed";

/** Keeps sessions. `take` reads and removes, so that a session comes back once. */
export interface SessionStore {
  /** Keeps a session for `ttl` ms. One with the same `pid` is replaced. */
  save(session: RecoverableSession, ttl: number): void | Promise<void>;
  /** The session, which is forgotten; undefined where there is none. */
  take(pid: PrivateId): RecoverableSession | undefined | Promise<RecoverableSession | undefined>;
  /** Its client left for good, while connected. For stores that keep sessions of connected sockets too. */
  forget?(pid: PrivateId): void;
  /** Tells `expired` about each session that ends without having been taken. Called once, before anything else. */
  watch(expired: (session: RecoverableSession, why: SessionEnd) => void): void;
  /** Nothing follows. */
  close(): void | Promise<void>;
}

/** An event to be logged. */
export interface UnloggedEvent {
  /** To whom: the sockets in any of these rooms, in none given: all. */
  readonly rooms: readonly Room[];
  /** Without those in any of these. */
  readonly except: readonly Room[];
  /** Of an event of another server: its offset there, by which it is the same event here. */
  readonly origin?: string | undefined;
  /** The event's frames with the offset as its last argument. Throws what cannot be encoded. */
  encode(offset: Offset): readonly Frame[] | Promise<readonly Frame[]>;
}

/** An event as logged. */
export interface LoggedEvent {
  /** Its place. */
  readonly offset: Offset;
  /** To whom: the sockets in any of these rooms, in none given: all. */
  readonly rooms: readonly Room[];
  /** Without those in any of these. */
  readonly except: readonly Room[];
  /** Of an event of another server: its offset there. */
  readonly origin?: string | undefined;
  /** What is sent; of none nothing is. */
  readonly frames: readonly Frame[] | Promise<readonly Frame[]>;
}

/** Keeps the recent events of one namespace, in order. */
export interface EventLog {
  /** Keeps an event and returns its frames. What `encode` throws is thrown, and nothing is kept. */
  append(event: UnloggedEvent): readonly Frame[] | Promise<readonly Frame[]>;
  /** The offset of the newest event, or of the beginning. */
  end(): Offset;
  /**
   * The events after `offset` that were appended before this call. Undefined: the offset is unknown, or events
   * after it are gone already; nothing can be recovered then.
   */
  since(offset: string): readonly LoggedEvent[] | undefined | Promise<readonly LoggedEvent[] | undefined>;
  /** Nothing follows. */
  close(): void | Promise<void>;
}
