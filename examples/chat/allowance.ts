/**
 * How many requests one connection may make: a bucket of tokens that fills up again with time.
 * @module
 */
import { limits } from "./limits.ts";

/** The allowance of one connection. */
export class Allowance {
  #tokens: number = limits.burst;
  #filled: number;

  /** Full at `now`, in ms. */
  constructor(now: number) {
    this.#filled = now;
  }

  /** Takes one request. False where none is left. */
  take(now: number): boolean {
    const gained = Math.max(0, now - this.#filled) / 1_000 * limits.perSecond;
    this.#tokens = Math.min(limits.burst, this.#tokens + gained);
    this.#filled = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
