/**
 * The session as users see it, `socket.io.engine`, and its upgrade. What it does for the manager is in
 * manager_test.ts.
 * @module
 */
import { assertEquals } from "@std/assert";
import { upgrade } from "../../src/client/upgrade.ts";
import { type FakeConnection, OPEN, Stage } from "./stage.ts";

/** A stage whose session is open on polling and probes WebSocket; what its engine told. */
function upgrading(): { stage: Stage; polling: FakeConnection; websocket: FakeConnection; told: string[] } {
  const stage: Stage = new Stage({ autoConnect: false }, [
    { name: "polling", upgrade, open: (...args) => stage.kind("polling").open(...args) },
    { name: "websocket", open: (...args) => stage.kind("websocket").open(...args) },
  ]);
  const told: string[] = [];
  stage.manager.socket("/").connect();
  const { engine } = stage.manager;
  engine!.on("upgrading", ({ name }) => told.push(`upgrading ${name}`))
    .on("upgrade", ({ name }) => told.push(`upgrade ${name}`))
    .on("upgradeError", ({ message }) => told.push(`upgradeError ${message}`))
    .on("close", (reason) => told.push(`close ${reason}`));
  stage.join();
  const [polling, websocket] = stage.connections as [FakeConnection, FakeConnection];
  stage.heard();
  return { stage, polling, websocket, told };
}

Deno.test("Engine moves to WebSocket: probe, pause, then all that follows goes there", () => {
  const { stage, polling, websocket, told } = upgrading();
  const socket = stage.manager.socket("/");
  polling.say('40{"sid":"a"}'); // `join` said it to the last connection
  polling.told();
  assertEquals([new URL(websocket.url).searchParams.get("sid"), websocket.told()], ["engine", []]);
  websocket.events.opened();
  assertEquals(websocket.told(), ["2probe"]);
  socket.emit("before");
  assertEquals(polling.told(), ['42["before"]']);
  websocket.say("3probe");
  assertEquals(told, ["upgrading websocket"]);
  polling.left = ['42["waiting"]'];
  polling.say('42["still heard"]');
  polling.paused();
  assertEquals([websocket.told(), polling.isClosed, polling.farewell], [
    ["5", '42["waiting"]'],
    true,
    undefined,
  ]);
  assertEquals([told, stage.manager.engine!.transport], [
    ["upgrading websocket", "upgrade websocket"],
    { name: "websocket", writable: true },
  ]);
  socket.emit("after");
  websocket.say("2");
  assertEquals(websocket.told(), ['42["after"]', "3"]);
  websocket.fail();
  assertEquals(told.at(-1), "close transport error");
});

Deno.test("Engine stays on polling where the probe fails", () => {
  for (
    const fail of [
      (websocket: FakeConnection) => websocket.fail(new Error("blocked")),
      (websocket: FakeConnection) => (websocket.events.opened(), websocket.say("3else")),
    ]
  ) {
    const { stage, websocket, told } = upgrading();
    fail(websocket);
    websocket.fail(new Error("once more"));
    assertEquals([told.length, told[0]!.startsWith("upgradeError"), websocket.isClosed], [1, true, true]);
    assertEquals([stage.manager.engine!.transport.name, stage.heard()], ["polling", []]);
  }
});

Deno.test("Engine whose WebSocket is lost while polling is paused cannot go on", () => {
  const { stage, polling, websocket, told } = upgrading();
  websocket.events.opened();
  websocket.say("3probe");
  websocket.fail(new Error("lost"));
  assertEquals([told, polling.isClosed], [["upgrading websocket", "close transport error"], true]);
  polling.paused();
  assertEquals(websocket.told(), ["2probe"]);
  stage.manager.socket("/").disconnect();
});

Deno.test("Engine that ends while it upgrades leaves nothing open", () => {
  for (const moment of ["probing", "paused"]) {
    const { stage, polling, websocket } = upgrading();
    websocket.events.opened();
    if (moment === "paused") websocket.say("3probe");
    stage.manager.socket("/").disconnect();
    assertEquals([polling.isClosed, websocket.isClosed], [true, true], moment);
    if (moment === "paused") polling.paused();
    assertEquals([websocket.told(), stage.clock.pending], [["2probe"], 0]);
  }
});

Deno.test("Engine upgrades only to what the server offers, and not at all where it shall not", () => {
  for (
    const [options, open] of [
      [{ upgrade: false }, OPEN],
      [{}, OPEN.replace('"websocket"', "")],
      [{}, OPEN.replace('"websocket"', '"webtransport"')],
    ] as const
  ) {
    const stage: Stage = new Stage({ ...options, autoConnect: false }, [
      { name: "polling", upgrade, open: (...args) => stage.kind("polling").open(...args) },
      { name: "websocket", open: (...args) => stage.kind("websocket").open(...args) },
    ]);
    stage.manager.open();
    stage.last.say(open);
    assertEquals([stage.connections.length, stage.manager.engine!.readyState], [1, "open"]);
  }
});

Deno.test("Engine tells packets as they come and go", () => {
  const stage = new Stage();
  const socket = stage.manager.socket("/");
  const engine = stage.manager.engine!;
  const told: unknown[] = [];
  engine.on("packet", ({ type, data }) => told.push(["in", type, data]))
    .on("packetCreate", ({ type, data }) => told.push(["out", type, data]))
    .on("data", (data) => told.push(["data", data]))
    .on("handshake", ({ sid, pingInterval }) => told.push([sid, pingInterval]))
    .on("ping", () => told.push(["ping"]))
    .on("drain", () => told.push(["drain"]));
  assertEquals([engine.id, engine.readyState], [undefined, "opening"]);
  stage.last.open();
  assertEquals([engine.id, engine.readyState], ["engine", "open"]);
  stage.last.say("2", '40{"sid":"a"}', "6");
  stage.last.events.drained();
  socket.emit("x");
  assertEquals(told, [
    ["in", "open", OPEN.slice(1)],
    ["out", "message", "0"],
    ["engine", 25_000],
    ["in", "ping", undefined],
    ["out", "pong", undefined],
    ["ping"],
    ["in", "message", '0{"sid":"a"}'],
    ["data", '0{"sid":"a"}'],
    ["in", "noop", undefined],
    ["drain"],
    ["out", "message", '2["x"]'],
  ]);
});
