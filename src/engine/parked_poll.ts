/**
 * One GET of HTTP long-polling, until it is answered or its client leaves.
 * @module
 */
import { utf8Length } from "../protocol/frame.ts";
import { emptyAnswer, payloadAnswer } from "./answers.ts";
import { chooseEncoding } from "./compression.ts";
import type { RequestContext } from "./runtime.ts";

/** What a poll uses of its request's context. */
export type PollContext = Pick<RequestContext, "delivered" | "park" | "isPatient">;

/** A poll. It is answered once. */
export class ParkedPoll {
  readonly #request: Request;
  readonly #context: PollContext;
  /** Payloads from this many bytes on are compressed where the client accepts it. */
  readonly #compressionThreshold: number;
  #payload: string | undefined;
  #compress = false;
  #wake: (() => void) | undefined;
  #unsettle: (() => void) | undefined;
  #hasEnded = false;

  constructor(request: Request, context: PollContext, compressionThreshold: number) {
    this.#request = request;
    this.#context = context;
    this.#compressionThreshold = compressionThreshold;
  }

  /** Answers it. */
  answer(payload: string, compress: boolean): void {
    this.#payload = payload;
    this.#compress = compress;
    this.#wake?.();
  }

  /** Resolves when the answer was delivered and rejects where it was not; undefined where the runtime does not tell. */
  delivered(): Promise<unknown> | undefined {
    return this.#context.delivered?.();
  }

  get isAnswered(): boolean {
    return this.#payload !== undefined;
  }

  /** The response that is to come. */
  wait(): Promise<Response> {
    return this.#context.isPatient ? this.#waitShort() : this.#waitHere();
  }

  /** It is not settled yet, so that its client cannot have left. */
  #waitShort(): Promise<Response> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(this.#last());
    });
  }

  /** The response is made here and not by whoever answers: on Workers it belongs to this request. */
  async #waitHere(): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (!this.#hasEnded) await promise; // else settling found that its client has left
    return this.#last();
  }

  #last(): Response {
    this.#unsettle?.();
    return this.response();
  }

  /** It will take its time. `left` is called where its client leaves before it is answered. */
  settle(left: () => void): void {
    const { signal } = this.#request;
    const onAbort = (): void => {
      if (this.isAnswered) return;
      this.#hasEnded = true;
      left();
      this.#wake?.(); // nobody reads it, but the handler ends
    };
    const unpark = this.#context.park?.();
    this.#unsettle = () => {
      signal.removeEventListener("abort", onAbort);
      unpark?.();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  }

  /** What it is answered; nothing of use where its client has left. */
  response(): Response {
    const payload = this.#payload;
    if (payload === undefined) return emptyAnswer(400);
    const threshold = this.#compressionThreshold;
    const isLong = payload.length >= threshold ||
      (payload.length * 3 >= threshold && utf8Length(payload) >= threshold);
    const { headers } = this.#request;
    const encoding = this.#compress && isLong ? chooseEncoding(headers.get("accept-encoding")) : undefined;
    return payloadAnswer(payload, encoding);
  }
}
