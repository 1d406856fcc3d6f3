/**
 * WebSocket as browsers, Deno, Bun and workerd have it.
 * Source: Engine.IO protocol v4, "WebSocket"; WHATWG WebSockets.
 * @module
 */
import type { Frame } from "../protocol/frame.ts";
import type { ClientTransport, Endpoint, Transport, TransportEvents } from "./transport.ts";
import { transportError } from "./transport_error.ts";

/** Bytes that a socket may hold and still count as writable: more means that the network does not keep up. */
const HIGH_WATER_MARK = 131_072;

/** The transport `websocket`. */
export const websocket: Transport = {
  name: "websocket",
  get isSupported(): boolean {
    return typeof WebSocket === "function";
  },
  open: (endpoint, sid, events) => new WebSocketConnection(endpoint, sid, events),
};

class WebSocketConnection implements ClientTransport {
  events: TransportEvents;
  readonly #socket: WebSocket;
  #isOver = false;

  constructor(endpoint: Endpoint, sid: string | undefined, events: TransportEvents) {
    const socket = this.#socket = connect(endpoint, sid);
    this.events = events;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#isOver || this.events.opened();
    socket.onmessage = ({ data }) =>
      this.#isOver || this.events.frame(typeof data === "string" ? data : new Uint8Array(data));
    socket.onerror = (event) => this.#lost(transportError("websocket error", event));
    socket.onclose = (event) => this.#lost({ description: "websocket connection closed", context: event });
  }

  get isWritable(): boolean {
    return this.#socket.bufferedAmount < HIGH_WATER_MARK;
  }

  send(frames: readonly Frame[]): void {
    if (this.#socket.readyState > 1) return; // that it closes will be told
    for (const frame of frames) this.#socket.send(frame as string);
    queueMicrotask(() => this.#isOver || this.events.drained());
  }

  close(): void {
    this.#isOver = true;
    this.#socket.close();
  }

  #lost(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.events.lost(error);
  }
}

function connect(endpoint: Endpoint, sid: string | undefined): WebSocket {
  const { protocols, headers } = endpoint;
  const url = endpoint.url(sid);
  if (Object.keys(headers).length > 0) {
    try {
      return new WebSocket(url, { protocols, headers } as unknown as string[]);
    } catch {
      // Browsers and workerd cannot send headers.
    }
  }
  return new WebSocket(url, protocols as string[]);
}
