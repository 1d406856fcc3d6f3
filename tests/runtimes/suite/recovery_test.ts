/**
 * Connection state recovery with either client: the road is cut, events are sent meanwhile, and the client
 * comes back as who it was, having missed nothing and heard nothing twice.
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bytesOf, connect, isBytes, next, TRANSPORTS } from "../../support/client.ts";
import { Road } from "../../support/road.ts";
import { can, serve, test } from "../../support/target.ts";
import { pause } from "../../support/within.ts";

const RECOVERY = { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } };

for (const [name, transports] of TRANSPORTS) {
  test(`Recovery over ${name} brings back id, rooms, data and each missed event once, in order`, async () => {
    await using server = await serve("socketio", RECOVERY);
    await using road = await Road.to(server.port);
    await using client = await connect(road, "/", { transports });
    const { socket } = client;
    if (transports.length > 1) await until(() => socket.io.engine.transport.name === "websocket");
    const heard: unknown[] = [];
    // The last argument is the offset.
    socket.on(
      "news",
      (n: number, bytes: unknown) => heard.push(isBytes(bytes) ? [n, ...bytesOf(bytes)] : n),
    );
    await socket.timeout(5_000).emitWithAck("join", "red");
    await socket.timeout(5_000).emitWithAck("remember", { is: "kept" });
    const news = (n: number, to: string[] | undefined, ...more: unknown[]): Promise<unknown> =>
      server.act("broadcast", { ev: "news", args: [n, ...more], ...to && { to } });
    await news(1, undefined);
    await news(2, ["red"]);
    await until(() => heard.length === 2);
    const { id } = socket;

    for (let round = 0; round < 3; round++) {
      // Between two polls there is nothing to cut.
      await until(async () => await server.act("writable", { sid: socket.io.engine.id }) === true);
      const lost = next(socket, "disconnect");
      road.reset();
      await lost;
      await server.logged("disconnect", { id });
      heard.length = 0;
      await news(10, undefined);
      await news(11, ["blue"]); // not one of its rooms
      await news(12, ["red"], new Uint8Array([1, 2]));
      await news(13, [id!]);
      const back = next(socket, "connect");
      socket.connect();
      await back;
      await news(14, ["red"]);
      await until(() => heard.length >= 4);
      assertEquals([socket.recovered, socket.id, heard], [true, id, [10, [12, 1, 2], 13, 14]]);
      assertEquals((await server.logged("connect", { id })).recovered, true);
      const [data, rooms] = await new Promise<unknown[]>((resolve) =>
        socket.emit("recall", (...args: unknown[]) => resolve(args))
      );
      assertEquals([data, rooms], [{ is: "kept" }, [id, "red"].sort()]);
    }
  });
}

test("Recovery that comes too late is a new beginning", async () => {
  await using server = await serve("socketio", {
    connectionStateRecovery: { maxDisconnectionDuration: 100 },
  });
  await using road = await Road.to(server.port);
  await using client = await connect(road, "/", { transports: ["websocket"] });
  const { socket } = client;
  const { id } = socket;
  const lost = next(socket, "disconnect");
  road.reset();
  await lost;
  await server.logged("disconnect", { id });
  await pause(250);
  const back = next(socket, "connect");
  socket.connect();
  await back;
  assertEquals(socket.recovered, false);
  assertNotEquals(socket.id, id);
});

test("Recovery is for clients that were lost, not for those that left", async () => {
  await using server = await serve("socketio", RECOVERY);
  await using client = await connect(server, "/", { transports: ["websocket"] });
  const { socket } = client;
  const { id } = socket;
  socket.disconnect();
  await server.logged("disconnect", { id, reason: "client namespace disconnect" });
  const back = next(socket, "connect");
  socket.connect();
  await back;
  assertEquals(socket.recovered, false);
  assertNotEquals(socket.id, id);
});

test("Recovery of twenty clients at once, with events to each, after one cut", async () => {
  await using server = await serve("socketio", RECOVERY);
  await using road = await Road.to(server.port);
  await using stack = new AsyncDisposableStack();
  const clients = await Promise.all(Array.from({ length: 20 }, async () => {
    const client = stack.use(await connect(road, "/", { transports: ["websocket"] }));
    const heard: unknown[] = [];
    client.socket.on("news", (n: unknown) => heard.push(n));
    return { socket: client.socket, id: client.socket.id, heard };
  }));
  road.reset();
  for (let gone = 0; gone < clients.length; gone++) await server.logged("disconnect");
  for (let n = 0; n < 10; n++) await server.act("broadcast", { ev: "news", args: [n] });
  await Promise.all(clients.map(async ({ socket }) => {
    const back = next(socket, "connect");
    socket.connect();
    await back;
  }));
  await server.act("broadcast", { ev: "news", args: ["end"] });
  await until(() => clients.every(({ heard }) => heard.at(-1) === "end"));
  for (const { socket, id, heard } of clients) {
    assertEquals([socket.recovered, socket.id], [true, id]);
    assertEquals(heard, [...Array(10).keys(), "end"]);
  }
});

test("Recovery outlasts the sleep of the server", async () => {
  assert(can.hibernates);
  await using server = await serve("socketio", RECOVERY);
  await using road = await Road.to(server.port);
  await using client = await connect(road, "/", { transports: ["websocket"] });
  const { socket } = client;
  const heard: unknown[] = [];
  socket.on("news", (n: unknown) => heard.push(n));
  await socket.timeout(5_000).emitWithAck("join", "red");
  const { id } = socket;
  const lost = next(socket, "disconnect");
  road.reset();
  await lost;
  await server.logged("disconnect", { id });
  for (let n = 0; n < 4; n++) {
    await server.act("broadcast", { ev: "news", args: [n], to: ["red"] });
    await server.act("evict");
  }
  const back = next(socket, "connect");
  socket.connect();
  await back;
  await server.act("broadcast", { ev: "news", args: ["end"], to: ["red"] });
  await until(() => heard.at(-1) === "end");
  assertEquals([socket.recovered, socket.id, heard], [true, id, [0, 1, 2, 3, "end"]]);
}, "hibernates");

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 8_000;
  while (!await isSo()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${isSo}`);
    await pause(5);
  }
}

test(
  "Recovery of a client whose namespace nobody else is in misses nothing that was sent while its objects slept",
  async () => {
    await using server = await serve("socketio", RECOVERY);
    await using road = await Road.to(server.port);
    await using others = await connect(server, "/many-rooms", { transports: ["websocket"] });
    await using client = await connect(road, "/many-rooms", { transports: ["websocket"] });
    const { socket } = client;
    const { id } = socket;
    const heard: unknown[] = [];
    socket.on("from-all", (n: unknown) => heard.push(n));
    others.socket.emit("to-all", 0);
    await until(() => heard.length === 1);
    const lost = next(socket, "disconnect");
    road.reset();
    await lost;
    await server.logged("disconnect", { id });
    await server.act("evict");
    for (const n of [1, 2, 3]) {
      others.socket.emit("to-all", n);
      assertEquals(await others.socket.timeout(5_000).emitWithAck("message-with-ack", n), n);
    }
    const back = next(socket, "connect");
    socket.connect();
    await back;
    await until(() => heard.length >= 4);
    assertEquals([socket.recovered, socket.id, heard], [true, id, [0, 1, 2, 3]]);
  },
  "hibernates",
);
