/**
 * Sleeping and waking: what a connection is as data, and the port to a runtime that takes connections out of memory
 * while their clients are silent (a Durable Object that hibernates). Other runtimes have no {@linkcode Sleeper}.
 *
 * A connection that slept is there again, with all its sockets, before anything happens on it. Who listens is code
 * and not data: `connection` listeners run once more for such a socket, with `socket.recovered === true`.
 * @module
 */
import type { Frame } from "../protocol/frame.ts";
import type { LiveSession } from "./session_store.ts";

/** What core tells a runtime that lets connections sleep, and asks of it. */
export interface Sleeper {
  /** ms after which an ack that did not come is given up: a server that waits for one stays awake. */
  readonly ackTimeout: number;
  /** What a connection is may change now, or has changed. */
  touched(sid: string): void;
  /** Work of the program's that is not to be interrupted by sleep, and that may change what connections are. */
  pending(work: PromiseLike<unknown>): void;
  /** Something is expected: no sleep until the returned function is called, or `ackTimeout` is over. */
  hold(): () => void;
  /** Something is about all sockets: those that sleep must be there. */
  wakeAll(): void;
}

/** A connection as data, structured-cloneable where the sockets' `auth` and `data` are. */
export interface ConnectionSnapshot {
  readonly sockets: readonly SocketSnapshot[];
  /** Namespaces left since they were last joined, and by whom. */
  readonly left?: readonly (readonly [nsp: string, left: "by client" | "by server"])[] | undefined;
  /** The frames of a packet whose last attachments have not come. */
  readonly unfinished?: readonly Frame[] | undefined;
}

/** A connected socket as data. */
export interface SocketSnapshot {
  readonly nsp: string;
  /** Which of the server's patterns made the namespace, in the order of adding; undefined: none. */
  readonly pattern?: number | undefined;
  readonly id: string;
  readonly auth: Record<string, unknown>;
  /** When it was made, ms since the epoch. */
  readonly issued: number;
  /** Without its own. */
  readonly rooms: readonly string[];
  readonly data: unknown;
  /** With connection state recovery: how it can come back. */
  readonly live?: LiveSession | undefined;
}
