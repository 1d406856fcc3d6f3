/**
 * The engine in memory: how sessions begin, live, move to WebSocket and end, and that nothing is left of them.
 * Who may open one, and what hooks, headers and middlewares do, is in `engine_requests_test.ts`.
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStrictEquals } from "@std/assert";
import type { EngineHandler, EngineSocket } from "../../src/engine/ports.ts";
import { EngineStage, Peer } from "../support/engine_stage.ts";
import { FakeContext, isPending, microtasks } from "../support/fake_transport.ts";

function openPacket(text: string): Record<string, unknown> {
  assertEquals(text[0], "0");
  return JSON.parse(text.slice(1));
}

// Opening

Deno.test("Engine opens a session on polling with the official open packet", async () => {
  const stage = new EngineStage();
  const answer = await stage.ask("transport=polling");
  assertEquals(answer.status, 200);
  assertEquals(answer.headers.get("content-type"), "text/plain; charset=UTF-8");
  const sid = stage.sockets[0]!.id;
  assertEquals(
    await answer.text(),
    `0{"sid":"${sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
  );
  assertEquals(stage.engine.clientsCount, 1);
});

Deno.test("Engine shows the socket of a session as it is", async () => {
  const stage = new EngineStage();
  const context = new FakeContext();
  await stage.ask("transport=polling&x=1", { headers: { "x-token": "t" } }, context);
  const socket = stage.sockets[0]!;
  assertEquals(socket.protocol, 4);
  assertEquals(socket.readyState, "open");
  assertEquals(socket.transport, { name: "polling", writable: false });
  assertEquals([socket.upgrading, socket.upgraded, socket.writable], [false, false, false]);
  assertEquals(socket.bufferedAmount, 0);
  assertEquals([socket.remoteAddress, socket.request.address], ["192.0.2.7", "192.0.2.7"]);
  assertEquals(socket.request.url, "http://h/engine.io/?EIO=4&transport=polling&x=1");
  assertEquals([socket.request.method, socket.request.headers.get("x-token")], ["GET", "t"]);
});

Deno.test("Engine makes sids of 20 characters that nobody guesses", async () => {
  const stage = new EngineStage();
  const [first, second] = [await stage.openPolling(), await stage.openPolling()];
  assertMatch(first.id, /^[\w-]{20}$/);
  assertNotEquals(first.id, second.id);
});

Deno.test("Engine opens a session on WebSocket once the socket is open, and not before", async () => {
  const stage = new EngineStage();
  const { answer, context } = await stage.askWebSocket();
  assertStrictEquals(answer, context.answer); // a runtime takes no other
  assertEquals([stage.engine.clientsCount, stage.sockets.length], [0, 0]);
  const peer = new Peer(context);
  assertEquals([stage.engine.clientsCount, stage.sockets.length], [1, 1]);
  const [open, ...more] = peer.heard();
  assertEquals(openPacket(open as string), {
    sid: stage.sockets[0]!.id,
    upgrades: [],
    pingInterval: 25_000,
    pingTimeout: 20_000,
    maxPayload: 1_000_000,
  });
  assertEquals(more, []);
  assertEquals(stage.sockets[0]!.transport, { name: "websocket", writable: true });
});

Deno.test("Engine keeps nothing of a client that went away during the upgrade", async () => {
  const stage = new EngineStage();
  const { context } = await stage.askWebSocket();
  context.events!.closed(new Error("reset"));
  stage.assertEmpty();
});

Deno.test("Engine tells the client its options in the open packet", async () => {
  const stage = new EngineStage({ pingInterval: 300, pingTimeout: 200, maxHttpBufferSize: 5_000 });
  const { pingInterval, pingTimeout, maxPayload } = openPacket(
    await (await stage.ask("transport=polling")).text(),
  );
  assertEquals([pingInterval, pingTimeout, maxPayload], [300, 200, 5_000]);
});

for (const options of [{ allowUpgrades: false }, { transports: ["polling"] }] as const) {
  Deno.test(`Engine offers no upgrade with ${JSON.stringify(options)}`, async () => {
    const stage = new EngineStage(options);
    assertEquals(openPacket(await (await stage.ask("transport=polling")).text()).upgrades, []);
  });
}

Deno.test("Engine sends the initial packet right after the open packet", async () => {
  const stage = new EngineStage({ initialPacket: "hi" });
  assertEquals((await (await stage.ask("transport=polling")).text()).split("\x1e").slice(1), ["4hi"]);
  const { context } = await stage.askWebSocket();
  assertEquals(new Peer(context).heard().slice(1), ["4hi"]);
});

Deno.test("Engine sends an initial packet of bytes as base64 on polling, and as it is on WebSocket", async () => {
  const stage = new EngineStage({ initialPacket: new Uint8Array([1, 2, 3]).buffer });
  assertEquals((await (await stage.ask("transport=polling")).text()).split("\x1e").slice(1), ["bAQID"]);
  const { context } = await stage.askWebSocket();
  assertEquals(new Peer(context).heard().slice(1), [new Uint8Array([1, 2, 3])]);
});

// Messages

Deno.test("Engine carries messages both ways on polling", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const heard: unknown[] = [];
  socket.on("message", (data) => heard.push(data));
  assertEquals(await stage.post(socket.id, "4a\x1ebAQID"), 200);
  assertEquals(heard, ["a", new Uint8Array([1, 2, 3])]);

  const poll = stage.poll(socket.id);
  assert(await isPending(poll));
  assert(socket.writable);
  socket.send("b");
  assertEquals(await (await poll).text(), "4b");
  socket.send("c").write(new Uint8Array([255]));
  assertEquals(await (await stage.poll(socket.id)).text(), "4c\x1eb/w==");
});

Deno.test("Engine puts what one listener sends into one polling body", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  socket.on("message", () => socket.send("1").send("2").send("3"));
  const poll = stage.poll(socket.id);
  await microtasks();
  await stage.post(socket.id, "4go");
  assertEquals(await (await poll).text(), "41\x1e42\x1e43");
});

Deno.test("Engine keeps for the next poll what a connection listener sends", async () => {
  const stage = new EngineStage();
  stage.engine.on("connection", (socket) => socket.send("welcome"));
  const socket = await stage.openPolling();
  assertEquals(await (await stage.poll(socket.id)).text(), "4welcome");
});

Deno.test("Engine splits a polling body at maxPayload, between frames", async () => {
  const stage = new EngineStage({ maxHttpBufferSize: 10 });
  const socket = await stage.openPolling();
  socket.send("aaaa").send("bbb").send("c");
  assertEquals(await (await stage.poll(socket.id)).text(), "4aaaa\x1e4bbb");
  assertEquals(await (await stage.poll(socket.id)).text(), "4c");
});

Deno.test("Engine carries messages both ways on WebSocket", async () => {
  const stage = new EngineStage();
  const { socket, peer } = await stage.openWebSocket();
  socket.on("message", (data) => socket.send(data));
  peer.say("4a", new Uint8Array([1]));
  assertEquals(peer.heard(), ["4a", new Uint8Array([1])]);
});

Deno.test("Engine sends base64 to a WebSocket that asked for it", async () => {
  const stage = new EngineStage();
  const { socket, peer } = await stage.openWebSocket("&b64=1");
  socket.send(new Uint8Array([1, 2, 3]));
  assertEquals(peer.heard(), ["bAQID"]);
});

Deno.test("Engine goes on with a session whose POST was too big, and ends one whose WebSocket message was", async () => {
  const stage = new EngineStage({ maxHttpBufferSize: 10 });
  const socket = await stage.openPolling();
  assertEquals(await stage.post(socket.id, "4" + "x".repeat(10)), 413);
  assertEquals(await stage.post(socket.id, "4" + "x".repeat(9)), 200);
  const { peer } = await stage.openWebSocket();
  peer.say("4" + "x".repeat(10));
  assertEquals(peer.socket.closes, [[1009, "Message too big"]]);
  assertEquals(stage.closed, ["transport error"]);
  assertEquals(stage.engine.clientsCount, 1);
});

Deno.test("Engine compresses polling answers from the threshold of httpCompression on", async () => {
  const encodings: (string | null)[] = [];
  for (const httpCompression of [{ threshold: 11 }, { threshold: 12 }, false, undefined]) {
    const stage = new EngineStage(httpCompression === undefined ? {} : { httpCompression });
    const socket = await stage.openPolling();
    socket.send("x".repeat(10));
    const answer = await stage.poll(socket.id, { headers: { "accept-encoding": "gzip" } });
    encodings.push(answer.headers.get("content-encoding"));
    await answer.body!.cancel();
  }
  assertEquals(encodings, ["gzip", null, null, null]);
});

// Upgrading

Deno.test("Engine moves a session to WebSocket and loses nothing on the way", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const heard: unknown[] = [];
  socket.on("message", (data) => heard.push(data));
  const parked = stage.poll(socket.id);
  const peer = await stage.probe(socket.id);
  assertEquals(peer.heard(), ["3probe"]);
  assertEquals(await (await parked).text(), "6"); // the nudge lets the client pause
  assert(socket.upgrading);
  await stage.post(socket.id, "4on polling"); // still allowed
  socket.send("waits");
  assertEquals(peer.heard(), []);
  peer.say("5", "4on websocket");
  assertEquals(peer.heard(), ["4waits"]);
  assertEquals(heard, ["on polling", "on websocket"]);
  assertEquals([socket.upgraded, socket.upgrading, socket.transport.name], [true, false, "websocket"]);
  assertEquals(stage.engine.clientsCount, 1);
});

Deno.test("Engine refuses polling after the upgrade", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const peer = await stage.probe(socket.id);
  peer.say("5");
  assertEquals((await stage.poll(socket.id)).status, 400);
  assertEquals(await stage.post(socket.id, "4a"), 400);
  assertEquals(stage.refused.map(({ code, context }) => [code, context.name]), [
    [3, "TRANSPORT_MISMATCH"],
    [3, "TRANSPORT_MISMATCH"],
  ]);
  socket.send("alive");
  assertEquals(peer.heard(), ["3probe", "4alive"]);
});

Deno.test("Engine accepts and closes a second WebSocket, while upgrading and afterwards", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const peer = await stage.probe(socket.id);
  assert((await stage.probe(socket.id)).isClosed);
  peer.say("5");
  assert((await stage.probe(socket.id)).isClosed);
  assert(!peer.isClosed);
  assertEquals([socket.readyState, stage.closed], ["open", []]);
});

Deno.test("Engine sends base64 on an upgrade that asked for it", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const peer = await stage.probe(socket.id, "&b64=1");
  peer.say("5");
  socket.send(new Uint8Array([1, 2, 3]));
  assertEquals(peer.heard(), ["3probe", "bAQID"]);
});

Deno.test("Engine closes a WebSocket that does not finish its upgrade; polling survives", async () => {
  const stage = new EngineStage({ upgradeTimeout: 1_000 });
  const socket = await stage.openPolling();
  const peer = await stage.probe(socket.id);
  stage.clock.advance(999);
  assert(!peer.isClosed);
  stage.clock.advance(1);
  assert(peer.isClosed);
  socket.send("still here");
  assertEquals(await (await stage.poll(socket.id)).text(), "4still here");
});

Deno.test("Engine closes a WebSocket that opens when its session is over", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const { context } = await stage.askWebSocket(`&sid=${socket.id}`);
  socket.close(true);
  assert(new Peer(context).isClosed);
  stage.assertEmpty();
});

// Ending

const ENDINGS: readonly [
  what: string,
  reason: string,
  end: (stage: EngineStage, socket: EngineSocket, peer: Peer) => void,
][] = [
  ["the client says goodbye", "transport close", (_stage, _socket, peer) => peer.say("1")],
  ["the client hangs up", "transport close", (_stage, _socket, peer) => peer.hangUp()],
  ["the connection breaks", "transport error", (_stage, _socket, peer) => peer.hangUp(new Error("reset"))],
  ["the client pings", "transport error", (_stage, _socket, peer) => peer.say("2")],
  ["the client sends garbage", "parse error", (_stage, _socket, peer) => peer.say("x")],
  ["the client is silent", "ping timeout", (stage) => stage.clock.advance(45_000)],
  ["the server closes it", "forced close", (_stage, socket) => socket.close()],
  ["the server discards it", "forced close", (_stage, socket) => socket.close(true)],
  ["the engine closes", "forced close", (stage) => void stage.engine.close()],
  ["the client does not read", "slow consumer", (stage, socket, peer) => {
    peer.socket.bufferedAmount = 200_000;
    socket.send("x".repeat(140_000)).send("y").send("z");
    stage.clock.advance(0);
  }],
  ["the socket takes no frame", "transport error", (stage, socket, peer) => {
    peer.socket.sendError = new Error("closed");
    socket.send("x");
    stage.clock.advance(0);
  }],
];

for (const [what, reason, end] of ENDINGS) {
  Deno.test(`Engine ends a session with "${reason}" when ${what}, and nothing is left of it`, async () => {
    const stage = new EngineStage({ maxBufferedBytes: 150_000 });
    const { socket, peer } = await stage.openWebSocket();
    end(stage, socket, peer);
    assertEquals(stage.closed, [reason]);
    assertEquals(socket.readyState, "closed");
    stage.assertEmpty();
    socket.send("too late").close();
    peer.hangUp();
    assertEquals(stage.closed, [reason]);
    assertNotEquals((await stage.poll(socket.id)).status, 200);
  });
}

const POLLING_ENDINGS: readonly [
  what: string,
  reason: string,
  farewell: [status: number, body: string],
  end: (stage: EngineStage, socket: EngineSocket, client: AbortController) => unknown,
][] = [
  ["the client says goodbye", "transport close", [200, "6"], (stage, { id }) => stage.post(id, "1")],
  ["the client sends garbage", "parse error", [200, "1"], (stage, { id }) => stage.post(id, "abc")],
  ["the client pings", "transport error", [200, "1"], (stage, { id }) => stage.post(id, "2")],
  ["a second poll overlaps", "transport error", [200, "1"], (stage, { id }) => stage.poll(id)],
  ["the client aborts its poll", "transport error", [400, ""], (_stage, _socket, client) => client.abort()],
  ["the server closes it", "forced close", [200, "1"], (_stage, socket) => socket.close()],
  ["the engine closes", "forced close", [200, "1"], (stage) => stage.engine.close()],
];

for (const [what, reason, farewell, end] of POLLING_ENDINGS) {
  Deno.test(`Engine answers the parked poll with ${farewell} and ends with "${reason}" when ${what}`, async () => {
    const stage = new EngineStage();
    const socket = await stage.openPolling();
    const client = new AbortController();
    const poll = stage.poll(socket.id, { signal: client.signal });
    assert(await isPending(poll));
    await end(stage, socket, client);
    const answer = await poll;
    assertEquals([answer.status, await answer.text()], farewell);
    assertEquals(stage.closed, [reason]);
    stage.assertEmpty();
  });
}

Deno.test("Engine ends a session whose answer was not delivered", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const context = new FakeContext();
  context.delivered = () => Promise.reject(new Error("reset"));
  socket.send("lost");
  await stage.poll(socket.id, {}, context);
  await microtasks();
  assertEquals(stage.closed, ["transport error"]);
  stage.assertEmpty();
});

Deno.test("Engine forgets a session before it tells its listeners", async () => {
  const stage = new EngineStage();
  const { socket, peer } = await stage.openWebSocket();
  const counts: number[] = [];
  socket.on("close", () => counts.push(stage.engine.clientsCount));
  peer.hangUp();
  assertEquals(counts, [0]);
});

// Heartbeat

Deno.test("Engine pings and keeps the session that answers, on polling", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  for (let round = 0; round < 3; round++) {
    const poll = stage.poll(socket.id);
    await microtasks();
    stage.clock.advance(25_000);
    assertEquals(await (await poll).text(), "2");
    stage.clock.advance(19_999);
    await stage.post(socket.id, "3");
  }
  assertEquals(stage.closed, []);
  stage.clock.advance(25_000 + 20_000);
  assertEquals(stage.closed, ["ping timeout"]);
  stage.assertEmpty();
});

Deno.test("Engine has one timer for all its sessions", async () => {
  const stage = new EngineStage();
  for (let count = 0; count < 50; count++) {
    await stage.openPolling();
    await stage.openWebSocket();
  }
  assertEquals([stage.engine.clientsCount, stage.clock.pending], [100, 1]);
  stage.clock.advance(45_000);
  assertEquals(stage.closed.length, 100);
  stage.assertEmpty();
});

// Closing the engine

Deno.test("Engine that is closed answers 503 to new and old clients, without an error event", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  await stage.engine.close();
  const { answer, context } = await stage.askWebSocket();
  assertEquals(
    [(await stage.ask("transport=polling")).status, (await stage.poll(socket.id)).status, answer.status],
    [503, 503, 503],
  );
  assertEquals(context.events, undefined);
  assertEquals([stage.sockets.length, stage.refused.length], [1, 0]);
});

Deno.test("Engine that is closed closes the WebSocket whose handshake was under way", async () => {
  const stage = new EngineStage();
  const { context } = await stage.askWebSocket();
  await stage.engine.close();
  assert(new Peer(context).isClosed);
  assertEquals(stage.sockets.length, 0);
  stage.assertEmpty();
});

Deno.test("Engine that closes takes the candidate of an upgrade along", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  const peer = await stage.probe(socket.id);
  await stage.engine.close();
  assert(peer.isClosed);
  stage.assertEmpty();
});

Deno.test("Engine may be closed twice, and from inside a close listener", async () => {
  const stage = new EngineStage();
  for (let count = 0; count < 3; count++) await stage.openWebSocket();
  stage.sockets[0]!.on("close", () => void stage.engine.close());
  await stage.engine.close();
  await stage.engine.close();
  assertEquals(stage.closed, ["forced close", "forced close", "forced close"]);
  stage.assertEmpty();
});

// The layer above

Deno.test("Engine tells its handler first, then the listeners, and hands it frames and the end", async () => {
  const log: string[] = [];
  const handler: EngineHandler = {
    opened(socket) {
      log.push(`opened ${socket.transport.name}`);
      return {
        receive: (frame) => log.push(`receive ${frame}`),
        closed: (reason) => log.push(`closed ${reason}`),
      };
    },
  };
  const stage = new EngineStage({}, { handler });
  stage.engine.on("connection", () => log.push("connection"));
  const { peer } = await stage.openWebSocket();
  peer.say("4a", "3");
  peer.hangUp();
  assertEquals(log, ["opened websocket", "connection", "receive 4a", "closed transport close"]);
});

for (const transport of ["polling", "websocket"] as const) {
  Deno.test(`Engine ends a session on ${transport} whose handler throws, and reports it`, async () => {
    const handler: EngineHandler = {
      opened: () => {
        throw new Error("mine");
      },
    };
    const stage = new EngineStage({}, { handler });
    if (transport === "polling") await stage.ask("transport=polling");
    else assert(new Peer((await stage.askWebSocket()).context).isClosed);
    assertEquals(stage.errors, ["Error: mine in connection handler"]);
    assertEquals(stage.sockets.length, 0); // no connection event
    stage.assertEmpty();
  });
}

Deno.test("Engine goes on with a session whose connection listener throws, and reports it", async () => {
  const stage = new EngineStage();
  stage.engine.once("connection", () => {
    throw new Error("mine");
  });
  const { socket, peer } = await stage.openWebSocket();
  socket.send("a");
  assertEquals(peer.heard(), ["4a"]);
  assertEquals(stage.errors, ['Error: mine in listener of "connection" on engine']);
});

Deno.test("Engine lets a connection listener end the session at once", async () => {
  const stage = new EngineStage();
  stage.engine.on("connection", (socket) => socket.close(true));
  const { peer } = await stage.openWebSocket();
  assert(peer.isClosed);
  assertEquals((await stage.ask("transport=polling")).status, 200);
  assertEquals(stage.closed, ["forced close", "forced close"]);
  stage.assertEmpty();
});

Deno.test("Engine shares its one timer with the layers above", () => {
  const stage = new EngineStage();
  const woken: number[] = [];
  const { clock } = stage.engine;
  clock.at(clock.now() + 5, () => woken.push(clock.now()));
  clock.at(clock.now() + 2, () => woken.push(clock.now()));
  stage.clock.advance(10);
  assertEquals(woken, [1_000_002, 1_000_005]);
  stage.assertEmpty();
});
