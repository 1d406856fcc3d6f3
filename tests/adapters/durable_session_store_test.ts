/**
 * The durable store: the contract of the port, then what is its own: it goes on from life to life, knows connected
 * sockets too, counts places in rooms, and writes no row without need. The model test holds it, over many lives,
 * against a naive one.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DurableSessionStore, hasSessions, nextExpiry } from "../../src/adapters/durable_session_store.ts";
import type { Room } from "../../src/core/ids.ts";
import type { PrivateId, RecoverableSession, SessionEnd } from "../../src/core/session_store.ts";
import { isSame } from "../../src/runtimes/structured.ts";
import { pidOf, sampleSession, testSessionStore } from "../ports/session_store.ts";
import { FakeKv } from "../support/fake_kv.ts";
import { LateClock } from "../support/late_clock.ts";

const AWAY = 5_000;

testSessionStore("DurableSessionStore", () => {
  const clock = new LateClock(1_000);
  return {
    store: untimed(new DurableSessionStore(new FakeKv(), clock, options())),
    advance: (ms) => clock.advance(ms),
  };
});

/** The sessions of the contract have an `until` of their own, which this store knows better. */
function untimed(store: DurableSessionStore): DurableSessionStore {
  const of = <S extends RecoverableSession | undefined>(session: S): S =>
    session && { ...session, until: 1_000_000 };
  const take = store.take.bind(store);
  return Object.assign(store, { take: (pid: PrivateId) => of(take(pid)) });
}

function options(
  maxSessions = 100,
): { maxDisconnectionDuration: number; maxSessions: number; isSame: typeof isSame } {
  return { maxDisconnectionDuration: AWAY, maxSessions, isSame };
}

type Told = [pid: string, why: SessionEnd];
type Released = [nsp: string, room: string | undefined];

interface Stage {
  readonly clock: LateClock;
  kv: FakeKv;
  store: DurableSessionStore;
  told: Told[];
  released: Released[];
  /** The process ends, and another one goes on with what was written. Nobody is woken meanwhile. */
  reopen(): void;
}

function stage({ maxSessions = 100, counts = false } = {}): Stage {
  const open = (kv: FakeKv, clock: LateClock): Pick<Stage, "kv" | "store" | "told" | "released"> => {
    const told: Told[] = [];
    const released: Released[] = [];
    const store = new DurableSessionStore(kv, clock, {
      ...options(maxSessions),
      ...counts && { released: (nsp: string, room: Room | undefined) => released.push([nsp, room]) },
    });
    store.watch((session, why) => told.push([session.pid, why]));
    return { kv, store, told, released };
  };
  const clock = new LateClock(1_000);
  const one: Stage = {
    clock,
    ...open(new FakeKv(), clock),
    reopen: () => Object.assign(one, open(new FakeKv(one.kv), clock)),
  };
  return one;
}

function session(pid: string, change: Partial<RecoverableSession> = {}): RecoverableSession {
  return { ...sampleSession(pid), ...change };
}

Deno.test("DurableSessionStore gives a session in a later life, with the time it has left", () => {
  const here = stage();
  const data = new Map<unknown, unknown>([["when", new Date(7)], ["bytes", new Uint8Array([1, 2])]]);
  here.store.save(session("one", { data }), 3_000);
  here.clock.advance(1_000);
  here.reopen();
  assertEquals(here.store.take(pidOf("one")), session("one", { data, until: 4_000 }));
  here.reopen();
  assertEquals(here.store.take(pidOf("one")), undefined);
  assertEquals(here.kv.keys(), []);
});

Deno.test("DurableSessionStore ends what grew too old while nobody was there, once, in the order of their ends", () => {
  const here = stage();
  here.store.save(session("second"), 2_000);
  here.store.save(session("first"), 1_000);
  here.store.save(session("third"), 9_000);
  here.reopen();
  here.clock.slip(5_000);
  assertEquals(nextExpiry(here.kv), 2_000);
  here.store.expire();
  assertEquals(here.told, [["first", "age"], ["second", "age"]]);
  assertEquals(nextExpiry(here.kv), 10_000);
  here.store.expire();
  here.clock.advance(0);
  assertEquals(here.told.length, 2);
  here.clock.advance(4_000);
  assertEquals(here.told.at(-1), ["third", "age"]);
  assertEquals([nextExpiry(here.kv), here.kv.keys()], [Infinity, []]);
});

Deno.test("DurableSessionStore asks to be woken for the first end, also for that of a former life", () => {
  const here = stage();
  here.store.save(session("one"), 2_000);
  here.reopen();
  here.clock.advance(1_999);
  assertEquals(here.told, []);
  here.clock.advance(1);
  assertEquals(here.told, [["one", "age"]]);
});

Deno.test("DurableSessionStore gives nothing that is too old, however late the clock wakes it", () => {
  const here = stage();
  here.store.save(session("one"), 1_000);
  here.clock.slip(1_000);
  assertEquals(here.store.take(pidOf("one")), undefined);
  assertEquals(here.told, [["one", "age"]]);
  here.clock.advance(9_000);
  assertEquals(here.told.length, 1);
});

Deno.test("DurableSessionStore lets those go first that end first when there are too many, in later lives too", () => {
  const here = stage({ maxSessions: 2 });
  here.store.save(session("long"), 3_000);
  here.store.save(session("short"), 1_000);
  here.reopen();
  here.store.save(session("middle"), 2_000);
  assertEquals(here.told, [["short", "limit"]]);
  here.store.save(session("middle", { data: "again" }), 2_000); // no more than before
  here.store.take(pidOf("long"));
  here.store.save(session("other"), 500);
  assertEquals(here.told.length, 1);
  here.store.save(session("one more"), 4_000);
  assertEquals(here.told.slice(1), [["other", "limit"]]);
  assertEquals(here.kv.keys().length, 4);
});

Deno.test("DurableSessionStore counts only lost clients against its limit", () => {
  const here = stage({ maxSessions: 1 });
  for (const pid of ["a", "b", "c"]) here.store.keep(session(pid));
  here.store.save(session("a"), 1_000);
  assertEquals(here.told, []);
  here.store.save(session("b"), 1_000);
  assertEquals(here.told, [["a", "limit"]]);
});

Deno.test("DurableSessionStore keeps connected sockets without an end, and writes them only when they changed", () => {
  const here = stage();
  here.store.keep(session("one", { data: { n: 1 } }));
  const { written } = here.kv;
  here.store.keep(session("one", { data: { n: 1 } }));
  assertEquals(here.kv.written, written);
  here.store.keep(session("one", { data: { n: 2 } }));
  assertEquals(here.kv.written, written + 1);
  assertEquals([nextExpiry(here.kv), hasSessions(here.kv)], [Infinity, true]);
  here.clock.advance(1_000_000);
  assertEquals(here.told, []);
  assertEquals(here.store.take(pidOf("one"))?.data, { n: 2 }); // its client knows better that it was lost
  assertEquals(here.store.has(pidOf("one")), false);
});

Deno.test("DurableSessionStore takes all for lost after a deployment, and gives them the usual time", () => {
  const here = stage();
  here.store.keep(session("connected"));
  here.store.save(session("lost"), 1_000);
  here.reopen();
  here.clock.slip(500);
  here.store.loseAll();
  here.store.loseAll();
  here.clock.advance(500);
  assertEquals(here.told, [["lost", "age"]]);
  here.clock.advance(AWAY - 501);
  assertEquals(here.told.length, 1);
  here.clock.advance(1);
  assertEquals(here.told[1], ["connected", "age"]);
  assertEquals(hasSessions(here.kv), false);
});

Deno.test("DurableSessionStore keeps nothing of a client that left for good", () => {
  const here = stage();
  here.store.keep(session("one"));
  here.store.forget(pidOf("one"));
  here.store.forget(pidOf("never seen"));
  assertEquals([here.kv.keys(), here.told], [[], []]);
});

Deno.test("DurableSessionStore changes nothing where a session cannot be kept", () => {
  const here = stage();
  here.store.save(session("one", { data: "former" }), 1_000);
  const keys = here.kv.keys();
  assertThrows(() => here.store.save(session("one", { data: () => {} }), 9_000), DOMException);
  assertThrows(
    () => here.store.save(session("two", { data: "x".repeat(2_100_000) }), 9_000),
    Error,
    "too big",
  );
  assertThrows(() => here.store.keep(session("three", { data: Symbol() })), DOMException);
  assertEquals(here.kv.keys(), keys);
  assertEquals(here.store.take(pidOf("one"))?.data, "former");
});

Deno.test("DurableSessionStore knows no secret that is longer than ours", () => {
  const here = stage();
  const { written } = here.kv;
  for (const pid of ["x".repeat(3_000), "", "skein/lost/", "a/b"]) {
    assertEquals(here.store.take(pidOf(pid)), undefined);
    assertEquals(here.store.has(pidOf(pid)), false);
  }
  assertEquals(here.kv.written, written);
});

Deno.test("DurableSessionStore cleans up after a crash between its two rows", () => {
  const here = stage({ maxSessions: 1 });
  here.store.save(session("one"), 1_000);
  const [lost] = here.kv.keys("skein/lost/");
  here.store.take(pidOf("one"));
  here.kv.put(lost!, true); // its session went, and it stayed
  here.reopen();
  assert(nextExpiry(here.kv) < Infinity);
  here.clock.advance(2_000);
  assertEquals([here.told, here.kv.keys()], [[], []]);
});

Deno.test("DurableSessionStore tells thousands that end together without keeping anybody waiting for long", () => {
  const here = stage({ maxSessions: 5_000 });
  for (let i = 0; i < 2_500; i++) here.store.save(session(`${i}`), 1_000);
  here.clock.advance(1_000);
  here.clock.advance(0);
  assertEquals(new Set(here.told.map(([pid]) => pid)).size, 2_500);
  assertEquals(here.kv.keys(), []);
});

Deno.test("DurableSessionStore knows who has a place in a room, and says when the last one lost it", () => {
  const here = stage({ counts: true });
  const rooms = (...names: string[]): Partial<RecoverableSession> => ({ rooms: names as Room[] });
  here.store.save(session("a", rooms("red", "blue")), 1_000);
  here.reopen();
  here.store.save(session("b", rooms("red")), 2_000);
  here.store.keep(session("c", rooms("red"))); // connected: not lost
  const held = (): boolean[] =>
    ["red", "blue", undefined].map((room) => here.store.holds("/chat", room as Room));
  assertEquals(held(), [true, true, true]);
  assertEquals(here.store.holds("/", "red" as Room), false);
  here.clock.advance(1_000);
  assertEquals(held(), [true, false, true]);
  assertEquals(here.released, [["/chat", "blue"]]);
  here.store.save(session("b", rooms("green")), 2_000); // lost again, elsewhere
  assertEquals(here.released.slice(1), [["/chat", "red"]]);
  here.store.take(pidOf("b"));
  assertEquals(held(), [false, false, false]);
  assertEquals(here.released.length, 4);
  here.store.loseAll();
  assertEquals(held(), [true, false, true]);
});

/** Keeps sessions in the simplest way. */
class Model {
  readonly kept = new Map<string, { session: RecoverableSession; until: number | undefined }>();
  told: Told[] = [];
  constructor(readonly max: number) {}

  expire(now: number): void {
    for (const [pid, why] of this.#lost().filter(([, until]) => until <= now)) this.#end(pid, why && "age");
  }

  trim(): void {
    for (let lost = this.#lost(); lost.length > this.max; lost = this.#lost()) {
      this.#end(lost[0]![0], "limit");
    }
  }

  #end(pid: string, why: SessionEnd | 0): void {
    this.kept.delete(pid);
    this.told.push([pid, why as SessionEnd]);
  }

  #lost(): [pid: string, until: number][] {
    return [...this.kept].flatMap(([pid, { until }]) =>
      until === undefined ? [] : [[pid, until] as [string, number]]
    )
      .sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
  }
}

Deno.test("DurableSessionStore agrees with a naive model in any order of calls, over many lives", () => {
  const pid = fc.constantFrom("a", "b", "c", "d", "e");
  const calls = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(fc.constant("save" as const), pid, fc.constantFrom(0, 100, 200, 300)),
      },
      { weight: 2, arbitrary: fc.tuple(fc.constant("keep" as const), pid, fc.constant(0)) },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.constantFrom("take" as const, "forget" as const), pid, fc.constant(0)),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.constantFrom("advance" as const, "slip" as const), pid, fc.nat(150)),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom("reopen" as const, "loseAll" as const), pid, fc.constant(0)),
      },
    ),
    { maxLength: 40 },
  );
  let ended = 0;
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 4 }), (list, max) => {
      const here = stage({ maxSessions: max });
      const model = new Model(max);
      const told: Told[] = [];
      for (const [index, [call, pid, ms]] of list.entries()) {
        const now = here.clock.now();
        const one = session(pid, { data: index });
        if (call === "save") {
          here.store.save(one, ms);
          model.kept.set(pid, { session: one, until: now + ms });
          model.trim();
        } else if (call === "keep") {
          here.store.keep(one);
          model.kept.set(pid, { session: one, until: undefined });
        } else if (call === "take") {
          const taken = here.store.take(pidOf(pid));
          const known = model.kept.get(pid);
          model.kept.delete(pid);
          if (known?.until !== undefined && known.until <= now) {
            assertEquals(taken, undefined);
            model.told.push([pid, "age"]);
          } else assertEquals(taken, known && { ...known.session, until: known.until ?? now + AWAY });
        } else if (call === "forget") {
          here.store.forget(pidOf(pid));
          model.kept.delete(pid);
        } else if (call === "advance") {
          here.clock.advance(ms);
          model.expire(here.clock.now());
        } else if (call === "slip") here.clock.slip(ms);
        else if (call === "reopen") {
          told.push(...here.told);
          here.reopen();
        } else {
          here.store.loseAll();
          for (const known of model.kept.values()) known.until ??= now + AWAY;
        }
        assertEquals(here.kv.keys("skein/session/").length, model.kept.size);
      }
      told.push(...here.told);
      assertEquals([...told].sort(), [...model.told].sort());
      ended += told.length;
    }),
    { numRuns: 2_000 },
  );
  assert(ended > 300, `${ended} ended`);
});
