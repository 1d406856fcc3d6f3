/**
 * The memory store: the contract of the port, then what is its own: limits, timers, listeners that throw.
 * The property test holds it against a naive model; it prints how often each end was reached.
 * @module
 */
import { assert, assertEquals, assertGreater, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  MemorySessionStore,
  type MemorySessionStoreOptions,
} from "../../src/adapters/memory_session_store.ts";
import type { RecoverableSession, SessionEnd } from "../../src/core/session_store.ts";
import { pidOf, sampleSession, testSessionStore } from "../ports/session_store.ts";
import { LateClock } from "../support/late_clock.ts";

testSessionStore("MemorySessionStore", () => {
  const clock = new LateClock(1_000);
  return {
    store: new MemorySessionStore(clock, { maxSessions: 100, maxBytes: 1_000_000 }),
    advance: (ms) => clock.advance(ms),
    end: () => assertEquals(clock.pending, 0),
  };
});

interface Stage {
  readonly clock: LateClock;
  readonly store: MemorySessionStore;
  /** "pid why time" */
  readonly told: string[];
  save(pid: string, ttl?: number, data?: unknown): void;
  /** The pids that can be taken, in order; takes them. */
  takeAll(...pids: string[]): string[];
}

function stage(options: Partial<MemorySessionStoreOptions> = {}): Stage {
  const clock = new LateClock(0);
  const store = new MemorySessionStore(clock, { maxSessions: 100, ...options });
  const told: string[] = [];
  store.watch(({ pid }, why) => told.push(`${pid} ${why} ${clock.now()}`));
  return {
    clock,
    store,
    told,
    save: (pid, ttl = 1_000, data) => store.save(sampleSession(pid, data), ttl),
    takeAll: (...pids) => pids.filter((pid) => store.take(pidOf(pid)) !== undefined),
  };
}

Deno.test("MemorySessionStore lets the session that was saved first go when there are too many", () => {
  const { store, told, save, takeAll } = stage({ maxSessions: 3 });
  for (const pid of ["a", "b", "c"]) save(pid);
  save("a"); // saved again: now the newest
  assertEquals(told, []);
  save("d");
  assertEquals(told, ["b limit 0"]);
  save("e", 1); // the newest stays, however soon it ends
  assertEquals(told, ["b limit 0", "c limit 0"]);
  assertEquals(store.size, 3);
  assertEquals(takeAll("a", "b", "c", "d", "e"), ["a", "d", "e"]);
});

Deno.test("MemorySessionStore keeps the order of saving when sessions are taken from the middle and the ends", () => {
  const { told, save, takeAll } = stage({ maxSessions: 5 });
  for (const pid of ["a", "b", "c", "d", "e"]) save(pid);
  takeAll("c", "a", "e");
  for (const pid of ["f", "g", "h", "i", "j"]) save(pid);
  assertEquals(told, ["b limit 0", "d limit 0"]);
});

Deno.test("MemorySessionStore that may keep none ends each session at once", () => {
  const { clock, told, save, takeAll } = stage({ maxSessions: 0 });
  save("a");
  assertEquals(takeAll("a"), []);
  assertEquals(told, ["a limit 0"]);
  assertEquals(clock.pending, 0);
});

Deno.test("MemorySessionStore lets those saved first go when there are too many bytes", () => {
  const { store, told, save, takeAll } = stage({ maxBytes: 10_000 });
  save("a");
  const small = store.bytes;
  save("b", 1_000, "x".repeat(2_000));
  assertGreater(store.bytes, 2 * small + 3_900);
  save("c", 1_000, new Uint8Array(5_000));
  assertEquals(told, ["a limit 0", "b limit 0"]);
  assertEquals(takeAll("c"), ["c"]);
  assertEquals(store.bytes, 0);
});

Deno.test("MemorySessionStore does not keep a session that is too large, nor an older state of it", () => {
  const { store, told, save, takeAll } = stage({ maxBytes: 10_000 });
  save("a");
  save("b");
  save("b", 1_000, { text: "x".repeat(5_000) });
  assertEquals(told, ["b limit 0"]);
  assertEquals(store.size, 1);
  assertEquals(takeAll("a", "b"), ["a"]);
  assertEquals(store.bytes, 0);
});

Deno.test("MemorySessionStore tells at the very deadline, in the order of the deadlines", () => {
  const { clock, told, save } = stage();
  save("a", 3_000);
  save("b", 1_000);
  clock.advance(500);
  save("c", 1_000);
  clock.advance(10_000);
  assertEquals(told, ["b age 1000", "c age 1500", "a age 3000"]);
});

Deno.test("MemorySessionStore waits for one deadline at a time, and for none when it is empty", () => {
  const { clock, save, takeAll } = stage();
  assertEquals(clock.pending, 0);
  for (const pid of ["a", "b", "c"]) {
    save(pid);
    assertEquals(clock.pending, 1);
  }
  takeAll("a", "b");
  assertEquals(clock.pending, 1);
  takeAll("c");
  assertEquals(clock.pending, 0);
});

Deno.test("MemorySessionStore keeps a session without an end until it is taken", () => {
  const { clock, told, save, takeAll } = stage();
  save("a", Infinity);
  assertEquals(clock.pending, 0);
  clock.advance(1e12);
  assertEquals(takeAll("a"), ["a"]);
  assertEquals(told, []);
});

Deno.test("MemorySessionStore gives nothing that is too old, however late the timer", () => {
  const { clock, store, told, save } = stage();
  save("a");
  clock.slip(1_000);
  assertStrictEquals(store.take(pidOf("a")), undefined);
  assertEquals(told, ["a age 1000"]);
  clock.advance(5_000);
  assertEquals(told, ["a age 1000"]);
});

Deno.test("MemorySessionStore says `age` of what was too old already when it had to go", () => {
  const { clock, store, told, save } = stage({ maxSessions: 2 });
  save("a", 500);
  save("b", 2_000);
  clock.slip(500);
  save("c", 200);
  clock.slip(200);
  store.close();
  assertEquals(told, ["a age 500", "b closed 700", "c age 700"]);
});

Deno.test("MemorySessionStore tells what is left when it is closed, and what is saved after that", () => {
  const { clock, store, told, save, takeAll } = stage();
  save("a");
  save("b");
  store.close();
  assertEquals(told, ["a closed 0", "b closed 0"]);
  assertEquals(clock.pending, 0);
  save("c");
  assertEquals(told.slice(2), ["c closed 0"]);
  assertEquals(takeAll("a", "b", "c"), []);
  store.close();
  assertEquals(told.length, 3);
});

Deno.test("MemorySessionStore stays in order when its listener throws", () => {
  const clock = new LateClock(0);
  const store = new MemorySessionStore(clock, { maxSessions: 2, maxBytes: 10_000 });
  const told: string[] = [];
  store.watch(({ pid }, why) => {
    told.push(`${pid} ${why}`);
    throw new Error("listener");
  });
  const save = (pid: string, ttl = 1_000) => store.save(sampleSession(pid), ttl);
  save("a");
  save("b", 999);
  assertThrows(() => save("c"), Error, "listener");
  assertEquals(store.size, 2);
  clock.slip(1_000); // both are due in the same turn
  assertThrows(() => clock.advance(0), Error, "listener");
  assertThrows(() => clock.advance(0), Error, "listener");
  assertEquals(told, ["a limit", "b age", "c age"]);
  assertEquals([store.size, store.bytes, clock.pending], [0, 0, 0]);
  save("d");
  save("e");
  assertThrows(() => store.close(), Error, "listener");
  assertThrows(() => store.close(), Error, "listener");
  store.close();
  assertEquals(told.slice(3), ["d closed", "e closed"]);
  assertEquals([store.size, store.bytes, clock.pending], [0, 0, 0]);
});

Deno.test("MemorySessionStore may be used by its listener", () => {
  const clock = new LateClock(0);
  const store = new MemorySessionStore(clock, { maxSessions: 2 });
  const told: string[] = [];
  store.watch(({ pid }, why) => {
    told.push(`${pid} ${why}`);
    if (why === "limit") assert(store.take(pidOf("c")), "c is kept already"); // makes room, too late for a
    if (why === "age") store.save(sampleSession("d"), 5_000);
  });
  for (const pid of ["a", "b", "c"]) store.save(sampleSession(pid), 1_000);
  assertEquals(store.size, 1);
  clock.advance(1_000);
  assertEquals(told, ["a limit", "b age"]);
  assertEquals(store.take(pidOf("d"))?.pid, pidOf("d"));
});

type Step =
  | { readonly do: "save"; readonly pid: string; readonly ttl: number; readonly size: number }
  | { readonly do: "take"; readonly pid: string }
  | { readonly do: "wait" | "slip"; readonly ms: number }
  | { readonly do: "close" };

const pid = fc.integer({ min: 0, max: 7 }).map((n) => `p${n}`);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 40,
      arbitrary: fc.record({
        do: fc.constant("save" as const),
        pid,
        ttl: fc.integer({ min: 0, max: 40 }),
        size: fc.integer({ min: 0, max: 3 }).map((n) => n * 1_000),
      }),
    },
    { weight: 20, arbitrary: fc.record({ do: fc.constant("take" as const), pid }) },
    {
      weight: 20,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 25 }) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("slip" as const), ms: fc.integer({ min: 0, max: 25 }) }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "close" }) },
  ),
  { minLength: 1, maxLength: 80, size: "max" },
);

/**
 * - what is taken is what was saved last under that pid, less than its ttl ago
 * - each save ends once: taken, replaced, or told; nothing is told before its time, nor late without a late timer
 * - `limit` hits the one saved first, and only when the limits say so
 * - never more than the limits; a timer exactly while something is kept
 */
Deno.test("MemorySessionStore agrees with a naive model in any order of calls", () => {
  const reached: Record<SessionEnd | "taken" | "replaced", number> = {
    age: 0,
    limit: 0,
    closed: 0,
    taken: 0,
    replaced: 0,
  };
  const maxSessions = 4;
  const maxBytes = 12_000;
  const scale = new MemorySessionStore(new LateClock(0), { maxSessions, maxBytes });
  scale.save(sampleSession("p0", { n: 0, text: "" }), 1);
  const emptyBytes = scale.bytes; // the estimate has tests of its own
  fc.assert(
    fc.property(steps, (run) => {
      const clock = new LateClock(0);
      const store = new MemorySessionStore(clock, { maxSessions, maxBytes });
      interface Kept {
        session: RecoverableSession;
        until: number;
        bytes: number;
      }
      let model: Kept[] = [];
      let isClosed = false;
      let expected: string[] = [];
      let told: string[] = [];
      const name = ({ pid, data }: RecoverableSession) => `${pid}#${(data as { n: number }).n}`;
      store.watch((session, why) => told.push(`${name(session)} ${why}`));
      const ends = (kept: Kept, why: SessionEnd) => {
        model = model.filter((other) => other !== kept);
        const because = why !== "age" && kept.until <= clock.now() ? "age" : why;
        expected.push(`${name(kept.session)} ${because}`);
        reached[because]++;
      };
      const size = () => model.reduce((sum, kept) => sum + kept.bytes, 0);

      run.forEach((step, n) => {
        switch (step.do) {
          case "save": {
            const session = sampleSession(step.pid, { n, text: "x".repeat(step.size / 2) });
            const replaced = model.find((kept) => kept.session.pid === session.pid);
            if (replaced && !isClosed) {
              model = model.filter((kept) => kept !== replaced);
              reached.replaced++;
            }
            store.save(session, step.ttl);
            if (isClosed) {
              expected.push(`${name(session)} closed`);
              reached.closed++;
              break;
            }
            const kept: Kept = { session, until: clock.now() + step.ttl, bytes: emptyBytes + step.size };
            model.push(kept);
            while (model.length > maxSessions || size() > maxBytes) ends(model[0]!, "limit");
            break;
          }
          case "take": {
            const kept = model.find((kept) => kept.session.pid === step.pid);
            const session = store.take(pidOf(step.pid));
            if (kept && kept.until > clock.now()) {
              assertStrictEquals(session, kept.session);
              model = model.filter((other) => other !== kept);
              reached.taken++;
            } else {
              assertStrictEquals(session, undefined);
              if (kept) ends(kept, "age");
            }
            break;
          }
          case "slip":
            clock.slip(step.ms);
            break;
          case "wait":
            clock.advance(step.ms);
            for (const kept of model.filter(({ until }) => until <= clock.now())) ends(kept, "age");
            // In one turn they come by deadline; the model's order is another, so both are sorted.
            expected = expected.toSorted();
            told = told.toSorted();
            break;
          case "close":
            store.close();
            isClosed = true;
            while (model.length > 0) ends(model[0]!, "closed");
            break;
        }
        assertEquals(told, expected, JSON.stringify(step));
        assertEquals(store.size, model.length);
        assertEquals(clock.pending, model.length > 0 ? 1 : 0);
        assertEquals(store.bytes, size());
      });
    }),
    { numRuns: 500 },
  );
  console.log("ends reached:", JSON.stringify(reached));
  for (const [end, times] of Object.entries(reached)) assertGreater(times, 100, end);
});
