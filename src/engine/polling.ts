/**
 * The HTTP long-polling transport: one parked GET that takes frames to the client, one POST at a time that brings
 * frames from it. Rules: Engine.IO protocol v4, "HTTP long-polling".
 *
 * Every request is answered, whatever happens to the session, and nothing of a request is kept after its answer.
 * @module
 */
import { decodePayload, encodePayload } from "../protocol/engine_payload.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";
import { emptyAnswer, postAnswer } from "./answers.ts";
import { readText } from "./body.ts";
import { ParkedPoll, type PollContext } from "./parked_poll.ts";
import type { Transport, TransportOwner } from "./transport.ts";

/** The most packets in one POST: a body of one-byte packets must not cost more than its size suggests. */
const MAX_PACKETS_PER_POST = 65_536;

/**
 * ms after which a patient runtime is told that a poll waits. Where much happens polls are answered earlier, and on
 * Deno the signal of a request costs more than all the rest of it.
 */
const PATIENCE = 500;

/** Settings of a {@linkcode PollingTransport}. */
export interface PollingOptions {
  /** The most bytes of one POST body. */
  readonly maxBodyBytes: number;
  /** Payloads from this many bytes on are compressed where the client accepts it; Infinity: never. */
  readonly compressionThreshold: number;
  readonly clock: Clock;
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
  /** Whether it is to be looked soon whether the poll still waits. */
  #isExpecting = false;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  /** Names whom to tell. Called once, before the first request. */
  attach(owner: TransportOwner): void {
    this.#owner = owner;
  }

  /** A GET: parks until there are frames. */
  poll(request: Request, context: PollContext = {}): Response | Promise<Response> {
    if (this.#isReleased) return emptyAnswer(400);
    if (this.#parked) {
      this.#owner?.lost(this, "transport error", "overlap from client");
      return emptyAnswer(400);
    }
    const { compressionThreshold } = this.#options;
    const poll = this.#parked = new ParkedPoll(request, context, compressionThreshold);
    this.#owner?.ready(this);
    if (poll.isAnswered) return poll.response();
    if (context.isPatient) this.#expectLong(poll);
    else this.#settle(poll);
    return poll.wait();
  }

  /** A POST: its frames go to the owner, in order, before the answer. */
  post(request: Request): Response | Promise<Response> {
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
    return new Promise((answer) => {
      const abort = this.#abortPost = (): void => answer(emptyAnswer(400));
      /** Whether the session still wants it. */
      const take = (): boolean => {
        if (this.#abortPost !== abort) return false;
        this.#abortPost = undefined;
        return !this.#isReleased;
      };
      readText(request, this.#options.maxBodyBytes).then((body) => {
        if (!take()) return;
        if (body === undefined) return answer(emptyAnswer(413)); // the session goes on: a smaller body may follow
        this.#receive(body);
        answer(postAnswer());
      }).catch((error) => {
        if (take()) this.#owner?.lost(this, "transport error", error);
        answer(emptyAnswer(400));
      });
    });
  }

  write(frames: readonly Frame[], compress: boolean): void {
    const poll = this.#unpark();
    if (!poll) return;
    poll.answer(encodePayload(frames), compress);
    poll.delivered()?.catch((error) => this.#owner?.lost(this, "transport error", error));
  }

  refresh(): void {} // what a poll was answered is not held here

  release(farewell: "close" | "noop"): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#abortPost?.();
    this.#unpark()?.answer(farewell === "close" ? "1" : "6", false);
    this.#owner = undefined;
  }

  #receive(body: string): void {
    const { frames, error } = decodePayload(body, MAX_PACKETS_PER_POST);
    for (const frame of frames) this.#owner?.receive(this, frame);
    if (error) this.#owner?.garbled(this, error);
  }

  /** Settles the poll unless it is answered soon. One timer at a time: most polls are. */
  #expectLong(poll: ParkedPoll): void {
    if (this.#isExpecting) return;
    this.#isExpecting = true;
    const { clock } = this.#options;
    clock.at(clock.now() + PATIENCE, () => {
      this.#isExpecting = false;
      const parked = this.#parked;
      if (parked === poll) this.#settle(poll);
      else if (parked !== undefined) this.#expectLong(parked);
    });
  }

  /** The poll takes its time: now its client may leave. */
  #settle(poll: ParkedPoll): void {
    poll.settle(() => {
      if (this.#parked !== poll) return;
      this.#parked = undefined;
      this.#owner?.lost(this, "transport error", "poll connection closed prematurely");
    });
  }

  #unpark(): ParkedPoll | undefined {
    const parked = this.#parked;
    this.#parked = undefined;
    return parked;
  }
}
