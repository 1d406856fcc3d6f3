/**
 * The one alarm of a Durable Object as a clock: whoever needs a time that outlasts sleep shares it.
 *
 * What was asked for in memory is forgotten by sleep, the alarm is not: whoever is woken by it looks at what is due
 * and asks anew. An alarm may come late, and more than once.
 * @module
 */
import { type Clock, systemClock } from "../time/clock.ts";
import type { ObjectState } from "./object_state.ts";

interface Wish {
  readonly time: number;
  readonly wake: () => void;
}

/** Times that outlast sleep. */
export class ObjectAlarm implements Clock {
  readonly #state: ObjectState;
  readonly #clock: Clock;
  readonly #wishes = new Set<Wish>();
  /** When the platform will wake us; undefined: it was not asked in this life, Infinity: never. */
  #armedFor: number | undefined;
  #wanted = Infinity;
  #isAsking = false;

  constructor(state: ObjectState, clock: Clock = systemClock) {
    this.#state = state;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Runs `wake` at `time` unless the object sleeps by then; it is woken in any case. */
  at(time: number, wake: () => void): () => void {
    const wish: Wish = { time, wake };
    this.#wishes.add(wish);
    this.wakeAt(time);
    return () => this.#wishes.delete(wish);
  }

  /** Has the object woken at `time` at the latest. */
  wakeAt(time: number): void {
    this.#wanted = Math.min(this.#wanted, time);
    if (this.#armedFor !== undefined) return this.#arm();
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#state.waitUntil(
      this.#state.storage.getAlarm().then((armedFor) => {
        this.#armedFor ??= armedFor ?? Infinity;
        this.#arm();
      }),
    );
  }

  /** The alarm went off: the platform has forgotten it. Call before anything else, so that a failure loses nothing. */
  wentOff(): void {
    this.#armedFor = Infinity;
    this.#wanted = Infinity;
  }

  /** Runs what is due, and asks for the rest. */
  run(): void {
    const now = this.now();
    for (const wish of [...this.#wishes]) {
      if (wish.time > now) this.wakeAt(wish.time);
      else if (this.#wishes.delete(wish)) wish.wake();
    }
  }

  #arm(): void {
    if (this.#wanted >= this.#armedFor!) return;
    this.#armedFor = this.#wanted;
    this.#state.waitUntil(this.#state.storage.setAlarm(Math.ceil(this.#wanted)));
  }
}
