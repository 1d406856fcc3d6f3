/**
 * The options of `io()`, `Manager` and their sockets, with the names and defaults of socket.io-client 4.8.
 * @module
 */
import type { Parser } from "../protocol/parser.ts";
import type { Clock } from "../time/clock.ts";
import type { EventChecks } from "./event_checks.ts";
import type { Transport } from "./transport.ts";

/** What a client sends of itself with each CONNECT: a value, or a function that is asked each time. */
export type Auth =
  | Record<string, unknown>
  | ((done: (auth: Record<string, unknown>) => void) => void)
  | (() => Promise<Record<string, unknown>>);

/** Of one socket. The parameters are the event maps of a contract. */
// deno-lint-ignore no-explicit-any -- options without a contract fit any socket
export interface SocketOptions<ListenEvents = any, EmitEvents = any> {
  /** What the server's middlewares see as `handshake.auth`. Asked anew at each attempt. */
  auth?: Auth | undefined;
  /** How often an event without an ack is sent again. Then each event waits for the one before. Default: never. */
  retries?: number | undefined;
  /** ms that an ack may take. Default: any time; with `retries` it should be set. */
  ackTimeout?: number | undefined;
  /** Checks events against a contract, and gives them their types: `useContract(…)` of `./client/contract`. */
  checks?: EventChecks<ListenEvents, EmitEvents> | undefined;
}

/** Of the requests and WebSockets of one connection. Times in ms. */
export interface TransportOptions {
  /** Where the server answers. Default "/socket.io". */
  path?: string | undefined;
  /** Whether the path ends with a slash. Default true. */
  addTrailingSlash?: boolean | undefined;
  /** Sent with every request. Default: the query of the URL. */
  query?: Record<string, unknown> | string | undefined;
  /** Whether cookies and credentials go to other origins. Default false. */
  withCredentials?: boolean | undefined;
  /** Headers for all requests; for WebSockets where the platform takes them (Deno, Bun). */
  extraHeaders?: Record<string, string> | undefined;
  /** Subprotocols of WebSockets. */
  protocols?: string | readonly string[] | undefined;
  /** ms that one request may take. Default 0: any time. */
  requestTimeout?: number | undefined;
  /** Name of the parameter that keeps caches away. Default "t". */
  timestampParam?: string | undefined;
  /** Whether it is sent. Default: with polling only. */
  timestampRequests?: boolean | undefined;
}

/** Of one connection. Times in ms. */
export interface ManagerOptions extends TransportOptions {
  /** In the order in which they are tried: names, or what was imported. Default polling, then WebSocket. */
  transports?: readonly (string | Transport)[] | undefined;
  /** Other options for one transport, by its name. */
  transportOptions?: Readonly<Record<string, TransportOptions>> | undefined;
  /** Whether to move to a better transport. Default true. */
  upgrade?: boolean | undefined;
  /** Whether to begin with WebSocket where the last upgrade succeeded. Default false. */
  rememberUpgrade?: boolean | undefined;
  /** Whether the other transports are tried where the first cannot connect. Default false. */
  tryAllTransports?: boolean | undefined;
  /** Whether the connection ends, without an event, when the browser is about to leave the page. Default false. */
  closeOnBeforeunload?: boolean | undefined;
  /** Whether to connect again. Default true. */
  reconnection?: boolean | undefined;
  /** How often in a row. Default (and for 0) Infinity. */
  reconnectionAttempts?: number | undefined;
  /** ms before the first attempt, on average. Default (and for 0) 1,000. */
  reconnectionDelay?: number | undefined;
  /** The most ms. Default (and for 0) 5,000. */
  reconnectionDelayMax?: number | undefined;
  /** 0 to 1: how random each delay is. Default 0.5. */
  randomizationFactor?: number | undefined;
  /** ms that connecting may take; false: any time. Default 20,000. */
  timeout?: number | false | undefined;
  /** Whether to connect at once. Default true. */
  autoConnect?: boolean | undefined;
  /** Another wire format; the server must have the same. For one of the official kind see `adoptParser`. */
  parser?: Parser | undefined;
  /** Time, for tests. */
  clock?: Clock | undefined;
}

/** Of `io()`. The parameters are the event maps of a contract. */
// deno-lint-ignore no-explicit-any -- options without a contract fit any socket
export interface ClientOptions<ListenEvents = any, EmitEvents = any>
  extends ManagerOptions, SocketOptions<ListenEvents, EmitEvents> {
  /** Whether to make a connection of its own. Default false. */
  forceNew?: boolean | undefined;
  /** Whether namespaces of one server share a connection. Default true. */
  multiplex?: boolean | undefined;
}
