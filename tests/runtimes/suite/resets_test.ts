/**
 * Connections that are reset (RST) at the worst moments: the session ends, the server and all others go on.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { RawConnection } from "../../support/raw_http.ts";
import { Road } from "../../support/road.ts";
import { can, serve, type TargetServer, test } from "../../support/target.ts";
import { keepTime, PollingSession, WireSocket } from "../../support/wire.ts";

/** How a session ends whose connection is gone. */
const LOST = /^transport (close|error)$/;

/** Somebody else, who must notice nothing. */
async function witness(
  server: TargetServer,
): Promise<AsyncDisposable & { assertUndisturbed(): Promise<void> }> {
  const { ws } = await WireSocket.start(server);
  return {
    async assertUndisturbed() {
      ws.send("4still there");
      assertEquals(await ws.next(), "4still there");
      await (await PollingSession.start(server)).assertEchoes();
    },
    [Symbol.asyncDispose]: () => ws[Symbol.asyncDispose](),
  };
}

test("Reset of a parked poll ends the session", async () => {
  await using server = await serve("engine");
  await using other = await witness(server);
  await using road = await Road.to(server.port);
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(road.port);
  await connection.request("GET", session.target);
  await session.untilParked();
  road.reset();
  assertMatch(String((await server.logged("close", { sid: session.sid })).reason), LOST);
  await session.assertGone();
  await other.assertUndisturbed();
});

test("Reset within the body of a POST ends the session, and half a message is none", async () => {
  await using server = await serve("engine", { echo: false, pingInterval: 400, pingTimeout: 400 });
  await using _companions = await keepTime(server);
  await using road = await Road.to(server.port);
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(road.port);
  await connection.request("POST", session.target, { "Content-Length": "1000" });
  const before = road.bytes;
  await connection.write("4half");
  await road.passed(before + 5);
  road.reset();
  const { reason } = await server.logged("close", { sid: session.sid });
  assertMatch(String(reason), can.failsResetRequests === true ? LOST : /^ping timeout$/);
  assertEquals((await server.log()).filter(({ event }) => event === "message"), []);
});

for (
  const [what, bytes] of [
    ["within a frame", new Uint8Array([0x81, 0x80 | 100, 0, 0, 0, 0, 0x34, 0x78])],
    ["within the head of a frame", new Uint8Array([0x81, 0xff, 0, 0])],
    ["between the fragments of a message", new Uint8Array([0x01, 0x82, 0, 0, 0, 0, 0x34, 0x78])],
    ["between two messages", new Uint8Array([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x78])],
  ] as const
) {
  test(`Reset of a WebSocket ${what} ends the session`, async () => {
    await using server = await serve("engine");
    await using other = await witness(server);
    const { sid: witnessed } = await server.logged("open");
    await using road = await Road.to(server.port);
    using connection = await RawConnection.open(road.port);
    await connection.upgrade(server.target("transport=websocket"));
    const { sid } = await server.logged("open");
    const before = road.bytes;
    await connection.write(bytes);
    await road.passed(before + bytes.length);
    road.reset();
    assertMatch(String((await server.logged("close", { sid })).reason), LOST);
    assertEquals(await server.clientsCount(), 1);
    await other.assertUndisturbed();
    assertEquals(
      (await server.log()).some(({ event, sid }) => event === "close" && sid === witnessed),
      false,
    );
  });
}

for (const frames of [[], ["2probe"]]) {
  test(`Reset of an upgrade after ${frames[0] ?? "nothing"} leaves polling as it was`, async () => {
    await using server = await serve("engine");
    await using road = await Road.to(server.port);
    const session = await PollingSession.start(server);
    using connection = await RawConnection.open(road.port);
    await connection.upgrade(server.target(`transport=websocket&sid=${session.sid}`));
    for (const frame of frames) {
      await connection.frame(1, frame);
      await connection.nextFrame();
    }
    road.reset();
    await session.post("4hello");
    const packets: string[] = [];
    while (!packets.includes("4hello")) packets.push(...await session.poll());
    assertEquals(packets.filter((packet) => packet !== "6"), ["4hello"]);
    assertEquals((await server.log()).some(({ event }) => event === "close"), false);
  });
}

test("Reset of a WebSocket that was just upgraded ends the session", async () => {
  await using server = await serve("engine");
  await using _companions = await keepTime(server);
  await using road = await Road.to(server.port);
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(road.port);
  await connection.upgrade(server.target(`transport=websocket&sid=${session.sid}`));
  await connection.frame(1, "2probe");
  await connection.nextFrame();
  await connection.frame(1, "5");
  await server.logged("upgrade");
  road.reset();
  assertMatch(String((await server.logged("close", { sid: session.sid })).reason), LOST);
  await session.assertGone();
});

test("Resets of fifty handshakes before their answers leave the server as it was", async () => {
  await using server = await serve("engine", { pingInterval: 300, pingTimeout: 200 });
  await using _companions = await keepTime(server);
  await using road = await Road.to(server.port);
  for (const query of ["transport=polling", "transport=websocket"]) {
    for (let n = 0; n < 25; n++) {
      using connection = await RawConnection.open(road.port);
      const upgrade = {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": btoa("0123456789abcdef"),
      };
      await connection.request("GET", server.target(query), query.endsWith("websocket") ? upgrade : {});
      road.reset();
    }
  }
  await using other = await witness(server);
  await other.assertUndisturbed();
});
