/**
 * What goes wrong while a client is being let in, and is not the client's fault.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import { MemoryEventLog } from "../../src/adapters/memory_event_log.ts";
import type { RecoverableSession, SessionStore } from "../../src/core/session_store.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { testCore } from "../support/fake_engine.ts";

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

for (const isAsync of [false, true]) {
  Deno.test(`A namespace whose adapter cannot be made is refused, ${isAsync ? "later" : "at once"}, and the connection stays`, async () => {
    const core = testCore({
      makeAdapter: (name, local) => {
        if (name === "/broken") throw new Error("no adapter");
        return new LocalAdapter(local);
      },
    });
    core.namespaces.ofPattern(() => isAsync ? Promise.resolve(true) : true);
    const client = core.join("/").say("0/broken,");
    await settle();
    assertEquals(client.heard(), ['4/broken,{"message":"Server error"}']);
    assertEquals(core.errors.map(([error, where]) => [(error as Error).message, where]), [
      ["no adapter", 'making of the namespace "/broken"'],
    ]);
    client.say("0/fine,");
    await settle();
    assert(String(client.heard()[0]).startsWith("0/fine,"));
    assertEquals(core.clock.pending, 0);
  });
}

/** A store that answers later, or fails in every way. */
class OddStore implements SessionStore {
  readonly saved = new Map<string, RecoverableSession>();
  readonly #how: "later" | "throws" | "rejects";
  closed = false;

  constructor(how: "later" | "throws" | "rejects") {
    this.#how = how;
  }
  save(session: RecoverableSession): Promise<void> {
    return this.#do(() => void this.saved.set(session.pid, session));
  }
  take(pid: string): Promise<RecoverableSession | undefined> {
    return this.#do(() => {
      const session = this.saved.get(pid);
      this.saved.delete(pid);
      return session;
    });
  }
  watch(): void {}
  close(): void {
    this.closed = true;
  }
  #do<T>(what: () => T): Promise<T> {
    if (this.#how === "throws") throw new Error("store");
    if (this.#how === "rejects") return Promise.reject(new Error("store"));
    return Promise.resolve().then(() => Promise.resolve()).then(what);
  }
}

for (const how of ["throws", "rejects"] as const) {
  Deno.test(`A session store that ${how} is reported, and clients begin anew`, async () => {
    const core = testCore({ recovery: { store: new OddStore(how) } });
    const recovered: boolean[] = [];
    core.namespaces.main.on("connection", (socket) => void recovered.push(socket.recovered));
    const client = core.open().say("0");
    const { pid } = JSON.parse(String(client.heard()[0]).slice(1));
    client.lose("transport close");
    await settle();
    core.open().say(`0${JSON.stringify({ pid })}`);
    await settle();
    assertEquals(recovered, [false, false]);
    assertEquals(core.errors.map(([error]) => (error as Error).message), ["store", "store"]);
  });
}

Deno.test("A session store that takes its time loses nothing: also a client that is faster than its own session", async () => {
  const store = new OddStore("later");
  const core = testCore({ recovery: { store } });
  const recovered: boolean[] = [];
  core.namespaces.main.on("connection", (socket) => void recovered.push(socket.recovered));
  const client = core.open().say("0");
  await settle();
  const { sid, pid } = JSON.parse(String(client.heard()[0]).slice(1));
  client.lose("transport close"); // its session is still on the way into the store
  core.namespaces.main.emit("missed");
  const back = core.open().say(`0${JSON.stringify({ pid })}`);
  core.namespaces.main.emit("meanwhile");
  await settle();
  core.namespaces.main.emit("live");
  const frames = back.heard().map(String);
  assertEquals(frames.map((frame) => /^2\["(\w+)/.exec(frame)?.[1]), [
    "missed",
    "meanwhile",
    undefined,
    "live",
  ]);
  assertEquals(JSON.parse(frames[2]!.slice(1)), { sid, pid });
  assertEquals([recovered, store.saved.size], [[false, true], 0]);
});

Deno.test("An event log that takes its time keeps the order: missed, answer, live", async () => {
  const clock = new ManualClock();
  const limits = { maxAge: 1e6, maxEvents: 100, maxBytes: 1e6 };
  const core = testCore({
    recovery: {
      log: () => {
        const log = new MemoryEventLog(clock, limits);
        return {
          append: (event) => Promise.resolve().then(() => log.append(event)),
          end: () => log.end(),
          since: async (offset) => {
            const events = log.since(offset);
            await Promise.resolve();
            return events;
          },
          close: () => log.close(),
        };
      },
    },
  });
  const client = core.open().say("0");
  await settle();
  const { pid } = JSON.parse(String(client.heard()[0]).slice(1));
  core.namespaces.main.emit("first");
  core.namespaces.main.emit("second");
  await settle();
  assertEquals(client.heard().map((frame) => /^2\["(\w+)/.exec(String(frame))?.[1]), ["first", "second"]);
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  await settle();
  const back = core.open().say(`0${JSON.stringify({ pid })}`);
  await settle();
  core.namespaces.main.emit("live");
  await settle();
  const names = back.heard().map((frame) => /^2\["(\w+)/.exec(String(frame))?.[1]);
  assertEquals(names, ["first", "second", "missed", undefined, "live"]);
});

Deno.test("A session store that never tells what has gone keeps no namespace for ever", async () => {
  const store = new OddStore("later");
  const core = testCore({
    recovery: { store, maxDisconnectionDuration: 1_000 },
    cleanupEmptyChildNamespaces: true,
  });
  const parent = core.namespaces.ofPattern(/^\/a/);
  for (const name of ["/a1", "/a2"]) {
    const client = core.open().say(`0${name},`);
    await settle();
    client.lose("transport close");
    core.clock.advance(400);
  }
  await settle();
  assertEquals(parent.children.size, 2);
  core.clock.advance(1_000);
  assertEquals([parent.children.size, core.clock.pending], [0, 0]);
});

Deno.test("A pattern that decides after the end makes no namespace, and leaves no timer", async () => {
  const core = testCore({ recovery: {} });
  const decision = Promise.withResolvers<boolean>();
  const parent = core.namespaces.ofPattern(() => decision.promise);
  core.open().say("0/late,");
  core.connections.close();
  await core.namespaces.close();
  decision.resolve(true);
  await settle();
  assertEquals([parent.children.size, core.clock.pending], [0, 0]);
});
