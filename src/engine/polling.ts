/**
 * The HTTP long-polling transport: one parked GET that takes frames to the client, one POST at a time that brings
 * frames from it. Rules: Engine.IO protocol v4, "HTTP long-polling".
 *
 * Every request is answered, whatever happens to the session, and nothing of a request is kept after its answer.
 * @module
 */
import { decodePayload, encodePayload } from "../protocol/engine_payload.ts";
import { type Frame, utf8Length } from "../protocol/frame.ts";
import { emptyAnswer, payloadAnswer, postAnswer } from "./answers.ts";
import { readText } from "./body.ts";
import { chooseEncoding } from "./compression.ts";
import type { Transport, TransportOwner } from "./transport.ts";

/** The most packets in one POST: a body of one-byte packets must not cost more than its size suggests. */
const MAX_PACKETS_PER_POST = 65_536;

/** Settings of a {@linkcode PollingTransport}. */
export interface PollingOptions {
  /** The most bytes of one POST body. */
  readonly maxBodyBytes: number;
  /** Payloads from this many bytes on are compressed where the client accepts it; Infinity: never. */
  readonly compressionThreshold: number;
}

interface ParkedPoll {
  readonly request: Request;
  /** Whether an answer was delivered, where the runtime tells. */
  readonly delivered: (() => Promise<unknown>) | undefined;
  readonly answer: (response: Response) => void;
  readonly onAbort: () => void;
  /** Set once the poll waits: before that, the request's signal need not be touched. */
  signal: AbortSignal | undefined;
}

/** The polling side of one session. */
export class PollingTransport implements Transport {
  readonly kind = "polling";
  readonly bufferedAmount = 0;
  readonly #options: PollingOptions;
  #owner: TransportOwner | undefined;
  #parked: ParkedPoll | undefined;
  /** Ends the POST that is being read. */
  #abortPost: (() => void) | undefined;
  #isReleased = false;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  /** Names whom to tell. Called once, before the first request. */
  attach(owner: TransportOwner): void {
    this.#owner = owner;
  }

  /** A GET: parks until there are frames. `delivered` tells, where the runtime can, whether the answer arrived. */
  poll(request: Request, delivered?: () => Promise<unknown>): Promise<Response> {
    if (this.#isReleased) return Promise.resolve(emptyAnswer(400));
    if (this.#parked) {
      this.#owner?.lost(this, "transport error", "overlap from client");
      return Promise.resolve(emptyAnswer(400));
    }
    return new Promise((answer) => {
      const onAbort = (): void => {
        if (this.#parked !== parked) return;
        this.#unpark();
        answer(emptyAnswer(400)); // nobody reads it, but the handler ends
        this.#owner?.lost(this, "transport error", "poll connection closed prematurely");
      };
      const parked: ParkedPoll = { request, delivered, answer, onAbort, signal: undefined };
      this.#parked = parked;
      this.#owner?.ready(this);
      if (this.#parked !== parked) return; // answered at once
      parked.signal = request.signal;
      if (parked.signal.aborted) onAbort();
      else parked.signal.addEventListener("abort", onAbort);
    });
  }

  /** A POST: its frames go to the owner, in order, before the answer. */
  async post(request: Request): Promise<Response> {
    if (this.#isReleased) return emptyAnswer(400);
    if (this.#abortPost) {
      this.#owner?.lost(this, "transport error", "overlap from client");
      return emptyAnswer(400);
    }
    const type = request.headers.get("content-type");
    if (type?.toLowerCase().startsWith("application/octet-stream")) {
      this.#owner?.lost(this, "transport error", "invalid content");
      return emptyAnswer(400);
    }
    let body: string | undefined | typeof ABORTED;
    try {
      body = await new Promise((resolve, reject) => {
        this.#abortPost = () => resolve(ABORTED);
        readText(request, this.#options.maxBodyBytes).then(resolve, reject);
      });
    } catch (error) {
      this.#owner?.lost(this, "transport error", error);
      return emptyAnswer(400);
    } finally {
      this.#abortPost = undefined;
    }
    if (body === ABORTED) return emptyAnswer(400);
    if (body === undefined) return emptyAnswer(413); // the session goes on: a smaller body may follow
    this.#receive(body);
    return postAnswer();
  }

  write(frames: readonly Frame[], compress: boolean): void {
    const parked = this.#unpark();
    if (!parked) return;
    const payload = encodePayload(frames);
    const threshold = this.#options.compressionThreshold;
    const isLong = payload.length >= threshold ||
      (payload.length * 3 >= threshold && utf8Length(payload) >= threshold);
    const encoding = compress && isLong
      ? chooseEncoding(parked.request.headers.get("accept-encoding"))
      : undefined;
    parked.answer(payloadAnswer(payload, encoding));
    parked.delivered?.().catch((error) => this.#owner?.lost(this, "transport error", error));
  }

  refresh(): void {} // what a poll was answered is not held here

  release(farewell: "close" | "noop"): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#abortPost?.();
    this.#unpark()?.answer(payloadAnswer(farewell === "close" ? "1" : "6", undefined));
    this.#owner = undefined;
  }

  #receive(body: string): void {
    const { frames, error } = decodePayload(body, MAX_PACKETS_PER_POST);
    for (const frame of frames) this.#owner?.receive(this, frame);
    if (error) this.#owner?.garbled(this, error);
  }

  #unpark(): ParkedPoll | undefined {
    const parked = this.#parked;
    this.#parked = undefined;
    parked?.signal?.removeEventListener("abort", parked.onAbort);
    return parked;
  }
}

const ABORTED = Symbol("aborted");
