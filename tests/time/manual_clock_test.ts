/**
 * The clock of the tests themselves.
 * @module
 */
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../src/time/manual_clock.ts";

Deno.test("ManualClock moves only when told", () => {
  const clock = new ManualClock(500);
  assertEquals(clock.now(), 500);
  clock.advance(20);
  assertEquals(clock.now(), 520);
  assertEquals(new ManualClock().now(), 0);
});

Deno.test("ManualClock wakes in order of time, then of asking, with now at the time of each", () => {
  const clock = new ManualClock();
  const log: string[] = [];
  for (const [name, time] of [["b", 20], ["a", 10], ["b2", 20], ["late", 31]] as const) {
    clock.at(time, () => log.push(`${name} ${clock.now()}`));
  }
  assertEquals(clock.pending, 4);
  clock.advance(30);
  assertEquals(log, ["a 10", "b 20", "b2 20"]);
  assertEquals([clock.now(), clock.pending], [30, 1]);
});

Deno.test("ManualClock wakes what a wake asked for on the way, and not what it cancelled", () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const cancel = clock.at(15, () => log.push("never"));
  clock.at(10, () => {
    clock.at(12, () => log.push(`nested ${clock.now()}`));
    cancel();
    cancel();
  });
  clock.advance(20);
  assertEquals(log, ["nested 12"]);
  assertEquals(clock.pending, 0);
});

Deno.test("ManualClock wakes what is overdue with the next move, and never goes back", () => {
  const clock = new ManualClock(100);
  const times: number[] = [];
  clock.at(50, () => times.push(clock.now()));
  assertEquals(times, []);
  clock.advance(0);
  assertEquals(times, [100]);
});
