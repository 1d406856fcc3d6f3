/**
 * Connection state recovery: what comes back, what does not, and what is remembered of whom.
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { AnySocket } from "../../src/core/socket.ts";
import type { SessionExpiry } from "../../src/core/socket_ports.ts";
import type { RecoveryOptions } from "../../src/server/recovery_options.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

/** What a client remembers of its session, as the official one does. */
interface Memory {
  readonly sid: string;
  readonly pid: string;
  offset: string | undefined;
}

interface Stage {
  readonly core: TestCore;
  /** The sockets that were announced. */
  readonly sockets: AnySocket[];
  readonly expired: SessionExpiry[];
  /** A client that has joined, with what it remembers. */
  join(): [FakeClient, Memory];
  /** Comes back; returns the client, its new memory, and what it was sent before the answer. */
  comeBack(memory: Partial<Memory>): [FakeClient, Memory, string[]];
}

function stage(options: RecoveryOptions = {}): Stage {
  const core = testCore({ recovery: options });
  const sockets: AnySocket[] = [];
  const expired: SessionExpiry[] = [];
  core.namespaces.main.on("connection", (socket) => void sockets.push(socket));
  core.namespaces.main.on("session_expired", (session) => void expired.push(session));
  const read = (client: FakeClient): [Memory, string[]] => {
    const frames = client.heard() as string[];
    const at = frames.findIndex((frame) => String(frame).startsWith("0"));
    const memory: Memory = { ...JSON.parse(frames[at]!.slice(1)), offset: undefined };
    for (const frame of frames) note(memory, frame);
    return [memory, frames.slice(0, at)];
  };
  return {
    core,
    sockets,
    expired,
    join() {
      const client = core.open().say("0");
      return [client, read(client)[0]];
    },
    comeBack({ pid, offset }) {
      const client = core.open().say(`0${JSON.stringify({ pid, offset })}`);
      return [client, ...read(client)];
    },
  };
}

/** Takes note of the offset of an event, as the official client does: a text at the end. */
function note(memory: Memory, frame: string): void {
  if (!frame.startsWith("2[")) return;
  const last: unknown = JSON.parse(frame.slice(1)).at(-1);
  if (typeof last === "string") memory.offset = last;
}

/** Events without their offsets. */
function plain(frames: readonly unknown[]): unknown[] {
  return frames.map((frame) => JSON.parse(String(frame).slice(1)).slice(0, -1));
}

Deno.test("Recovery gives the client id, rooms and data back, and what it missed in order", () => {
  const { core, sockets, comeBack, join } = stage();
  const [client, memory] = join();
  assertNotEquals(memory.pid, memory.sid);
  const [socket] = sockets;
  socket!.join(["a", "b"]);
  socket!.data.name = "x";
  socket!.emit("first", 1);
  note(memory, client.heard()[0] as string);
  client.lose("transport close");
  const { main } = core.namespaces;
  main.emit("all");
  main.to("a").emit("room", 1);
  main.to("c").emit("other room");
  main.except("b").emit("not b");
  main.to(["c", "b"]).except("d").emit("room", 2);
  main.volatile.emit("volatile");
  const [back, again, missed] = comeBack(memory);
  assertEquals(plain(missed), [["all"], ["room", 1], ["room", 2]]);
  assertEquals([again.sid, again.pid], [memory.sid, memory.pid]);
  const second = sockets[1]!;
  assertEquals([second.id, second.recovered, second.data], [socket!.id, true, { name: "x" }]);
  assertEquals(second.rooms, new Set([socket!.id, "a", "b"]));
  main.to("b").emit("live");
  assertEquals(plain(back.heard()), [["live"]]);
});

Deno.test("Recovery stamps events as the last argument, and neither acks nor volatile events", async () => {
  const { core, sockets, join } = stage();
  const [client] = join();
  const [socket] = sockets;
  socket!.emit("e", 1);
  socket!.emit("bytes", new Uint8Array([1]));
  socket!.emit("ask", () => {});
  socket!.volatile.emit("v", 1);
  const all = core.namespaces.main.timeout(10).emitWithAck("all");
  const frames = client.heard();
  assert(/^2\["e",1,"[\w-]{8}\.1"\]$/.test(frames[0] as string));
  assert(/^51-\["bytes",\{"_placeholder":true,"num":0\},"[\w-]{8}\.2"\]$/.test(frames[1] as string));
  assertEquals(frames.slice(2), [new Uint8Array([1]), '20["ask"]', '2["v",1]', '21["all"]']);
  client.say("31[]");
  await all;
});

Deno.test("Recovery keeps a volatile event that ends with a text from passing for an offset", () => {
  const { core, sockets, join, comeBack } = stage();
  const [client, memory] = join();
  sockets[0]!.emit("e", 1);
  core.namespaces.main.volatile.emit("v", "text");
  for (const frame of client.heard()) note(memory, frame as string);
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  assertEquals(plain(comeBack(memory)[2]), [["missed"]]);
});

Deno.test("Recovery shows onAnyOutgoing listeners the event without its offset", () => {
  const { core, sockets, join } = stage();
  join();
  const seen: unknown[] = [];
  sockets[0]!.onAnyOutgoing((...args) => seen.push(args));
  sockets[0]!.emit("one", 1);
  core.namespaces.main.emit("all", 2);
  assertEquals(seen, [["one", 1], ["all", 2]]);
});

Deno.test("Recovery replays an event as it was when it was emitted", () => {
  const { core, join, comeBack } = stage();
  const [client, memory] = join();
  client.lose("transport close");
  const state = { n: 1 };
  core.namespaces.main.emit("state", state);
  state.n = 2;
  assertEquals(plain(comeBack(memory)[2]), [["state", { n: 1 }]]);
});

Deno.test("Recovery works for a client that had received nothing, and for one that sends no offset", () => {
  const { core, join, comeBack, sockets } = stage();
  const [client, memory] = join();
  core.namespaces.main.to("elsewhere").emit("not for it");
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  const [, , missed] = comeBack(memory);
  assertEquals([plain(missed), sockets[1]!.recovered], [[["missed"]], true]);
});

Deno.test("Recovery gives a client that had received nothing of what was sent all of it", () => {
  const { core, join, comeBack } = stage();
  const [client, memory] = join();
  core.namespaces.main.emit("sent, and lost on the way");
  client.lose("ping timeout");
  core.namespaces.main.emit("missed");
  assertEquals(plain(comeBack({ pid: memory.pid })[2]), [["sent, and lost on the way"], ["missed"]]);
});

Deno.test("Recovery needs no old events for a client that had received all that was sent to it", () => {
  const { core, join, comeBack, sockets } = stage({ maxEvents: 3 });
  const [client, memory] = join();
  sockets[0]!.emit("for it");
  note(memory, client.heard()[0] as string);
  for (let i = 0; i < 10; i++) core.namespaces.main.to("others").emit("not for it");
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  const [, , missed] = comeBack(memory);
  assertEquals([plain(missed), sockets.at(-1)!.recovered], [[["missed"]], true]);
});

Deno.test("Recovery begins anew where what was missed is gone, and tells of the session", () => {
  const { core, join, comeBack, sockets, expired } = stage({ maxEvents: 2 });
  const [client, memory] = join();
  client.lose("transport close");
  for (let i = 0; i < 3; i++) core.namespaces.main.emit("missed", i);
  const [, fresh, missed] = comeBack(memory);
  assertEquals([missed, sockets[1]!.recovered], [[], false]);
  assertNotEquals(fresh.sid, memory.sid);
  assertNotEquals(fresh.pid, memory.pid);
  assertEquals(expired, [{ id: memory.sid, rooms: [memory.sid], data: {}, reason: "offset" }]);
});

for (
  const [what, wrong] of [
    ["an unknown pid", { pid: "nobody" }],
    ["a pid that is no text", { pid: 5 as never }],
    ["a pid of the prototype", { pid: "__proto__" }],
  ] as const
) {
  Deno.test(`Recovery begins anew for ${what}`, () => {
    const { sockets, comeBack } = stage();
    comeBack(wrong);
    assertEquals(sockets.map(({ recovered }) => recovered), [false]);
  });
}

for (const offset of ["nonsense", "__proto__", "", "AAAAAAAA.zzzz"]) {
  Deno.test(`Recovery begins anew for the offset ${JSON.stringify(offset)}`, () => {
    const { core, sockets, comeBack, join } = stage();
    const [client, { pid }] = join();
    core.namespaces.main.emit("e");
    client.lose("transport close");
    comeBack({ pid, offset });
    assertEquals(sockets.map(({ recovered }) => recovered), [false, false]);
  });
}

Deno.test("Recovery consumes a session: a second client with the same pid begins anew", () => {
  const { sockets, comeBack, join, core } = stage();
  const [client, memory] = join();
  client.lose("transport close");
  comeBack(memory);
  const [first] = comeBack(memory).slice(0, 1) as [FakeClient];
  // The second one took the first one's place, as a client would whose connection is dead without our knowing.
  assertEquals(sockets.map(({ recovered }) => recovered), [false, true, true]);
  assertEquals(core.namespaces.main.sockets.size, 1);
  first.lose("transport close");
  core.clock.advance(120_000);
  comeBack(memory);
  assertEquals(sockets.at(-1)!.recovered, false);
});

Deno.test("Recovery ends the first connection of a client that came back before it was known to be dead", () => {
  const { core, sockets, comeBack, join } = stage();
  const [client, memory] = join();
  const reasons: string[] = [];
  sockets[0]!.on("disconnect", (reason) => void reasons.push(reason));
  sockets[0]!.join("a");
  core.namespaces.main.to("a").emit("never arrived");
  client.heard();
  const [back, again, missed] = comeBack(memory);
  assertEquals([again.sid, plain(missed)], [memory.sid, [["never arrived"]]]);
  assertEquals([reasons, client.readyState, core.namespaces.main.sockets.size], [
    ["transport close"],
    "closed",
    1,
  ]);
  core.namespaces.main.to("a").emit("live");
  assertEquals([plain(back.heard()), client.heard()], [[["live"]], []]);
});

Deno.test("Recovery is for connections that were lost, not for those that were ended", () => {
  const cases: [(client: FakeClient, socket: AnySocket, core: TestCore) => void, boolean][] = [
    [(client) => client.lose("transport close"), true],
    [(client) => client.lose("transport error"), true],
    [(client) => client.lose("ping timeout"), true],
    [(client) => client.lose("slow consumer"), true],
    [(_, socket) => socket.conn.close(), true],
    [(client) => client.say("1"), false],
    [(_, socket) => socket.disconnect(), false],
    [(_, socket) => socket.disconnect(true), false],
    [(client) => client.say("2garbage"), false],
    [(client) => client.lose("parse error"), false],
  ];
  for (const [end, isRecovered] of cases) {
    const { core, sockets, comeBack, join } = stage();
    const [client, memory] = join();
    end(client, sockets[0]!, core);
    comeBack(memory);
    assertEquals(sockets[1]!.recovered, isRecovered, String(end));
  }
});

Deno.test("Recovery ends with the time, exactly, and tells so once", () => {
  for (const [wait, isRecovered] of [[999, true], [1_000, false]] as const) {
    const { core, sockets, comeBack, join, expired } = stage({ maxDisconnectionDuration: 1_000 });
    const [client, memory] = join();
    sockets[0]!.join("a");
    sockets[0]!.data = { n: 1 };
    client.lose("transport close");
    core.clock.advance(wait);
    comeBack(memory);
    core.clock.advance(10_000);
    assertEquals(sockets[1]!.recovered, isRecovered);
    const session = { id: memory.sid, rooms: [memory.sid, "a"], data: { n: 1 }, reason: "age" as const };
    assertEquals(expired, isRecovered ? [] : [session]);
  }
});

Deno.test("Recovery keeps so many sessions, and tells of those that had to go", () => {
  const { sockets, comeBack, join, expired } = stage({ maxSessions: 2 });
  const all = [join(), join(), join()];
  for (const [client] of all) client.lose("transport close");
  assertEquals(expired.map(({ id, reason }) => [id, reason]), [[all[0]![1].sid, "limit"]]);
  assertEquals(all.map(([, memory]) => (comeBack(memory), sockets.at(-1)!.recovered)), [false, true, true]);
});

Deno.test("Recovery passes middlewares unasked by default; where asked, before anything is delivered", () => {
  for (const skipMiddlewares of [undefined, true, false]) {
    const { core, comeBack, join } = stage(skipMiddlewares === undefined ? {} : { skipMiddlewares });
    const [client, memory] = join();
    client.lose("transport close");
    core.namespaces.main.emit("missed");
    const log: unknown[] = [];
    core.namespaces.main.use((socket, next) => {
      log.push([socket.recovered, socket.id === memory.sid]);
      next();
    });
    const [, , missed] = comeBack(memory);
    assertEquals(log, skipMiddlewares === false ? [[true, true]] : []);
    assertEquals(plain(missed), [["missed"]]);
  }
});

Deno.test("Recovery delivers nothing to a client that a middleware refuses; its session is over", () => {
  const { core, join, expired } = stage({ skipMiddlewares: false });
  const [client, memory] = join();
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  core.namespaces.main.use((_socket, next) => next(new Error("no")));
  const back = core.open().say(`0${JSON.stringify({ pid: memory.pid })}`);
  assertEquals(back.heard(), ['4{"message":"no"}']);
  assertEquals(expired.map(({ id, reason }) => [id, reason]), [[memory.sid, "refused"]]);
});

Deno.test("Recovery delivers what was emitted while a middleware thought, once and in order", async () => {
  const { core, join } = stage({ skipMiddlewares: false });
  const [client, memory] = join();
  client.lose("transport close");
  core.namespaces.main.emit("before");
  const thinking = Promise.withResolvers<void>();
  core.namespaces.main.use(async (_socket, next) => {
    await thinking.promise;
    next();
  });
  const back = core.open().say(`0${JSON.stringify({ pid: memory.pid })}`);
  core.namespaces.main.emit("meanwhile");
  thinking.resolve();
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  core.namespaces.main.emit("after");
  const frames = back.heard() as string[];
  assertEquals(plain([frames[0], frames[1], frames[3]]), [["before"], ["meanwhile"], ["after"]]);
  assert(frames[2]!.startsWith("0{"));
});

Deno.test("Recovery asks the middlewares again where what was missed has gone while they thought", async () => {
  const { core, join, sockets, expired } = stage({ skipMiddlewares: false, maxEvents: 2 });
  const [client, memory] = join();
  client.lose("transport close");
  const asked: boolean[] = [];
  const thinking = Promise.withResolvers<void>();
  core.namespaces.main.use(async (socket, next) => {
    asked.push(socket.recovered);
    if (socket.recovered) await thinking.promise;
    next();
  });
  const back = core.open().say(`0${JSON.stringify({ pid: memory.pid })}`);
  for (let i = 0; i < 3; i++) core.namespaces.main.emit("meanwhile");
  thinking.resolve();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assertEquals([asked, sockets.at(-1)!.recovered], [[true, false], false]);
  assertEquals(back.heard().length, 1);
  assertEquals(expired.map(({ reason }) => reason), ["offset"]);
});

Deno.test("Recovery lets a client try again that left while a middleware thought", async () => {
  const { core, join, comeBack, sockets } = stage({ skipMiddlewares: false });
  const [client, memory] = join();
  client.lose("transport close");
  const thinking = Promise.withResolvers<void>();
  let isFirst = true;
  core.namespaces.main.use(async (_socket, next) => {
    if (isFirst) {
      isFirst = false;
      await thinking.promise;
    }
    next();
  });
  core.open().say(`0${JSON.stringify({ pid: memory.pid })}`).lose("transport close");
  thinking.resolve();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  const again = core.open().say(`0${JSON.stringify({ pid: memory.pid })}`);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assertEquals([sockets.length, sockets.at(-1)!.recovered, again.heard().length], [2, true, 1]);
  void comeBack;
});

Deno.test("Recovery happens again and again, with the same pid", () => {
  const { core, comeBack, join, sockets } = stage();
  let [client, memory] = join();
  for (let round = 0; round < 5; round++) {
    client.lose("transport close");
    core.namespaces.main.emit("missed", round);
    const [back, again, missed] = comeBack(memory);
    assertEquals(plain(missed), [["missed", round]]);
    assertEquals([again.sid, again.pid], [memory.sid, memory.pid]);
    client = back;
    memory = again;
    for (const frame of missed) note(memory, frame);
  }
  assertEquals(sockets.map(({ recovered }) => recovered), [false, true, true, true, true, true]);
});

Deno.test("Recovery is off by default: no pid, no offset", () => {
  const core = testCore();
  const client = core.open().say("0");
  core.namespaces.main.emit("e", "x");
  const [answer, event] = client.heard();
  assertEquals(Object.keys(JSON.parse(String(answer).slice(1))), ["sid"]);
  assertEquals(event, '2["e","x"]');
});

Deno.test("Recovery whose replay was lost too begins where the first one began", () => {
  const { core, join, comeBack } = stage();
  const [client, memory] = join();
  client.lose("transport close");
  core.namespaces.main.emit("one");
  core.namespaces.main.emit("two");
  const [back] = comeBack(memory); // the answer and the replay never arrive
  back.lose("transport close");
  core.namespaces.main.emit("three");
  assertEquals(plain(comeBack(memory)[2]), [["one"], ["two"], ["three"]]);
});

Deno.test("Recovery of a client that missed nothing leaves it recoverable, however old its offset is", () => {
  const { core, join, comeBack, sockets } = stage({ maxEvents: 2 });
  let [client, memory] = join();
  sockets[0]!.emit("for it");
  note(memory, client.heard()[0] as string);
  const { offset } = memory;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) core.namespaces.main.to("others").emit("not for it");
    client.lose("transport close");
    [client, memory] = comeBack({ ...memory, offset });
    assertEquals(sockets.at(-1)!.recovered, true);
  }
});

Deno.test("Recovery of a client that still sends the offset of a session before", () => {
  const { core, comeBack, sockets } = stage();
  const offset = "former.5";
  const [client, memory] = comeBack({ pid: "of a server before", offset });
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  assertEquals(plain(comeBack({ pid: memory.pid, offset })[2]), [["missed"]]);
  assertEquals(sockets.map(({ recovered }) => recovered), [false, true]);
});

Deno.test("Recovery shows nothing from before the session, whatever offset is asked for", () => {
  const { core, join, comeBack, sockets } = stage();
  const [witness, old] = join();
  core.namespaces.main.emit("before");
  note(old, witness.heard()[0] as string);
  core.namespaces.main.emit("also before");
  const [client, memory] = join();
  sockets[1]!.join("a");
  client.lose("transport close");
  core.namespaces.main.to("a").emit("missed");
  assertEquals(plain(comeBack({ pid: memory.pid, offset: old.offset })[2]), [["missed"]]);
});

Deno.test("Recovery is not used up by a pid that is shown to the wrong namespace, nor is its time renewed", () => {
  const { core, join, sockets, expired } = stage({ maxDisconnectionDuration: 1_000 });
  core.namespaces.of("/a");
  const [client, { pid, sid }] = join();
  client.lose("transport close");
  core.clock.advance(900);
  const other = core.open().say(`0/a,${JSON.stringify({ pid })}`);
  other.heard();
  other.say(`0${JSON.stringify({ pid })}`);
  assertEquals([sockets.at(-1)!.id, sockets.at(-1)!.recovered], [sid, true]);
  other.lose("transport close");
  core.clock.advance(900);
  core.open().say(`0/a,${JSON.stringify({ pid })}`);
  core.clock.advance(100);
  assertEquals(expired.map(({ reason }) => reason), ["age"]);
});

Deno.test("Recovery gives a client that tries again no more time than it had", async () => {
  const { core, join, expired } = stage({ maxDisconnectionDuration: 1_000, skipMiddlewares: false });
  const [client, { pid }] = join();
  client.lose("transport close");
  core.namespaces.main.use((_socket, _next) => {});
  for (let round = 0; round < 3; round++) {
    core.clock.advance(300);
    core.open().say(`0${JSON.stringify({ pid })}`).lose("transport close");
    await Promise.resolve();
  }
  assertEquals(expired, []);
  core.clock.advance(100);
  assertEquals(expired.map(({ reason }) => reason), ["age"]);
});

Deno.test("Recovery does not repeat what a middleware sent to the client that is coming back", () => {
  const { core, join } = stage({ skipMiddlewares: false });
  const [client, { pid }] = join();
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  core.namespaces.main.use((socket, next) => {
    socket.emit("hi");
    next();
  });
  const frames = core.open().say(`0${JSON.stringify({ pid })}`).heard() as string[];
  assertEquals(frames[0], '2["hi"]');
  assertEquals(plain([frames[1]]), [["missed"]]);
  assert(frames[2]!.startsWith("0{"));
});

Deno.test("Recovery replays before anything that listeners of rooms send", () => {
  const { core, join } = stage();
  const [client, { pid }] = join();
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  core.namespaces.main.adapter.on("join-room", (room) => void core.namespaces.main.to(room).emit("joined"));
  const frames = core.open().say(`0${JSON.stringify({ pid })}`).heard() as string[];
  assertEquals(plain(frames.slice(0, 2)), [["missed"], ["joined"]]);
});

Deno.test("Recovery keeps a namespace of a pattern for clients that may come back to it", () => {
  const core = testCore({
    recovery: { maxDisconnectionDuration: 1_000 },
    cleanupEmptyChildNamespaces: true,
  });
  const parent = core.namespaces.ofPattern(/^\/a$/);
  const recovered: boolean[] = [];
  parent.on("connection", (socket) => void recovered.push(socket.recovered));
  const client = core.open().say("0/a,");
  const { pid } = JSON.parse(String(client.heard()[0]).slice(4));
  client.lose("transport close");
  core.namespaces.of("/a").emit("missed");
  const back = core.open().say(`0/a,${JSON.stringify({ pid })}`);
  assertEquals([recovered, back.heard().length, parent.children.size], [[false, true], 2, 1]);
  back.lose("transport close");
  core.clock.advance(1_000);
  assertEquals(parent.children.size, 0);
});

Deno.test("Recovery whose replay was lost needs no older events than the replay did", () => {
  const { core, join, comeBack, sockets } = stage({ maxEvents: 2 });
  const [client, memory] = join();
  sockets[0]!.emit("for it");
  note(memory, client.heard()[0] as string);
  for (let i = 0; i < 5; i++) core.namespaces.main.to("others").emit("not for it");
  client.lose("transport close");
  core.namespaces.main.emit("missed");
  comeBack(memory)[0].lose("transport close"); // never arrived
  assertEquals(plain(comeBack(memory)[2]), [["missed"]]);
});
