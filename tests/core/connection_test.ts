import { assertEquals, assertInstanceOf } from "@std/assert";
import { MAX_NAMESPACES } from "../../src/core/connection.ts";
import type { Next } from "../../src/core/middleware.ts";
import type { AnySocket } from "../../src/core/socket.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

/** Notes the end of every socket of a namespace: its reason. */
function noteEnds(core: TestCore, name = "/"): unknown[] {
  const ends: unknown[] = [];
  core.namespaces.of(name).on("connection", (socket) => {
    socket.on("disconnect", (reason) => void ends.push(reason));
  });
  return ends;
}

/** Whether nothing of a client is left anywhere. */
function assertClean(core: TestCore, ...names: string[]): void {
  for (const name of names) assertEquals(core.namespaces.of(name).sockets.size, 0);
  assertEquals(core.connections.size, 0);
  assertEquals(core.clock.pending, 0);
}

Deno.test("Connection answers a CONNECT with the socket's id before its connection listeners emit", () => {
  const core = testCore();
  let id = "";
  core.namespaces.main.on("connection", (socket) => {
    id = socket.id;
    assertEquals(socket.connected, true);
    socket.emit("hello");
  });
  const client = core.open().say("0");
  assertEquals(client.heard(), [`0{"sid":"${id}"}`, '2["hello"]']);
  assertEquals(/^[\w-]{20}$/.test(id), true);
  assertEquals(id === client.id, false);
});

Deno.test("Connection runs connect before connection listeners, both once", () => {
  const core = testCore();
  const log: string[] = [];
  core.namespaces.main.on("connection", () => log.push("connection"));
  core.namespaces.main.on("connect", () => log.push("connect"));
  core.open().say("0");
  assertEquals(log, ["connect", "connection"]);
});

Deno.test("Connection carries many namespaces, each with a socket of its own", () => {
  const core = testCore();
  const log: string[] = [];
  for (const name of ["/", "/a"]) {
    core.namespaces.of(name).on("connection", (socket) => {
      socket.on("x", (value: unknown) => void log.push(`${name} ${value}`));
    });
  }
  const client = core.join("/", "/a");
  client.say('2["x",1]', '2/a,["x",2]');
  assertEquals(log, ["/ 1", "/a 2"]);
  const [main] = [...core.namespaces.main.sockets.values()];
  const [a] = [...core.namespaces.of("/a").sockets.values()];
  assertEquals(main!.id === a!.id, false);
  assertEquals(main!.client, a!.client);
  assertEquals({ ...main!.client }, { id: client.id, conn: client, request: client.request });
});

Deno.test("Connection refuses an unknown namespace and stays", () => {
  const core = testCore();
  const client = core.open().say("0/nope,", "0/admin?x=1,", "0/__proto__,");
  assertEquals(client.heard(), [
    '4/nope,{"message":"Invalid namespace"}',
    '4/admin?x=1,{"message":"Invalid namespace"}',
    '4/__proto__,{"message":"Invalid namespace"}',
  ]);
  assertEquals(client.readyState, "open");
});

Deno.test("Connection gives a socket the auth of its CONNECT, an empty object without", () => {
  const core = testCore();
  const auths: unknown[] = [];
  core.namespaces.of("/a");
  for (const name of ["/", "/a"]) {
    core.namespaces.of(name).on("connection", (socket) => void auths.push(socket.handshake.auth));
  }
  core.open().say('0{"token":"t","__proto__":{"admin":true}}', "0/a,");
  assertEquals((auths[0] as { token: string }).token, "t");
  assertEquals((auths[0] as { admin?: boolean }).admin, undefined);
  assertEquals(auths[1], {});
});

Deno.test("Connection ends a namespace that the client leaves, and lets it join again", () => {
  const core = testCore();
  const ends = noteEnds(core);
  const client = core.join();
  const first = [...core.namespaces.main.sockets.keys()];
  client.say("1");
  assertEquals(ends, ["client namespace disconnect"]);
  assertEquals(core.namespaces.main.sockets.size, 0);
  assertEquals(client.heard(), []);
  client.say("0");
  assertEquals(client.heard().length, 1);
  assertEquals(core.namespaces.main.sockets.size, 1);
  assertEquals([...core.namespaces.main.sockets.keys()][0] === first[0], false);
});

// What must end the connection: [name, what the client says after it has joined "/"].
const VIOLATIONS: [string, (string | Uint8Array)[]][] = [
  ["a second CONNECT to a joined namespace", ["0"]],
  ["a CONNECT_ERROR", ["4"]],
  ["a CONNECT_ERROR with data", ['4{"message":"x"}']],
  ["an event for a namespace that was not joined", ['2/a,["x"]']],
  ["an ack for a namespace that was not joined", ["3/a,1[]"]],
  ["a DISCONNECT of a namespace that was not joined", ["1/a,"]],
  ["an event after its own DISCONNECT", ["1", '2["x"]']],
  ["a second DISCONNECT", ["1", "1"]],
  ["bad JSON", ['2["x"']],
  ["an unknown packet type", ["7"]],
  ["an empty packet", [""]],
  ["a reserved event name", ['2["disconnect"]']],
  ["an event that is no list", ["2{}"]],
  ["an event without a name", ["2[]"]],
  ["a CONNECT with something else than an object", ['0/a,"x"']],
  ["text where attachments are missing", ['51-["x",{"_placeholder":true,"num":0}]', '2["y"]']],
  ["bytes that nobody announced", [new Uint8Array(1)]],
];

for (const [name, said] of VIOLATIONS) {
  Deno.test(`Connection ends with "parse error" on ${name}, and nobody else is touched`, () => {
    const core = testCore();
    core.namespaces.of("/a");
    const ends: [unknown, unknown][] = [];
    core.namespaces.main.on("connection", (socket) => {
      socket.on("disconnect", (reason, description) => void ends.push([reason, description]));
    });
    const other = core.join();
    const client = core.join();
    client.say(...said);
    assertEquals(client.readyState, "closed");
    assertEquals(ends.length, 1);
    if (ends[0]![0] !== "client namespace disconnect") {
      assertEquals(ends[0]![0], "parse error");
      assertInstanceOf(ends[0]![1], ProtocolError);
    }
    assertEquals(core.errors, []);
    assertEquals(other.readyState, "open");
    assertEquals(core.connections.size, 1);
    assertEquals(core.namespaces.main.sockets.size, 1);
    assertEquals(core.clock.pending, 0);
  });
}

Deno.test("Connection ends on anything but a CONNECT in the beginning", () => {
  for (const said of ['2["x"]', "3", "1", "4", "31[]"]) {
    const core = testCore();
    assertEquals(core.open().say(said).readyState, "closed");
    assertClean(core, "/");
  }
});

Deno.test("Connection ends all its sockets when one packet is wrong, and hears nothing after it", () => {
  const core = testCore();
  const ends = [noteEnds(core), noteEnds(core, "/a")];
  let heard = 0;
  core.namespaces.of("/a").on("connection", (socket) => {
    socket.on("x", () => void heard++);
  });
  const client = core.join("/", "/a");
  client.say("9", '2/a,["x"]');
  assertEquals(ends, [["parse error"], ["parse error"]]);
  assertEquals(heard, 0);
  assertClean(core, "/", "/a");
});

Deno.test("Connection ignores a bare event packet", () => {
  const core = testCore();
  const log: unknown[] = [];
  core.namespaces.main.on("connection", (socket) => {
    socket.onAny((...data) => void log.push(data));
  });
  const client = core.join().say("2", "25");
  assertEquals(client.readyState, "open");
  assertEquals(client.heard(), []);
  assertEquals(log, []);
});

Deno.test("Connection ignores what crossed the server's DISCONNECT: events, acks and the client's own", () => {
  const core = testCore();
  const other = noteEnds(core, "/a");
  const heard: unknown[] = [];
  core.namespaces.main.on("connection", (socket) => {
    socket.on("x", () => void heard.push("x"));
    socket.disconnect();
  });
  const client = core.open().say("0/a,", "0");
  assertEquals(client.heard().at(-1), "1");
  client.say('2["x"]', "31[]", "1");
  assertEquals(client.readyState, "open");
  assertEquals(heard, []);
  assertEquals(other, []);
});

Deno.test("Connection ignores an ack that the client sends after its own DISCONNECT", () => {
  const core = testCore();
  core.namespaces.of("/a");
  const client = core.join("/", "/a").say("1", "31[]");
  assertEquals(client.readyState, "open");
});

// The gate.

Deno.test("Connection answers CONNECT when asynchronous middlewares have let the socket in", async () => {
  const core = testCore();
  core.namespaces.main.use(async (socket, next) => {
    await Promise.resolve();
    assertEquals(socket.connected, false);
    next();
  });
  const client = core.open().say("0");
  assertEquals(client.heard(), []);
  assertEquals(core.namespaces.main.sockets.size, 0);
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  assertEquals(client.heard().length, 1);
  assertEquals(core.namespaces.main.sockets.size, 1);
});

Deno.test("Connection tells the client the message and the data of a refusal, and nothing more", () => {
  const core = testCore();
  let refusal: unknown = Object.assign(new Error("not you"), { data: { code: 7 }, secret: 1 });
  core.namespaces.main.use((_socket, next) => next(refusal as Error));
  let connected = 0;
  core.namespaces.main.on("connection", () => void connected++);
  const client = core.open().say("0");
  assertEquals(client.heard(), ['4{"message":"not you","data":{"code":7}}']);
  for (
    const [value, text] of [["text", "text"], [{}, "Refused"], [{ message: 5 }, "Refused"], [7, "Refused"]]
  ) {
    refusal = value;
    assertEquals(client.say("0").heard(), [`4{"message":"${text}"}`]);
  }
  assertEquals(connected, 0);
  assertEquals(client.readyState, "open");
  assertEquals(core.namespaces.main.sockets.size, 0);
});

Deno.test("Connection sends the message alone where the data of a refusal cannot be encoded", () => {
  const core = testCore();
  core.namespaces.main.use((_socket, next) => next(Object.assign(new Error("no"), { data: 1n })));
  assertEquals(core.open().say("0").heard(), ['4{"message":"no"}']);
  assertEquals(core.errors.length, 1);
});

/** A core whose main namespace asks the test about each socket. */
function gated(): { core: TestCore; gates: { socket: AnySocket; next: Next }[]; connected: string[] } {
  const core = testCore();
  const gates: { socket: AnySocket; next: Next }[] = [];
  const connected: string[] = [];
  core.namespaces.main.use((socket, next) => void gates.push({ socket, next }));
  core.namespaces.main.on("connection", (socket) => void connected.push(socket.id));
  return { core, gates, connected };
}

Deno.test("Connection forgets silently a socket whose transport went while middlewares ran", () => {
  const { core, gates, connected } = gated();
  const client = core.open().say("0");
  const { socket, next } = gates[0]!;
  let ended = 0;
  socket.on("disconnect", () => void ended++);
  socket.join("room");
  client.lose("transport close");
  next();
  socket.join("late");
  assertEquals([connected, ended, client.heard()], [[], 0, []]);
  assertEquals([...socket.rooms], []);
  assertClean(core, "/");
});

Deno.test("Connection forgets a socket that leaves while middlewares run, and lets it come again", () => {
  const { core, gates, connected } = gated();
  const client = core.open().say("0", "1");
  gates[0]!.next();
  assertEquals([connected, client.heard(), client.readyState], [[], [], "open"]);
  client.say("0");
  gates[1]!.next();
  assertEquals(connected.length, 1);
  assertEquals(client.heard().length, 1);
});

Deno.test("Connection answers once when a second CONNECT comes while middlewares run", () => {
  const { core, gates, connected } = gated();
  const client = core.open().say("0", "0");
  gates[0]!.next();
  assertEquals(client.heard(), []);
  gates[1]!.next();
  assertEquals(client.heard().length, 1);
  assertEquals(connected, [gates[1]!.socket.id]);
  assertEquals(core.namespaces.main.sockets.size, 1);
});

Deno.test("Connection ends on an event that comes while middlewares run", () => {
  const { core, gates, connected } = gated();
  const client = core.open().say("0", '2["x"]');
  assertEquals(client.readyState, "closed");
  gates[0]!.next();
  assertEquals(connected, []);
  assertClean(core, "/");
});

Deno.test("Connection bounds the namespaces that are joined and the middlewares that run", () => {
  const { core, gates } = gated();
  core.namespaces.of("/free");
  const client = core.open();
  for (let count = 0; count < MAX_NAMESPACES; count++) client.say("0");
  assertEquals(gates.length, MAX_NAMESPACES);
  client.say("0", "0/free,");
  assertEquals(gates.length, MAX_NAMESPACES);
  assertEquals(client.heard(), [
    '4{"message":"Too many namespaces"}',
    '4/free,{"message":"Too many namespaces"}',
  ]);
  gates[0]!.next(new Error("no")); // a void one: it makes room, and nobody is told
  assertEquals(client.heard(), []);
  client.say("0/free,");
  assertEquals(String(client.heard()[0]).slice(0, 8), "0/free,{");
});

Deno.test("Connection does not excuse what comes between a new CONNECT and its answer", () => {
  const { core, gates } = gated();
  const client = core.open().say("0");
  gates[0]!.next();
  gates[0]!.socket.disconnect();
  client.say('2["crossed"]');
  assertEquals(client.readyState, "open");
  client.say("0", '2["x"]');
  assertEquals(client.readyState, "closed");
});

Deno.test("Connection remembers a bounded number of namespaces that were left", () => {
  const core = testCore();
  const client = core.join();
  for (let count = 0; count <= MAX_NAMESPACES; count++) {
    core.namespaces.of(`/${count}`).on("connection", (socket) => void socket.disconnect());
    client.say(`0/${count},`);
  }
  client.say(`2/${MAX_NAMESPACES},["x"]`, '2/1,["x"]');
  assertEquals(client.readyState, "open");
  client.say('2/0,["x"]');
  assertEquals(client.readyState, "closed");
});

// Time.

Deno.test("Connection is closed when its client joins nothing within connectTimeout", () => {
  const core = testCore();
  const client = core.open().say("0/nope,");
  core.clock.advance(44_999);
  assertEquals(client.readyState, "open");
  core.clock.advance(1);
  assertEquals(client.readyState, "closed");
  assertClean(core);
});

Deno.test("Connection is closed at connectTimeout when middlewares do not end, and nothing is left", () => {
  const { core, gates, connected } = gated();
  const client = core.open().say("0");
  core.clock.advance(45_000);
  assertEquals(client.readyState, "closed");
  gates[0]!.next();
  assertEquals(connected, []);
  assertClean(core, "/");
});

Deno.test("Connection counts connectTimeout again from the moment the last namespace is left", () => {
  for (const leave of ["client", "server"]) {
    const core = testCore();
    core.namespaces.of("/a");
    const client = core.join("/", "/a");
    core.clock.advance(100_000);
    client.say("1");
    assertEquals(core.clock.pending, 0);
    if (leave === "client") client.say("1/a,");
    else [...core.namespaces.of("/a").sockets.values()][0]!.disconnect();
    core.clock.advance(44_999);
    assertEquals(client.readyState, "open");
    core.clock.advance(1);
    assertEquals(client.readyState, "closed");
    assertClean(core, "/", "/a");
  }
});

Deno.test("Connection counts connectTimeout once when the end of one socket ends the last other one", () => {
  const core = testCore();
  core.namespaces.of("/a");
  const client = core.join("/", "/a");
  const [main] = [...core.namespaces.main.sockets.values()];
  const [a] = [...core.namespaces.of("/a").sockets.values()];
  main!.on("disconnect", () => void a!.disconnect());
  main!.disconnect();
  assertEquals(core.clock.pending, 1);
  client.say("0");
  assertEquals(core.clock.pending, 0);
});

Deno.test("Connection that joins again in time stays", () => {
  const core = testCore();
  const client = core.join().say("1");
  core.clock.advance(44_000);
  client.say("0");
  core.clock.advance(100_000);
  assertEquals(client.readyState, "open");
});

Deno.test("Connection gives up a packet whose attachments stop coming", () => {
  const core = testCore();
  const ends = noteEnds(core);
  const client = core.join();
  const two = '52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  client.say(two, new Uint8Array(1), new Uint8Array(1)); // complete: it must not count
  core.clock.advance(40_000);
  client.say(two);
  core.clock.advance(40_000);
  client.say(new Uint8Array(1)); // progress
  core.clock.advance(44_999);
  assertEquals(ends, []);
  core.clock.advance(1);
  assertEquals(ends, ["parse error"]);
  assertClean(core, "/");
});

Deno.test("Connection leaves no timer behind for packets that were completed", () => {
  const core = testCore();
  const client = core.join();
  client.say('51-["x",{"_placeholder":true,"num":0}]', new Uint8Array(1));
  core.clock.advance(45_000);
  assertEquals([client.readyState, core.clock.pending], ["open", 0]);
});

// The end.

Deno.test("Connection tells every socket the engine's reason and description, once", () => {
  const core = testCore();
  const ends: unknown[] = [];
  for (const name of ["/", "/a"]) {
    core.namespaces.of(name).on("connection", (socket) => {
      socket.on("disconnect", (...args) => void ends.push([name, ...args]));
    });
  }
  const client = core.join("/", "/a");
  client.lose("transport error", "details");
  assertEquals(ends, [["/", "transport error", "details"], ["/a", "transport error", "details"]]);
  assertClean(core, "/", "/a");
});

Deno.test("Connection with a socket that disconnects everything sends a DISCONNECT for each namespace, then closes", () => {
  const core = testCore();
  const ends = [noteEnds(core), noteEnds(core, "/a")];
  const client = core.join("/", "/a");
  [...core.namespaces.of("/a").sockets.values()][0]!.disconnect(true);
  assertEquals(client.heard(), ["1", "1/a,"]);
  assertEquals(client.readyState, "closed");
  assertEquals(ends, [["server namespace disconnect"], ["server namespace disconnect"]]);
  assertClean(core, "/", "/a");
});

Deno.test("Connection survives listeners that throw, and reports them", async () => {
  const core = testCore();
  core.namespaces.main.on("connection", (socket) => {
    socket.on("x", () => {
      throw "x";
    });
    socket.on("y", () => Promise.reject("y"));
    socket.on("disconnect", () => {
      throw "end";
    });
    throw "connection";
  });
  const client = core.join().say('2["x"]', '2["y"]');
  await Promise.resolve();
  assertEquals(client.readyState, "open");
  client.lose("transport close");
  assertEquals(core.errors, [
    ["connection", 'listener of "connection" on namespace "/"'],
    ["x", 'listener of "x" on socket in "/"'],
    ["y", 'listener of "y" on socket in "/"'],
    ["end", 'listener of "disconnect" on socket in "/"'],
  ]);
  assertClean(core, "/");
});

Deno.test("Connection whose sockets are all ended from within one of their listeners stays consistent", () => {
  const core = testCore();
  const ends: string[] = [];
  for (const name of ["/", "/a"]) {
    core.namespaces.of(name).on("connection", (socket) => {
      socket.on("disconnecting", () => void socket.disconnect(true));
      socket.on("disconnect", (reason) => void ends.push(`${name} ${reason}`));
    });
  }
  const client = core.join("/", "/a");
  client.say("1");
  assertEquals(ends.toSorted(), ["/ client namespace disconnect", "/a server namespace disconnect"]);
  assertEquals(client.readyState, "closed");
  assertClean(core, "/", "/a");
});

Deno.test("Connection keeps the order when a Blob must be read first", async () => {
  const core = testCore();
  core.namespaces.main.on("connection", (socket) => {
    socket.emit("blob", new Blob(["ab"]));
    socket.emit("after", 1);
    core.namespaces.main.emit("all", new Blob(["c"]));
    socket.emit("last");
    socket.disconnect(true);
  });
  const closed = Promise.withResolvers<void>();
  const client: FakeClient = core.open();
  const close = client.close.bind(client);
  client.close = () => (closed.resolve(), close());
  client.say("0");
  assertEquals(client.readyState, "open");
  await closed.promise;
  const heard = client.heard();
  assertEquals(heard.slice(1), [
    '51-["blob",{"_placeholder":true,"num":0}]',
    new TextEncoder().encode("ab"),
    '2["after",1]',
    '51-["all",{"_placeholder":true,"num":0}]',
    new TextEncoder().encode("c"),
    '2["last"]',
    "1",
  ]);
});

Deno.test("Connection reports a Blob that cannot be read, and goes on with what comes after it", async () => {
  const core = testCore();
  const failure = new Error("gone");
  class BadBlob extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.reject(failure);
    }
  }
  let socket: AnySocket | undefined;
  core.namespaces.main.on("connection", (one) => void (socket = one));
  const client = core.join();
  socket!.emit("blob", new BadBlob());
  core.namespaces.main.emit("blob", new BadBlob());
  socket!.emit("after");
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assertEquals(client.heard(), ['2["after"]']);
  assertEquals(core.errors.map(([error]) => error), [failure, failure]);
});
