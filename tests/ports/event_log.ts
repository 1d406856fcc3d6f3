/**
 * What any `EventLog` must do, as tests: `testEventLog("RedisEventLog", make)` registers them.
 * Everything is awaited, so a log may answer at once or later.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Room } from "../../src/core/ids.ts";
import type { EventLog, Offset, UnloggedEvent } from "../../src/core/session_store.ts";
import type { Frame } from "../../src/protocol/frame.ts";

/** What a log keeps at most. */
export interface EventLogLimits {
  /** ms */
  readonly maxAge: number;
  readonly maxEvents: number;
  /** Of all frames. */
  readonly maxBytes: number;
}

/** A log under test and its time. */
export interface EventLogStage {
  /** Empty. */
  readonly log: EventLog;
  /** Lets `ms` pass. */
  advance(ms: number): void | Promise<void>;
  /** Called after each test, when the log has been closed. */
  end?(): void | Promise<void>;
}

/** Limits that no test reaches by accident. */
export const WIDE: EventLogLimits = { maxAge: 1_000_000, maxEvents: 10_000, maxBytes: 10_000_000 };

/** An event for `rooms` whose only frame is its name and its offset. */
export function namedEvent(name: string, rooms: string[] = [], except: string[] = []): UnloggedEvent {
  return {
    rooms: rooms as Room[],
    except: except as Room[],
    encode: (offset) => [`42["${name}","${offset}"]`],
  };
}

/** An event of one frame of exactly `bytes` bytes. */
export function sizedEvent(bytes: number): UnloggedEvent {
  return { rooms: [], except: [], encode: () => ["4".repeat(bytes)] };
}

/** Appends and gives the offset under which the event was encoded. */
export async function appended(log: EventLog, event: UnloggedEvent): Promise<Offset> {
  let given: Offset | undefined;
  await log.append({
    rooms: event.rooms,
    except: event.except,
    encode(offset) {
      given = offset;
      return event.encode(offset);
    },
  });
  assert(given !== undefined, "encode was not called");
  return given;
}

/** The frames of each event after `offset`; undefined where nothing can be recovered. */
export async function framesSince(
  log: EventLog,
  offset: string,
): Promise<(readonly Frame[])[] | undefined> {
  const events = await log.since(offset);
  return events && await Promise.all(events.map((event) => event.frames));
}

/** How many events can be replayed after `offset`; -1 where nothing can be recovered. */
export async function countSince(log: EventLog, offset: string): Promise<number> {
  return (await log.since(offset))?.length ?? -1;
}

/** Registers the tests. Each makes one log or two; the two are different logs. */
export function testEventLog(
  name: string,
  make: (limits: EventLogLimits) => EventLogStage | Promise<EventLogStage>,
): void {
  const test = (behaviour: string, limits: EventLogLimits, run: (stage: EventLogStage) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      const stage = await make(limits);
      try {
        await run(stage);
      } finally {
        await stage.log.close();
        await stage.end?.();
      }
    });

  test("begins empty, at an offset that is known", WIDE, async ({ log }) => {
    assertEquals(log.end(), log.end());
    assertEquals(await log.since(log.end()), []);
  });

  test("returns the frames as encoded, with an offset of their own each", WIDE, async ({ log }) => {
    const offsets = new Set<string>([log.end()]);
    for (let i = 0; i < 100; i++) {
      let given = "";
      const frames = await log.append({
        rooms: [],
        except: [],
        encode(offset) {
          given = offset;
          return [`451-["bin",{"_placeholder":true,"num":0},"${offset}"]`, new Uint8Array([i, 0, 255])];
        },
      });
      assertEquals(frames, [
        `451-["bin",{"_placeholder":true,"num":0},"${given}"]`,
        new Uint8Array([i, 0, 255]),
      ]);
      assertEquals(log.end(), given);
      offsets.add(given);
    }
    assertEquals(offsets.size, 101);
  });

  test("gives what came after an offset, in order", WIDE, async ({ log }) => {
    const offsets: string[] = [log.end()];
    const frames: Frame[][] = [];
    for (let i = 0; i < 50; i++) {
      const offset = await appended(log, namedEvent(`event ${i}`));
      offsets.push(offset);
      frames.push([`42["event ${i}","${offset}"]`]);
    }
    for (const [i, offset] of offsets.entries()) {
      assertEquals(await framesSince(log, offset), frames.slice(i));
    }
  });

  test("gives the same more than once", WIDE, async ({ log }) => {
    const beginning = log.end();
    await log.append(namedEvent("one"));
    assertEquals(await framesSince(log, beginning), await framesSince(log, beginning));
    assertEquals(await countSince(log, beginning), 1);
  });

  test("keeps to whom an event went", WIDE, async ({ log }) => {
    const beginning = log.end();
    await log.append(namedEvent("one", ["a", "b"], ["c"]));
    await log.append(namedEvent("two", [], ["__proto__", ""]));
    const events = await log.since(beginning);
    assertEquals(events?.map(({ rooms, except }) => ({ rooms, except })), [
      { rooms: ["a", "b"] as Room[], except: ["c"] as Room[] },
      { rooms: [], except: ["__proto__", ""] as Room[] },
    ]);
  });

  test("keeps binary frames as bytes", WIDE, async ({ log }) => {
    const beginning = log.end();
    const bytes = new Uint8Array([0, 255, 10, 13, 128]);
    await log.append({ rooms: [], except: [], encode: () => ["451-[]", bytes.slice()] });
    assertEquals(await framesSince(log, beginning), [["451-[]", bytes]]);
  });

  test("does not give what was appended after the question", WIDE, async ({ log }) => {
    const beginning = log.end();
    await log.append(namedEvent("one"));
    const answer = log.since(beginning);
    await log.append(namedEvent("two"));
    assertEquals((await answer)?.length, 1);
  });

  test("understands no offset that it has not given out", WIDE, async ({ log }) => {
    const beginning = log.end();
    for (let i = 0; i < 46; i++) await log.append(namedEvent("e"));
    const end: string = log.end();
    const strange = [
      "",
      " ",
      ".",
      "0",
      "1",
      "Q85DlOZ.2",
      "__proto__",
      "constructor",
      "NaN",
      "-1",
      "$",
      "+",
      "\u0000",
      "x".repeat(100_000),
      end + " ",
      " " + end,
      end + ".",
      end + "0",
      end + "9".repeat(500),
      end + "\n",
      end.slice(0, -1) + "\u0661",
      end.toUpperCase(),
      end.toLowerCase(),
    ];
    for (const offset of strange.filter((offset) => offset !== end)) {
      assertEquals(await log.since(offset), undefined, JSON.stringify(offset.slice(0, 50)));
    }
    assertEquals(await countSince(log, beginning), 46);
  });

  Deno.test(`${name} does not understand the offsets of another log`, async () => {
    const one = await make(WIDE);
    const two = await make(WIDE);
    try {
      const beginning = two.log.end();
      await one.log.append(namedEvent("e"));
      const offset = await appended(two.log, namedEvent("e"));
      assertEquals(await one.log.since(offset), undefined);
      assertEquals(await one.log.since(beginning), undefined);
      assertEquals(await countSince(two.log, beginning), 1);
    } finally {
      for (const { log, end } of [one, two]) {
        await log.close();
        await end?.();
      }
    }
  });

  test("throws what encoding throws and keeps nothing of it", WIDE, async ({ log }) => {
    const before = await appended(log, namedEvent("one"));
    const failing = (): readonly Frame[] => {
      throw new TypeError("a circular argument");
    };
    await assertRejects(
      async () => void await log.append({ rooms: [], except: [], encode: failing }),
      TypeError,
      "a circular argument",
    );
    assertEquals(log.end(), before);
    const after = await appended(log, namedEvent("two"));
    assertEquals(await framesSince(log, before), [[`42["two","${after}"]`]]);
    assertEquals(await countSince(log, after), 0);
  });

  test("keeps the place of frames that come later", WIDE, async ({ log }) => {
    const beginning = log.end();
    const late = Promise.withResolvers<readonly Frame[]>();
    const returned = log.append({ rooms: [], except: [], encode: () => late.promise });
    const next = await appended(log, namedEvent("next"));
    late.resolve(["late"]);
    assertEquals(await returned, ["late"]);
    assertEquals(await framesSince(log, beginning), [["late"], [`42["next","${next}"]`]]);
    assertEquals(await countSince(log, next), 0);
  });

  test("does not replay an event whose frames never came", WIDE, async ({ log }) => {
    const beginning = log.end();
    const nothing = await appended(log, { rooms: [], except: [], encode: () => Promise.resolve([]) });
    await assertRejects(
      async () =>
        void await log.append({
          rooms: [],
          except: [],
          encode: () => Promise.reject(new Error("an unreadable Blob")),
        }),
      Error,
      "an unreadable Blob",
    );
    const end = log.end();
    const next = await appended(log, namedEvent("next"));
    for (const offset of [beginning, nothing, end]) {
      assertEquals(await framesSince(log, offset), [[`42["next","${next}"]`]]);
    }
  });

  test("keeps events for their time and no longer", { ...WIDE, maxAge: 1_000 }, async ({ log, advance }) => {
    const beginning = log.end();
    const first = await appended(log, namedEvent("first"));
    await advance(400);
    const second = await appended(log, namedEvent("second"));
    await advance(500);
    assertEquals(await countSince(log, beginning), 2);
    await advance(100);
    assertEquals(await log.since(beginning), undefined);
    assertEquals(await framesSince(log, first), [[`42["second","${second}"]`]]);
    await advance(400);
    assertEquals(await log.since(first), undefined);
    assertEquals(await log.since(second), []);
    assertEquals(log.end(), second);
    const third = await appended(log, namedEvent("third"));
    assertEquals(await framesSince(log, second), [[`42["third","${third}"]`]]);
  });

  test("keeps no more than maxEvents", { ...WIDE, maxEvents: 3 }, async ({ log }) => {
    const offsets: string[] = [log.end()];
    for (let i = 1; i <= 20; i++) {
      offsets.push(await appended(log, namedEvent(`${i}`)));
      for (let j = 0; j <= i; j++) {
        assertEquals(await countSince(log, offsets[j]!), i - j > 3 ? -1 : i - j, `${j} of ${i}`);
      }
    }
  });

  test("keeps no more than maxBytes", { ...WIDE, maxBytes: 100 }, async ({ log }) => {
    const beginning = log.end();
    const first = await appended(log, sizedEvent(60));
    const second = await appended(log, sizedEvent(40));
    assertEquals(await countSince(log, beginning), 2);
    await log.append(sizedEvent(1));
    assertEquals(await countSince(log, beginning), -1);
    assertEquals(await countSince(log, first), 2);
    await log.append({
      rooms: [],
      except: [],
      encode: () => Promise.resolve(["4€", new Uint8Array(56)]), // 60 bytes in UTF-8, 101 with those before
    });
    await Promise.resolve();
    assertEquals(await countSince(log, first), -1);
    assertEquals(await countSince(log, second), 2);
  });

  test("returns an event larger than maxBytes, and keeps nothing before it", {
    ...WIDE,
    maxBytes: 100,
  }, async ({ log }) => {
    const beginning = log.end();
    const first = await appended(log, sizedEvent(10));
    assertEquals(await log.append(sizedEvent(101)), ["4".repeat(101)]);
    const end = log.end();
    assertEquals(await log.since(beginning), undefined);
    assertEquals(await log.since(first), undefined);
    assertEquals(await log.since(end), []);
    await log.append(sizedEvent(100));
    assertEquals(await countSince(log, end), 1);
  });
}
