/**
 * What the engine and the layer above know of each other. The only file of `engine` that `core` imports.
 * @module
 */
import type { Frame } from "../protocol/frame.ts";

/** How the frames of a session travel. */
export type TransportKind = "polling" | "websocket";

/**
 * Why a session ended.
 * - `transport close`: the connection was closed by the client or lost
 * - `transport error`: it failed, or the client broke the rules of HTTP long-polling or a size limit
 * - `ping timeout`: no pong within `pingTimeout`
 * - `parse error`: the client sent what is not Engine.IO
 * - `forced close`: this side closed it
 * - `slow consumer`: more than `maxBufferedBytes` waited for a client that does not read
 */
export type CloseReason =
  | "transport close"
  | "transport error"
  | "ping timeout"
  | "parse error"
  | "forced close"
  | "slow consumer";

/** Who is on the other side: read from the handshake request before any upgrade, safe to keep. */
export interface PeerInfo {
  /** The absolute URL of the handshake request. */
  readonly url: string;
  /** Its method: GET. */
  readonly method: string;
  /** A copy of its headers. */
  readonly headers: Headers;
  /** The client's network address, e.g. `"127.0.0.1"`; empty where the runtime does not tell. */
  readonly address: string;
}

/** How one batch of frames is to be sent. */
export interface SendOptions {
  /** Drop it when the transport cannot take it at once. Default false. */
  readonly volatile?: boolean | undefined;
  /** Whether compression is worth trying (HTTP long-polling only). Default true. */
  readonly compress?: boolean | undefined;
}

/** Events of an engine socket, for users (`io.engine.on("connection", (socket) => …)`, `socket.conn`). */
export interface EngineSocketEvents {
  /** A message came: text, or bytes. */
  message: (data: string | Uint8Array) => void;
  /** The same as `message`. */
  data: (data: string | Uint8Array) => void;
  /** An Engine.IO packet came. */
  packet: (packet: EnginePacketInfo) => void;
  /** An Engine.IO packet is about to be queued. */
  packetCreate: (packet: EnginePacketInfo) => void;
  /** A pong came. */
  heartbeat: () => void;
  /** Frames were handed to the transport. */
  flush: () => void;
  /** Everything that waited was taken by the transport; it is writable again. */
  drain: () => void;
  /** The WebSocket probe succeeded. */
  upgrading: (transport: TransportInfo) => void;
  /** The session moved to WebSocket. */
  upgrade: (transport: TransportInfo) => void;
  /** The session ended; nothing follows. */
  close: (reason: CloseReason, description?: unknown) => void;
}

/** An Engine.IO packet as user events show it. */
export interface EnginePacketInfo {
  /** Its type, as the protocol names it. */
  readonly type: "open" | "close" | "ping" | "pong" | "message" | "upgrade" | "noop";
  /** What it carries: text, or the bytes of a binary message. */
  readonly data?: string | Uint8Array | undefined;
}

/** The transport in use. */
export interface TransportInfo {
  /** Which one. */
  readonly name: TransportKind;
  /** Whether a message would leave at once. */
  readonly writable: boolean;
}

/** A WebSocket of a runtime that sends to many of them at once, by topic. */
export interface TopicSocket {
  /** Whose topics they are: one object for all sockets that one `publish` may reach. */
  readonly hub: TopicHub;
  /** What is published from now on is sent to it, in order with all that is sent to it otherwise. */
  subscribe(topic: string): void;
  /** What was published before is still sent. */
  unsubscribe(topic: string): void;
}

/** Where topics are published. */
export interface TopicHub {
  /** Sends a frame to all that are subscribed. */
  publish(topic: string, frame: Frame): void;
}

/** One Engine.IO session, as users and the layer above see it. */
export interface EngineSocket {
  /** The sid. */
  readonly id: string;
  /** The Engine.IO revision: always 4. */
  readonly protocol: 4;
  /** `closing`: what waits is still being sent. */
  readonly readyState: "open" | "closing" | "closed";
  /** The transport in use now. */
  readonly transport: TransportInfo;
  /** Whether a WebSocket is being probed. */
  readonly upgrading: boolean;
  /** Whether the session began on polling and moved to WebSocket. */
  readonly upgraded: boolean;
  /** Whether a message would leave at once: polling, a request is parked; WebSocket, little is buffered. */
  readonly writable: boolean;
  /** Bytes that wait to leave this process for this client, where the runtime tells. */
  readonly bufferedAmount: number;
  /** The client's network address; empty where the runtime does not tell. */
  readonly remoteAddress: string;
  /** The handshake request. */
  readonly request: PeerInfo;
  /** Whether the session slept with its Durable Object and goes on: `connection` listeners run once more for it. */
  readonly recovered: boolean;
  /** Sends one message. Never throws; after the end of the session it does nothing. */
  send(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): this;
  /** The same as `send`. */
  write(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): this;
  /** Sends encoded message frames together: all of them, in order, or (volatile) none. */
  sendFrames(frames: readonly Frame[], options?: SendOptions): void;
  /**
   * For broadcasts by topic: the WebSocket itself, where frames of `bytes` in all would be handed to it at once, and
   * nobody is to be shown them. They count as sent then, so that they must be published before anything else is done.
   */
  direct?(bytes: number): TopicSocket | undefined;
  /** Ends the session with `forced close`: after what waits was sent, or at once with `discard`. */
  close(discard?: boolean): this;
  /** Adds a listener. */
  on<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this;
  /** Adds a listener that is removed when it runs. */
  once<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this;
  /** Removes one listener, or all of the event. */
  off<E extends keyof EngineSocketEvents>(event: E, listener?: EngineSocketEvents[E]): this;
  /** The same as `on`. */
  addListener<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this;
  /** The same as `off` with a listener. */
  removeListener<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this;
  /** Removes the listeners of one event, or of all. */
  removeAllListeners(event?: keyof EngineSocketEvents): this;
  /** A copy of the listeners of one event. */
  listeners<E extends keyof EngineSocketEvents>(event: E): EngineSocketEvents[E][];
  /** How many listeners an event has. */
  listenerCount(event: keyof EngineSocketEvents): number;
}

/** The layer above. */
export interface EngineHandler {
  /**
   * A session began, or goes on after it slept with the `state` in which this layer left it. Returns whom to tell
   * what happens on it.
   */
  opened(socket: EngineSocket, state?: unknown): EngineListener;
}

/** Whom the engine tells what happens on one session. Calls for one session never overlap. */
export interface EngineListener {
  /** A message frame came: text with its leading `4`, or bytes. */
  receive(frame: Frame): void;
  /** The session ended. Called once; nothing follows. */
  closed(reason: CloseReason, description?: unknown): void;
}

/** Where errors go that are neither the peer's nor the caller's: a listener or a hook of the user threw. */
export type ReportError = (error: unknown, where: string) => void;
