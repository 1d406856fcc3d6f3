/**
 * What an event of a client passes before its listeners: catch-all listeners, the socket's middlewares, the
 * namespace's handlers.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import type { AnySocket } from "../../src/core/socket.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

function setup(): { core: TestCore; client: FakeClient; socket: AnySocket; log: unknown[] } {
  const core = testCore();
  const client = core.join();
  const [socket] = [...core.namespaces.main.sockets.values()];
  return { core, client, socket: socket!, log: [] };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

Deno.test("An event passes onAny, the middlewares, the namespace's handlers, then the socket's listeners", () => {
  const { core, client, socket, log } = setup();
  socket.on("x", (...args) => void log.push(["listener", ...args]));
  core.namespaces.main.onEvent("x", (from, ...args) => void log.push(["handler", from === socket, ...args]));
  socket.use((event, next) => {
    log.push(["middleware 1", ...event]);
    next();
  });
  socket.use((event) => void log.push(["middleware 2", ...event]));
  socket.onAny((...event) => void log.push(["any", ...event]));
  client.say('2["x",1]');
  assertEquals(log, [
    ["any", "x", 1],
    ["middleware 1", "x", 1],
    ["middleware 2", "x", 1],
    ["handler", true, 1],
    ["listener", 1],
  ]);
});

Deno.test("A middleware of a socket may change the event, its name included", () => {
  const { client, socket, log } = setup();
  socket.on("y", (...args) => void log.push(args));
  socket.use((event, next) => {
    event[0] = "y";
    event[1] += 1;
    event.push("more");
    next();
  });
  client.say('2["x",1]');
  assertEquals(log, [[2, "more"]]);
});

Deno.test("A middleware of a socket refuses by next, a throw or a rejection: an error event, no ack, no end", async () => {
  const { client, socket, log, core } = setup();
  socket.on("error", (error) => void log.push(error.message));
  socket.on("x", () => void log.push("heard"));
  socket.use((event, next) => event[1] === 1 ? next(new Error("next")) : next());
  socket.use((event, next) => {
    if (event[1] === 2) throw new Error("throw");
    next();
  });
  socket.use(async (event, next) => {
    await Promise.resolve();
    if (event[1] === 3) throw new Error("reject");
    next();
  });
  client.say('25["x",1]', '26["x",2]', '27["x",3]');
  await settle();
  assertEquals([log, client.heard(), socket.connected, core.errors], [
    ["next", "throw", "reject"],
    [],
    true,
    [],
  ]);
  client.say('2["x",4]');
  await settle();
  assertEquals(log.at(-1), "heard");
});

Deno.test("A refused event without a listener of error is reported, and harms nobody", () => {
  const { client, socket, core } = setup();
  socket.use((_event, next) => next(new Error("no")));
  client.say('2["x"]');
  assertEquals(socket.connected, true);
  const where = 'event refused by a middleware of a socket in "/"';
  assertEquals(core.errors.map(([error, at]) => [(error as Error).message, at]), [["no", where]]);
});

Deno.test("An event that a middleware still thinks about when the socket ends is not heard", async () => {
  const { client, socket, log } = setup();
  const thinking = Promise.withResolvers<void>();
  socket.use(async (_event) => await thinking.promise);
  socket.on("x", () => void log.push("heard"));
  socket.on("error", () => void log.push("error"));
  client.say('2["x"]', "1");
  thinking.resolve();
  await settle();
  assertEquals(log, []);
});

Deno.test("A middleware of a socket that is none is refused", () => {
  assertThrows(() => setup().socket.use("x" as never), TypeError, "not a function");
});

Deno.test("onEvent counts for sockets that are connected already, takes acks, and can be removed", () => {
  const { core, client, log } = setup();
  const { main } = core.namespaces;
  const handler = (_socket: unknown, n: number, ack: (n: number) => void): void => ack(n + 1);
  main.onEvent("add", handler);
  main.onEvent("add", () => void log.push("second"));
  client.say('27["add",1]');
  assertEquals([client.heard(), log], [["37[2]"], ["second"]]);
  main.offEvent("add", handler);
  client.say('28["add",1]');
  assertEquals([client.heard(), log.length], [[], 2]);
  main.offEvent("add");
  client.say('29["add",1]');
  assertEquals(log.length, 2);
});

Deno.test("A handler of the namespace that throws or rejects is reported, and listeners still hear the event", async () => {
  const { core, client, socket, log } = setup();
  core.namespaces.main.onEvent("x", () => {
    throw "thrown";
  });
  core.namespaces.main.onEvent("x", () => Promise.reject("rejected"));
  socket.on("x", () => void log.push("heard"));
  client.say('2["x"]');
  await settle();
  assertEquals([log, core.errors.map(([error]) => error)], [["heard"], ["thrown", "rejected"]]);
});

Deno.test("A handler of the namespace that disconnects the socket is the last to hear", () => {
  const { core, client, socket, log } = setup();
  core.namespaces.main.onEvent("x", (from) => void from.disconnect());
  socket.on("x", () => void log.push("heard"));
  client.say('2["x"]');
  assertEquals(log, []);
});

Deno.test("A middleware of a namespace that never decides: the client is told after connectTimeout, and it is reported", async () => {
  const core = testCore();
  core.namespaces.of("/a").use((_socket, _next) => {});
  const client = core.join("/").say("0/a,");
  core.clock.advance(44_999);
  assertEquals(client.heard(), []);
  core.clock.advance(1);
  await settle();
  assertEquals(client.heard(), ['4/a,{"message":"timeout"}']);
  assertEquals(core.errors.length, 1);
  assertEquals(core.errors[0]![1], 'joining "/a"');
});

Deno.test("A middleware that decides after it was given up on changes nothing", () => {
  const core = testCore();
  let decide: () => void = () => {};
  core.namespaces.of("/a").use((_socket, next) => void (decide = next));
  const client = core.join("/").say("0/a,");
  core.clock.advance(45_000);
  client.heard();
  decide();
  assertEquals([client.heard(), core.namespaces.of("/a").sockets.size], [[], 0]);
});

Deno.test("onEvent handles the life cycle of every socket, before its own listeners", () => {
  const { core, client, socket, log } = setup();
  const { main } = core.namespaces;
  socket.on("disconnecting", (reason) => void log.push(["listener", "disconnecting", reason]));
  socket.on("disconnect", (reason) => void log.push(["listener", "disconnect", reason]));
  main.onEvent("disconnecting", (from, reason) => {
    log.push(["handler", "disconnecting", reason, from === socket, from.rooms.size]);
  });
  main.onEvent("disconnect", (from, reason) => {
    log.push(["handler", "disconnect", reason, from === socket, from.rooms.size]);
  });
  main.onEvent("error", (_from, error) => void log.push(error.message));
  socket.use((_event, next) => next(new Error("no")));
  client.say('2["x"]');
  client.lose("transport close");
  assertEquals(log, [
    "no",
    ["handler", "disconnecting", "transport close", true, 1],
    ["listener", "disconnecting", "transport close"],
    ["handler", "disconnect", "transport close", true, 0],
    ["listener", "disconnect", "transport close"],
  ]);
});
