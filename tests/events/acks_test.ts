import { assertEquals } from "@std/assert";
import { Acks, type AckSettled } from "../../src/events/acks.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

function setup(): { acks: Acks; clock: ManualClock; log: unknown[]; note: (name: string) => AckSettled } {
  const log: unknown[] = [];
  const note = (name: string): AckSettled => (error, args) =>
    log.push([name, error?.message ?? null, ...args]);
  return { acks: new Acks(), clock: new ManualClock(5000), log, note };
}

Deno.test("Acks tell the answer once and ignore unknown ids", () => {
  const { acks, clock, log, note } = setup();
  acks.wait(7, note("a"), clock);
  assertEquals(acks.settle(8, []), false);
  assertEquals(acks.settle(7, [1, "x"]), true);
  assertEquals(acks.settle(7, [2]), false);
  assertEquals(log, [["a", null, 1, "x"]]);
  assertEquals(acks.size, 0);
});

Deno.test("Acks tell an error at the timeout, not a ms earlier, and ignore the late answer", () => {
  const { acks, clock, log, note } = setup();
  acks.wait(1, note("a"), clock, 100);
  clock.advance(99);
  assertEquals(log, []);
  clock.advance(1);
  assertEquals(log, [["a", "operation has timed out"]]);
  assertEquals(acks.settle(1, []), false);
  assertEquals(acks.size, 0);
});

Deno.test("Acks leave no timer behind, whichever way they end", () => {
  const { acks, clock, log, note } = setup();
  acks.wait(1, note("answered"), clock, 100);
  acks.wait(2, note("forgotten"), clock, 100);
  acks.wait(3, note("released"), clock, 100);
  acks.wait(4, note("endless"), clock, Infinity);
  assertEquals(clock.pending, 3);
  acks.settle(1, []);
  acks.forget(2);
  acks.release();
  assertEquals(clock.pending, 0);
  assertEquals(log, [
    ["answered", null],
    ["released", "socket has been disconnected"],
    ["endless", "socket has been disconnected"],
  ]);
});

Deno.test("Acks that begin to wait while others are released are not lost", () => {
  const { acks, clock, log, note } = setup();
  acks.wait(1, () => acks.wait(2, note("new"), clock), clock);
  acks.release();
  assertEquals(acks.size, 1);
  acks.settle(2, []);
  assertEquals(log, [["new", null]]);
});
