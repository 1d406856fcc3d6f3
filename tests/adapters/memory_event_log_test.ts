/**
 * The memory log: the contract of the port, then what is its own: the form of its offsets, timers, events that are
 * appended while another is encoded. The property test holds it against a naive model; it prints what was reached.
 * @module
 */
import { assertEquals, assertGreater, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { ManualClock } from "../../src/time/manual_clock.ts";
import fc from "fast-check";
import { MemoryEventLog } from "../../src/adapters/memory_event_log.ts";
import type { Offset } from "../../src/core/session_store.ts";
import { type Frame, frameByteLength } from "../../src/protocol/frame.ts";
import {
  appended,
  countSince,
  type EventLogLimits,
  framesSince,
  namedEvent,
  sizedEvent,
  testEventLog,
  WIDE,
} from "../ports/event_log.ts";
import { LateClock } from "../support/late_clock.ts";

testEventLog("MemoryEventLog", (limits) => {
  const clock = new LateClock(1_000);
  return {
    log: new MemoryEventLog(clock, limits),
    advance: (ms) => clock.advance(ms),
    end: () => assertEquals(clock.pending, 0),
  };
});

function stage(limits: Partial<EventLogLimits> = {}): { clock: LateClock; log: MemoryEventLog } {
  const clock = new LateClock(0);
  return { clock, log: new MemoryEventLog(clock, { ...WIDE, ...limits }) };
}

/** What `event.encode` returned, for events that do not fail. */
function now(frames: readonly Frame[] | Promise<readonly Frame[]>): readonly Frame[] {
  if (frames instanceof Promise) throw new TypeError("promised");
  return frames;
}

Deno.test("MemoryEventLog names its places `<log id>.<number in base 36>`", () => {
  const { log } = stage();
  assertMatch(log.end(), /^[\w-]{8}\.0$/);
  const id = log.end().slice(0, 9);
  for (let i = 1; i <= 2_000; i++) {
    log.append(namedEvent("e"));
    assertEquals(log.end(), `${id}${i.toString(36)}`);
  }
  assertNotEquals(stage().log.end().slice(0, 9), id);
});

Deno.test("MemoryEventLog understands an offset only as it writes it, up to its end", () => {
  const { log } = stage();
  for (let i = 0; i < 40; i++) log.append(namedEvent("e"));
  const id = log.end().slice(0, 9);
  const strange = [
    "15",
    "zzzzzzzzzzz",
    "2gosa7pa2gv",
    "010",
    "1A",
    "-1",
    "+1",
    "-0",
    "1.",
    "1.1",
    "1e1.",
    " 1",
    "1 ",
    "1\n",
    "",
    "0x1",
  ]
    .concat(["Infinity", "NaN", "_", "__proto__", "١", "1".repeat(1_000_000), "\u00001", "1\u0000"]);
  for (const digits of strange) assertEquals(log.since(id + digits), undefined, digits.slice(0, 50));
  assertEquals(log.since(id.slice(0, 8)), undefined);
  assertEquals(log.since(`x${id}1`), undefined);
  assertEquals(log.since(id.slice(1) + "10"), undefined);
  assertEquals(log.since(`${id}14`)?.length, 0);
  assertEquals(log.since(`${id}13`)?.length, 1);
  assertEquals(log.since(`${id}0`)?.length, 40);
});

Deno.test("MemoryEventLog knows no offset before it has given one out", () => {
  const { log } = stage();
  for (const offset of ["", ".", ".0", "0", "undefined.0", "null.0"]) {
    assertEquals(log.since(offset), undefined, offset);
  }
});

Deno.test("MemoryEventLog does not use up a number for what cannot be encoded", () => {
  const { log } = stage();
  log.append(namedEvent("one"));
  const end = log.end();
  for (let i = 0; i < 3; i++) {
    assertThrows(() =>
      log.append({
        rooms: [],
        except: [],
        encode() {
          throw new Error("no");
        },
      })
    );
  }
  assertEquals(log.end(), end);
  log.append(namedEvent("two"));
  assertEquals(log.end(), `${end.slice(0, 9)}2`);
});

Deno.test("MemoryEventLog waits for one deadline at a time, and for none when it is empty", () => {
  const { clock, log } = stage({ maxAge: 100, maxBytes: 50 });
  log.end();
  assertEquals(clock.pending, 0);
  for (let i = 0; i < 3; i++) {
    log.append(sizedEvent(10));
    assertEquals(clock.pending, 1);
    clock.advance(10);
  }
  clock.advance(69);
  assertEquals([log.size, log.bytes], [3, 30]);
  for (let left = 2; left >= 0; left--) {
    clock.advance(1);
    assertEquals([log.size, log.bytes, clock.pending], [left, left * 10, left > 0 ? 1 : 0]);
    clock.advance(9);
  }
  log.append(sizedEvent(10));
  log.append(sizedEvent(51)); // larger than all the log may hold
  assertEquals([log.size, log.bytes, clock.pending], [0, 0, 0]);
  log.append(sizedEvent(10));
  log.close();
  assertEquals([log.size, log.bytes, clock.pending], [0, 0, 0]);
});

Deno.test("MemoryEventLog arms no timer for events without an age", () => {
  const { clock, log } = stage({ maxAge: Infinity });
  log.append(namedEvent("e"));
  assertEquals(clock.pending, 0);
  clock.advance(1e12);
  assertEquals(log.size, 1);
});

Deno.test("MemoryEventLog gives nothing that is too old, however late the timer", () => {
  const { clock, log } = stage({ maxAge: 100 });
  const beginning = log.end();
  log.append(namedEvent("one"));
  const one = log.end();
  clock.slip(60);
  log.append(namedEvent("two"));
  clock.slip(40);
  assertEquals(log.since(beginning), undefined);
  assertEquals(log.since(one)?.length, 1);
  clock.slip(60);
  assertEquals(log.since(one), undefined);
  assertEquals(log.since(log.end()), []);
  assertEquals([log.size, clock.pending], [0, 0]);
});

Deno.test("MemoryEventLog counts promised frames when they are there, unless their event is gone by then", async () => {
  const { log } = stage({ maxEvents: 2 });
  const promised = [1, 2, 3].map(() => Promise.withResolvers<readonly Frame[]>());
  for (const { promise } of promised) log.append({ rooms: [], except: [], encode: () => promise });
  assertEquals([log.size, log.bytes], [2, 0]);
  for (const { resolve } of promised) resolve(["4€", new Uint8Array(6)]);
  await Promise.all(promised.map(({ promise }) => promise));
  assertEquals(log.bytes, 20);
  for (let i = 0; i < 2; i++) log.append(sizedEvent(1));
  assertEquals([log.size, log.bytes], [2, 2]);
});

Deno.test("MemoryEventLog replaces a promise by its frames, so a replay need not wait", async () => {
  const { log } = stage();
  const beginning = log.end();
  await log.append({ rooms: [], except: [], encode: () => Promise.resolve(["4"]) });
  assertEquals(log.since(beginning)?.map(({ frames }) => frames), [["4"]]);
});

Deno.test("MemoryEventLog does not replay an event that was encoded to nothing", () => {
  const { log } = stage();
  const beginning = log.end();
  log.append({ rooms: [], except: [], encode: () => [] });
  assertEquals(log.since(beginning), []);
  assertEquals(log.since(log.end()), []);
});

/** Appends `name` in the middle of encoding which `inner` runs, as a `toJSON` that emits would. */
function nesting(name: string, inner: () => void) {
  return {
    rooms: [],
    except: [],
    encode(offset: Offset): readonly Frame[] {
      inner();
      return [`${name} ${offset}`];
    },
  };
}

Deno.test("MemoryEventLog keeps the order of sending when encoding appends another event", async () => {
  const { log } = stage();
  const beginning = log.end();
  const sent: (readonly Frame[])[] = [];
  const send = (event: Parameters<typeof log.append>[0]) => void sent.push(now(log.append(event)));
  send(nesting("outer", () => {
    send(nesting("middle", () => send(nesting("inner", () => {}))));
    send(nesting("second", () => {}));
  }));
  send(nesting("last", () => {}));
  assertEquals(sent.map(([frame]) => String(frame).split(" ")[0]), [
    "inner",
    "middle",
    "second",
    "outer",
    "last",
  ]);
  assertEquals(new Set(sent.map(([frame]) => String(frame).split(" ")[1])).size, 5);
  assertEquals(await framesSince(log, beginning), sent);
  for (const [i, [frame]] of sent.entries()) {
    assertEquals(await framesSince(log, String(frame).split(" ")[1]!), sent.slice(i + 1));
  }
});

Deno.test("MemoryEventLog loses nothing when what appended another event fails after it", async () => {
  const { log } = stage();
  const beginning = log.end();
  const sent: (readonly Frame[])[] = [];
  assertThrows(() =>
    log.append(nesting("outer", () => {
      sent.push(now(log.append(nesting("inner", () => {}))));
      throw new Error("no");
    }))
  );
  sent.push(now(log.append(nesting("last", () => {}))));
  assertEquals(await framesSince(log, beginning), sent);
  for (const [i, [frame]] of sent.entries()) {
    assertEquals(await framesSince(log, String(frame).split(" ")[1]!), sent.slice(i + 1));
  }
});

Deno.test("MemoryEventLog that is closed keeps nothing, recovers nothing and still encodes", async () => {
  const { clock, log } = stage();
  const late = Promise.withResolvers<readonly Frame[]>();
  const before = log.end();
  log.append({ rooms: [], except: [], encode: () => late.promise });
  log.close();
  log.close();
  late.resolve(["late"]);
  await late.promise;
  assertEquals(log.append(sizedEvent(3)), ["444"]);
  for (const offset of [before, log.end()]) assertEquals(log.since(offset), undefined);
  assertEquals([log.size, log.bytes, clock.pending], [0, 0, 0]);
});

type Step =
  | { readonly do: "append"; readonly frames: Frame[] }
  | { readonly do: "promise"; readonly frames: Frame[] | "reject" }
  | { readonly do: "settle" }
  | { readonly do: "fail" }
  | { readonly do: "since"; readonly of: number }
  | { readonly do: "wait" | "slip"; readonly ms: number };

const frames: fc.Arbitrary<Frame[]> = fc.array(
  fc.oneof(
    fc.constantFrom("4", "42[1]", "4é€😀"),
    fc.integer({ min: 0, max: 9 }).map((n) => new Uint8Array(n)),
    { weight: 1, arbitrary: fc.constant("x".repeat(61)) },
  ),
  { maxLength: 3, size: "max" },
);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 50, arbitrary: fc.record({ do: fc.constant("append" as const), frames }) },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant("promise" as const),
        frames: fc.oneof({ weight: 5, arbitrary: frames }, fc.constant("reject" as const)),
      }),
    },
    { weight: 6, arbitrary: fc.constant<Step>({ do: "settle" }) },
    { weight: 4, arbitrary: fc.constant<Step>({ do: "fail" }) },
    {
      weight: 40,
      // Near the end more often: that is where clients are.
      arbitrary: fc.record({
        do: fc.constant("since" as const),
        of: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.nat(200)),
      }),
    },
    {
      weight: 20,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 12 }) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("slip" as const), ms: fc.integer({ min: 0, max: 12 }) }),
    },
  ),
  { minLength: 1, maxLength: 250, size: "max" },
);

/**
 * - what comes after an offset is exactly what was appended after it and could be encoded, in order, or nothing can
 *   be recovered; and that only when an event after it had to go
 * - never more than the limits; a timer exactly while something is kept
 */
Deno.test("MemoryEventLog agrees with a naive model in any order of calls", async () => {
  const reached = { recovered: 0, empty: 0, gone: 0, "by age": 0, "by number": 0, "by bytes": 0, late: 0 };
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 90 }), async (run, maxEvents) => {
      const limits = { maxAge: 50, maxEvents, maxBytes: maxEvents > 20 ? 600 : 60 };
      const { clock, log } = stage(limits);
      interface Kept {
        readonly place: number;
        readonly until: number;
        frames: readonly Frame[];
        bytes: number;
      }
      const sum = (frames: readonly Frame[]) => frames.reduce((n, frame) => n + frameByteLength(frame), 0);
      const offsets: string[] = [log.end()];
      let model: Kept[] = [];
      let waiting: { settle: () => void; promise: Promise<unknown>; done: () => void }[] = [];
      const trim = () => {
        while (model.length > maxEvents) model.shift(), reached["by number"]++;
        while (model.reduce((n, { bytes }) => n + bytes, 0) > limits.maxBytes) {
          model.shift(), reached["by bytes"]++;
        }
      };
      const age = () => {
        const left = model.filter(({ until }) => until > clock.now());
        reached["by age"] += model.length - left.length;
        model = left;
      };
      const append = (frames: readonly Frame[], result: readonly Frame[] | Promise<readonly Frame[]>) => {
        const returned = log.append({
          rooms: [],
          except: [],
          encode(offset) {
            offsets.push(offset);
            return result;
          },
        });
        assertEquals(returned === result, true);
        assertEquals(log.end(), offsets.at(-1));
        const until = clock.now() + limits.maxAge;
        const kept: Kept = { place: offsets.length - 1, until, frames, bytes: sum(frames) };
        model.push(kept);
        trim();
        return kept;
      };

      for (const step of run) {
        switch (step.do) {
          case "append":
            append(step.frames, step.frames);
            break;
          case "promise": {
            const { promise, resolve, reject } = Promise.withResolvers<readonly Frame[]>();
            promise.catch(() => {});
            const kept = append([], promise);
            const { frames } = step;
            waiting.push({
              promise,
              settle: () => frames === "reject" ? reject(new Error("no")) : resolve(frames),
              done() {
                if (frames === "reject") return;
                kept.frames = frames;
                kept.bytes = sum(frames);
                if (!model.includes(kept)) reached.late++;
                trim();
              },
            });
            break;
          }
          case "settle":
            for (const { settle, promise, done } of waiting) {
              settle();
              await promise.catch(() => {});
              await Promise.resolve();
              done();
            }
            waiting = [];
            break;
          case "fail":
            assertThrows(() =>
              log.append({
                rooms: [],
                except: [],
                encode() {
                  throw new Error("no");
                },
              })
            );
            break;
          case "wait":
            clock.advance(step.ms);
            age();
            break;
          case "slip":
            clock.slip(step.ms);
            break;
          case "since": {
            if (waiting.length > 0) break; // a promise shows the same as its frames: contract tests
            age();
            const place = Math.max(offsets.length - 1 - step.of, 0);
            const oldest = model[0]?.place ?? offsets.length;
            const missed = log.since(offsets[place]!)?.map(({ frames }) => frames);
            const expected = place + 1 < oldest
              ? undefined
              : model.filter((kept) => kept.place > place && kept.frames.length > 0).map(({ frames }) =>
                frames
              );
            assertEquals(missed, expected);
            reached[expected === undefined ? "gone" : expected.length > 0 ? "recovered" : "empty"]++;
            break;
          }
        }
        assertEquals(log.size, model.length);
        assertEquals(log.bytes, model.reduce((n, { bytes }) => n + bytes, 0));
        assertEquals(clock.pending, model.length > 0 ? 1 : 0);
      }
      assertEquals(await countSince(log, await appended(log, namedEvent("end"))), 0);
    }),
    { numRuns: 400 },
  );
  console.log("reached:", JSON.stringify(reached));
  for (const [what, times] of Object.entries(reached)) assertGreater(times, 50, what);
});

Deno.test("MemoryEventLogs that share a budget keep no more than it together, and the one that grows gives way", () => {
  const clock = new ManualClock();
  const budget = { used: 0, max: 100 };
  const [one, two] = [0, 1].map(() => new MemoryEventLog(clock, { ...WIDE, budget })) as [
    MemoryEventLog,
    MemoryEventLog,
  ];
  const append = (log: MemoryEventLog): void =>
    void log.append({ rooms: [], except: [], encode: () => ["4".padEnd(30, "x")] });
  for (let i = 0; i < 2; i++) append(one);
  for (let i = 0; i < 10; i++) append(two);
  assertEquals([one.size, two.size, budget.used], [2, 1, 90]);
  one.close();
  assertEquals(budget.used, 30);
  for (let i = 0; i < 10; i++) append(two);
  assertEquals([two.size, budget.used], [3, 90]);
  clock.advance(WIDE.maxAge);
  assertEquals(budget.used, 0);
});
