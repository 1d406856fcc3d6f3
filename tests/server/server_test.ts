import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Server, type ServerOptions } from "../../mod.ts";
import { HandlerClient } from "../support/handler_client.ts";

async function withServer(
  options: ServerOptions,
  run: (io: Server, client: HandlerClient) => Promise<void>,
): Promise<void> {
  const io = new Server(options);
  try {
    await run(io, await new HandlerClient(io).open());
  } finally {
    await io.close();
  }
}

Deno.test("Server connects, exchanges events and acks, and multiplexes namespaces", async () => {
  await withServer({}, async (io, client) => {
    io.on("connection", (socket) => {
      socket.on("echo", (value, ack) => ack(value));
    });
    io.of("admin", (socket) => socket.emit("welcome", socket.nsp.name));
    assertEquals(await client.say("0", "0/admin,"), 200);
    const heard = await client.hear();
    assertEquals(heard.map((packet) => packet.slice(0, 8)), ['0{"sid":', "0/admin,", "2/admin,"]);
    assertEquals(heard[2], '2/admin,["welcome","/admin"]');
    await client.say('27["echo",[1]]');
    assertEquals(await client.hear(), ["37[[1]]"]);
    assertEquals(io.engine.clientsCount, 1);
  });
});

Deno.test("Server listens and sends as its main namespace does", async () => {
  await withServer({}, async (io, client) => {
    const log: string[] = [];
    assertStrictEquals(io.of("/"), io.sockets);
    io.use((_socket, next) => (log.push("middleware"), next()));
    const listener = (): void => void log.push("connection");
    assertStrictEquals(io.on("connection", listener), io);
    assertEquals(io.sockets.listeners("connection"), [listener]);
    io.sockets.once("connect", () => void log.push("connect"));
    await client.say("0");
    assertEquals(log, ["middleware", "connect", "connection"]);
    await client.hear();
    io.emit("a");
    io.to([...io.sockets.sockets.keys()]).emit("b");
    io.except("x").compress(false).local.send("c");
    io.volatile.emit("dropped: no request is parked");
    assertEquals(await client.hear(), ['2["a"]', '2["b"]', '2["message","c"]']);
    io.removeAllListeners("connection");
    assertEquals(io.listenerCount("connection"), 0);
  });
});

Deno.test("Server gives errors of listeners to onError, which may fail itself", async () => {
  const errors: unknown[] = [];
  const onError = (error: unknown, where: string): never => {
    errors.push([error, where]);
    throw new Error("onError failed");
  };
  const { error: consoleError } = console;
  const printed: unknown[][] = [];
  console.error = (...args) => void printed.push(args);
  try {
    await withServer({ onError }, async (io, client) => {
      io.on("connection", () => {
        throw "oops";
      });
      await client.say("0");
      assertEquals((await client.hear()).length, 1);
    });
  } finally {
    console.error = consoleError;
  }
  assertEquals(errors, [["oops", 'listener of "connection" on namespace "/"']]);
  assertEquals(printed.length, 1);
});

Deno.test("Server that closes tells its sockets, refuses newcomers, and calls back", async () => {
  const io = new Server();
  const client = await new HandlerClient(io).open();
  const log: unknown[] = [];
  io.on("connection", (socket) => {
    socket.on("disconnect", (reason) => void log.push(reason));
  });
  await client.say("0");
  const [socket] = [...io.sockets.sockets.values()];
  const closed = io.close((error) => void log.push(["closed", error]));
  assertEquals(log, ["server shutting down"]);
  await closed;
  assertEquals(log, ["server shutting down", ["closed", undefined]]);
  await io.close();
  assertEquals(io.engine.clientsCount, 0);
  const response = await client.request();
  await response.body?.cancel();
  assertEquals(response.ok, false);
  await assertRejects(() => new HandlerClient(io).open());
  socket!.emit("late");
  io.emit("late");
  assertEquals(socket!.connected, false);
});

Deno.test("Server reports a callback of close() that throws, and resolves", async () => {
  const errors: unknown[] = [];
  const io = new Server({ onError: (error, where) => void errors.push([error, where]) });
  await io.close(() => {
    throw "oops";
  });
  assertEquals(errors, [["oops", "callback of close()"]]);
});

Deno.test("Server checks its options and those of the engine", () => {
  assertThrows(() => new Server({ connectTimeout: -1 }), TypeError, '"connectTimeout"');
  assertThrows(() => new Server({ pingInterval: "x" as never }), TypeError, '"pingInterval"');
  assertThrows(() => new Server({ onError: 1 as never }), TypeError, '"onError"');
  assertThrows(() => new Server({ allowEIO3: true } as never), TypeError, "allowEIO3");
});
