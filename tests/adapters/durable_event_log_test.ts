/**
 * The durable log: the contract of the port, then what is its own: rows, lives, what a crash loses, the limits of its
 * store. The model test holds it against a naive one, over many lives.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { DurableEventLog } from "../../src/adapters/durable_event_log.ts";
import type { Offset } from "../../src/core/session_store.ts";
import type { Frame } from "../../src/protocol/frame.ts";
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
import { FakeKv } from "../support/fake_kv.ts";
import { LateClock } from "../support/late_clock.ts";

testEventLog("DurableEventLog", (limits) => {
  const clock = new LateClock(1_000);
  return {
    log: new DurableEventLog("/chat", new FakeKv(), clock, limits),
    advance: (ms) => clock.advance(ms),
    end: () => assertEquals(clock.pending, 0), // nobody is woken for old events
  };
});

class Stage {
  readonly clock: LateClock = new LateClock(1_000);
  kv: FakeKv = new FakeKv();
  log: DurableEventLog;
  readonly #limits: EventLogLimits;

  constructor(limits: Partial<EventLogLimits> = {}) {
    this.#limits = { ...WIDE, ...limits };
    this.log = this.#open();
  }

  /** The process ends at once, and another one goes on with what was written. */
  crash(): void {
    this.kv = new FakeKv(this.kv);
    this.log = this.#open();
  }

  /** The same after all was written. */
  async reopen(): Promise<void> {
    await turn();
    this.crash();
  }

  /** Another log over the same store. */
  other(nsp: string): DurableEventLog {
    return new DurableEventLog(nsp, this.kv, this.clock, this.#limits);
  }

  #open(): DurableEventLog {
    return this.other("/chat");
  }
}

/** The turn of the event loop is over. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await undefined;
}

Deno.test("DurableEventLog goes on in a later life: offsets stay known, numbers go on", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  const first = await appended(stage.log, namedEvent("first"));
  await stage.reopen();
  assertEquals(stage.log.end(), first);
  const second = await appended(stage.log, namedEvent("second"));
  await stage.reopen();
  assertEquals(await framesSince(stage.log, beginning), [[`42["first","${first}"]`], [
    `42["second","${second}"]`,
  ]]);
  assertEquals(await framesSince(stage.log, first), [[`42["second","${second}"]`]]);
  assertEquals(await framesSince(stage.log, second), []);
  assertMatch(beginning, /^[\w-]{8}\.0$/);
  assertEquals([first.slice(8), second.slice(8)], [".1", ".2"]);
  assertNotEquals(first.slice(0, 8), second.slice(0, 8));
});

Deno.test("DurableEventLog that was asked for its beginning in one life knows it in the next", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  stage.crash();
  assertEquals(stage.log.end(), beginning);
  const event = await appended(stage.log, namedEvent("e"));
  await stage.reopen();
  assertEquals(await framesSince(stage.log, beginning), [[`42["e","${event}"]`]]);
});

Deno.test("DurableEventLog does not mistake an event that a crash lost for the one that got its number", async () => {
  const stage = new Stage();
  const written = await appended(stage.log, namedEvent("written"));
  await turn();
  let lost = "";
  stage.log.append({ rooms: [], except: [], encode: (offset) => [lost = offset] }); // sent to clients
  stage.crash(); // and not written
  const next = await appended(stage.log, namedEvent("next"));
  await turn();
  assertEquals(lost.slice(9), next.slice(9), "the same number");
  assertEquals(stage.log.since(lost), undefined, "whoever has it must begin anew");
  assertEquals(await framesSince(stage.log, written), [[`42["next","${next}"]`]]);
});

Deno.test("DurableEventLog writes the events of one turn as one row", async () => {
  const stage = new Stage();
  stage.log.end();
  const { written } = stage.kv;
  for (let i = 0; i < 50; i++) stage.log.append(namedEvent("e"));
  assertEquals(stage.kv.written, written);
  await turn();
  assertEquals(stage.kv.written, written + 1);
  for (let i = 0; i < 50; i++) stage.log.append(namedEvent("e"));
  await turn();
  assertEquals(stage.kv.written, written + 2);
});

Deno.test("DurableEventLog gives events from the middle of a row, and of the turn that is not over", async () => {
  const stage = new Stage();
  const offsets: string[] = [stage.log.end()];
  for (let i = 1; i <= 4; i++) offsets.push(await appended(stage.log, namedEvent(`${i}`)));
  await turn();
  stage.log.append({ rooms: [], except: [], encode: (offset) => [`${offsets.push(offset)}`] });
  stage.log.append({ rooms: [], except: [], encode: (offset) => [`${offsets.push(offset)}`] });
  for (const [i, offset] of offsets.entries()) {
    assertEquals(await countSince(stage.log, offset), 6 - i, `after ${i}`);
  }
});

Deno.test("DurableEventLog splits what is too much for one row, in order", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  const sizes = [600_000, 600_000, 1, 999_999, 1_800_000, 5, 1_000_000];
  for (const size of sizes) stage.log.append(sizedEvent(size));
  await stage.reopen();
  assertEquals((await framesSince(stage.log, beginning))?.map(([frame]) => frame!.length), sizes);
  assert(stage.kv.keys("skein/log/").length > 3);
});

Deno.test("DurableEventLog sends what no row can hold, and keeps nothing before it, nor after a crash", async () => {
  const stage = new Stage({ maxBytes: 100_000_000 });
  const beginning = stage.log.end();
  const before = await appended(stage.log, namedEvent("before"));
  const large = await appended(stage.log, sizedEvent(2_000_000));
  const after = await appended(stage.log, namedEvent("after"));
  await stage.reopen();
  assertEquals(stage.log.since(beginning), undefined);
  assertEquals(stage.log.since(before), undefined);
  assertEquals(await framesSince(stage.log, large), [[`42["after","${after}"]`]]);
});

Deno.test("DurableEventLog keeps no more than maxEvents and maxBytes over lives, to a row", async () => {
  for (const limits of [{ maxEvents: 10 }, { maxBytes: 100 }]) {
    const stage = new Stage(limits);
    const offsets: string[] = [];
    for (let i = 0; i < 100; i++) {
      offsets.push(await appended(stage.log, sizedEvent(10)));
      await (i % 7 === 0 ? stage.reopen() : turn());
      assert(stage.kv.keys("skein/log/").length <= 11, "rows pile up");
    }
    for (const [i, offset] of offsets.entries()) {
      assertEquals(await countSince(stage.log, offset), 99 - i > 10 ? -1 : 99 - i, `after ${i}`);
    }
  }
});

Deno.test("DurableEventLog drops what is too old when something is written, and gives none of it before", async () => {
  const stage = new Stage({ maxAge: 1_000 });
  const offsets: string[] = [];
  for (let i = 0; i < 30; i++) {
    offsets.push(await appended(stage.log, namedEvent("e")));
    await turn();
    stage.clock.slip(100);
  }
  for (const [i, offset] of offsets.entries()) {
    assertEquals(await countSince(stage.log, offset), i < 20 ? -1 : 29 - i, `after ${i}`);
  }
  stage.clock.slip(10_000);
  assertEquals(await countSince(stage.log, offsets[29]!), 0, "nothing was missed");
  for (let i = 0; i < 3; i++) {
    stage.log.append(namedEvent("e"));
    await turn();
  }
  assertEquals(stage.kv.keys("skein/log/").length, 3);
});

Deno.test("DurableEventLog deletes rows a few at a time, and all of them in the end", async () => {
  const stage = new Stage({ maxAge: 1_000 });
  for (let i = 0; i < 100; i++) {
    stage.log.append(namedEvent("e"));
    await turn();
  }
  stage.clock.slip(2_000);
  const before = stage.kv.written;
  stage.log.append(namedEvent("e"));
  await turn();
  assert(stage.kv.written - before < 30, "one event must not pay for a thousand");
  for (let i = 0; i < 8; i++) {
    stage.log.append(namedEvent("e"));
    await turn();
  }
  assertEquals(stage.kv.keys("skein/log/").length, 9);
});

Deno.test("DurableEventLog waits with what follows promised frames, and writes all in order", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  const late = Promise.withResolvers<readonly Frame[]>();
  stage.log.append({ rooms: [], except: [], encode: () => late.promise });
  stage.log.append(namedEvent("next"));
  await turn();
  const { written } = stage.kv;
  assertEquals(await countSince(stage.log, beginning), 2);
  late.resolve(["late"]);
  await turn();
  assertEquals(stage.kv.written, written + 1);
  await stage.reopen();
  assertEquals((await framesSince(stage.log, beginning))?.map(([frame]) => frame).slice(0, 1), ["late"]);
  assertEquals(await countSince(stage.log, beginning), 2);
});

Deno.test("DurableEventLog keeps the place of frames that never came", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  const failed = stage.log.append({
    rooms: [],
    except: [],
    encode: () => Promise.reject(new Error("no Blob")),
  });
  await (failed as Promise<unknown>).catch(() => {});
  const mark = stage.log.end();
  const next = await appended(stage.log, namedEvent("next"));
  await stage.reopen();
  for (const offset of [beginning, mark]) {
    assertEquals(await framesSince(stage.log, offset), [[`42["next","${next}"]`]]);
  }
});

Deno.test("DurableEventLog keeps the order of sending when encoding appends another event, also in later lives", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  let inner: Offset | undefined;
  let outer: Offset | undefined;
  stage.log.append({
    rooms: [],
    except: [],
    encode: (offset) => {
      outer = offset;
      stage.log.append({ rooms: [], except: [], encode: (offset) => [`inner ${inner = offset}`] });
      return [`outer ${offset}`];
    },
  });
  assertEquals(stage.log.end(), outer);
  await stage.reopen();
  assertEquals(stage.log.end(), outer);
  const next = await appended(stage.log, namedEvent("next"));
  await stage.reopen();
  const after = [`42["next","${next}"]`];
  assertEquals(await framesSince(stage.log, beginning), [[`inner ${inner}`], [`outer ${outer}`], after]);
  assertEquals(await framesSince(stage.log, inner!), [[`outer ${outer}`], after]);
  assertEquals(await framesSince(stage.log, outer!), [after]);
  assertEquals(new Set([beginning, inner, outer, next].map((offset) => offset!.slice(9))).size, 4);
});

Deno.test("DurableEventLog of one namespace knows nothing of another's, whatever their names", async () => {
  const stage = new Stage();
  const names = ["/chat", "/chat/a", "/cha", "/", "/chat\n", "/chat\n0"];
  const logs = names.map((nsp) => stage.other(nsp));
  const beginnings = logs.map((log) => log.end());
  for (const [i, log] of logs.entries()) {
    for (let n = 0; n <= i; n++) log.append(namedEvent(`${i}`));
  }
  await turn();
  for (const [i, log] of logs.entries()) {
    assertEquals(await countSince(log, beginnings[i]!), i + 1, names[i]);
    for (const [j, beginning] of beginnings.entries()) {
      if (i !== j) assertEquals(log.since(beginning), undefined, `${names[i]} and ${names[j]}`);
    }
  }
});

Deno.test("DurableEventLog refuses a namespace whose keys its store would refuse", () => {
  const stage = new Stage();
  assertThrows(() => stage.other(`/${"é".repeat(950)}`), RangeError, "1900 bytes");
  stage.other(`/${"x".repeat(1_899)}`).end();
});

Deno.test("DurableEventLog writes what is left when it is closed", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  stage.log.append(namedEvent("e"));
  stage.log.close();
  stage.crash();
  assertEquals(await countSince(stage.log, beginning), 1);
});

Deno.test("DurableEventLog keeps where an event of another server came from", async () => {
  const stage = new Stage();
  const beginning = stage.log.end();
  stage.log.append({ ...namedEvent("far"), origin: "there.1" });
  stage.log.append(namedEvent("near"));
  assertEquals(stage.log.since(beginning)?.map(({ origin }) => origin), ["there.1", undefined]);
  await stage.reopen();
  assertEquals(stage.log.since(beginning)?.map(({ origin }) => origin), ["there.1", undefined]);
});

Deno.test("DurableEventLog agrees with a naive model in any order of calls, over many lives", async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant("append" as const), n: fc.integer({ min: 1, max: 40 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("turn" as const), n: fc.constant(0) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom("reopen" as const, "crash" as const), n: fc.constant(0) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("slip" as const), n: fc.nat(500) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("ask" as const), n: fc.nat(60) }) },
  );
  const reached = { exact: 0, gone: 0, lost: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (list) => {
      const stage = new Stage({ maxAge: 1_000, maxEvents: 6, maxBytes: 150 });
      // All that was ever sent; `isLost`: a crash came before it was written.
      const sent: {
        offset: Offset;
        at: number;
        size: number;
        turn: number;
        isWritten: boolean;
        isLost: boolean;
      }[] = [];
      const beginning = stage.log.end();
      let turns = 0;
      const written = (): void => {
        turns++;
        sent.forEach((event) => event.isWritten ||= !event.isLost);
      };
      for (const [index, { do: what, n }] of list.entries()) {
        if (what === "append") {
          let offset!: Offset;
          stage.log.append({
            rooms: [],
            except: [],
            encode: (given) => ["x".repeat(n), (offset = given).slice(0, 0)],
          });
          assert(sent.every((event) => event.offset !== offset), "an offset twice");
          sent.push({ offset, at: stage.clock.now(), size: n, turn: turns, isWritten: false, isLost: false });
        } else if (what === "turn") {
          await turn();
          written();
        } else if (what === "reopen") {
          await stage.reopen();
          written();
        } else if (what === "crash") {
          stage.crash();
          for (const event of sent) event.isLost ||= !event.isWritten;
        } else if (what === "slip") {
          await turn(); // a row is as old as its turn
          written();
          stage.clock.slip(n);
        } else {
          const all = [{ offset: beginning, isLost: false }, ...sent];
          const asked = all[n % all.length]!;
          const answer = stage.log.since(asked.offset);
          if (asked.isLost) {
            reached.lost++;
            assertEquals(answer, undefined, `step ${index}`);
            continue;
          }
          const after = sent.slice(n % all.length).filter(({ isLost }) => !isLost);
          if (answer !== undefined) {
            reached.exact++;
            assertEquals(
              answer.map(({ offset }) => offset),
              after.map(({ offset }) => offset),
              `step ${index}`,
            );
            assert(
              after.every(({ at, isWritten }) => !isWritten || at + 1_000 > stage.clock.now()),
              "too old",
            );
          } else {
            reached.gone++;
            // Rows go whole: those that were written together with the first one count too.
            const kept = sent.filter(({ isWritten }) => isWritten);
            const gone = kept.filter(({ turn }) => turn >= after[0]!.turn);
            const bytes = gone.reduce((sum, { size }) => sum + size, 0);
            const isOld = after.some(({ at }) => at + 1_000 <= stage.clock.now());
            assert(isOld || gone.length > 6 || bytes > 150, `gone without need, step ${index}`);
          }
        }
      }
    }),
    { numRuns: 2_000 },
  );
  console.log(reached);
  assert(Math.min(...Object.values(reached)) > 100);
});
