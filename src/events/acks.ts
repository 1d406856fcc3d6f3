/**
 * Who waits for which ack, and until when. Each is told once: the answer, or an error; then it is forgotten.
 *
 * Ids are the caller's: they must be unique among those that wait. An answer for an unknown id is ignored,
 * since a late or invented one is no fault of the server's user.
 * @module
 */
import type { Clock } from "../time/clock.ts";

/** Told once: `error` is null when `args` are what the peer answered. */
export type AckSettled = (error: Error | null, args: readonly unknown[]) => void;

interface Waiting {
  readonly settled: AckSettled;
  readonly cancel: (() => void) | undefined;
}

const NOTHING: readonly unknown[] = [];

/** The error of an ack that did not come in time; the text is the official one. */
export function ackTimeoutError(): Error {
  return new Error("operation has timed out");
}

/** The error of an ack that cannot come any more; the text is the official one. */
export function ackDisconnectedError(): Error {
  return new Error("socket has been disconnected");
}

/** The acks one socket waits for. */
export class Acks {
  readonly #waiting = new Map<number, Waiting>();

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Waits for ack `id`, for `timeout` ms of `clock` or, without (or Infinity), until {@linkcode Acks.release}. */
  wait(id: number, settled: AckSettled, clock: Clock, timeout?: number): void {
    const isEndless = timeout === undefined || timeout === Infinity;
    const cancel = isEndless ? undefined : clock.at(clock.now() + timeout, () => {
      if (this.#waiting.delete(id)) settled(ackTimeoutError(), NOTHING);
    });
    this.#waiting.set(id, { settled, cancel });
  }

  /** The answer came. Returns whether anybody waited for it. */
  settle(id: number, args: readonly unknown[]): boolean {
    const waiting = this.#take(id);
    waiting?.settled(null, args);
    return waiting !== undefined;
  }

  /** Forgets ack `id` without telling anyone. */
  forget(id: number): void {
    this.#take(id);
  }

  /** No answer will come any more: tells everyone, in the order in which they began to wait. */
  release(): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.settled(ackDisconnectedError(), NOTHING);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      this.#waiting.delete(id);
      waiting.cancel?.();
    }
    return waiting;
  }
}
