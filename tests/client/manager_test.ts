import { assert, assertEquals, assertThrows } from "@std/assert";
import { Manager } from "../../src/client/manager.ts";
import { msgpackParser } from "../../src/client/msgpack.ts";
import type { Packet } from "../../src/protocol/socket_packet.ts";
import { OPEN, Stage } from "./stage.ts";

Deno.test("Manager connects again after a loss: attempt after attempt, ever later, up to the cap", () => {
  const stage = new Stage();
  stage.manager.socket("/");
  stage.join();
  assertEquals(stage.heard(), ["open"]);
  stage.last.fail();
  assertEquals(stage.heard(), ["close transport error"]);
  for (const [attempt, delay] of [1_000, 2_000, 4_000, 5_000, 5_000].entries()) {
    stage.clock.advance(delay - 1);
    assertEquals(stage.heard(), []);
    stage.clock.advance(1);
    assertEquals(stage.heard(), [`reconnect_attempt ${attempt + 1}`]);
    stage.last.fail(new Error("refused"));
    assertEquals(stage.heard(), ["error refused", "reconnect_error refused"]);
  }
  stage.clock.advance(5_000);
  stage.join();
  assertEquals(stage.heard(), ["reconnect_attempt 6", "open", "reconnect 6"]);
  stage.last.fail();
  stage.clock.advance(1_000);
  assertEquals(stage.heard(), ["close transport error", "reconnect_attempt 1"]);
});

Deno.test("Manager tries again after the first attempt failed, and its sockets are told of each", () => {
  const stage = new Stage();
  const errors: string[] = [];
  stage.manager.socket("/").on("connect_error", (error) => errors.push(error.message));
  stage.last.fail(new Error("one"));
  stage.clock.advance(1_000);
  stage.last.fail(new Error("two"));
  assertEquals(errors, ["one", "two"]);
  assertEquals(stage.heard(), ["error one", "reconnect_attempt 1", "error two", "reconnect_error two"]);
});

Deno.test("Manager gives up after so many attempts, until it is told to connect", () => {
  const stage = new Stage({ reconnectionAttempts: 2 });
  const socket = stage.manager.socket("/");
  for (let attempt = 0; attempt < 3; attempt++) {
    stage.last.fail(new Error("no"));
    stage.clock.advance(10_000);
  }
  assertEquals(stage.heard().slice(-3), ["error no", "reconnect_failed", "reconnect_error no"]);
  assertEquals([stage.connections.length, stage.clock.pending, socket.active], [3, 0, true]);
  socket.connect();
  assertEquals(stage.connections.length, 4);
  stage.join();
  assert(socket.connected);
});

Deno.test("Manager that shall not reconnect does not", () => {
  const stage = new Stage({ reconnection: false });
  const socket = stage.manager.socket("/");
  stage.join();
  stage.last.fail();
  stage.clock.advance(100_000);
  assertEquals([stage.connections.length, stage.clock.pending, socket.active], [1, 0, true]);
  socket.connect();
  assertEquals(stage.connections.length, 2);
});

Deno.test("Manager stops where its last socket disconnects: while it waits, while it connects", () => {
  const waiting = new Stage();
  const socket = waiting.manager.socket("/");
  waiting.last.fail();
  socket.disconnect();
  waiting.clock.advance(100_000);
  assertEquals([waiting.connections.length, waiting.clock.pending], [1, 0]);

  const connecting = new Stage();
  const other = connecting.manager.socket("/");
  const log: unknown[] = [];
  other.on("connect_error", () => log.push("connect_error")).on("disconnect", () => log.push("disconnect"));
  other.disconnect();
  assertEquals([connecting.last.isClosed, connecting.heard(), log], [true, ["close forced close"], []]);
  connecting.last.say(OPEN);
  assertEquals([connecting.clock.pending, other.active], [0, false]);
});

Deno.test("Manager lets a listener stop it between the attempt's event and the attempt", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  stage.last.fail();
  stage.manager.on("reconnect_attempt", () => socket.disconnect());
  stage.clock.advance(10_000);
  assertEquals(stage.connections.length, 1);
});

Deno.test("Manager gives up an attempt that takes longer than `timeout`", () => {
  const stage = new Stage({ timeout: 3_000 });
  stage.manager.socket("/");
  stage.clock.advance(2_999);
  assertEquals(stage.heard(), []);
  stage.clock.advance(1);
  assertEquals([stage.heard(), stage.last.isClosed], [["error timeout"], true]);
  stage.clock.advance(1_000);
  stage.join();
  stage.clock.advance(20_000);
  assertEquals(stage.heard(), ["reconnect_attempt 1", "open", "reconnect 1"]);

  const patient = new Stage({ timeout: false });
  patient.clock.advance(10_000_000);
  assertEquals(patient.heard(), []);
});

Deno.test("Manager ends a connection on which the server is silent, and not one on which it pings", () => {
  const stage = new Stage();
  const reasons: string[] = [];
  stage.manager.socket("/").on("disconnect", (reason) => reasons.push(reason));
  const connection = stage.join();
  for (let ping = 0; ping < 3; ping++) {
    stage.clock.advance(44_999);
    connection.say("2");
    assertEquals(connection.told(), ["3"]);
  }
  stage.clock.advance(44_999);
  connection.say('42["only pings count"]');
  assertEquals(reasons, []);
  stage.clock.advance(1);
  assertEquals([reasons, connection.isClosed], [["ping timeout"], true]);
});

Deno.test("Manager ends a connection whose server breaks the protocol, with a goodbye", () => {
  for (
    const frame of [
      "7",
      "",
      "4",
      "49",
      '42{"no":"list"}',
      '42["connect"]',
      "0{}",
      new Uint8Array([1]),
    ]
  ) {
    const stage = new Stage();
    const reasons: string[] = [];
    stage.manager.socket("/").on("disconnect", (reason) => reasons.push(reason));
    const connection = stage.join();
    connection.say(frame, '42["not heard"]');
    assertEquals(
      [reasons, connection.isClosed, connection.farewell],
      [["parse error"], true, "1"],
      String(frame),
    );
    stage.clock.advance(1_000);
    assertEquals(stage.connections.length, 2);
    stage.join().say('451-["partial",{"_placeholder":true,"num":0}]');
    stage.last.fail();
    stage.clock.advance(1_000);
    stage.join(); // begins with a decoder that is empty
    assertEquals(reasons, ["parse error", "transport error"]);
  }
});

Deno.test("Manager refuses a handshake that is none", () => {
  for (
    const open of ["0", "0[]", "0{}", '0{"sid":"a"}', '0{"sid":1,"pingInterval":1,"pingTimeout":1}', "1"]
  ) {
    const stage = new Stage();
    stage.last.say(open);
    const [error] = stage.heard();
    assert(error?.startsWith("error "), open);
    assertEquals(stage.last.isClosed, true);
  }
});

Deno.test("Manager shares one connection among namespaces, and gives each its own packets", () => {
  const stage = new Stage();
  const heard: unknown[] = [];
  for (const nsp of ["/", "/a", "/b?x=1"]) {
    stage.manager.socket(nsp).on("ev", (n) => heard.push([nsp, n]));
  }
  stage.last.open();
  assertEquals(stage.last.told(), ["40", "40/a,", "40/b?x=1,"]);
  stage.last.say('40{"sid":"1"}', '40/a,{"sid":"2"}', '42/a,["ev",1]', '42/other,["ev",2]', '42["ev",3]');
  assertEquals(heard, [["/a", 1], ["/", 3]]);
  assertEquals(stage.manager.socket("/a"), stage.manager.socket("/a"));
});

Deno.test("Manager that does not connect by itself waits for open(), which tells how it went", () => {
  const stage = new Stage({ autoConnect: false });
  const socket = stage.manager.socket("/");
  assertEquals([stage.connections.length, socket.active], [0, false]);
  const told: unknown[] = [];
  stage.manager.open((error) => told.push(error?.message));
  assertEquals(stage.manager.connect(), stage.manager);
  stage.last.fail(new Error("no"));
  stage.clock.advance(100_000);
  assertEquals([told, stage.connections.length], [["no"], 1]);
  stage.manager.open((error) => told.push(error));
  stage.last.open();
  assertEquals(told, ["no", undefined]);
  socket.connect();
  assertEquals(stage.last.told(), ["40"]);
});

Deno.test("Manager's settings can be read and set", () => {
  const { manager } = new Stage({ autoConnect: false, randomizationFactor: undefined });
  assertEquals([
    manager.reconnection(),
    manager.reconnectionAttempts(),
    manager.reconnectionDelay(),
    manager.reconnectionDelayMax(),
    manager.randomizationFactor(),
    manager.timeout(),
  ], [true, Infinity, 1_000, 5_000, 0.5, 20_000]);
  manager.reconnection(false).reconnectionAttempts(3).reconnectionDelay(4).reconnectionDelayMax(5)
    .randomizationFactor(0.6).timeout(false);
  assertEquals([
    manager.reconnection(),
    manager.reconnectionAttempts(),
    manager.reconnectionDelay(),
    manager.reconnectionDelayMax(),
    manager.randomizationFactor(),
    manager.timeout(),
  ], [false, 3, 4, 5, 0.6, false]);
});

Deno.test("Manager tries the other transports where it shall", () => {
  const stage: Stage = new Stage(
    { tryAllTransports: true, autoConnect: false },
    ["one", "two"].map((name) => ({
      name,
      open: (...args) => stage.kind(name).open(...args),
    })),
  );
  stage.manager.open();
  stage.last.fail(new Error("no one"));
  assertEquals(stage.connections.map(({ url }) => /transport=(\w+)/.exec(url)![1]), ["one", "two"]);
  stage.last.open();
  assertEquals([stage.manager.engine!.transport.name, stage.heard()], ["two", ["open"]]);
  stage.last.fail();
  stage.clock.advance(1_000);
  stage.last.fail(new Error("no one"));
  stage.last.fail(new Error("no two"));
  assertEquals(stage.heard().at(-1), "reconnect_error no two");
});

Deno.test("Manager begins with WebSocket after an upgrade, where it shall remember", () => {
  for (const rememberUpgrade of [true, false]) {
    const stage: Stage = new Stage({ rememberUpgrade, autoConnect: false }, [
      {
        name: "polling",
        open: (...args) => stage.kind("polling").open(...args),
        upgrade: (session, target) => {
          session.moved(target.open(session.endpoint, session.sid, session.from.events));
          return () => {};
        },
      },
      { name: "websocket", open: (...args) => stage.kind("websocket").open(...args) },
    ]);
    const began = (): string => /transport=(\w+)/.exec(stage.last.url)![1]!;
    stage.manager.open();
    assertEquals(began(), "polling");
    stage.last.open();
    assertEquals([began(), stage.manager.engine!.transport.name], ["websocket", "websocket"]);
    stage.last.fail();
    stage.clock.advance(1_000);
    assertEquals(began(), rememberUpgrade ? "websocket" : "polling");
    stage.last.fail(new Error("a firewall"));
    stage.clock.advance(2_000);
    assertEquals(began(), "polling");
  }
});

Deno.test("Manager that knows none of the transports throws", () => {
  for (const transports of [["websocket"], [], ["webtransport"]]) {
    assertThrows(
      () => new Manager("http://server", { transports }),
      TypeError,
      "Cannot connect: no transport in",
    );
  }
  const unsupported = {
    name: "x",
    isSupported: false,
    open: () => {
      throw new Error("never opened");
    },
  };
  assertThrows(() => new Manager("http://server", { transports: [unsupported] }), TypeError);
});

Deno.test("Manager asks under the URL's query or the option, with what the protocol wants", () => {
  const stage = new Stage();
  const url = new URL(stage.last.url);
  assertEquals([url.origin, url.pathname], ["ws://server", "/socket.io/"]);
  assertEquals(Object.fromEntries(url.searchParams), { q: "1", EIO: "4", transport: "websocket" });
  const own = new Stage({
    query: { a: "b c" },
    path: "/p",
    addTrailingSlash: false,
    timestampRequests: true,
  });
  const { pathname, searchParams } = new URL(own.last.url);
  assertEquals(pathname, "/p");
  assertEquals([searchParams.get("a"), searchParams.get("q"), searchParams.has("t")], ["b c", null, true]);
});

Deno.test("Manager with another parser speaks that", () => {
  const stage = new Stage({ parser: msgpackParser });
  const socket = stage.manager.socket("/");
  const heard: unknown[] = [];
  socket.on("ev", (...args: unknown[]) => heard.push(...args));
  stage.last.open();
  const [frame] = stage.last.told();
  assert(frame instanceof Uint8Array);
  assertEquals(msgpackParser.decoder().push(frame), { type: 0, nsp: "/" });
  const say = (packet: Packet): void => stage.last.say(...msgpackParser.encode(packet) as Uint8Array[]);
  say({ type: 0, nsp: "/", data: { sid: "a" } });
  say({ type: 2, nsp: "/", data: ["ev", new Uint8Array([1])] });
  assertEquals(heard, [new Uint8Array([1]).buffer]);
});

Deno.test("Manager's engine can be closed by hand, which counts as a loss", () => {
  const stage = new Stage();
  const reasons: string[] = [];
  stage.manager.socket("/").on("disconnect", (reason) => reasons.push(reason));
  stage.join();
  stage.manager.engine!.close();
  assertEquals([reasons, stage.last.isClosed, stage.last.farewell], [["forced close"], true, "1"]);
  stage.clock.advance(1_000);
  assertEquals(stage.connections.length, 2);
});
