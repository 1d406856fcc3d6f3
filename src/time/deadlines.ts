/**
 * Many deadlines, one timer: a binary heap of deadlines over a clock that is asked to wake once, for the
 * earliest. It is a {@linkcode Clock} itself, so what needs a timer now and then shares the same one.
 *
 * A deadline that moves later leaves the timer alone: it wakes early once and is armed again.
 * @module
 */
import type { Clock } from "./clock.ts";

/**
 * One thing that must happen at some time. Mostly it is the state of something larger, which then needs no object
 * for its deadline.
 */
export interface Deadline {
  /** When, ms since the epoch; Infinity while not scheduled. Only {@linkcode Deadlines} writes it. */
  at: number;
  /** Its place in the heap, -1 while not scheduled. Only {@linkcode Deadlines} writes it. */
  index: number;
  /** The deadline has passed; it is not scheduled any more. */
  wake(): void;
}

/** A deadline that is not scheduled. */
export function deadline(wake: () => void): Deadline {
  return { at: Infinity, index: -1, wake };
}

/** Wakes deadlines in the order of their times. */
export class Deadlines implements Clock {
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #armedFor = Infinity;
  #disarm: (() => void) | undefined;
  readonly #onTimer = (): void => this.#expire();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many deadlines wait. */
  get size(): number {
    return this.#heap.length;
  }

  now(): number {
    return this.#clock.now();
  }

  at(time: number, wake: () => void): () => void {
    const single = deadline(wake);
    this.set(single, time);
    return () => this.clear(single);
  }

  /** Schedules or moves `deadline` to `time`; Infinity takes it out. */
  set(deadline: Deadline, time: number): void {
    if (time === Infinity) return this.clear(deadline);
    deadline.at = time;
    if (deadline.index < 0) {
      deadline.index = this.#heap.length;
      this.#heap.push(deadline);
    }
    this.#down(this.#up(deadline.index));
    this.#arm();
  }

  /** Takes `deadline` out; harmless where it is not scheduled. */
  clear(deadline: Deadline): void {
    const index = deadline.index;
    if (index < 0) return;
    deadline.index = -1;
    deadline.at = Infinity;
    const last = this.#heap.pop()!;
    if (last !== deadline) {
      this.#place(last, index);
      this.#down(this.#up(index));
    }
    if (this.#heap.length === 0) this.#stop();
  }

  #expire(): void {
    this.#disarm = undefined;
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    try {
      // At most what waited when the turn began: a wake that schedules itself for "now" again runs in the next
      // turn, so it cannot keep the event loop. One at a time: an earlier wake may cancel a later one.
      for (let budget = this.#heap.length; budget > 0; budget--) {
        const first = this.#heap[0];
        if (!first || first.at > now) break;
        this.clear(first);
        first.wake();
      }
    } finally {
      this.#arm(); // also when a wake threw: the others still run
    }
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || first.at >= this.#armedFor) return;
    this.#disarm?.();
    this.#armedFor = first.at;
    this.#disarm = this.#clock.at(first.at, this.#onTimer);
  }

  #stop(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedFor = Infinity;
  }

  #place(deadline: Deadline, index: number): void {
    this.#heap[index] = deadline;
    deadline.index = index;
  }

  #up(index: number): number {
    const deadline = this.#heap[index]!;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex]!;
      if (parent.at <= deadline.at) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(deadline, index);
    return index;
  }

  #down(index: number): void {
    const deadline = this.#heap[index]!;
    const half = this.#heap.length >> 1;
    while (index < half) {
      let childIndex = 2 * index + 1;
      const right = this.#heap[childIndex + 1];
      if (right && right.at < this.#heap[childIndex]!.at) childIndex++;
      const child = this.#heap[childIndex]!;
      if (child.at >= deadline.at) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(deadline, index);
  }
}
