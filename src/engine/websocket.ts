/**
 * The WebSocket transport, over whatever WebSocket the runtime has. It counts what the client has not taken and
 * tells its owner when that is too much, since a WebSocket itself would buffer without end.
 * @module
 */
import { BASE64, decodeBase64Frame, toTextFrame } from "../protocol/engine_packet.ts";
import { type Frame, frameByteLength } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";
import type { TopicSocket } from "./ports.ts";
import type { Transport, TransportOwner } from "./transport.ts";

/** The part of a WebSocket that the engine calls. Deno's, Bun's and workerd's sockets have it. */
export interface RuntimeSocket {
  /** Sends text or bytes. */
  send(data: Frame): unknown;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Bytes not sent yet; undefined where the runtime does not tell. */
  readonly bufferedAmount?: number;
  /** Itself, where the runtime has topics. */
  readonly topics?: TopicSocket | undefined;
}

/** What a runtime reports about a socket it upgraded. Further calls after `closed` are harmless. */
export interface SocketEvents {
  /** The handshake is over: `socket` can send. */
  opened(socket: RuntimeSocket): void;
  /** A text or binary message. */
  message(data: Frame): void;
  /** The runtime has room again; runtimes without such an event never call it. */
  drained(): void;
  /** The connection ended, cleanly or (`error`) not. */
  closed(error?: unknown): void;
  /** Told by runtimes that keep the heartbeat themselves: the client did not answer a ping in time. */
  timedOut(): void;
}

/** Above this many bytes a socket is not writable: volatile events are dropped, others wait in the outbox. */
export const HIGH_WATER_MARK = 131_072;

/**
 * ms between looks at `bufferedAmount` while not writable: no runtime but Bun tells when a socket drained. While
 * the client takes nothing the interval doubles up to the second number.
 */
const DRAIN_INTERVAL = 5;
const MAX_DRAIN_INTERVAL = 320;

/** WebSocket close code "message too big" (RFC 6455, 7.4.1). */
const TOO_BIG = 1009;

/** Settings of a {@linkcode WebSocketTransport}. */
export interface WebSocketOptions {
  /** The most bytes of one incoming message. */
  readonly maxMessageBytes: number;
  /** Whether the client asked for base64 instead of binary frames (`b64=1`). */
  readonly base64: boolean;
  /** See {@linkcode TransportHandle.isWatched}. */
  readonly isWatched?: boolean | undefined;
  readonly clock: Clock;
}

/** One WebSocket of one session. */
export class WebSocketTransport implements Transport, SocketEvents {
  readonly kind = "websocket";
  readonly isWatched: boolean;
  readonly #options: WebSocketOptions;
  #onOpen: ((transport: WebSocketTransport) => void) | undefined;
  #owner: TransportOwner | undefined;
  #socket: RuntimeSocket | undefined;
  /** Bytes sent since `bufferedAmount` was last read: below the mark there is no need to read it again. */
  #unverified = 0;
  #cancelCheck: (() => void) | undefined;
  #interval = DRAIN_INTERVAL;

  /** `onOpen` is called once the socket is open: it attaches an owner or releases the transport. */
  constructor(options: WebSocketOptions, onOpen: (transport: WebSocketTransport) => void) {
    this.isWatched = options.isWatched === true;
    this.#options = options;
    this.#onOpen = onOpen;
  }

  /** Names whom to tell. */
  attach(owner: TransportOwner): void {
    this.#owner = owner;
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  opened(socket: RuntimeSocket): void {
    const onOpen = this.#onOpen;
    this.#onOpen = undefined; // it may hold much, and the transport lives long
    this.#socket = socket;
    onOpen?.(this);
  }

  message(data: Frame): void {
    const owner = this.#owner;
    if (!owner || !this.#socket) return;
    const limit = this.#options.maxMessageBytes;
    // A UTF-16 unit is at most three bytes: short texts need no counting.
    const isTooBig = (typeof data === "string" ? data.length * 3 : data.length) > limit &&
      frameByteLength(data) > limit;
    if (isTooBig) {
      this.#close(TOO_BIG, "Message too big");
      owner.lost(this, "transport error", `message of more than ${limit} bytes`);
    } else if (data === "") {
      owner.garbled(this, "empty frame");
    } else if (typeof data === "string" && data.charCodeAt(0) === BASE64) {
      owner.receive(this, decodeBase64Frame(data));
    } else {
      owner.receive(this, data);
    }
  }

  drained(): void {
    this.refresh();
  }

  refresh(): void {
    if (this.#cancelCheck) this.#check();
  }

  closed(error?: unknown): void {
    if (!this.#socket) return;
    this.#forget();
    this.#owner?.lost(this, error === undefined ? "transport close" : "transport error", error);
  }

  timedOut(): void {
    if (this.#socket) this.#owner?.lost(this, "ping timeout");
  }

  write(frames: readonly Frame[]): void {
    const socket = this.#socket;
    if (!socket) return;
    try {
      for (const frame of frames) {
        const sent = this.#options.base64 ? toTextFrame(frame) : frame;
        socket.send(sent);
        this.#unverified += sent.length;
      }
    } catch (error) {
      // The socket closed under our hands: its close event may come late or never. Told in a later turn, since
      // the end of one session must not interrupt whoever is sending to many.
      const { clock } = this.#options;
      this.#close();
      clock.at(clock.now(), () => this.#owner?.lost(this, "transport error", error));
      return;
    }
    if (this.#unverified > HIGH_WATER_MARK && !this.#cancelCheck) this.#verify();
  }

  direct(bytes: number): TopicSocket | undefined {
    const topics = this.#socket?.topics;
    if (topics === undefined || this.#options.base64) return undefined;
    // With the next write it is looked at what the socket really holds: only that sees all that was published.
    if (this.#unverified + bytes > HIGH_WATER_MARK) return undefined;
    this.#unverified += bytes;
    return topics;
  }

  release(): void {
    this.#close();
  }

  /** Reads what the runtime really holds; where that is too much, blocks the owner and looks again later. */
  #verify(): void {
    const held = this.#socket?.bufferedAmount ?? 0;
    this.#unverified = held;
    if (held <= HIGH_WATER_MARK) return;
    this.#checkLater();
    this.#owner?.blocked(this, held);
  }

  #check(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
    if (!this.#socket) return;
    const before = this.#unverified;
    this.#unverified = this.bufferedAmount;
    const isMoving = this.#unverified < before;
    this.#interval = isMoving ? DRAIN_INTERVAL : Math.min(this.#interval * 2, MAX_DRAIN_INTERVAL);
    if (this.#unverified <= HIGH_WATER_MARK) {
      this.#owner?.ready(this);
    } else {
      this.#checkLater();
      this.#owner?.blocked(this, this.#unverified);
    }
  }

  #checkLater(): void {
    const { clock } = this.#options;
    this.#cancelCheck = clock.at(clock.now() + this.#interval, () => this.#check());
  }

  #close(code?: number, reason?: string): void {
    const socket = this.#socket;
    this.#forget();
    try {
      socket?.close(code, reason);
    } catch {
      // It is closed already: what we wanted.
    }
  }

  #forget(): void {
    this.#socket = undefined;
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
  }
}
