import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { AnySocket } from "../../src/core/socket.ts";
import type { BroadcastAckError } from "../../src/core/broadcast_target.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

interface Setup {
  readonly core: TestCore;
  readonly clients: FakeClient[];
  readonly sockets: AnySocket[];
}

function setup(count: number): Setup {
  const core = testCore();
  const clients = Array.from({ length: count }, () => core.join());
  return { core, clients, sockets: [...core.namespaces.main.sockets.values()] };
}

/** Lets promise reactions run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

Deno.test("A broadcast is encoded once and reaches each socket once", () => {
  const { core, clients, sockets } = setup(3);
  for (const socket of sockets.slice(0, 2)) socket.join(["a", "b"]);
  const main = core.namespaces.main;
  main.to("a").to("b").emit("x", { n: 1 }, new Uint8Array([1]));
  const frames = ['51-["x",{"n":1},{"_placeholder":true,"num":0}]', new Uint8Array([1])];
  assertEquals(clients.map((client) => client.heard()), [frames, frames, []]);
  assertStrictEquals(clients[0]!.batches.at(-1), clients[1]!.batches.at(-1));
});

Deno.test("A broadcast goes to all, to rooms, and not to exceptions", () => {
  const { core, clients, sockets } = setup(3);
  sockets[0]!.join("a");
  sockets[1]!.join(["a", "b"]);
  const main = core.namespaces.main;
  main.emit("all");
  main.send("m");
  main.write("w");
  main.to("a").except("b").emit("a-b");
  main.except(["b", sockets[2]!.id]).emit("-b");
  main.in(["a", "b"]).emit("ab");
  main.to("none").emit("none");
  main.local.emit("local");
  const all = ['2["all"]', '2["message","m"]', '2["message","w"]'];
  assertEquals(clients.map((client) => client.heard()), [
    [...all, '2["a-b"]', '2["-b"]', '2["ab"]', '2["local"]'],
    [...all, '2["ab"]', '2["local"]'],
    [...all, '2["local"]'],
  ]);
});

Deno.test("A broadcast operator may be kept and used again", () => {
  const { core, clients, sockets } = setup(1);
  sockets[0]!.join("a");
  const operator = core.namespaces.main.to("a");
  operator.except("a").volatile.compress(false).emit("nobody");
  operator.timeout(5);
  operator.emit("x");
  operator.send("y");
  operator.write("z");
  assertEquals(clients[0]!.heard(), ['2["x"]', '2["message","y"]', '2["message","z"]']);
  assertEquals(clients[0]!.options.slice(-3), [undefined, undefined, undefined]);
});

Deno.test("A volatile broadcast is dropped socket by socket, whole with binary", () => {
  const { core, clients } = setup(2);
  clients[0]!.writable = false;
  core.namespaces.main.volatile.emit("x", new Uint8Array(1));
  core.namespaces.main.compress(false).emit("y");
  assertEquals(clients.map((client) => client.heard().length), [1, 3]);
  assertEquals(clients[0]!.options.at(-1), { volatile: undefined, compress: false });
});

Deno.test("A broadcast stays within its namespace", () => {
  const core = testCore();
  core.namespaces.of("/a");
  const client = core.join("/", "/a");
  core.namespaces.of("/a").emit("x");
  assertEquals(client.heard(), ['2/a,["x"]']);
});

Deno.test("A broadcast does not reach a socket whose middlewares still run, though it has joined a room", () => {
  const core = testCore();
  core.namespaces.main.use((socket, _next) => void socket.join("r"));
  const client = core.open().say("0");
  core.namespaces.main.to("r").emit("x");
  assertEquals(client.heard(), []);
});

Deno.test("A broadcast that cannot be encoded throws at the caller", async () => {
  const { core, clients } = setup(1);
  assertThrows(() => core.namespaces.main.emit("x", 1n), TypeError);
  assertThrows(() => core.namespaces.main.timeout(5).emit("x", 1n, () => {}), TypeError);
  await assertRejects(() => core.namespaces.main.emitWithAck("x", 1n), TypeError);
  assertEquals([clients[0]!.heard(), core.clock.pending, core.errors], [[], 0, []]);
});

Deno.test("A broadcast during which a listener leaves and joins rooms reaches each socket once", () => {
  const { core, clients, sockets } = setup(2);
  for (const socket of sockets) {
    socket.join("r");
    socket.onAnyOutgoing(() => {
      socket.leave("r");
      socket.join("r");
    });
  }
  core.namespaces.main.to("r").emit("x");
  assertEquals(clients.map((client) => client.heard()), [['2["x"]'], ['2["x"]']]);
});

Deno.test("A broadcast goes on when a socket ends while it is sent", () => {
  const { core, clients } = setup(3);
  const [first] = clients;
  first!.sendFrames = () => first!.lose("slow consumer");
  core.namespaces.main.emit("x");
  assertEquals(clients.slice(1).map((client) => client.heard()), [['2["x"]'], ['2["x"]']]);
  assertEquals(core.namespaces.main.sockets.size, 2);
});

// Acks.

Deno.test("Broadcast acks come as one list in the order of arrival", async () => {
  const { core, clients } = setup(3);
  const log: unknown[] = [];
  core.namespaces.main.timeout(100).emit(
    "x",
    1,
    (error: Error | null, values: unknown[]) => void log.push(error, values),
  );
  assertEquals(clients.map((client) => client.heard()), [['20["x",1]'], ['20["x",1]'], ['20["x",1]']]);
  clients[2]!.say("30[2]");
  clients[0]!.say("30[0]", "30[9]");
  await settle();
  assertEquals(log, []);
  clients[1]!.say('30["b",1]');
  await settle();
  assertEquals(log, [null, [2, 0, "b"]]);
  assertEquals(core.clock.pending, 0);
});

Deno.test("Broadcast acks that are missing at the timeout give an error with the others, and are forgotten", async () => {
  const { core, clients, sockets } = setup(2);
  const log: unknown[] = [];
  const promise = core.namespaces.main.timeout(100).emitWithAck("p");
  core.namespaces.main.timeout(100).emit(
    "x",
    (error: Error | null, values: unknown[]) => void log.push(error?.message, values),
  );
  clients[0]!.say("30[1]", "31[2]");
  core.clock.advance(99);
  await settle();
  assertEquals(log, []);
  core.clock.advance(1);
  assertEquals(core.clock.pending, 0);
  const error = await assertRejects(() => promise, Error, "operation has timed out");
  assertEquals((error as BroadcastAckError).responses, [1]);
  assertEquals(log, ["operation has timed out", [2]]);
  // The ids are free: the late acks settle nothing, and a socket that ends now has nobody to tell.
  clients[1]!.say("30[3]", "31[4]");
  sockets[1]!.disconnect();
  await settle();
  assertEquals(log, ["operation has timed out", [2]]);
  assertEquals((error as BroadcastAckError).responses, [1]);
  assertEquals(core.errors, []);
});

Deno.test("Broadcast acks of nobody are an empty list without an error", async () => {
  const { core } = setup(1);
  const log: unknown[] = [];
  core.namespaces.main.to("none").timeout(100).emit(
    "x",
    (error: Error | null, values: unknown[]) => void log.push(error, values),
  );
  await settle();
  assertEquals(log, [null, []]);
  assertEquals(await core.namespaces.main.to("none").timeout(100).emitWithAck("x"), []);
  assertEquals(core.clock.pending, 0);
});

Deno.test("Broadcast acks do not wait for a client that is gone, and say so", async () => {
  const { core, clients } = setup(2);
  const promise = core.namespaces.main.timeout(100).emitWithAck("x");
  clients[0]!.say("30[1]");
  clients[1]!.lose("transport close");
  const error = await assertRejects(() => promise, Error, "socket has been disconnected");
  assertEquals((error as BroadcastAckError).responses, [1]);
  assertEquals(core.clock.pending, 0);
});

Deno.test("Broadcast acks without a timeout wait for all, and leave no timer", async () => {
  const { core, clients, sockets } = setup(2);
  sockets[0]!.join("r");
  const promise = sockets[1]!.to("r").emitWithAck("x");
  assertEquals(core.clock.pending, 0);
  assertEquals(clients[1]!.heard(), []);
  clients[0]!.say("30[1]");
  assertEquals(await promise, [1]);
});

Deno.test("Broadcast ack callbacks that throw are reported", async () => {
  const { core } = setup(0);
  core.namespaces.main.timeout(5).emit("x", () => {
    throw "oops";
  });
  await settle();
  assertEquals(core.errors, [["oops", 'ack of "x"']]);
});
