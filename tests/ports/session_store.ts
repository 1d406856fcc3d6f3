/**
 * What any `SessionStore` must do, as tests: `testSessionStore("RedisSessionStore", make)` registers them.
 * Everything is awaited, so a store may answer at once or later. Limits of number and size are no part of it.
 * @module
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import type { Room, SocketId } from "../../src/core/ids.ts";
import type {
  Offset,
  PrivateId,
  RecoverableSession,
  SessionEnd,
  SessionStore,
} from "../../src/core/session_store.ts";

/** A store under test and its time. */
export interface SessionStoreStage {
  /** Empty. */
  readonly store: SessionStore;
  /** Lets `ms` pass, then waits until the store has told what ended meanwhile. */
  advance(ms: number): void | Promise<void>;
  /** Called after each test, when the store has been closed. */
  end?(): void | Promise<void>;
}

/** A session with everything in it that must survive. Two calls with the same name give equal sessions. */
export function sampleSession(name: string, data: unknown = { user: name }): RecoverableSession {
  return {
    nsp: "/chat",
    id: `id of ${name}` as SocketId,
    pid: name as PrivateId,
    rooms: [`id of ${name}`, "b", "a"] as Room[],
    data,
    since: "log.1a" as Offset,
    sent: "log.1b" as Offset,
    left: "log.1c" as Offset,
    until: 1_000_000,
  };
}

/** A `pid` as the store would be asked for it. */
export function pidOf(name: string): PrivateId {
  return name as PrivateId;
}

type Told = [name: string, why: SessionEnd];

interface Watched extends SessionStoreStage {
  readonly told: Told[];
  /** The sessions of `told`, whole. */
  readonly ended: RecoverableSession[];
}

/** Registers the tests. Each calls `make` once. */
export function testSessionStore(
  name: string,
  make: () => SessionStoreStage | Promise<SessionStoreStage>,
): void {
  const test = (behaviour: string, run: (stage: Watched) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      const stage = await make();
      const told: Told[] = [];
      const ended: RecoverableSession[] = [];
      stage.store.watch((session, why) => {
        told.push([session.pid, why]);
        ended.push(session);
      });
      try {
        await run({ ...stage, advance: (ms) => stage.advance(ms), told, ended });
      } finally {
        await stage.store.close();
        await stage.end?.();
      }
    });

  test("gives a session back whole", async ({ store }) => {
    const data = { list: [1, null, "é\u0000😀"], deep: { "": true, __proto: 0 } };
    await store.save(sampleSession("one", data), 1_000);
    assertEquals(await store.take(pidOf("one")), sampleSession("one", data));
    // To whom nothing was sent, nothing was sent when it comes back either.
    const { sent: _, ...unsent } = sampleSession("two");
    await store.save(unsent, 1_000);
    const two = await store.take(pidOf("two"));
    assertEquals(two && { ...two, sent: two.sent }, { ...unsent, sent: undefined });
  });

  test("gives a session once, also to two who ask at the same time", async ({ store }) => {
    await store.save(sampleSession("one"), 1_000);
    await store.save(sampleSession("two"), 1_000);
    assertNotEquals(await store.take(pidOf("one")), undefined);
    assertEquals(await store.take(pidOf("one")), undefined);
    const both = await Promise.all([store.take(pidOf("two")), store.take(pidOf("two"))]);
    assertEquals(both.filter((session) => session !== undefined), [sampleSession("two")]);
  });

  test("knows nobody by a strange name", async ({ store }) => {
    await store.save(sampleSession("one"), 1_000);
    const strange = [
      "",
      "On",
      "ONE",
      "one ",
      "one*",
      "*",
      "__proto__",
      "constructor",
      "a\r\nb:c",
      "x".repeat(9_999),
    ];
    for (const pid of strange) assertEquals(await store.take(pidOf(pid)), undefined, pid);
    assertEquals(await store.take(pidOf("one")), sampleSession("one"));
  });

  test("keeps sessions apart", async ({ store, told }) => {
    for (const pid of ["one", "__proto__", "three"]) await store.save(sampleSession(pid), 1_000);
    for (const pid of ["three", "one", "__proto__"]) {
      assertEquals(await store.take(pidOf(pid)), sampleSession(pid));
    }
    assertEquals(told, []);
  });

  test("keeps a session for its time and no longer", async ({ store, advance, told }) => {
    await store.save(sampleSession("short"), 1_000);
    await store.save(sampleSession("long"), 1_001);
    await advance(1_000);
    assertEquals(await store.take(pidOf("short")), undefined);
    assertEquals(await store.take(pidOf("long")), sampleSession("long"));
    assertEquals(told, [["short", "age"]]);
  });

  test("tells each session that ends by age, once, whole", async ({ store, advance, told, ended }) => {
    await store.save(sampleSession("second"), 2_000);
    await store.save(sampleSession("first"), 1_000);
    await advance(1_500);
    assertEquals(ended, [sampleSession("first")]);
    await advance(1_500);
    assertEquals(await store.take(pidOf("second")), undefined);
    await advance(10_000);
    assertEquals(told, [["first", "age"], ["second", "age"]]);
  });

  test("does not tell a session that was taken", async ({ store, advance, told }) => {
    await store.save(sampleSession("one"), 1_000);
    await store.take(pidOf("one"));
    await advance(5_000);
    assertEquals(told, []);
  });

  test("replaces a session that is saved again, its time too", async ({ store, advance, told }) => {
    await store.save(sampleSession("one", "old"), 1_000);
    await advance(900);
    await store.save(sampleSession("one", "new"), 1_000);
    await advance(900);
    assertEquals(told, []);
    assertEquals(await store.take(pidOf("one")), sampleSession("one", "new"));
    assertEquals(await store.take(pidOf("one")), undefined);
    await advance(5_000);
    assertEquals(told, []);
  });

  test("keeps a session again that was taken", async ({ store, advance, told }) => {
    await store.save(sampleSession("one", "old"), 1_000);
    await store.take(pidOf("one"));
    await store.save(sampleSession("one", "new"), 3_000);
    await advance(2_000);
    assertEquals(await store.take(pidOf("one")), sampleSession("one", "new"));
    assertEquals(told, []);
  });

  test("tells nothing by age once it is closed, and may be closed twice", async ({ store, advance, told }) => {
    await store.save(sampleSession("one"), 1_000);
    await store.close();
    await store.close();
    await advance(5_000);
    assertEquals(told.filter(([, why]) => why === "age"), []);
  });
}
