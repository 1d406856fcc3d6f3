/**
 * A clock whose timers come late: what must be right by the clock alone is tested with it.
 * @module
 */
import { ManualClock } from "../../src/time/manual_clock.ts";

/** A {@linkcode ManualClock} that can also move without waking anybody. */
export class LateClock extends ManualClock {
  #slipped = -Infinity;

  override now(): number {
    return Math.max(super.now(), this.#slipped);
  }

  /** Moves `ms` ahead; nobody is woken before the next `advance`. */
  slip(ms: number): void {
    this.#slipped = this.now() + ms;
  }

  override advance(ms: number): void {
    super.advance(this.now() - super.now() + ms);
  }
}
