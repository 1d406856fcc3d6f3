/**
 * Many deadlines over one timer: order, moves, wakes that cancel, schedule or throw.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import type { Clock } from "../../src/time/clock.ts";
import { type Deadline, deadline, Deadlines } from "../../src/time/deadlines.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

/** A clock that counts how often it was asked for a timer. */

class CountingClock extends ManualClock {
  armed = 0;

  override at(time: number, wake: () => void): () => void {
    this.armed++;
    return super.at(time, wake);
  }
}

interface Stage {
  readonly clock: CountingClock;
  readonly deadlines: Deadlines;
  readonly log: string[];
  /** A deadline that writes its name and the time into the log. */
  named(name: string): Deadline;
}

function stage(): Stage {
  const clock = new CountingClock(1_000);
  const log: string[] = [];
  return {
    clock,
    deadlines: new Deadlines(clock),
    log,
    named: (name) => deadline(() => log.push(`${name} ${clock.now()}`)),
  };
}

Deno.test("Deadlines wakes in the order of the times, each once", () => {
  const { clock, deadlines, log, named } = stage();
  deadlines.set(named("c"), 1_030);
  deadlines.set(named("a"), 1_010);
  deadlines.set(named("b"), 1_020);
  assertEquals(deadlines.size, 3);
  clock.advance(9);
  assertEquals(log, []);
  clock.advance(1_000);
  assertEquals(log, ["a 1010", "b 1020", "c 1030"]);
  assertEquals([deadlines.size, clock.pending], [0, 0]);
});

Deno.test("Deadlines never has more than one timer, and none when empty", () => {
  const { clock, deadlines, named } = stage();
  const all = Array.from({ length: 50 }, (_, index) => named(String(index)));
  for (const [index, deadline] of all.entries()) {
    deadlines.set(deadline, 2_000 + (index * 37) % 100);
    assertEquals(clock.pending, 1);
  }
  for (const deadline of all) {
    assertEquals(clock.pending, 1);
    deadlines.clear(deadline);
  }
  assertEquals([deadlines.size, clock.pending], [0, 0]);
});

Deno.test("Deadlines leaves its timer alone when a deadline moves later", () => {
  const { clock, deadlines, log, named } = stage();
  const deadline = named("a");
  deadlines.set(deadline, 1_100);
  for (let time = 1_101; time < 1_200; time++) deadlines.set(deadline, time);
  assertEquals(clock.armed, 1);
  clock.advance(198);
  assertEquals(log, []);
  clock.advance(1);
  assertEquals(log, ["a 1199"]);
});

Deno.test("Deadlines moves its timer when an earlier deadline comes", () => {
  const { clock, deadlines, log, named } = stage();
  const late = named("late");
  deadlines.set(late, 2_000);
  deadlines.set(named("early"), 1_001);
  clock.advance(1);
  assertEquals(log, ["early 1001"]);
  deadlines.set(late, 1_003);
  clock.advance(2);
  assertEquals(log, ["early 1001", "late 1003"]);
  assertEquals(clock.pending, 0);
});

Deno.test("Deadlines takes a deadline out at Infinity and by clear, however often", () => {
  const { clock, deadlines, log, named } = stage();
  const [a, b] = [named("a"), named("b")];
  deadlines.set(a, 1_010);
  deadlines.set(b, 1_020);
  deadlines.set(a, Infinity);
  deadlines.clear(a);
  assertEquals([a.at, a.index, deadlines.size], [Infinity, -1, 1]);
  clock.advance(100);
  deadlines.clear(b);
  assertEquals(log, ["b 1020"]);
});

Deno.test("Deadlines runs no deadline that an earlier wake of the same moment cleared", () => {
  const { clock, deadlines, log, named } = stage();
  const victim = named("victim");
  deadlines.set(
    deadline(() => {
      log.push("first");
      deadlines.clear(victim);
    }),
    1_010,
  );
  deadlines.set(victim, 1_010);
  clock.advance(100);
  assertEquals(log, ["first"]);
  assertEquals(clock.pending, 0);
});

Deno.test("Deadlines runs the others when a wake throws", () => {
  const { clock, deadlines, log, named } = stage();
  deadlines.set(
    deadline(() => {
      throw new Error("oops");
    }),
    1_010,
  );
  deadlines.set(named("same moment"), 1_010);
  deadlines.set(named("later"), 1_020);
  assertThrows(() => clock.advance(10), Error, "oops");
  assertEquals(clock.pending, 1);
  clock.advance(10);
  assertEquals(log, ["same moment 1010", "later 1020"]);
});

Deno.test("Deadlines lets a wake schedule itself again, for later and for now", () => {
  const { clock, deadlines, log } = stage();
  let count = 0;
  const again: Deadline = deadline(() => {
    log.push(`${clock.now()}`);
    if (++count < 4) deadlines.set(again, count < 2 ? clock.now() : clock.now() + 10);
  });
  deadlines.set(again, 1_010);
  clock.advance(1_000);
  assertEquals(log, ["1010", "1010", "1020", "1030"]);
  assertEquals([deadlines.size, clock.pending], [0, 0]);
});

Deno.test("Deadlines gives the event loop a turn to wakes that are always due again", () => {
  let wake: (() => void) | undefined;
  const clock: Clock = {
    now: () => 5,
    at(_time, run) {
      wake = run;
      return () => wake = undefined;
    },
  };
  const deadlines = new Deadlines(clock);
  let count = 0;
  const restless: Deadline = deadline(() => {
    if (++count > 10) throw new Error("it never gave way");
    deadlines.set(restless, 0);
  });
  deadlines.set(restless, 0);
  wake!();
  assertEquals(count, 1);
  wake!();
  assertEquals(count, 2);
});

Deno.test("Deadlines survives a timer that wakes early", () => {
  const log: string[] = [];
  let time = 0;
  let armed: { time: number; wake: () => void } | undefined;
  const deadlines = new Deadlines({
    now: () => time,
    at(at, wake) {
      armed = { time: at, wake };
      return () => armed = undefined;
    },
  });
  deadlines.set(deadline(() => log.push("a")), 10);
  time = 9;
  armed!.wake();
  assertEquals(log, []);
  assertEquals(armed?.time, 10);
  time = 10;
  armed!.wake();
  assertEquals(log, ["a"]);
});

Deno.test("Deadlines is a clock: at wakes once, and its cancel takes it out", () => {
  const { clock, deadlines, log } = stage();
  assertEquals(deadlines.now(), 1_000);
  deadlines.at(1_010, () => log.push("kept"));
  const cancel = deadlines.at(1_005, () => log.push("cancelled"));
  cancel();
  cancel();
  clock.advance(1_000);
  cancel();
  assertEquals(log, ["kept"]);
  assertEquals(clock.pending, 0);
});

Deno.test("Deadlines keeps its order through thousands of sets, moves and clears", () => {
  const { clock, deadlines } = stage();
  const woken: number[] = [];
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(seed / 65_536) % below;
  };
  const expected = new Map<number, number>();
  const all = Array.from({ length: 300 }, (_, index) =>
    deadline(() => {
      assertEquals(clock.now(), expected.get(index), `deadline ${index}`);
      expected.delete(index);
      woken.push(clock.now());
    }));
  for (let round = 0; round < 3_000; round++) {
    const index = random(all.length);
    if (random(4) === 0) {
      deadlines.clear(all[index]!);
      expected.delete(index);
    } else {
      const time = clock.now() + 1 + random(500);
      deadlines.set(all[index]!, time);
      expected.set(index, time);
    }
    if (random(20) === 0) clock.advance(random(20));
  }
  clock.advance(1_000);
  assertEquals([expected.size, deadlines.size, clock.pending], [0, 0, 0]);
  assertEquals(woken, woken.toSorted((a, b) => a - b));
  assertEquals(woken.length > 300, true);
});
