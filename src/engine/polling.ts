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
import type { RequestContext } from "./runtime.ts";
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

/** What a poll is answered: a payload, or nothing (status 400) where its client left. */
type PollAnswer = { readonly payload: string; readonly compress: boolean } | undefined;

interface ParkedPoll {
  /** Whether an answer was delivered, where the runtime tells. */
  readonly delivered: (() => Promise<unknown>) | undefined;
  readonly answer: (answer: PollAnswer) => void;
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

  /** A GET: parks until there are frames. */
  async poll(
    request: Request,
    context: Pick<RequestContext, "delivered" | "park"> = {},
  ): Promise<Response> {
    if (this.#isReleased) return emptyAnswer(400);
    if (this.#parked) {
      this.#owner?.lost(this, "transport error", "overlap from client");
      return emptyAnswer(400);
    }
    const { promise, resolve } = Promise.withResolvers<PollAnswer>();
    const parked: ParkedPoll = { delivered: context.delivered, answer: resolve };
    this.#parked = parked;
    this.#owner?.ready(this);
    if (this.#parked === parked) await this.#wait(parked, promise, request.signal, context);
    // The response is made here and not by whoever sends: on Workers it must belong to this request.
    return this.#respond(request, await promise);
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
    parked.answer({ payload: encodePayload(frames), compress });
    parked.delivered?.().catch((error) => this.#owner?.lost(this, "transport error", error));
  }

  refresh(): void {} // what a poll was answered is not held here

  release(farewell: "close" | "noop"): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#abortPost?.();
    this.#unpark()?.answer({ payload: farewell === "close" ? "1" : "6", compress: false });
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
    return parked;
  }

  async #wait(
    parked: ParkedPoll,
    answered: Promise<PollAnswer>,
    signal: AbortSignal,
    context: Pick<RequestContext, "park">,
  ): Promise<void> {
    const onAbort = (): void => {
      if (this.#parked !== parked) return;
      this.#parked = undefined;
      parked.answer(undefined); // nobody reads it, but the handler ends
      this.#owner?.lost(this, "transport error", "poll connection closed prematurely");
    };
    const unpark = context.park?.();
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    await answered;
    signal.removeEventListener("abort", onAbort);
    unpark?.();
  }

  #respond(request: Request, answer: PollAnswer): Response {
    if (answer === undefined) return emptyAnswer(400);
    const { payload, compress } = answer;
    const threshold = this.#options.compressionThreshold;
    const isLong = payload.length >= threshold ||
      (payload.length * 3 >= threshold && utf8Length(payload) >= threshold);
    const encoding = compress && isLong ? chooseEncoding(request.headers.get("accept-encoding")) : undefined;
    return payloadAnswer(payload, encoding);
  }
}

const ABORTED = Symbol("aborted");
