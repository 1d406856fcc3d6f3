/**
 * Engine.IO protocol v4, "Upgrade": from HTTP long-polling to WebSocket, and what must not disturb it.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RawConnection } from "../../support/raw_http.ts";
import { expected, serve, test } from "../../support/target.ts";
import { candidate, PollingSession, probe, upgrade, WireSocket } from "../../support/wire.ts";

const BAD_REQUEST = [400, '{"code":3,"message":"Bad request"}'] as [number, string];

test("Upgrade moves a session to WebSocket", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await session.assertEchoes();
  await using ws = await upgrade(session);
  assertEquals((await server.logged("upgrade")).transport, "websocket");
  ws.send("4hello", new Uint8Array([1, 2]));
  assertEquals([await ws.next(), await ws.next()], ["4hello", new Uint8Array([1, 2])]);
  assertEquals(await server.act("transport", { sid: session.sid }), "websocket");
  assertEquals(await server.clientsCount(), 1);
});

test("Upgrade answers a parked poll with a noop once the probe came", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const parked = session.poll();
  await session.untilParked();
  await using _ws = await probe(session);
  assertEquals(await parked, ["6"]);
});

test("Upgrade answers a poll that comes after the probe with a noop", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  assertEquals(await session.poll(), ["6"]);
  assertEquals(await session.poll(), ["6"]); // and again, as often as the client asks
  ws.send("5", "4hello");
  assertEquals(await ws.next(), "4hello");
});

test("Upgrade lets polling work both ways until it is finished", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  await session.post("4one");
  const packets: string[] = [];
  while (!packets.includes("4one")) packets.push(...await session.poll());
  assertEquals(packets.filter((packet) => packet !== "6"), ["4one"]);
  assertEquals(ws.unread, []);
  ws.send("5", "4two");
  assertEquals(await ws.next(), "4two");
});

test("Upgrade flushes what waited, in order, before what follows", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  const bytes = new Uint8Array([7]);
  await server.act("send", { sid: session.sid, messages: ["a", bytes, "b"] }); // no poll is parked
  ws.send("5", "4c");
  assertEquals([await ws.next(), await ws.next(), await ws.next(), await ws.next()], [
    "4a",
    bytes,
    "4b",
    "4c",
  ]);
});

test("Upgrade loses, doubles and reorders nothing while both sides send", async () => {
  await using server = await serve("engine");
  for (let round = 0; round < 5; round++) {
    const session = await PollingSession.start(server);
    await server.act("stream", { sid: session.sid, count: 300, perTurn: 7 });
    const packets: (string | Uint8Array)[] = await session.poll();
    const ws = await probe(session);
    await using _ws = ws;
    packets.push(...await session.poll());
    ws.send("5");
    while (packets.filter((packet) => packet !== "6").length < 300) packets.push(await ws.next());
    const numbers = packets.filter((packet) => packet !== "6").map((packet) => {
      if (typeof packet !== "string") return Number(new TextDecoder().decode(packet));
      return Number(packet.startsWith("b") ? atob(packet.slice(1)) : packet.slice(1));
    });
    assertEquals(numbers, Array.from({ length: 300 }, (_, n) => n));
  }
});

test("Upgrade delivers a POST before what comes over the new WebSocket", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  for (let n = 0; n < 10; n++) await session.post(`4${n}`);
  ws.send("5");
  for (let n = 10; n < 20; n++) ws.send(`4${n}`);
  await server.logged("message", { data: "19" });
  const messages = (await server.log()).filter(({ event }) => event === "message").map(({ data }) => data);
  assertEquals(messages, Array.from({ length: 20 }, (_, n) => String(n)));
});

for (
  const [what, frame] of [
    ["another probe", "2other"],
    ["a ping without probe", "2"],
    ["a message", "4hello"],
    ["bytes", new Uint8Array([1])],
    ["text that is no packet", "abc"],
    ["an empty frame", ""],
    ["a close packet", "1"],
  ] as const
) {
  test(`Upgrade that begins with ${what} is closed, and polling goes on`, async () => {
    await using server = await serve("engine");
    const session = await PollingSession.start(server);
    await using ws = await candidate(session);
    ws.send(frame);
    await ws.end();
    assertEquals(ws.unread, []);
    await session.assertEchoes();
    await using again = await upgrade(session);
    again.send("4hello");
    assertEquals(await again.next(), "4hello");
  });
}

test("Upgrade without a probe is closed, and polling goes on", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await candidate(session);
  ws.send("5");
  if (!expected.upgradeNeedsProbe) {
    ws.send("4hello");
    return assertEquals(await ws.next(), "4hello");
  }
  await ws.end();
  await session.assertEchoes();
});

test("Upgrade that sends a message between probe and upgrade is closed, and polling goes on", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  ws.send("4too early");
  await ws.end();
  await session.post("4in time");
  await server.logged("message");
  const messages = (await server.log()).filter(({ event }) => event === "message").map(({ data }) => data);
  assertEquals(messages, ["in time"]);
});

test("Upgrade that probes twice disturbs polling in no case", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  ws.send("2probe");
  if (expected.answersSecondProbe) assertEquals(await ws.next(), "3probe");
  else await ws.end();
  await session.post("4hello");
  const packets: string[] = [];
  while (!packets.includes("4hello")) packets.push(...await session.poll());
  assertEquals(packets.filter((packet) => packet !== "6"), ["4hello"]);
});

test("Upgrade that is never finished is closed after upgradeTimeout, and polling goes on", async () => {
  await using server = await serve("engine", { upgradeTimeout: 300 });
  const session = await PollingSession.start(server);
  const begin = performance.now();
  await using ws = await probe(session);
  await ws.end();
  assert(performance.now() - begin >= 290, "closed before its time");
  await session.assertEchoes();
  assertEquals((await server.log()).some(({ event }) => event === "close"), false);
});

test("Upgrade that never probes is closed after upgradeTimeout, and polling goes on", async () => {
  await using server = await serve("engine", { upgradeTimeout: 300 });
  const session = await PollingSession.start(server);
  await using ws = await candidate(session);
  await ws.end();
  await session.assertEchoes();
});

test("Upgrade that the client gives up leaves polling as it was, and can be tried again", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  {
    await using _first = await probe(session);
  }
  await session.post("4hello");
  const packets: string[] = [];
  while (!packets.includes("4hello")) packets.push(...await session.poll());
  await using again = await probe(session);
  again.send("5", "4second");
  assertEquals(await again.next(), "4second");
});

test("Upgrade by a second WebSocket is closed while the first one is being probed", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using first = await probe(session);
  await using second = await candidate(session);
  await second.end();
  first.send("5", "4first");
  assertEquals(await first.next(), "4first");
});

test("Upgrade by a second WebSocket is closed once the session moved", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using first = await upgrade(session);
  first.send("4a");
  assertEquals(await first.next(), "4a");
  await using second = await candidate(session);
  await second.end();
  assertEquals(second.unread, []);
  first.send("4b");
  assertEquals(await first.next(), "4b");
});

test("Upgrade of a session that began on WebSocket is closed", async () => {
  await using server = await serve("engine", { upgradeTimeout: 300 }); // the official server closes it only then
  const { ws, open } = await WireSocket.start(server);
  await using _ws = ws;
  await using second = await WireSocket.connect(server.url(`transport=websocket&sid=${open.sid}`, "ws"));
  await second.end();
  ws.send("4hello");
  assertEquals(await ws.next(), "4hello");
});

test("GET and POST of an upgraded session are refused and harm it not", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await upgrade(session);
  ws.send("4a");
  assertEquals(await ws.next(), "4a");
  assertEquals(await session.probe(), BAD_REQUEST);
  const post = await session.send("4hello");
  assertEquals([post.status, await post.text()], BAD_REQUEST);
  ws.send("4b");
  assertEquals(await ws.next(), "4b");
});

test("Upgrade answers a poll that is still parked", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  // Two GETs in a row: the second is parked when the upgrade comes, unless a noop was due in between.
  await session.poll();
  const parked = session.probe();
  await server.log();
  ws.send("5");
  const [status, body] = await parked;
  if (status === 200) assertEquals(body, expected.farewellAtUpgrade);
  else assertEquals([status, body], BAD_REQUEST);
  ws.send("4hello");
  assertEquals(await ws.next(), "4hello");
});

test("Upgrade ends with the session when the client closes over polling", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  await session.post("1");
  await ws.end();
  assertEquals((await server.logged("close")).reason, "transport close");
});

test("Upgrade ends with the session when the server closes with discard", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await using ws = await probe(session);
  await server.act("close", { sid: session.sid, discard: true });
  await ws.end();
  assertEquals((await server.logged("close")).reason, "forced close");
  await session.assertGone();
});

test("Upgraded session ends when its WebSocket closes", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const ws = await upgrade(session);
  ws.send("4a");
  assertEquals(await ws.next(), "4a");
  ws.socket.close();
  await ws.end();
  assertEquals((await server.logged("close")).reason, "transport close");
  await session.assertGone();
});

test("Upgrade whose connection is cut leaves polling as it was", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  for (const frame of ["2probe", undefined]) {
    using connection = await RawConnection.open(server.port);
    const { status } = await connection.upgrade(server.target(`transport=websocket&sid=${session.sid}`));
    assertEquals(status, 101);
    if (frame) {
      await connection.frame(1, frame);
      assertEquals(new TextDecoder().decode((await connection.nextFrame())!.payload), "3probe");
    }
  }
  await session.post("4hello");
  const packets: string[] = [];
  while (!packets.includes("4hello")) packets.push(...await session.poll());
  assertEquals(packets.filter((packet) => packet !== "6"), ["4hello"]);
});

test("Upgrade with bad frames during the probe leaves polling as it was", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.upgrade(server.target(`transport=websocket&sid=${session.sid}`));
  await connection.frame(1, "2probe", { rsv: 6 });
  await connection.closeCode();
  await session.assertEchoes();
});

test("Upgrade is refused where allowUpgrades is false", async () => {
  await using server = await serve("engine", { allowUpgrades: false });
  const session = await PollingSession.start(server);
  if (!expected.upgradeNeedsProbe) return; // the official server offers none but accepts it
  using connection = await RawConnection.open(server.port);
  const { status } = await connection.upgrade(server.target(`transport=websocket&sid=${session.sid}`));
  assertEquals(status, 400);
  await session.assertEchoes();
});
