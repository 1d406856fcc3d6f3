import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "fast-check";
import { backoff } from "../../src/client/backoff.ts";

const DEFAULTS = { min: 1_000, max: 5_000, jitter: 0.5 };

const options = fc.record({
  min: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0.1, max: 10_000, noNaN: true })),
  max: fc.integer({ min: 1, max: 1_000_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const attempt = fc.oneof(
  fc.nat(20),
  fc.integer({ min: 900, max: 1_100 }),
  fc.constantFrom(10_000, 1e9, 2 ** 53),
);
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

Deno.test("backoff() is a whole number of ms, at least 1, at most the cap, whatever the attempt", () => {
  fc.assert(
    fc.property(options, attempt, random, (options, attempt, random) => {
      const delay = backoff(attempt, options, random);
      assert(Number.isInteger(delay), String(delay));
      assert(delay >= 1 && delay <= options.max, `${delay}`);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("backoff() never falls while attempts go on, for the same chance", () => {
  fc.assert(
    fc.property(options, fc.nat(10_000), random, (options, attempt, random) => {
      assert(backoff(attempt + 1, options, random) >= backoff(attempt, options, random));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("backoff() spreads each delay over its share of chance, also after 10,000 attempts", () => {
  for (const attempt of [0, 1, 3, 4, 50, 1_015, 10_000, 1e9]) {
    const delays = Array.from({ length: 2_000 }, (_, n) => backoff(attempt, DEFAULTS, n / 2_000));
    const [low, high] = [Math.min(...delays), Math.max(...delays)];
    // A third to all of what the attempt may wait, later the upper quarter of the cap.
    const most = Math.min(5_000, 1_500 * 2 ** attempt);
    const least = attempt < 4 ? most / 3 : 3_750;
    assertAlmostEquals(high, most, 1);
    assertAlmostEquals(low, least, 3);
    assertGreater(new Set(delays).size, 900);
    const mean = delays.reduce((sum, delay) => sum + delay) / delays.length;
    assertAlmostEquals(mean, (least + most) / 2, 5);
  }
  const chosen = Array.from({ length: 1_000 }, () => backoff(10_000, DEFAULTS));
  assertGreater(new Set(chosen).size, 500); // by Math.random
});

Deno.test("backoff() is exact where there is no jitter, and anything where all is", () => {
  assertEquals([0, 1, 2, 3, 9].map((n) => backoff(n, { ...DEFAULTS, jitter: 0 }, 0.7)), [
    1_000,
    2_000,
    4_000,
    5_000,
    5_000,
  ]);
  const all = { ...DEFAULTS, jitter: 1 };
  assertEquals([backoff(0, all, 0), backoff(0, all, 0.5), backoff(0, all, 1 - 1e-9)], [2_000, 1_000, 1]);
  assertEquals([backoff(9, all, 0), backoff(9, all, 1 - 1e-9)], [5_000, 2_500]);
  assertLess(backoff(0, { min: 0, max: 5_000, jitter: 0.5 }, 0.5), 2);
});
