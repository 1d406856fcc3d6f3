/**
 * HTTP long-polling over `fetch`: one GET waits for frames, one POST at a time brings ours.
 * Source: Engine.IO protocol v4, "HTTP long-polling" and "maxPayload".
 * @module
 */
import { Outbox } from "../engine/outbox.ts";
import { CLOSE_FRAME } from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import type { Endpoint, PausableTransport, Transport, TransportEvents } from "./transport.ts";
import { transportError } from "./transport_error.ts";
import { upgrade } from "./upgrade.ts";

/** Sends a request: `fetch`, or what stands for it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The most bytes of a body that browsers send for a page that is being left. */
const MAX_KEEPALIVE = 60_000;

/** The transport `polling`, over a `fetch` of one's own: a service binding, a test. */
export function pollingOver(send: Fetch): Transport {
  return {
    name: "polling",
    upgrade,
    open: (endpoint, sid, events) => new PollingConnection(send, endpoint, sid, events),
  };
}

/** The transport `polling`. */
export const polling: Transport = /* @__PURE__ */ pollingOver((url, init) => fetch(url, init));

class PollingConnection implements PausableTransport {
  events: TransportEvents;
  readonly #fetch: Fetch;
  readonly #endpoint: Endpoint;
  readonly #outbox = new Outbox();
  #maxPayload = Infinity;
  #sid: string | undefined;
  #state: "open" | "pausing" | "closed" = "open";
  #paused: (() => void) | undefined;
  /** Ends whatever is under way. */
  readonly #abort = new AbortController();
  #isReading = false;
  #isWriting = false;
  #farewell: Frame | undefined;

  constructor(send: Fetch, endpoint: Endpoint, sid: string | undefined, events: TransportEvents) {
    this.#fetch = send;
    this.#endpoint = endpoint;
    this.#sid = sid;
    this.events = events;
    this.#read();
  }

  get isWritable(): boolean {
    return !this.#isWriting;
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) this.#outbox.push(frame, false);
    this.#write();
  }

  pause(done: (left: readonly Frame[]) => void): void {
    this.#state = "pausing";
    this.#paused = () => done(this.#outbox.take(Infinity).frames);
    this.#settle();
  }

  close(farewell?: Frame): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#farewell = farewell;
    if (farewell === undefined) this.#abort.abort();
    else this.#write(); // the GET goes on: to end it would end the session before this arrives
  }

  /** One GET after the other. */
  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#state === "open") {
        for (const frame of decodePayload(await this.#request("GET"))) {
          this.#receive(frame);
        }
      }
    } catch (error) {
      this.#lose(transportError("fetch read error", error));
    }
    this.#isReading = false;
    this.#settle();
  }

  /** One POST after the other, each with what was sent until then. */
  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      await undefined; // what is sent in one go travels together
      while (!this.#outbox.isEmpty && this.#state !== "pausing") {
        await this.#request("POST", encodePayload(this.#outbox.take(this.#maxPayload).frames));
      }
    } catch (error) {
      this.#lose(transportError("fetch write error", error), CLOSE_FRAME); // the server may still wait
    }
    // Alone: official servers would read it before what comes with it.
    if (this.#farewell !== undefined) {
      await this.#request("POST", encodePayload([this.#farewell])).catch(() => {});
    }
    this.#isWriting = false;
    if (this.#state === "open") this.events.drained();
    else this.#settle();
  }

  #receive(frame: Frame): void {
    if (this.#state === "closed") return;
    if (this.#sid === undefined && typeof frame === "string" && frame[0] === "0") {
      try {
        ({ sid: this.#sid, maxPayload: this.#maxPayload = Infinity } = JSON.parse(frame.slice(1)));
      } catch { /* The session reads it too, and tells. */ }
    }
    this.events.frame(frame);
  }

  async #request(method: string, body?: string): Promise<string> {
    const { headers, withCredentials, requestTimeout } = this.#endpoint;
    const timer = requestTimeout > 0 ? setTimeout(() => this.#abort.abort(), requestTimeout) : undefined;
    const init: RequestInit = { method, headers, signal: this.#abort.signal };
    if (withCredentials) init.credentials = "include";
    if (body !== undefined) {
      init.body = body; // a text: `fetch` says so itself
      // So that a goodbye is sent although the page is being left.
      if (this.#state === "closed" && body.length < MAX_KEEPALIVE) init.keepalive = true;
    }
    try {
      const response = await this.#fetch(this.#endpoint.url(this.#sid), init);
      if (!response.ok) throw response;
      return await response.text();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing is under way any more: what waited for that goes on. */
  #settle(): void {
    if (this.#isWriting) return;
    if (this.#state === "closed") this.#abort.abort();
    else if (!this.#isReading) {
      this.#paused?.();
      this.#paused = undefined;
    }
  }

  #lose(error: unknown, farewell?: Frame): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#outbox.clear();
    this.#farewell = farewell;
    if (farewell === undefined) this.#abort.abort();
    this.events.lost(error);
  }
}
