import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { microtasks } from "../support/fake_transport.ts";
import { Stage } from "./stage.ts";

type Log = unknown[][];

function listen(
  socket: { on(event: string, listener: (...args: unknown[]) => void): unknown },
  ...events: string[]
): Log {
  const log: Log = [];
  for (const event of events) {
    socket.on(
      event,
      (...args) => log.push([event, ...args.map((arg) => arg instanceof Error ? arg.message : arg)]),
    );
  }
  return log;
}

Deno.test("Socket joins its namespace with its auth, and has the server's id while it is connected", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/", { auth: { token: 1 } });
  const log = listen(socket, "connect", "disconnect");
  assertEquals([socket.connected, socket.disconnected, socket.active, socket.id], [
    false,
    true,
    true,
    undefined,
  ]);
  stage.last.open();
  assertEquals(stage.last.told(), ['40{"token":1}']);
  stage.last.say('40{"sid":"a"}');
  assertEquals([socket.connected, socket.disconnected, socket.id, socket.recovered], [
    true,
    false,
    "a",
    false,
  ]);
  stage.last.fail();
  assertEquals([socket.connected, socket.active, socket.id], [false, true, undefined]);
  assertEquals(log.map(([event, reason]) => [event, reason]), [["connect", undefined], [
    "disconnect",
    "transport error",
  ]]);
});

Deno.test("Socket asks its auth function at each attempt, by callback or by promise", async () => {
  let count = 0;
  const stage = new Stage();
  const byCallback = stage.manager.socket("/", { auth: (done) => done({ count: ++count }) });
  const byPromise = stage.manager.socket("/p", { auth: () => Promise.resolve({ p: ++count }) });
  stage.last.open();
  await microtasks();
  assertEquals(stage.last.told(), ['40{"count":1}', '40/p,{"p":2}']);
  stage.last.fail();
  stage.clock.advance(1_000);
  stage.last.open();
  await microtasks();
  assertEquals(stage.last.told(), ['40{"count":3}', '40/p,{"p":4}']);
  assert(byCallback.active && byPromise.active);
});

Deno.test("Socket whose auth function fails says so and tries again; what comes too late is not sent", async () => {
  const stage = new Stage();
  const answers = [
    () => Promise.reject(new Error("no token")),
    () => {
      throw new Error("no token yet");
    },
    () => Promise.resolve({ ok: 1 }),
  ];
  const socket = stage.manager.socket("/", { auth: () => answers.shift()!() });
  const log = listen(socket, "connect_error");
  stage.last.open();
  await microtasks();
  assertEquals(log, [["connect_error", "no token"]]);
  stage.clock.advance(1_000);
  assertEquals(log.length, 2);
  stage.clock.advance(1_000);
  await microtasks();
  assertEquals(stage.last.told(), ['40{"ok":1}']);

  const late = Promise.withResolvers<Record<string, unknown>>();
  const slow = new Stage();
  slow.manager.socket("/", { auth: () => late.promise });
  slow.last.open();
  slow.last.fail();
  slow.clock.advance(1_000);
  slow.last.open();
  late.resolve({ late: 1 });
  await microtasks();
  assertEquals(slow.connections.map((one) => one.told()), [[], ['40{"late":1}']]);
});

Deno.test("Socket sends what was emitted before it was connected, once, in order, then what comes", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  socket.emit("a", 1);
  socket.emit("b", 2);
  assertEquals(socket.sendBuffer.map(({ data }) => data), [["a", 1], ["b", 2]]);
  const connection = stage.join();
  socket.emit("c");
  assertEquals(connection.told(), ['42["a",1]', '42["b",2]', '42["c"]']);
  assertEquals(socket.sendBuffer, []);
  connection.fail();
  socket.emit("d");
  stage.clock.advance(1_000);
  assertEquals(stage.join().told(), ['42["d"]']);
});

Deno.test("Socket with an event that cannot be encoded sends the others", async () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const circular: unknown[] = [];
  circular.push(circular);
  socket.emit("bad", circular);
  socket.emit("good");
  const reported = new Promise<string>((resolve) =>
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event.message);
    }, { once: true })
  );
  assertEquals(stage.join().told(), ['42["good"]']);
  assert((await reported).includes("circular"));
  assertThrows(() => socket.emit("bad", circular), TypeError, "circular");
});

Deno.test("Socket keeps what comes before it is connected, and hears it first", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const log = listen(socket, "early", "connect", "late");
  stage.last.open();
  stage.last.say('42["early",1]');
  assertEquals([log, socket.receiveBuffer.length], [[], 1]);
  stage.last.say('40{"sid":"a"}', '42["late"]');
  assertEquals(log, [["early", 1], ["connect"], ["late"]]);
  assertEquals(socket.receiveBuffer, []);
});

Deno.test("Socket drops a volatile event that cannot leave at once", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  socket.volatile.emit("too early");
  const connection = stage.join();
  socket.volatile.emit("in time");
  connection.isWritable = false;
  socket.volatile.emit("blocked");
  socket.emit("plain");
  assertEquals(connection.told(), ['42["in time"]', '42["plain"]']);
});

Deno.test("Socket's modifiers are values: a kept one counts for itself alone", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  stage.join();
  const hasty = socket.timeout(100);
  const answers: unknown[] = [];
  socket.emit("patient", (...args: unknown[]) => answers.push(["patient", ...args]));
  hasty.emit("hasty", (error: Error | null) => answers.push(["hasty", error?.message]));
  hasty.volatile.emit("both", (error: Error | null) => answers.push(["both", error?.message]));
  stage.clock.advance(100);
  stage.last.say('430["here"]');
  assertEquals(answers, [
    ["hasty", "operation has timed out"],
    ["both", "operation has timed out"],
    ["patient", "here"],
  ]);
});

Deno.test("Socket gives acks the error first where there is a timeout, and takes answers once", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/", { ackTimeout: 500 });
  const connection = stage.join();
  const answers: unknown[] = [];
  socket.emit("a", (...args: unknown[]) => answers.push(args));
  assertEquals(connection.told(), ['420["a"]']);
  connection.say('430["x","y"]', '430["again"]', '4377["unknown"]');
  assertEquals(answers, [[null, "x", "y"]]);
  socket.emit("b", (...args: unknown[]) => answers.push(args.map(String)));
  stage.clock.advance(500);
  connection.say('431["late"]');
  assertEquals(answers.slice(1), [["Error: operation has timed out"]]);
});

Deno.test("Socket takes an event out of the buffer when its ack timed out", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  socket.timeout(100).emit("impatient", () => {});
  socket.emit("patient", () => {});
  stage.clock.advance(100);
  assertEquals(stage.join().told(), ['421["patient"]']);
});

Deno.test("Socket that is disconnected fails the acks that were sent, and keeps those that wait to be", async () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const connection = stage.join();
  const answers: unknown[] = [];
  socket.emit("plain", (...args: unknown[]) => answers.push(["plain", ...args]));
  const promised = socket.emitWithAck("promised");
  socket.timeout(9_000).emit("timed", (error: Error) => answers.push(["timed", error.message]));
  connection.fail();
  assertEquals(answers, [["timed", "socket has been disconnected"]]);
  await assertRejects(() => promised, Error, "socket has been disconnected");
  const waits = socket.emitWithAck("waits");
  stage.clock.advance(1_000);
  const next = stage.join();
  assertEquals(next.told(), ['423["waits"]']);
  next.say('433["done"]', '430["for the one before"]');
  assertEquals(await waits, "done");
  assertEquals(answers.length, 1);
});

Deno.test("Socket answers an event once, and only over the connection that asked", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const answers: ((...args: unknown[]) => void)[] = [];
  socket.on("question", (_text: string, answer: (...args: unknown[]) => void) => answers.push(answer));
  const first = stage.join();
  first.say('427["question","?"]', '428["question","?"]');
  answers[0]!("yes", 1);
  answers[0]!("no");
  assertEquals(first.told(), ['437["yes",1]']);
  first.fail();
  stage.clock.advance(1_000);
  const second = stage.join();
  answers[1]!("too late");
  assertEquals(second.told(), []);
});

Deno.test("Socket with retries sends one at a time, and again until it is acknowledged", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/", { retries: 2, ackTimeout: 100 });
  const answers: unknown[] = [];
  socket.emit("a", (error: Error | null, value: unknown) => answers.push(["a", error?.message, value]));
  socket.emit("b", 1);
  socket.volatile.emit("volatile"); // not queued, and not connected: dropped
  const connection = stage.join();
  assertEquals(connection.told(), ['420["a"]']);
  stage.clock.advance(100);
  assertEquals(connection.told(), ['421["a"]']);
  connection.say('431["ok"]');
  assertEquals(answers, [["a", undefined, "ok"]]);
  assertEquals(connection.told(), ['422["b",1]']);
  stage.clock.advance(100);
  stage.clock.advance(100);
  assertEquals(connection.told(), ['423["b",1]', '424["b",1]']);
  socket.emit("c", (error: Error) => answers.push(["c", error.message]));
  stage.clock.advance(100); // b was tried three times
  assertEquals(connection.told(), ['425["c"]']);
  stage.clock.advance(300);
  assertEquals(answers.slice(1), [["c", "operation has timed out"]]);
  stage.clock.advance(100_000);
  assertEquals(connection.told().filter((frame) => frame !== "3"), ['426["c"]', '427["c"]']);
});

Deno.test("Socket with retries sends the oldest again after it came back, and nothing twice", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/", { retries: 5 });
  const first = stage.join();
  socket.emit("a");
  socket.emit("b");
  assertEquals(first.told(), ['420["a"]']);
  first.fail();
  stage.clock.advance(1_000);
  const second = stage.join();
  assertEquals(second.told(), ['421["a"]']);
  second.say("431[]");
  assertEquals(second.told(), ['422["b"]']);
  second.say("432[]");
  assertEquals(second.told(), []);
});

Deno.test("Socket on a device that slept sends nothing into a session that is over", () => {
  for (const retries of [undefined, 3]) {
    const stage = new Stage();
    const socket = stage.manager.socket("/", { retries });
    const log = listen(socket, "disconnect");
    const first = stage.join();
    stage.sleep(45_000);
    socket.emit("a");
    assertEquals(first.told(), []);
    assertEquals(log, [["disconnect", "ping timeout"].concat(log[0]!.slice(2) as string[])]);
    stage.clock.advance(1_000);
    assertEquals(stage.join().told(), [retries ? '420["a"]' : '42["a"]']);
  }
});

Deno.test("Socket that the server disconnects stays so until it is told to connect", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const other = stage.manager.socket("/other");
  const log = listen(socket, "disconnect", "connect");
  const connection = stage.join();
  connection.say('40/other,{"sid":"o"}', "41");
  assertEquals(log, [["connect"], ["disconnect", "io server disconnect", undefined]]);
  assertEquals([socket.active, other.connected, connection.isClosed], [false, true, false]);
  stage.clock.advance(20_000);
  connection.told();
  socket.connect();
  assertEquals(connection.told(), ["40"]);
  connection.say('40{"sid":"b"}', "41/other,");
  assertEquals([socket.id, connection.isClosed], ["b", false]);
});

Deno.test("Socket that is refused says why, and does not try again by itself", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  stage.manager.socket("/other");
  const errors: unknown[] = [];
  socket.on("connect_error", (error) => errors.push([error.message, error.data, socket.active]));
  const connection = stage.last.open();
  connection.say('44{"message":"no","data":{"code":7}}');
  assertEquals(errors, [["no", { code: 7 }, false]]);
  connection.fail();
  stage.clock.advance(1_000);
  assertEquals(stage.last.open().told(), ["40/other,"]);
});

Deno.test("Socket says that a server of version 2 cannot be spoken to", () => {
  const stage = new Stage();
  const log = listen(stage.manager.socket("/"), "connect_error");
  stage.last.open().say("40");
  assertEquals(log, [["connect_error", "Cannot connect: a Socket.IO 2 server"]]);
});

Deno.test("Socket that disconnects says goodbye, and is the last to close the connection", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const other = stage.manager.socket("/other");
  const log = listen(socket, "disconnect");
  const connection = stage.join();
  connection.say('40/other,{"sid":"o"}');
  socket.disconnect().disconnect();
  assertEquals([connection.told(), connection.isClosed], [["41"], false]);
  assertEquals(log, [["disconnect", "io client disconnect", undefined]]);
  other.close();
  assertEquals([connection.told(), connection.isClosed, connection.farewell], [["41/other,"], true, "1"]);
  stage.clock.advance(100_000);
  assertEquals([stage.connections.length, stage.clock.pending], [1, 0]);
  socket.open();
  assertEquals(stage.connections.length, 2);
});

Deno.test("Socket is recovered where the server knows it again, with what it missed first", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/", { auth: { token: 1 } });
  const log = listen(socket, "news", "connect");
  const first = stage.join("a", "secret");
  first.say('42["news",1,"offset1"]', '42["news",2]', '421["news","text of an event with an ack"]');
  first.fail();
  stage.clock.advance(1_000);
  const second = stage.last.open();
  assertEquals(second.told(), ['40{"pid":"secret","offset":"offset1","token":1}']);
  log.length = 0;
  second.say('42["news",3,"offset2"]', '40{"sid":"a","pid":"secret"}');
  assertEquals([socket.recovered, socket.id, log], [true, "a", [["news", 3, "offset2"], ["connect"]]]);
  second.fail();
  stage.clock.advance(1_000);
  const third = stage.last.open();
  assertEquals(third.told(), ['40{"pid":"secret","offset":"offset2","token":1}']);
  third.say('40{"sid":"b","pid":"new"}');
  assertEquals([socket.recovered, socket.id], [false, "b"]);
});

Deno.test("Socket tells its catch-all listeners before the others, and outgoing ones when it is sent", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const log: unknown[] = [];
  const any = (...args: unknown[]): void => void log.push(["any", ...args]);
  const out = (...args: unknown[]): void => void log.push(["out", ...args]);
  socket.onAny(any).prependAny((...args) => log.push(["first", ...args]));
  socket.onAnyOutgoing(out).prependAnyOutgoing(() => log.push(["first out"]));
  socket.on("ev", (...args: unknown[]) => log.push(["ev", ...args]));
  socket.emit("buffered", 1);
  assertEquals(log, []);
  stage.join().say('42["ev",2]', '42[3,"number"]');
  assertEquals(log, [
    ["first out"],
    ["out", "buffered", 1],
    ["first", "ev", 2],
    ["any", "ev", 2],
    ["ev", 2],
    ["first", 3, "number"],
    ["any", 3, "number"],
  ]);
  assertEquals([socket.listenersAny().length, socket.listenersAnyOutgoing().length], [2, 2]);
  socket.offAny(any).offAnyOutgoing(out).offAny(() => {});
  assertEquals([socket.listenersAny().length, socket.listenersAnyOutgoing().length], [1, 1]);
  socket.offAny().offAnyOutgoing();
  assertEquals([socket.listenersAny(), socket.listenersAnyOutgoing()], [[], []]);
});

Deno.test("Socket refuses to emit events of its own life, with any modifier", () => {
  const { manager } = new Stage();
  const socket = manager.socket("/", { retries: 1 });
  for (
    const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
  ) {
    assertThrows(() => socket.emit(name), TypeError, `Cannot emit "${name}": the name is reserved`);
    assertThrows(() => socket.volatile.emit(name), TypeError);
    assertThrows(() => socket.timeout(1).emit(name), TypeError);
  }
  assertEquals(socket.sendBuffer, []);
});

Deno.test("Socket sends what comes after a Blob after it", async () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const connection = stage.join();
  socket.emit("blob", new Blob(["ab"]));
  socket.emit("after");
  assertEquals(connection.told(), []);
  await new Promise((resolve) => setTimeout(resolve, 20)); // a Blob is read by the platform
  assertEquals(connection.told(), [
    '451-["blob",{"_placeholder":true,"num":0}]',
    new Uint8Array([97, 98]),
    '42["after"]',
  ]);
  socket.send("text", 1);
  assertEquals(connection.told(), ['42["message","text",1]']);
});

Deno.test("Socket gives binary as ArrayBuffers, wherever it is", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const log = listen(socket, "bytes");
  const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  stage.join().say(
    '452-["bytes",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]',
    part,
    new Uint8Array([3]),
  );
  assertEquals(log, [["bytes", new Uint8Array([1, 2]).buffer, [new Uint8Array([3]).buffer]]]);
});
