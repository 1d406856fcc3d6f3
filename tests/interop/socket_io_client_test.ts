/**
 * The official socket.io-client against the target: what users of it see, over each transport.
 * The upgrade under load is in upgrade_test.ts.
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Socket } from "socket.io-client";
import { bytesOf, closed, connect, next, TRANSPORTS } from "../support/client.ts";
import { serve, test } from "../support/target.ts";
import { within } from "../support/within.ts";

for (const [name, transports] of TRANSPORTS) {
  test(`socket.io-client over ${name} exchanges text, binary and acks`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports, auth: { token: "123" } });
    const { socket } = client;
    assertEquals(client.auth, { token: "123" });
    socket.emit("message", 1, "two", { three: [null, "\u{1F600}"] });
    assertEquals(await next(socket, "message-back"), [1, "two", { three: [null, "\u{1F600}"] }]);
    socket.emit("message", new Uint8Array([1, 2, 3]), { deep: [new Uint8Array([4]).buffer] });
    const [first, second] = await next(socket, "message-back") as [unknown, { deep: [unknown] }];
    assertEquals([bytesOf(first), bytesOf(second.deep[0])], [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    assertEquals(await socket.timeout(5_000).emitWithAck("message-with-ack", "x"), "x");
    const bytes = await socket.timeout(5_000).emitWithAck("message-with-ack", new Uint8Array([5, 6]));
    assertEquals(bytesOf(bytes), Uint8Array.of(5, 6));
  });

  test(`socket.io-client over ${name} answers the server's acks`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    const { socket } = client;
    socket.on("question", (text: string, answer: (...args: unknown[]) => void) => {
      answer(`${text}?`, new Uint8Array([1]));
    });
    socket.emit("ask", "why");
    const [text, bytes] = await next(socket, "answered") as [string, unknown];
    assertEquals([text, bytesOf(bytes)], ["why?", Uint8Array.of(1)]);
  });

  test(`socket.io-client over ${name} shares one connection among namespaces`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    const custom = client.socket.io.socket("/custom");
    await next(custom, "connect");
    custom.emit("message", "custom");
    assertEquals(await next(custom, "message-back"), ["custom"]);
    client.socket.emit("message", "main");
    assertEquals(await next(client.socket, "message-back"), ["main"]);
    assertEquals(await server.clientsCount(), 1);
    custom.disconnect();
    assertEquals((await server.logged("disconnect")).reason, "client namespace disconnect");
    custom.connect();
    await next(custom, "connect");
    assert(client.socket.connected);
  });

  test(`socket.io-client over ${name} hears its rooms and no others`, async () => {
    await using server = await serve("socketio");
    await using a = await connect(server, "/", { transports });
    await using b = await connect(server, "/", { transports });
    const heard: unknown[] = [];
    b.socket.on("from-room", (...args: unknown[]) => heard.push(...args));
    await b.socket.timeout(5_000).emitWithAck("join", "blue");
    a.socket.emit("to-room", "red", "not for b");
    a.socket.emit("to-room", "blue", "for b");
    a.socket.emit("to-all", "end");
    await next(b.socket, "from-all");
    assertEquals(heard, ["for b"]);
  });

  test(`socket.io-client over ${name} sees why it was disconnected`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    client.socket.emit("bye", true);
    assertEquals((await next(client.socket, "disconnect"))[0], "io server disconnect");
    assertEquals(client.socket.active, false);
    assertEquals((await server.logged("disconnect")).reason, "server namespace disconnect");
  });

  test(`socket.io-client over ${name} that disconnects is gone on the server`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    client.socket.disconnect();
    assertEquals((await server.logged("disconnect")).reason, "client namespace disconnect");
    await server.logged("close");
    assertEquals(await server.clientsCount(), 0);
  });

  test(`socket.io-client over ${name} comes back after the server was restarted`, async () => {
    const first = await serve("socketio");
    await using client = await connect(first, "/", { transports, reconnection: true });
    const id = client.socket.id;
    const lost = next(client.socket, "disconnect");
    await first[Symbol.asyncDispose]();
    // "error" where the goodbye came between two polls: the next one then meets a session that is gone.
    assertMatch(String((await lost)[0]), /^transport (close|error)$/);
    const back = next(client.socket, "connect");
    await using _second = await serve("socketio", { port: first.port });
    await within(back, "the reconnection");
    assert(client.socket.id !== id);
    client.socket.emit("message", "again");
    assertEquals(await next(client.socket, "message-back"), ["again"]);
  });

  test(`socket.io-client over ${name} stays through many pings`, async () => {
    await using server = await serve("socketio", { pingInterval: 50, pingTimeout: 5_000 });
    await using client = await connect(server, "/", { transports });
    let pings = 0;
    await within(
      new Promise<void>((resolve) =>
        client.socket.io.on("ping", () => ++pings === 5 ? resolve() : undefined)
      ),
      "five pings",
    );
    assert(client.socket.connected);
    assertEquals(await server.clientsCount(), 1);
  });
}

test("socket.io-client gets connect_error with message and data", async () => {
  await using server = await serve("socketio");
  await using client = await connect(server, "/", {});
  const guarded = client.socket.io.socket("/guarded");
  const [error] = await next(guarded, "connect_error") as [Error & { data: unknown }];
  assertEquals([error.message, error.data], ["not authorized", { hint: "say the words" }]);
  const unknown = client.socket.io.socket("/nope");
  const [refusal] = await next(unknown, "connect_error") as [Error];
  assertEquals(refusal.message, "Invalid namespace");
  guarded.auth = { token: "open sesame" };
  guarded.connect();
  await next(guarded, "connect");
});

test("socket.io-client with a wrong path gets a connect_error", async () => {
  await using server = await serve("socketio");
  await assertRejects(() => connect(server, "/", { path: "/elsewhere" }), Error, "error");
});

test("socket.io-client over polling splits what it sends by maxPayload", async () => {
  await using server = await serve("socketio", { maxHttpBufferSize: 5_000 });
  await using client = await connect(server, "/", { transports: ["polling"] });
  const { socket } = client;
  const got: number[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on("message-back", (n: number) => got.push(n) === 100 ? resolve() : undefined);
  });
  for (let n = 0; n < 100; n++) socket.emit("message", n, "x".repeat(400)); // 40 KB in one go
  await within(all, "a hundred messages");
  assertEquals(got, Array.from({ length: 100 }, (_, n) => n));
});

test("socket.io-client with forceBase64 exchanges binary", async () => {
  await using server = await serve("socketio");
  await using client = await connect(server, "/", { transports: ["websocket"], forceBase64: true });
  client.socket.emit("message", new Uint8Array([1, 2, 3]));
  assertEquals(bytesOf((await next(client.socket, "message-back"))[0]), Uint8Array.of(1, 2, 3));
});

test("socket.io-client carries a large binary message both ways over WebSocket", async () => {
  await using server = await serve("socketio", { maxHttpBufferSize: 8_000_000 });
  await using client = await connect(server, "/", { transports: ["websocket"] });
  const large = new Uint8Array(5_000_000).map((_, n) => n * 7);
  client.socket.emit("message", large);
  const back = bytesOf((await next(client.socket, "message-back"))[0]);
  assertEquals(back.length, large.length);
  assert(back.every((byte, n) => byte === large[n]));
});

test("socket.io-client: fifty at once, each hears its own echo", async () => {
  await using server = await serve("socketio");
  const clients = await Promise.all(
    Array.from(
      { length: 50 },
      (_, n) => connect(server, "/", { transports: n % 2 ? ["websocket"] : ["polling"] }),
    ),
  );
  try {
    assertEquals(await server.clientsCount(), 50);
    const echoes = await Promise.all(
      clients.map(({ socket }: { socket: Socket }, n) =>
        socket.timeout(8_000).emitWithAck("message-with-ack", `mine ${n}`)
      ),
    );
    assertEquals(echoes, clients.map((_, n) => `mine ${n}`));
  } finally {
    await Promise.all(clients.map(closed));
  }
});
