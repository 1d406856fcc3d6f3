import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { NamespaceMatcher } from "../../src/core/namespaces.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

/** The answers of clients of their own that ask for each name. */
function ask(core: TestCore, ...names: string[]): boolean[] {
  return names.map((name) => {
    const [answer] = core.open().say(`0${name},`).heard();
    return String(answer).startsWith(`0${name},{"sid":`);
  });
}

function join(core: TestCore, name: string): FakeClient {
  const client = core.open().say(`0${name},`);
  client.heard();
  return client;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

Deno.test("A regular expression makes the namespaces that clients ask for, once each", () => {
  const core = testCore();
  const made: string[] = [];
  core.namespaces.main.on("new_namespace", ({ name }) => void made.push(name));
  const parent = core.namespaces.ofPattern(/^\/room-\d+$/);
  assertEquals(ask(core, "/room-1", "/room-2", "/room-1", "/room-x"), [true, true, true, false]);
  assertEquals(made, ["/room-1", "/room-2"]);
  assertEquals([...parent.children].map(({ name }) => name), made);
  assertStrictEquals(core.namespaces.of("/room-1"), [...parent.children][0]);
});

Deno.test("A regular expression with g or y is refused: it forgets what it matched", () => {
  for (const pattern of [/a/g, /a/y]) {
    assertThrows(() => testCore().namespaces.ofPattern(pattern), TypeError, "flags g and y");
  }
});

Deno.test("A namespace made by its name belongs to the first regular expression that matches", () => {
  const core = testCore();
  const [first, second] = [core.namespaces.ofPattern(/^\/a/), core.namespaces.ofPattern(/^\/ab/)];
  const log: string[] = [];
  first.on("connection", () => log.push("first"));
  second.on("connection", () => log.push("second"));
  const named = core.namespaces.of("/abc");
  join(core, "/abc");
  assertEquals([[...first.children], [...second.children], log], [[named], [], ["first"]]);
});

const FUNCTIONS: readonly [what: string, matcher: NamespaceMatcher][] = [
  ["by callback", (name, _auth, next) => next(null, name === "/yes")],
  [
    "by callback, later",
    (name, _auth, next) => void Promise.resolve().then(() => next(null, name === "/yes")),
  ],
  ["by what it returns", (name) => name === "/yes"],
  ["by what it promises", (name) => Promise.resolve(name === "/yes")],
  ["by callback of an async function", async (name, _auth, next) => {
    await Promise.resolve();
    next(null, name === "/yes");
  }],
  [
    "by an error for no",
    (name, _auth, next) => name === "/yes" ? next(null, true) : next(new Error("no"), true),
  ],
];

for (const [what, matcher] of FUNCTIONS) {
  Deno.test(`A function decides about namespaces ${what}`, async () => {
    const core = testCore();
    core.namespaces.ofPattern(matcher);
    const [yes, no] = [core.open().say("0/yes,"), core.open().say("0/no,")];
    await settle();
    assert(String(yes.heard()[0]).startsWith('0/yes,{"sid"'));
    assertEquals(no.heard(), ['4/no,{"message":"Invalid namespace"}']);
    assertEquals(core.errors, []);
  });
}

Deno.test("A function is given the client's auth", () => {
  const core = testCore();
  const seen: unknown[] = [];
  core.namespaces.ofPattern((name, auth) => seen.push([name, auth]) > 0);
  core.open().say('0/x,{"token":1}');
  assertEquals(seen, [["/x", { token: 1 }]]);
});

Deno.test("A function that throws or rejects is reported and means no; the next pattern is asked", async () => {
  const core = testCore();
  core.namespaces.ofPattern(() => {
    throw "thrown";
  });
  core.namespaces.ofPattern(() => Promise.reject("rejected"));
  core.namespaces.ofPattern(/^\/x$/);
  const client = core.open().say("0/x,");
  await settle();
  assert(String(client.heard()[0]).startsWith("0/x,"));
  assertEquals(core.errors.map(([error]) => error), ["thrown", "rejected"]);
});

Deno.test("Clients that ask for one name while a function thinks get one namespace", async () => {
  const core = testCore();
  const parent = core.namespaces.ofPattern(async () => {
    await Promise.resolve();
    return true;
  });
  const clients = [core.open().say("0/x,"), core.open().say("0/x,")];
  await settle();
  assert(clients.every((client) => String(client.heard()[0]).startsWith("0/x,")));
  assertEquals([parent.children.size, core.namespaces.of("/x").sockets.size], [1, 2]);
});

Deno.test("A function that never decides: the client is told, and may ask again", () => {
  const core = testCore();
  core.namespaces.ofPattern((_name, _auth, _next) => {});
  const client = core.join("/").say("0/x,");
  assertEquals(client.heard(), []);
  core.clock.advance(45_000);
  assertEquals(client.heard(), ['4/x,{"message":"timeout"}']);
  assertEquals(client.readyState, "open");
});

Deno.test("What is set up for a pattern runs first, and counts for namespaces that exist already", () => {
  const core = testCore();
  const parent = core.namespaces.ofPattern(/^\/a$/);
  const child = core.namespaces.of("/a");
  const log: string[] = [];
  child.use((_socket, next) => (log.push("child"), next()));
  parent.use((_socket, next) => (log.push("parent"), next()));
  child.on("connection", () => log.push("child connection"));
  parent.on("connection", () => log.push("parent connection"));
  child.onEvent("x", () => log.push("child x"));
  parent.onEvent("x", () => log.push("parent x"));
  join(core, "/a").say('2/a,["x"]');
  assertEquals(log, [
    "parent",
    "child",
    "parent connection",
    "child connection",
    "parent x",
    "child x",
  ]);
});

Deno.test("A parent sends to the sockets of all its namespaces", async () => {
  const core = testCore();
  const parent = core.namespaces.ofPattern(/^\/n\d$/);
  const [one, two] = [join(core, "/n1"), join(core, "/n2")];
  const heard = (): unknown[] => [one.heard(), two.heard()];
  parent.emit("all", 1);
  assertEquals(heard(), [['2/n1,["all",1]'], ['2/n2,["all",1]']]);
  [...core.namespaces.of("/n2").sockets.values()][0]!.join("r");
  parent.to("r").emit("some");
  assertEquals(heard(), [[], ['2/n2,["some"]']]);
  const answers = parent.timeout(100).emitWithAck("ask");
  one.say('3/n1,0["a"]');
  two.say('3/n2,0["b"]');
  assertEquals(await answers, ["a", "b"]);
  assertEquals((await parent.fetchSockets()).length, 2);
  parent.socketsJoin("all");
  assertEquals((await parent.in("all").fetchSockets()).length, 2);
  parent.disconnectSockets();
  assertEquals((await parent.fetchSockets()).length, 0);
});

Deno.test("A namespace of a pattern ends with its last socket where that is wanted", () => {
  for (const cleanup of [true, false]) {
    const core = testCore({ cleanupEmptyChildNamespaces: cleanup });
    const parent = core.namespaces.ofPattern(/^\/a$/);
    const [first, second] = [join(core, "/a"), join(core, "/a")];
    const before = core.namespaces.of("/a");
    first.say("1/a,");
    assertEquals(parent.children.size, 1);
    second.say("1/a,");
    assertEquals([parent.children.size, core.namespaces.byName.has("/a")], cleanup ? [0, false] : [1, true]);
    assertEquals(core.namespaces.of("/a") === before, !cleanup);
  }
});

Deno.test("A namespace of a pattern ends when its only client is refused, and not while another is joining", async () => {
  const core = testCore({ cleanupEmptyChildNamespaces: true });
  const parent = core.namespaces.ofPattern(/^\/a$/);
  const thinking = Promise.withResolvers<void>();
  parent.use(async (socket, next) => {
    if (socket.handshake.auth.wait) await thinking.promise;
    next(socket.handshake.auth.no ? new Error("no") : undefined);
  });
  core.open().say('0/a,{"no":true}');
  await settle();
  assertEquals(parent.children.size, 0);
  const slow = core.open().say('0/a,{"wait":true}');
  core.open().say('0/a,{"no":true}');
  await settle();
  assertEquals(parent.children.size, 1);
  thinking.resolve();
  await settle();
  assert(String(slow.heard()[0]).startsWith("0/a,"));
  core.namespaces.of("/a").emit("still there");
  assertEquals(slow.heard(), ['2/a,["still there"]']);
});

Deno.test("A namespace that was made by its name stays, with what was set up for it", () => {
  const core = testCore({ cleanupEmptyChildNamespaces: true });
  core.namespaces.ofPattern(/^\//);
  core.namespaces.of("/admin").use((_socket, next) => next(new Error("no")));
  for (let round = 0; round < 2; round++) {
    assertEquals(core.open().say("0/admin,").heard(), ['4/admin,{"message":"no"}']);
  }
});

Deno.test("A namespace made for a client that is gone, or is never decided about, ends", async () => {
  const core = testCore({ cleanupEmptyChildNamespaces: true });
  const parent = core.namespaces.ofPattern(async (name) => {
    await Promise.resolve();
    return name !== "";
  });
  parent.use((socket, next) => {
    if (socket.nsp.name !== "/hangs") next();
  });
  core.open().say("0/gone,").lose("transport close");
  const hangs = core.open().say("0/hangs,");
  await settle();
  assertEquals([...parent.children].map(({ name }) => name), ["/hangs"]);
  hangs.lose("transport close");
  assertEquals(parent.children.size, 0);
});

Deno.test("A namespace that ends while another client is on its way to it is made again", async () => {
  const core = testCore({ cleanupEmptyChildNamespaces: true });
  const parent = core.namespaces.ofPattern(() => Promise.resolve(true));
  parent.use((socket, next) => next(socket.handshake.auth.no ? new Error("no") : undefined));
  const bad = core.open().say('0/x,{"no":true}');
  const good = core.open().say("0/x,");
  await settle();
  assertEquals(bad.heard(), ['4/x,{"message":"no"}']);
  assert(String(good.heard()[0]).startsWith("0/x,"));
  core.namespaces.of("/x").emit("hello");
  assertEquals(good.heard(), ['2/x,["hello"]']);
});

Deno.test("A pattern makes no namespace with a name of any length", () => {
  const core = testCore();
  const parent = core.namespaces.ofPattern(/^\//);
  const name = `/${"a".repeat(1_000)}`;
  assertEquals(ask(core, name), [false]);
  assertEquals(ask(core, name.slice(0, -1)), [true]);
  assertEquals(parent.children.size, 1);
});
