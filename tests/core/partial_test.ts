import { assertEquals } from "@std/assert";
import { Partial } from "../../src/core/partial.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

function setup(keptAfter?: number): { clock: ManualClock; partial: Partial; seen: string[] } {
  const clock = new ManualClock(1_000);
  const seen: string[] = [];
  const at = (what: string) => (): void => void seen.push(`${what} at ${clock.now() - 1_000}`);
  const partial = new Partial(clock, 500, keptAfter, { changed: at("changed"), tooLate: at("too late") });
  return { clock, partial, seen };
}

Deno.test("Partial is too late when nothing came for as long as it may take, counted from the last frame", () => {
  const { clock, partial, seen } = setup();
  partial.add("head");
  clock.advance(400);
  partial.add("one");
  clock.advance(499);
  assertEquals(seen, []);
  clock.advance(1);
  assertEquals(seen, ["too late at 900"]);
});

Deno.test("Partial that is complete is never too late, nor is the next one for its time", () => {
  const { clock, partial, seen } = setup();
  partial.add("head");
  assertEquals(partial.finish(), false);
  clock.advance(300);
  partial.add("next");
  clock.advance(300); // the first one's timer
  assertEquals(seen, []);
  clock.advance(200);
  assertEquals(seen, ["too late at 800"]);
  partial.end();
  assertEquals(clock.pending, 0);
});

Deno.test("Partial is to be kept where it waits, with each frame from then on, and no more when complete", () => {
  const { clock, partial, seen } = setup(50);
  partial.add("head");
  clock.advance(50);
  assertEquals([seen, partial.keep()], [["changed at 50"], ["head"]]);
  clock.advance(10);
  partial.add("one");
  assertEquals([seen.at(-1), partial.keep()], ["changed at 60", ["head", "one"]]);
  assertEquals([partial.finish(), partial.keep(), clock.pending], [true, undefined, 0]);
});

Deno.test("Partial that is complete before it is to be kept leaves a timer that finds nothing", () => {
  const { clock, partial, seen } = setup(50);
  partial.add("head");
  partial.finish();
  clock.advance(50);
  assertEquals([seen, clock.pending], [[], 0]);
});
