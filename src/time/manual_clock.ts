/**
 * A clock that moves only when told, for tests without sleeping.
 * @module
 */
import type { Clock } from "./clock.ts";

interface Wake {
  readonly time: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A {@linkcode Clock} moved by {@linkcode ManualClock.advance}. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  #wakes: Wake[] = [];

  /** Starts at `now`, ms since the epoch. Default 0. */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(time: number, wake: () => void): () => void {
    const entry = { time, order: this.#order++, wake };
    this.#wakes.push(entry);
    return () => {
      const index = this.#wakes.indexOf(entry);
      if (index >= 0) this.#wakes.splice(index, 1);
    };
  }

  /** How many wakes are waiting: what a test checks for leaked timers. */
  get pending(): number {
    return this.#wakes.length;
  }

  /** When the next of them is due; undefined where none waits. */
  get next(): number | undefined {
    return this.#wakes.length === 0 ? undefined : Math.min(...this.#wakes.map(({ time }) => time));
  }

  /** Moves `ms` ahead and runs, in order of time, everything due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#wakes
        .filter((entry) => entry.time <= end)
        .sort((a, b) => a.time - b.time || a.order - b.order)[0];
      if (!due) break;
      this.#wakes.splice(this.#wakes.indexOf(due), 1);
      this.#now = Math.max(this.#now, due.time);
      due.wake();
    }
    this.#now = end;
  }
}
