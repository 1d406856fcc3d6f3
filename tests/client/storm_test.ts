/**
 * What the picture of the reconnect storm says, and that it is the picture of the code as it is.
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { drawStorm } from "../bench/storm/picture.ts";
import {
  bothStorms,
  CAREFUL,
  CLIENTS,
  knocking,
  officialDelays,
  ourDelays,
  seeded,
  SHORT,
  withRandom,
} from "../bench/storm/storm.ts";

Deno.test("Reconnect storm: all come back within the cap, and no 100 ms take more than a third more than their share", () => {
  const { ours, official } = bothStorms();
  for (const { arrivals, last } of [ours, official]) {
    assertEquals(arrivals.reduce((sum, count) => sum + count), CLIENTS);
    assertLess(last, 5_100);
  }
  // 4,375 ms lie between two attempts on average: so many arrive in 100 ms at most, where no two know of each other.
  assertLess(ours.peak, CLIENTS / 43.75 * 4 / 3);
  assertLess(ours.peak, official.peak);
});

Deno.test("Reconnect storm with a delay that begins at the cap: officially half of all come together, ours do not", () => {
  const { ours, official } = bothStorms(CAREFUL);
  assertGreater(official.peak, 2 * ours.peak);
  assertLess(ours.peak, CLIENTS / 43.75 * 4 / 3);
});

Deno.test("Reconnect storm after a short outage is hardly ever larger than the official one", () => {
  for (const outage of SHORT) {
    const { ours, official } = bothStorms(undefined, outage);
    assertLess(ours.peak, official.peak * 1.1, `${outage} ms`);
  }
});

Deno.test("Reconnect attempts stay as far apart after 90 minutes; officially half of them come at once", () => {
  const random = seeded(7);
  assertLess(knocking(ourDelays(random), 1_100), 0.25);
  const official = withRandom(random, () => {
    const delays = officialDelays();
    for (let attempt = 0; attempt < 1_100; attempt++) delays();
    return Array.from({ length: 1_000 }, delays);
  });
  assertGreater(official.filter((delay) => delay === 0).length, 300);
});

Deno.test("Picture of the reconnect storm is current: else run tests/bench/storm/storm.ts", async () => {
  const file = new URL("../../.github/reconnect-storm.svg", import.meta.url);
  assert(
    await Deno.readTextFile(file) === drawStorm(bothStorms(), bothStorms(CAREFUL)),
    "deno run -A tests/bench/storm/storm.ts",
  );
});
