/**
 * The platform's clock, over a platform whose time and timers the test holds in its hand.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../src/time/clock.ts";

const MAX_DELAY = 2_147_483_647;

/** Stands in for `performance.now` and the timers while it lives. */
class Platform implements Disposable {
  /** The milliseconds since the process began. */
  elapsed = 1_000;
  readonly timers: Map<number, { delay: number; fire: () => void }> = new Map();
  readonly #now = performance.now;
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  #id = 0;

  constructor() {
    performance.now = () => this.elapsed;
    globalThis.setTimeout = ((fire: () => void, delay: number) => {
      this.timers.set(++this.#id, { delay, fire });
      return this.#id;
    }) as unknown as typeof globalThis.setTimeout;
    globalThis.clearTimeout = ((id: number) => {
      this.timers.delete(id);
    }) as unknown as typeof globalThis.clearTimeout;
  }

  /** The delays asked for by the timers that wait. */
  get delays(): number[] {
    return [...this.timers.values()].map((timer) => timer.delay);
  }

  /** Fires the one timer that waits, `ms` later. */
  fire(ms: number): void {
    assertEquals(this.timers.size, 1);
    const [[id, timer]] = this.timers as unknown as [[number, { fire: () => void }]];
    this.timers.delete(id);
    this.elapsed += ms;
    timer.fire();
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}

Deno.test("systemClock tells milliseconds since 1970 while nobody sets the wall clock", () => {
  assert(Math.abs(systemClock.now() - Date.now()) < 60_000);
});

Deno.test("systemClock wakes once, when the time has come", () => {
  using platform = new Platform();
  let wakes = 0;
  systemClock.at(systemClock.now() + 50, () => wakes++);
  assertEquals(platform.delays, [50]);
  platform.fire(50);
  assertEquals([wakes, platform.timers.size], [1, 0]);
});

Deno.test("systemClock wakes never early, though the platform's timer does", () => {
  using platform = new Platform();
  let wakes = 0;
  systemClock.at(systemClock.now() + 50, () => wakes++);
  platform.fire(49);
  assertEquals([wakes, platform.delays[0]], [0, 1]);
  platform.fire(3);
  assertEquals([wakes, platform.timers.size], [1, 0]);
});

Deno.test("systemClock waits longer than a platform timer can", () => {
  using platform = new Platform();
  let wakes = 0;
  systemClock.at(systemClock.now() + 2 * MAX_DELAY + 5, () => wakes++);
  assertEquals(platform.delays, [MAX_DELAY]);
  platform.fire(MAX_DELAY);
  assertEquals(platform.delays, [MAX_DELAY]);
  platform.fire(MAX_DELAY);
  assertEquals([wakes, platform.delays[0]], [0, 5]);
  platform.fire(5);
  assertEquals(wakes, 1);
});

Deno.test("systemClock wakes for a time that is past, but not inside of at", () => {
  using platform = new Platform();
  let wakes = 0;
  systemClock.at(systemClock.now() - 1_000, () => wakes++);
  assertEquals([wakes, platform.delays[0]], [0, 0]);
  platform.fire(0);
  assertEquals(wakes, 1);
});

Deno.test("systemClock that was told to cancel leaves no timer, however often and however late", () => {
  using platform = new Platform();
  let wakes = 0;
  const cancel = systemClock.at(systemClock.now() + 50, () => wakes++);
  platform.fire(49); // armed again by now
  cancel();
  cancel();
  assertEquals([wakes, platform.timers.size], [0, 0]);

  const late = systemClock.at(systemClock.now() + 50, () => wakes++);
  platform.fire(50);
  late();
  assertEquals([wakes, platform.timers.size], [1, 0]);
});

Deno.test("systemClock takes no notice of a wall clock that is set", () => {
  const wall = Date.now;
  try {
    for (const jump of [3_600_000, -3_600_000]) {
      Date.now = () => wall() + jump;
      using platform = new Platform();
      const before = systemClock.now();
      platform.elapsed += 40;
      assertEquals(systemClock.now(), before + 40);
    }
  } finally {
    Date.now = wall;
  }
});
