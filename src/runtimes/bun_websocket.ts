/**
 * The `websocket` object for `Bun.serve`. There is one for all sockets of a server, whoever upgraded them, so each of
 * ours carries whom to tell in its `data`, and everybody else's is left alone.
 *
 * Traps of the platform (all seen on 1.4.5): `send` returns 0 for a frame that was dropped, and goes on; a connection
 * that was cut and one that Bun closed for breaking the rules both end with 1006.
 * @module
 */
import type { TopicHub, TopicSocket } from "../engine/ports.ts";
import type { RuntimeSocket, SocketEvents } from "../engine/websocket.ts";
import type { Frame } from "../protocol/frame.ts";

/** The parts of Bun's `ServerWebSocket` that are used. */
export interface BunSocket {
  /** What `server.upgrade` was given. */
  readonly data: unknown;
  /** Returns the bytes sent, -1 where they wait, 0 where they were dropped. */
  send(data: string | Uint8Array): number;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Bytes that wait. */
  getBufferedAmount(): number;
  /** Takes part in what is published under this name. */
  subscribe(topic: string): unknown;
  /** Takes part no longer. */
  unsubscribe(topic: string): unknown;
}

/** Settings of WebSockets on Bun. They count for all sockets of a server. */
export interface BunWebSocketSettings {
  /** Bytes; Bun itself closes with 1009 above it. */
  maxPayloadLength: number;
  /** Bytes that may wait for one client before Bun drops what comes then; 0: any number. */
  backpressureLimit: number;
  /** Whether a client for which more waits is closed. */
  closeOnBackpressureLimit: boolean;
  /** s without traffic after which a socket is closed. */
  idleTimeout: number;
  /** Whether Bun pings before that. */
  sendPings: boolean;
  /** Whether messages are compressed. */
  perMessageDeflate: boolean;
}

/** What `Bun.serve` takes as `websocket`, with settings that suit Engine.IO. */
export interface BunWebSocketHandler extends BunWebSocketSettings {
  /** A socket is open. */
  open(ws: BunSocket): void;
  /** A message came. */
  message(ws: BunSocket, message: string | Uint8Array): void;
  /** A socket has room again. */
  drain(ws: BunSocket): void;
  /** A socket is closed. */
  close(ws: BunSocket, code: number, reason: string): void;
}

/** Another `websocket` object for `Bun.serve`: of a library, or written by hand. */
export interface OtherWebSocketHandler {
  /** Bytes. Bun's default is 16 MiB. */
  maxPayloadLength?: number | undefined;
  /** A socket is open. */
  // deno-lint-ignore no-explicit-any -- listener argument list: Bun's ServerWebSocket of whatever data
  open?(ws: any): unknown;
  /** A message came. */
  // deno-lint-ignore no-explicit-any -- as above
  message(ws: any, message: any): unknown;
  /** A socket has room again. */
  // deno-lint-ignore no-explicit-any -- as above
  drain?(ws: any): unknown;
  /** A socket is closed. */
  // deno-lint-ignore no-explicit-any -- as above
  close?(ws: any, code: number, reason: string): unknown;
  /** A ping came. */
  // deno-lint-ignore no-explicit-any -- as above
  ping?(ws: any, data: any): unknown;
  /** A pong came. */
  // deno-lint-ignore no-explicit-any -- as above
  pong?(ws: any, data: any): unknown;
}

/** The `data` of a socket of ours. Its methods are named as elysia looks for them in the `data` of any socket. */
export class Connection {
  readonly #events: SocketEvents;
  #hub: TopicHub | undefined;

  /** `events`: whom to tell. `hub`: where Bun publishes. */
  constructor(events: SocketEvents, hub: TopicHub) {
    this.#events = events;
    this.#hub = hub;
  }

  /** The connection behind a socket; undefined where it is somebody else's. */
  static of({ data }: BunSocket): Connection | undefined {
    return typeof data === "object" && data !== null && #events in data ? data : undefined;
  }

  open(ws: BunSocket): void {
    this.#events.opened(new Socket(ws, this.#hub));
  }

  /** Sends everything by itself from the beginning: Bun may drop what is published, and does not tell. */
  forgoTopics(): void {
    this.#hub = undefined;
  }

  message(_ws: BunSocket, message: string | Uint8Array): void {
    if (typeof message === "string") return this.#events.message(message);
    // A Buffer has methods and a printed form of its own; the bytes are not copied.
    this.#events.message(new Uint8Array(message.buffer, message.byteOffset, message.byteLength));
  }

  drain(): void {
    this.#events.drained();
  }

  close(_ws: BunSocket, code: number, reason: string): void {
    // Bun says so of a connection that was cut, and, with a reason, of one that it cut for breaking the rules.
    const isFault = code === 1006 && reason !== "";
    this.#events.closed(isFault ? new Error(reason) : undefined);
  }
}

/** A socket as the engine uses it. */
class Socket implements RuntimeSocket, TopicSocket {
  readonly topics: TopicSocket | undefined;
  readonly #ws: BunSocket;
  readonly #hub: TopicHub | undefined;

  constructor(ws: BunSocket, hub: TopicHub | undefined) {
    this.#ws = ws;
    this.#hub = hub;
    this.topics = hub && this;
  }

  get hub(): TopicHub {
    return this.#hub!; // asked of `topics` only
  }

  get bufferedAmount(): number {
    return this.#ws.getBufferedAmount();
  }

  /** Throws where the frame was lost: whatever follows it would be out of order. */
  send(data: Frame): void {
    if (this.#ws.send(data) === 0 && data.length > 0) {
      throw new Error(`Cannot send frame of ${data.length}: Bun dropped it`);
    }
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason);
  }

  subscribe(topic: string): void {
    this.#ws.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this.#ws.unsubscribe(topic);
  }
}

/** Bytes; what Bun takes where nothing is said. */
const DEFAULT_MAX_PAYLOAD_LENGTH = 16 * 1_048_576;

/** Bytes above the limit of one message for which the engine still answers itself. */
const ROOM_FOR_REFUSAL = 1_048_576;

/** Bun keeps it in 32 bits. */
const MAX_PAYLOAD_LENGTH = 2 ** 32 - 1;

/**
 * Bytes; from here on a `backpressureLimit` does no harm to what is published, since the engine stops when 128 Ki
 * UTF-16 units may wait.
 */
const SAFE_LIMIT = 1_048_576;

/** The `websocket` object of an engine that takes messages of `maxMessageBytes`. */
export function bunWebSocket(maxMessageBytes: number): BunWebSocketHandler {
  return {
    // Ours answers first: Bun drops the connection without telling the client more than a code.
    maxPayloadLength: Math.min(2 * maxMessageBytes + ROOM_FOR_REFUSAL, MAX_PAYLOAD_LENGTH),
    // Above any limit Bun drops frames. The engine stops writing at 128 KiB and ends who takes nothing, but a single
    // message may be of any size.
    backpressureLimit: 0,
    closeOnBackpressureLimit: false,
    // Engine.IO's heartbeat finds who is gone. This is for connections that were closed here and whose client does
    // not answer; Bun's pings keep it from closing others, however rarely Engine.IO pings.
    idleTimeout: 120,
    sendPings: true,
    // As on all runtimes, and officially: it costs memory and time for each socket.
    perMessageDeflate: false,
    open: (ws) => Connection.of(ws)?.open(ws),
    message: (ws, message) => Connection.of(ws)?.message(ws, message),
    drain: (ws) => Connection.of(ws)?.drain(),
    close: (ws, code, reason) => Connection.of(ws)?.close(ws, code, reason),
  };
}

/**
 * One `websocket` object for `Bun.serve` out of two, for a server that has other WebSockets too: those of `own` are
 * served by it, all others by `other` (which may be that of a second Skein server, or combined itself).
 *
 * Bun's settings count for all sockets of a server. What `other` sets is kept, but for `maxPayloadLength`, of which
 * the larger is taken. With a `backpressureLimit` of its own, clients of `own` for which more waits are closed.
 *
 * @example
 * ```ts ignore
 * import { websocket } from "hono/bun";
 *
 * export default { fetch: app.fetch, websocket: combineWebSocketHandlers(io.websocket, websocket) };
 * ```
 */
export function combineWebSocketHandlers<Other extends OtherWebSocketHandler>(
  own: BunWebSocketHandler,
  other: Other,
): Other & BunWebSocketSettings {
  const maxPayloadLength = Math.max(
    own.maxPayloadLength,
    other.maxPayloadLength ?? DEFAULT_MAX_PAYLOAD_LENGTH,
  );
  const combined = { ...own, ...other, maxPayloadLength };
  const limit = (combined as BunWebSocketSettings).backpressureLimit as number | undefined;
  const isLossy = limit !== undefined && limit > 0 && limit < SAFE_LIMIT;
  const handlers = combined as unknown as Record<string, Handler>;
  for (const event of ["open", "message", "drain", "close", "ping", "pong"] as const) {
    let ours = (own as OtherWebSocketHandler)[event] as Handler | undefined;
    if (event === "open" && isLossy) ours = openAlone(own);
    const theirs = other[event] as Handler | undefined;
    if (theirs !== undefined) {
      handlers[event] = (ws, first, second) =>
        Connection.of(ws) === undefined ? theirs.call(other, ws, first, second) : ours?.(ws, first, second);
    } else if (ours !== undefined) handlers[event] = ours;
  }
  return combined;
}

function openAlone({ open }: BunWebSocketHandler): Handler {
  return (ws) => {
    Connection.of(ws)?.forgoTopics();
    open(ws);
  };
}

/** One of Bun's callbacks. */
type Handler = (ws: BunSocket, first: unknown, second: unknown) => unknown;
