/**
 * Engine.IO protocol v4, "Heartbeat": the server pings, the client answers, on both transports.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { expected, serve, test } from "../../support/target.ts";
import { pause } from "../../support/within.ts";
import { keepTime, PollingSession, probe, upgrade, WireSocket } from "../../support/wire.ts";

const PINGS = { pingInterval: 300, pingTimeout: 200 };
/** Time enough for a pong on a slow machine. */
const PATIENT = { pingInterval: 100, pingTimeout: 5_000 };

test("Heartbeat pings a polling session again and again while it answers", async () => {
  await using server = await serve("engine", PATIENT);
  const session = await PollingSession.start(server);
  for (let i = 0; i < 3; i++) {
    assertEquals(await session.poll(), ["2"]);
    await session.post("3");
  }
  await session.assertEchoes();
});

test("Heartbeat pings a WebSocket session again and again while it answers", async () => {
  await using server = await serve("engine", PATIENT);
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  for (let i = 0; i < 3; i++) {
    assertEquals(await ws.next(), "2");
    ws.send("3");
  }
  assertEquals(await server.clientsCount(), 1);
});

test("Heartbeat sends the first ping pingInterval after the handshake", async () => {
  await using server = await serve("engine", PATIENT);
  const begin = performance.now();
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  assertEquals(await ws.next(), "2");
  assert(performance.now() - begin >= 95, "the ping came before its time");
});

test("Heartbeat ends a polling session without a pong", async () => {
  await using server = await serve("engine", PINGS);
  await using _companions = await keepTime(server);
  const session = await PollingSession.start(server);
  assertEquals(await session.poll(), ["2"]);
  assertEquals((await server.logged("close")).reason, "ping timeout");
  await session.assertGone();
});

test("Heartbeat ends a polling session that never polls", async () => {
  await using server = await serve("engine", PINGS);
  await using _companions = await keepTime(server);
  const session = await PollingSession.start(server);
  assertEquals((await server.logged("close")).reason, "ping timeout");
  await session.assertGone();
});

test("Heartbeat ends a polling session with a parked poll", async () => {
  await using server = await serve("engine", PINGS);
  const session = await PollingSession.start(server);
  assertEquals(await session.poll(), ["2"]);
  assertEquals(await session.poll(), ["1"]);
  assertEquals((await server.logged("close")).reason, "ping timeout");
});

test("Heartbeat ends a WebSocket session without a pong", async () => {
  await using server = await serve("engine", PINGS);
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  assertEquals(await ws.next(), "2");
  await ws.end();
  assertEquals((await server.logged("close")).reason, "ping timeout");
  assertEquals(await server.clientsCount(), 0);
});

test("Heartbeat is put off by a message at most once per ping", async () => {
  await using server = await serve("engine", { pingInterval: 100, pingTimeout: 400 });
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  assertEquals(await ws.next(), "2");
  const begin = performance.now();
  let isOver = false;
  const chatter = (async () => {
    while (!isOver) {
      ws.send("4chatter");
      await pause(50);
    }
  })();
  assertEquals((await server.logged("close")).reason, "ping timeout");
  const lasted = performance.now() - begin;
  isOver = true;
  await chatter;
  assert(lasted >= 380, `ended after ${lasted} ms, before the timeout`);
  await ws.end();
}, "countsPongs");

test("Heartbeat is not put off by unsolicited pongs", async () => {
  await using server = await serve("engine", { pingInterval: 300, pingTimeout: 300 });
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  ws.send("3", "3", "3"); // before any ping
  assertEquals(await ws.next(), "2");
  await ws.end();
  assertEquals((await server.logged("close")).reason, "ping timeout");
});

test("Heartbeat goes on between the steps of an upgrade", async () => {
  await using server = await serve("engine", PATIENT);
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  const packets: string[] = [];
  while (!packets.includes("2")) packets.push(...await session.poll());
  assertEquals(packets.filter((packet) => packet !== "6"), ["2"]);
  await session.post("3"); // the pong goes the old way, the session is not upgraded yet
  ws.send("5", "4hello");
  const next = await ws.next();
  assertEquals(next === "2" ? await ws.next() : next, "4hello");
});

test("Heartbeat takes the pong on the new transport when the ping left on the old", async () => {
  await using server = await serve("engine", PATIENT);
  const session = await PollingSession.start(server);
  assertEquals(await session.poll(), ["2"]);
  await using ws = await upgrade(session);
  ws.send("3");
  assertEquals(await ws.next(), "2"); // so the pong was counted
  assertEquals(await server.clientsCount(), 1);
});

test("Heartbeat pings on the new transport after an upgrade", async () => {
  await using server = await serve("engine", PATIENT);
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  ws.send("5");
  await server.logged("upgrade");
  assertEquals(await ws.next(), "2");
});

test("Heartbeat ends a session upgraded between a ping and its pong, when the pong never comes", async () => {
  await using server = await serve("engine", { pingInterval: 150, pingTimeout: 500 });
  const session = await PollingSession.start(server);
  assertEquals(await session.poll(), ["2"]);
  await using ws = await probe(session);
  ws.send("5");
  await server.logged("upgrade");
  if (!expected.keepsPingTimeoutOverUpgrade) {
    await pause(1_500);
    return assertEquals(await server.clientsCount(), 1, "the official server keeps it forever (defect 3)");
  }
  await ws.end();
  assertEquals((await server.logged("close")).reason, "ping timeout");
});
