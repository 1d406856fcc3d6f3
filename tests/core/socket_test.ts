import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { AnySocket } from "../../src/core/socket.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

interface Setup {
  readonly core: TestCore;
  readonly client: FakeClient;
  readonly socket: AnySocket;
}

/** One client in the main namespace. */
function setup(): Setup {
  const core = testCore();
  let socket: AnySocket | undefined;
  core.namespaces.main.once("connection", (one) => void (socket = one));
  const client = core.join();
  return { core, client, socket: socket! };
}

Deno.test("Socket emits events in order, with binary and with numbers for names", () => {
  const { client, socket } = setup();
  assertEquals(socket.emit("a", 1, "x", null, { y: [true] }), true);
  socket.emit("b");
  (socket as unknown as { emit(name: number, value: number): void }).emit(1, 2);
  socket.emit("bin", new Uint8Array([1, 2]));
  assertStrictEquals(socket.send("m", 1), socket);
  socket.write("w");
  assertEquals(client.heard(), [
    '2["a",1,"x",null,{"y":[true]}]',
    '2["b"]',
    "2[1,2]",
    '51-["bin",{"_placeholder":true,"num":0}]',
    new Uint8Array([1, 2]),
    '2["message","m",1]',
    '2["message","w"]',
  ]);
});

Deno.test("Socket refuses reserved names and what is no name, in every way to emit", async () => {
  const { client, socket } = setup();
  for (const emit of [socket, socket.volatile, socket.broadcast, socket.nsp] as unknown as AnySocket[]) {
    assertThrows(() => emit.emit("disconnect"), Error, "reserved event name");
    await assertRejects(() => emit.emitWithAck("connect"), Error, "reserved event name");
    assertThrows(() => emit.emit(undefined as never), TypeError);
  }
  assertEquals(client.heard(), []);
});

Deno.test("Socket throws at the caller what cannot be encoded, and waits for no ack then", () => {
  const { core, client, socket } = setup();
  const circular: unknown[] = [];
  circular.push(circular);
  assertThrows(() => socket.emit("a", circular), TypeError);
  assertThrows(() => socket.timeout(10).emit("a", 1n, () => {}), TypeError);
  assertEquals([client.heard(), core.clock.pending], [[], 0]);
});

Deno.test("Socket gives events to their listeners with all arguments, bytes as Uint8Array", () => {
  const { client, socket } = setup();
  const log: unknown[] = [];
  socket.on("a", (...args) => void log.push(args));
  socket.on("1", (...args) => void log.push(["number", ...args]));
  client.say('2["a",1,{"x":null}]', '2["none",1]', "2[1,2]", '2["a"]');
  client.say('51-["a",{"_placeholder":true,"num":0}]', new Uint8Array([7]));
  assertEquals(log, [[1, { x: null }], ["number", 2], [], [new Uint8Array([7])]]);
});

Deno.test("Socket takes events named error, connection or __proto__ from the client like any other", () => {
  const { core, client, socket } = setup();
  client.say('2["error","x"]', '2["connection"]', '2["__proto__"]', '2["constructor"]');
  const log: unknown[] = [];
  socket.on("error", (error) => void log.push(error));
  socket.on("__proto__", () => void log.push("proto"));
  client.say('2["error","x"]', '2["__proto__"]');
  assertEquals(log, ["x", "proto"]);
  assertEquals([client.readyState, core.errors, core.namespaces.main.sockets.size], ["open", [], 1]);
});

Deno.test("Socket runs a listener with itself as this", () => {
  const { client, socket } = setup();
  let self: unknown;
  socket.on("a", function (this: unknown) {
    self = this;
  });
  client.say('2["a"]');
  assertStrictEquals(self, socket);
});

// Acks from here to the client.

Deno.test("Socket sends the ack of an event once, with any arguments", () => {
  const { client, socket } = setup();
  socket.on("a", (value, ack) => {
    ack(value, new Uint8Array([1]));
    ack("again");
  });
  socket.on("b", (ack) => ack());
  client.say('27["a","v"]', '20["b"]');
  assertEquals(client.heard(), [
    '61-7["v",{"_placeholder":true,"num":0}]',
    new Uint8Array([1]),
    "30[]",
  ]);
});

Deno.test("Socket sends the second try of an ack whose first could not be encoded", () => {
  const { core, client, socket } = setup();
  socket.on("a", (ack) => {
    assertThrows(() => ack(1n), TypeError);
    ack("failed");
  });
  socket.on("b", (ack) => ack(1n));
  client.say('27["a"]', '28["b"]');
  assertEquals(client.heard(), ['37["failed"]']);
  assertEquals(core.errors.length, 1);
});

Deno.test("Socket sends no ack after its end, nor on the namespace's next socket", () => {
  const { client, socket } = setup();
  let ack: (() => void) | undefined;
  socket.on("a", (one) => void (ack = one));
  client.say('27["a"]', "1", "0");
  client.heard();
  ack!();
  assertEquals(client.heard(), []);
});

// Acks from the client.

Deno.test("Socket calls back with the client's ack, once, and ignores unknown ids", () => {
  const { client, socket } = setup();
  const log: unknown[] = [];
  socket.emit("a", 1, (...args: unknown[]) => log.push(["a", ...args]));
  socket.emit("b", (...args: unknown[]) => log.push(["b", ...args]));
  assertEquals(client.heard(), ['20["a",1]', '21["b"]']);
  client.say("399[0]", "31[2,3]", '30["x"]', '30["again"]', "3[1]");
  assertEquals(log, [["b", 2, 3], ["a", "x"]]);
  assertEquals(client.readyState, "open");
});

Deno.test("Socket never uses an ack id for two sockets of a namespace that wait", () => {
  const { core, client, socket } = setup();
  const other = core.join();
  const [, second] = [...core.namespaces.main.sockets.values()];
  socket.emit("a", () => {});
  second!.emit("a", () => {});
  core.namespaces.main.timeout(5).emit("b", () => {});
  assertEquals(client.heard(), ['20["a"]', '22["b"]']);
  assertEquals(other.heard(), ['21["a"]', '22["b"]']);
});

Deno.test("Socket with a timeout calls back with null and the ack, or with an error in time", () => {
  const { core, client, socket } = setup();
  const log: unknown[] = [];
  const timed = socket.timeout(500);
  timed.emit("a", (error: Error | null, value: unknown) => log.push(["a", error, value]));
  timed.emit("b", (error: Error | null) => log.push(["b", error?.message]));
  client.say("30[5]");
  core.clock.advance(499);
  assertEquals(log, [["a", null, 5]]);
  core.clock.advance(1);
  assertEquals(log, [["a", null, 5], ["b", "operation has timed out"]]);
  client.say("31[]");
  assertEquals([log.length, core.clock.pending], [2, 0]);
});

Deno.test("Socket is not changed by timeout, volatile and compress", () => {
  const { core, client, socket } = setup();
  const log: unknown[] = [];
  socket.timeout(5);
  const { volatile } = socket;
  socket.compress(false);
  client.writable = false;
  socket.emit("plain", (...args: unknown[]) => log.push(args));
  core.clock.advance(10);
  client.say('30["late"]');
  volatile.emit("dropped");
  assertEquals(log, [["late"]]);
  assertEquals(client.heard(), ['20["plain"]']);
  assertEquals(client.options.slice(1), [undefined]); // the first is that of the CONNECT
});

Deno.test("Socket passes the flags on: volatile events are dropped where they cannot leave, whole with binary", () => {
  const { client, socket } = setup();
  socket.volatile.emit("a", new Uint8Array(1));
  client.writable = false;
  socket.volatile.emit("b", new Uint8Array(1));
  socket.compress(false).volatile.send("c");
  socket.compress(false).emit("d");
  assertEquals(client.heard(), [
    '51-["a",{"_placeholder":true,"num":0}]',
    new Uint8Array(1),
    '2["d"]',
  ]);
  assertEquals(client.options.slice(1), [{ volatile: true }, { compress: false }]);
});

Deno.test("Socket emitWithAck resolves to the first value, and rejects at the timeout", async () => {
  const { core, client, socket } = setup();
  const answer = socket.emitWithAck("a", 1);
  client.say("30[5,6]");
  assertEquals(await answer, 5);
  const late = socket.timeout(5).emitWithAck("b");
  core.clock.advance(5);
  await assertRejects(() => late, Error, "operation has timed out");
  assertEquals(client.heard(), ['20["a",1]', '21["b"]']);
});

Deno.test("Socket that ends tells those who wait with an error argument, forgets the others, and frees the timers", async () => {
  const { core, client, socket } = setup();
  const log: unknown[] = [];
  socket.emit("plain", () => log.push("plain"));
  socket.timeout(500).emit("timed", (error: Error) => log.push(error.message));
  const promise = socket.emitWithAck("promise");
  client.lose("transport close");
  await assertRejects(() => promise, Error, "socket has been disconnected");
  assertEquals(log, ["socket has been disconnected"]);
  assertEquals(core.clock.pending, 0);
});

Deno.test("Socket reports an ack callback that throws, and goes on", () => {
  const { core, client, socket } = setup();
  socket.emit("a", () => {
    throw "oops";
  });
  client.say("30[]");
  assertEquals(core.errors, [["oops", 'ack of "a" in "/"']]);
  assertEquals(client.readyState, "open");
});

// After the end.

Deno.test("Socket that has ended sends nothing, joins nothing, and rejects acks", async () => {
  const { core, client, socket } = setup();
  client.say("1");
  socket.emit("a").valueOf();
  socket.volatile.emit("a");
  socket.send("x");
  socket.join("room");
  socket.disconnect();
  socket.disconnect(true);
  const log: unknown[] = [];
  socket.emit("a", () => log.push("plain"));
  socket.timeout(5).emit("a", (error: Error) => log.push(error.message));
  assertEquals(log, []);
  await assertRejects(() => socket.emitWithAck("a"), Error, "socket has been disconnected");
  assertEquals(log, ["socket has been disconnected"]);
  assertEquals([client.heard(), client.readyState], [[], "open"]);
  assertEquals([...socket.rooms], []);
  core.namespaces.main.to("room").emit("b");
  assertEquals(client.heard(), []);
});

Deno.test("Socket tells disconnecting with its rooms, then disconnect without them", () => {
  const { core, client, socket } = setup();
  const log: unknown[] = [];
  socket.join("room");
  socket.on("disconnecting", (...args) => {
    log.push(["disconnecting", ...args, [...socket.rooms], socket.connected]);
  });
  socket.on("disconnect", (...args) => {
    log.push(["disconnect", ...args, [...socket.rooms], socket.connected, socket.disconnected]);
  });
  client.lose("ping timeout", "why");
  assertEquals(log, [
    ["disconnecting", "ping timeout", "why", [socket.id, "room"], true],
    ["disconnect", "ping timeout", "why", [], false, true],
  ]);
  assertEquals(core.namespaces.main.sockets.size, 0);
});

Deno.test("Socket disconnect tells the client and ends with its reason, once", () => {
  const { client, socket } = setup();
  const reasons: unknown[] = [];
  socket.on("disconnecting", () => void socket.disconnect());
  socket.on("disconnect", (reason) => {
    reasons.push(reason);
    socket.disconnect();
  });
  assertStrictEquals(socket.disconnect(), socket);
  assertEquals(reasons, ["server namespace disconnect"]);
  assertEquals([client.heard(), client.readyState], [["1"], "open"]);
});

Deno.test("Socket that is disconnected by an onAny listener does not get the event", () => {
  const { client, socket } = setup();
  let heard = 0;
  socket.onAny(() => void socket.disconnect());
  socket.on("a", () => void heard++);
  client.say('2["a"]');
  assertEquals(heard, 0);
});

// Rooms.

Deno.test("Socket joins and leaves rooms, is in its own, and shows a copy", () => {
  const { core, client, socket } = setup();
  assertEquals(socket.join("a"), undefined);
  socket.join(["b", "c", "a"]);
  socket.leave("b");
  socket.leave("none");
  assertEquals([...socket.rooms], [socket.id, "a", "c"]);
  socket.rooms.clear();
  assertEquals(socket.rooms.size, 3);
  core.namespaces.main.to("c").emit("x");
  core.namespaces.main.to("b").emit("y");
  core.namespaces.main.to(socket.id).emit("z");
  assertEquals(client.heard(), ['2["x"]', '2["z"]']);
});

Deno.test("Socket reaches others in rooms, never itself", () => {
  const { core, client, socket } = setup();
  const clients = [core.join(), core.join()];
  const [, second, third] = [...core.namespaces.main.sockets.values()];
  socket.join("r");
  second!.join("r");
  third!.join(["r", "s"]);
  socket.broadcast.emit("all");
  socket.to("r").emit("room");
  socket.in("r").except("s").emit("some");
  socket.to(["s"]).to(second!.id).emit("union");
  socket.except("s").emit("except");
  socket.local.emit("local");
  socket.to(socket.id).emit("self");
  socket.volatile.broadcast.to("s").emit("flags");
  socket.compress(false).in("s").emit("flags");
  socket.timeout(5).except("s").emit("flags");
  socket.volatile.local.emit("flags");
  const names = (one: FakeClient): string[] => one.heard().map((frame) => String(frame));
  assertEquals(names(client), []);
  assertEquals(
    names(clients[0]!),
    ["all", "room", "some", "union", "except", "local", "flags", "flags"].map((name) => `2["${name}"]`),
  );
  assertEquals(
    names(clients[1]!),
    ["all", "room", "union", "local", "flags", "flags", "flags"].map((name) => `2["${name}"]`),
  );
  assertEquals(clients[1]!.options.slice(-3), [
    { volatile: true, compress: undefined },
    { volatile: undefined, compress: false },
    { volatile: true, compress: undefined },
  ]);
});

// Catch-all listeners.

Deno.test("Socket onAny listeners get every event before its own listeners, the ack included", () => {
  const { client, socket } = setup();
  const log: unknown[] = [];
  const any = (name: string, ...args: unknown[]): void => void log.push(["any", name, args.length]);
  socket.on("a", () => void log.push("a"));
  socket.onAny(any);
  socket.prependAny((name) => void log.push(["first", name]));
  client.say('27["a",1]', '2["b"]');
  assertEquals(log, [["first", "a"], ["any", "a", 2], "a", ["first", "b"], ["any", "b", 0]]);
  assertEquals(socket.listenersAny().length, 2);
  socket.offAny(any);
  assertEquals(socket.listenersAny().length, 1);
  socket.offAny();
  assertEquals(socket.listenersAny(), []);
});

Deno.test("Socket onAnyOutgoing listeners see what is sent, broadcasts included, without the ack", () => {
  const { core, client, socket } = setup();
  const log: unknown[] = [];
  const outgoing = (...data: unknown[]): void => void log.push(data);
  socket.onAnyOutgoing(outgoing);
  socket.prependAnyOutgoing((name) => void log.push(name));
  socket.emit("a", 1, () => {});
  core.namespaces.main.emit("b", 2);
  core.namespaces.main.timeout(5).emit("c", () => {});
  socket.broadcast.emit("others");
  assertEquals(log, ["a", ["a", 1], "b", ["b", 2], "c", ["c"]]);
  assertEquals(socket.listenersAnyOutgoing().length, 2);
  socket.offAnyOutgoing(outgoing);
  assertEquals(socket.listenersAnyOutgoing().length, 1);
  socket.offAnyOutgoing();
  assertEquals(socket.listenersAnyOutgoing(), []);
  client.say("1");
  socket.emit("d");
  assertEquals(log.length, 6);
});

// What it shows.

Deno.test("Socket shows its connection, its namespace and its handshake", () => {
  const core = testCore();
  const namespace = core.namespaces.of("/a");
  let socket: AnySocket | undefined;
  namespace.on("connection", (one) => void (socket = one));
  const before = Date.now();
  const client = core.open({ url: "http://h/socket.io/?x=1", headers: new Headers({ "User-Agent": "t" }) });
  client.say('0/a,{"token":1}');
  assertStrictEquals(socket!.conn, client);
  assertStrictEquals(socket!.nsp, namespace);
  assertStrictEquals(socket!.request, client.request);
  assertEquals(socket!.client.id, client.id);
  assertEquals(socket!.recovered, false);
  const { handshake } = socket!;
  assertStrictEquals(socket!.handshake, handshake);
  assertEquals(
    [handshake.auth, handshake.query.x, handshake.headers["user-agent"], handshake.url],
    [{ token: 1 }, "1", "t", "/socket.io/?x=1"],
  );
  assert(before <= handshake.issued && handshake.issued <= Date.now());
  assert(Number.isInteger(handshake.issued));
  assertEquals(handshake.time, new Date(handshake.issued).toString());
});

Deno.test("Socket keeps data of its own", () => {
  const core = testCore();
  core.namespaces.main.use((socket, next) => {
    socket.data.user = socket.id;
    next();
  });
  core.join();
  core.join();
  const sockets = [...core.namespaces.main.sockets.values()];
  assertEquals(sockets.map((socket) => socket.data), sockets.map((socket) => ({ user: socket.id })));
});

Deno.test("Socket has the listener methods of an emitter", () => {
  const { client, socket } = setup();
  const log: string[] = [];
  const one = (): void => void log.push("one");
  socket.addListener("a", one).prependListener("a", () => void log.push("before"));
  socket.prependOnceListener("a", () => void log.push("once")).once("b", one);
  assertEquals([socket.eventNames(), socket.listenerCount("a"), socket.listeners("b")], [["a", "b"], 3, [
    one,
  ]]);
  client.say('2["a"]', '2["b"]', '2["b"]');
  assertEquals(log, ["once", "before", "one", "one"]);
  socket.removeListener("a", one);
  client.say('2["a"]');
  assertEquals(log.at(-1), "before");
  socket.removeAllListeners("a").on("c", one).off("c", one);
  assertEquals(socket.eventNames(), []);
  socket.on("d", one).removeAllListeners();
  assertEquals(socket.eventNames(), []);
});
