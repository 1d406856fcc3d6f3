/**
 * What is done with many sockets at once, and with sockets that are on another server.
 * @module
 */
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import type { Answers, LocalSockets, Question } from "../../src/core/adapter.ts";
import { Namespaces } from "../../src/core/namespaces.ts";
import type { RemoteSocket } from "../../src/core/remote_socket.ts";
import type { Selector } from "../../src/core/selector.ts";
import type { AnySocket } from "../../src/core/socket.ts";
import { defaultParser } from "../../src/protocol/default_parser.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { testCore } from "../support/fake_engine.ts";

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

Deno.test("fetchSockets gives the chosen sockets themselves", async () => {
  const core = testCore();
  const { main } = core.namespaces;
  for (let i = 0; i < 3; i++) core.join();
  const [one, two, three] = [...main.sockets.values()] as [AnySocket, AnySocket, AnySocket];
  one.join("a");
  two.join(["a", "b"]);
  assertEquals((await main.fetchSockets()).length, 3);
  assertStrictEquals((await main.in("a").except("b").fetchSockets())[0] as unknown, one);
  assertEquals((await main.in("none").fetchSockets()).length, 0);
  assertEquals((await one.broadcast.fetchSockets()).map(({ id }) => id), [two.id, three.id]);
  assertEquals(await main.allSockets(), new Set([one.id, two.id, three.id]));
});

Deno.test("socketsJoin and socketsLeave move the chosen sockets, one room or several", () => {
  const core = testCore();
  const { main } = core.namespaces;
  core.join();
  core.join();
  const [one, two] = [...main.sockets.values()] as [AnySocket, AnySocket];
  const rooms = (socket: AnySocket): string[] => [...socket.rooms].slice(1);
  main.socketsJoin(["a", "b"]);
  main.in(one.id).socketsJoin("c");
  one.broadcast.socketsJoin("others");
  assertEquals([rooms(one), rooms(two)], [["a", "b", "c"], ["a", "b", "others"]]);
  main.in("a").socketsLeave("a");
  main.socketsLeave(["b", "none"]);
  assertEquals([rooms(one), rooms(two)], [["c"], ["others"]]);
  assertThrows(() => main.socketsJoin(5 as never), TypeError, "not a text");
});

Deno.test("disconnectSockets disconnects the chosen sockets, with close their connections", () => {
  const core = testCore();
  const { main } = core.namespaces;
  const clients = [core.join(), core.join(), core.join()];
  const [one, two] = [...main.sockets.values()] as [AnySocket, AnySocket];
  main.in(one.id).disconnectSockets();
  assertEquals([clients[0]!.heard(), clients[0]!.readyState], [["1"], "open"]);
  main.in(two.id).disconnectSockets(true);
  assertEquals([clients[1]!.heard(), clients[1]!.readyState], [["1"], "closed"]);
  assertEquals(main.sockets.size, 1);
  main.disconnectSockets();
  assertEquals(main.sockets.size, 0);
});

Deno.test("serverSideEmit on a single server: nobody else hears it, an ack gets no answers at once", async () => {
  const { main } = testCore().namespaces;
  let heard = 0;
  main.on("hello", () => heard++);
  assertEquals(main.serverSideEmit("hello", 1), true);
  const answers = Promise.withResolvers<unknown>();
  main.serverSideEmit("hello", (error: Error, values: unknown) => answers.resolve([error, values]));
  assertEquals(await answers.promise, [null, []]);
  assertEquals(await main.serverSideEmitWithAck("hello"), []);
  assertEquals(heard, 0);
  for (const name of ["connect", "connection", "new_namespace", "session_expired", "rate_limited"]) {
    assertThrows(() => main.serverSideEmit(name), Error, "reserved");
  }
  await assertRejects(() => main.serverSideEmitWithAck("connection"), Error, "reserved");
});

/** A cluster of one server and of what a test says is elsewhere. */
class FakeCluster extends LocalAdapter {
  readonly asked: [Question, Selector][] = [];
  readonly done: unknown[] = [];
  answers: Answers = { values: [], error: null };
  readonly local: LocalSockets;

  constructor(local: LocalSockets) {
    super(local);
    this.local = local;
  }
  override ask(question: Question, to: Selector): Promise<Answers> {
    this.asked.push([question, to]);
    return Promise.resolve(this.answers);
  }
  override broadcast(...args: Parameters<LocalAdapter["broadcast"]>): void {
    this.done.push([args[0].data, args[1].rooms]);
  }
  override command(...[command, to]: Parameters<LocalAdapter["command"]>): void {
    this.done.push([command, to.rooms]);
  }
  override tellServers(data?: readonly unknown[]): void {
    this.done.push(data);
  }
}

function cluster(): { namespaces: Namespaces; adapter: FakeCluster; errors: unknown[] } {
  const errors: unknown[] = [];
  let adapter: FakeCluster | undefined;
  const namespaces = new Namespaces({
    clock: new ManualClock(),
    parser: defaultParser,
    report: (error) => errors.push(error),
    makeAdapter: (_, local) => adapter = new FakeCluster(local),
  });
  return { namespaces, adapter: adapter!, errors };
}

async function remote(): Promise<{ socket: RemoteSocket; adapter: FakeCluster }> {
  const { namespaces, adapter } = cluster();
  const details = { id: "far", handshake: { url: "/x" }, rooms: ["far", "a"], data: { n: 1 } };
  adapter.answers = { values: [details], error: null };
  const [socket] = await namespaces.main.fetchSockets();
  return { socket: socket!, adapter };
}

Deno.test("RemoteSocket shows a socket that is elsewhere", async () => {
  const { socket } = await remote();
  assertEquals(
    [socket.id, socket.handshake.url, socket.rooms, socket.data],
    ["far", "/x", new Set(["far", "a"]), { n: 1 }],
  );
});

Deno.test("RemoteSocket reaches its socket by the room that it alone is in", async () => {
  const { socket, adapter } = await remote();
  socket.emit("x", 1);
  socket.join(["b", "c"]);
  socket.leave("b");
  socket.disconnect(true);
  assertEquals(adapter.done, [
    [["x", 1], ["far"]],
    [{ type: "join", rooms: ["b", "c"] }, ["far"]],
    [{ type: "leave", rooms: ["b"] }, ["far"]],
    [{ type: "disconnect", close: true }, ["far"]],
  ]);
  assertThrows(() => socket.emit("disconnect"), Error, "reserved");
});

Deno.test("RemoteSocket takes the one answer of its socket", async () => {
  const { socket, adapter } = await remote();
  adapter.answers = { values: ["yes"], error: null };
  assertEquals(await socket.emitWithAck("ask"), "yes");
  assertEquals(await socket.timeout(50).emitWithAck("ask"), "yes");
  const told: unknown[] = [];
  socket.emit("ask", (...args: unknown[]) => told.push(args));
  socket.timeout(50).emit("ask", (...args: unknown[]) => told.push(args));
  await settle();
  assertEquals(told, [["yes"], [null, "yes"]]);
  assertEquals(adapter.asked.slice(1).map(([question]) => question.timeout), [60_000, 50, 60_000, 50]);
});

Deno.test("RemoteSocket without an answer rejects, and tells a callback that takes an error", async () => {
  const { socket, adapter } = await remote();
  adapter.answers = { values: [], error: new Error("operation has timed out") };
  await assertRejects(() => socket.emitWithAck("ask"), Error, "timed out");
  adapter.answers = { values: [], error: null };
  await assertRejects(() => socket.emitWithAck("ask"), Error, "disconnected");
  const told: unknown[] = [];
  socket.emit("ask", () => told.push("plain"));
  socket.timeout(5).emit("ask", (error: Error) => told.push(error.message));
  await settle();
  assertEquals(told, ["socket has been disconnected"]);
});

Deno.test("fetchSockets that lacks answers rejects with those there are", async () => {
  const { namespaces, adapter } = cluster();
  const error = new Error("operation has timed out");
  adapter.answers = { values: [{ id: "far", rooms: [] }], error };
  const rejected = await assertRejects(() => namespaces.main.timeout(7).fetchSockets(), Error);
  assertEquals((rejected as Error & { responses: unknown[] }).responses.length, 1);
  assertEquals(adapter.asked[0]![0], { type: "sockets", timeout: 7 });
});

Deno.test("Servers hear each other's events in the namespace, and may answer", async () => {
  const { namespaces, adapter } = cluster();
  const { main } = namespaces;
  const heard: unknown[] = [];
  main.on("hello", (...args: unknown[]) => {
    const ack = args.at(-1);
    if (typeof ack === "function") ack("answer");
    heard.push(args.slice(0, 2));
  });
  adapter.local.heard(["hello", 1, "x"]);
  adapter.local.heard(["hello", 2, "y"], (value) => heard.push(value));
  assertEquals(heard, [[1, "x"], "answer", [2, "y"]]);
  main.serverSideEmit("out", 1);
  assertEquals(adapter.done, [["out", 1]]);
  adapter.answers = { values: [1, 2], error: null };
  assertEquals(await main.serverSideEmitWithAck("ask", 3), [1, 2]);
  assertEquals(adapter.asked[0]![0], { type: "servers", data: ["ask", 3], timeout: 5_000 });
  adapter.answers = { values: [1], error: new Error("operation has timed out") };
  const rejected = await assertRejects(() => main.serverSideEmitWithAck("ask"), Error);
  assertEquals((rejected as Error & { responses: unknown[] }).responses, [1]);
});
