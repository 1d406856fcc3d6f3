/**
 * The server in real Bun processes: what only Bun shows. That it does everything else too is shown by the suites that
 * run on every target.
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { connect as connectTcp } from "node:net";
import { BunProcess } from "../support/bun.ts";
import { io, type Socket } from "socket.io-client";
import { closed, connect, next, TRANSPORTS } from "../support/client.ts";
import { RawConnection, rawRequest } from "../support/raw_http.ts";
import { pause, within } from "../support/within.ts";

const POLLING = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET = "/socket.io/?EIO=4&transport=websocket";
const UPGRADE_HEAD = `GET ${WEBSOCKET} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";

/** The port of a program that says where it listens. */
async function portOf(bun: BunProcess): Promise<number> {
  return (await bun.said("listening")).port as number;
}

function originOf(port: number): { readonly origin: string } {
  return { origin: `http://127.0.0.1:${port}` };
}

/** The sid of a new session on polling, over that connection. */
async function handshake(connection: RawConnection): Promise<string> {
  await connection.request("GET", POLLING);
  const { body } = await connection.response();
  return (JSON.parse(body.slice(1)) as { sid: string }).sid;
}

/** A WebSocket client in the main namespace, that from then on reads only what it is told to. */
async function joined(port: number): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  assertEquals((await connection.upgrade(WEBSOCKET)).status, 101);
  await connection.nextFrame(); // open
  await connection.frame(1, "40");
  await connection.nextFrame(); // connect
  return connection;
}

function concat(text: string, bytes: number[]): Uint8Array {
  return new Uint8Array([...new TextEncoder().encode(text), ...bytes]);
}

/** The next text from a bare WebSocket. */
async function text(ws: WebSocket): Promise<string> {
  const event = await within(
    new Promise<MessageEvent>((resolve) => ws.addEventListener("message", resolve, { once: true })),
    "a message",
  );
  return String(event.data);
}

async function closedWell(ws: WebSocket): Promise<void> {
  const closed = new Promise((resolve) => ws.addEventListener("close", resolve, { once: true }));
  ws.close();
  await within(closed, "the end of the WebSocket");
}

Deno.test("Bun serves what a program exports as default", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/default.ts");
  const { text } = await bun.said("text");
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(String(text))![1]);
  for (const [, transports] of TRANSPORTS) {
    await using client = await connect(originOf(port), "/", { transports });
    const { socket } = client;
    const [word, bytes] = await socket.timeout(5_000).emitWithAck("echo", [
      "word",
      new Uint8Array([1, 2, 3]),
    ]);
    assertEquals([word, [...bytes]], ["word", [1, 2, 3]]);
    assertEquals(socket.io.engine.transport.name, transports.at(-1)!);
    // Bun's own binary messages are Buffers.
    assertEquals(await socket.timeout(5_000).emitWithAck("plain", new Uint8Array([1])), "Uint8Array");
  }
});

Deno.test("Bun tells the client's address without ::ffff:, before any upgrade", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/plain.ts");
  const port = await portOf(bun);
  for (const [, transports] of TRANSPORTS) {
    await using client = await connect(originOf(port), "/", { transports });
    assertEquals(client.auth, "127.0.0.1");
  }
});

Deno.test("Bun picks the first subprotocol that a client offers", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/plain.ts");
  using connection = await RawConnection.open(await portOf(bun));
  const { status, headers } = await connection.upgrade(WEBSOCKET, { "Sec-WebSocket-Protocol": "a,b" });
  assertEquals([status, headers.get("sec-websocket-protocol")], [101, "a"]);
});

Deno.test("A parked poll outlives Bun's idleTimeout, which ends other requests and idle connections", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/plain.ts");
  const port = await portOf(bun);
  using other = await RawConnection.open(port);
  await other.request("GET", "/other");
  using idle = await RawConnection.open(port);
  using parked = await RawConnection.open(port);
  for (const connection of [idle, parked]) {
    const sid = await handshake(connection);
    await rawRequest(port, "POST", `${POLLING}&sid=${sid}`, {}, "40");
    await connection.request("GET", `${POLLING}&sid=${sid}`);
    await connection.response(); // the packets of the join
    await connection.request("GET", `${POLLING}&sid=${sid}`);
    if (connection === parked) break;
    await bun.tell("emit early");
    assertEquals((await connection.response()).body, '42["text","early"]');
  }
  await pause(13_000);
  await bun.tell("emit still here");
  assertEquals((await parked.response()).body, '42["text","still here"]');
  assert(await other.ended(), "Bun's timeout was on");
  assert(await idle.ended(), "the timeout was off for the time of the poll only");
  assertEquals(bun.unheard.filter(({ event }) => event === "close"), []);
});

Deno.test("A handler on Bun that is not given the server says what is missing", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/without_server.ts");
  const port = await portOf(bun);
  assertEquals((await rawRequest(port, "GET", POLLING)).status, 500);
  const { name, message } = await bun.said("thrown");
  assertEquals(name, "TypeError");
  assertMatch(String(message), /fetch: \(request, server\) => io\.handler\(request, server\)/);
});

for (const form of ["itself", "object"]) {
  Deno.test(`hono on Bun serves its own WebSockets beside Socket.IO, its env being the server ${form}`, async () => {
    await using bun = await BunProcess.start("tests/runtimes/bun/hono.ts", { bundle: true, args: [form] });
    const port = await portOf(bun);
    const own = new WebSocket(`ws://127.0.0.1:${port}/own`);
    assertEquals(await text(own), "welcome");
    for (const [, transports] of TRANSPORTS) {
      await using client = await connect(originOf(port), "/", { transports });
      assertEquals(client.auth, "127.0.0.1");
      assertEquals(await client.socket.timeout(5_000).emitWithAck("echo", transports), transports);
    }
    own.send("hello");
    assertEquals(await text(own), "hono: hello");
    assertEquals(await (await fetch(`http://127.0.0.1:${port}/page`)).text(), "a page");
    await closedWell(own);
    await bun.said("own closed");
  });
}

Deno.test("Two servers and WebSockets served by hand share one Bun.serve, each with its settings", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/several.ts");
  const { event: _, ...settings } = await bun.said("settings");
  assertEquals(settings, {
    perMessageDeflate: true, // set by hand
    idleTimeout: 30, // likewise
    sendPings: true,
    maxPayloadLength: 61_048_576, // of the server that takes the longest
  });
  const port = await portOf(bun);
  const own = new WebSocket(`ws://127.0.0.1:${port}/ann`);
  assertEquals(await text(own), "welcome ann");
  await using small = await connect(originOf(port), "/", { path: "/small", transports: ["websocket"] });
  await using large = await connect(originOf(port), "/", { path: "/large", transports: ["websocket"] });
  for (const { socket } of [small, large]) {
    assertEquals(await socket.timeout(5_000).emitWithAck("echo", "word"), "word");
  }
  const bytes = new Uint8Array(20_000_000);
  assertEquals((await large.socket.timeout(5_000).emitWithAck("echo", bytes)).length, 20_000_000);
  small.socket.emit("echo", "x".repeat(2_000));
  await next(small.socket, "disconnect");
  assertEquals((await bun.said("close")).reason, "transport error");
  own.send("hello");
  assertEquals(await text(own), "ann: hello");
  own.send("ping");
  assertEquals((await bun.said("pong")).name, "ann");
  await closedWell(own);
  assertEquals((await bun.said("hand closed")).name, "ann");
});

Deno.test("Sockets that are dispatched as elysia does reach their server", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/several.ts", { args: ["elysia"] });
  const port = await portOf(bun);
  for (const path of ["/small", "/large"]) {
    await using client = await connect(originOf(port), "/", { path, transports: ["websocket"] });
    assertEquals(await client.socket.timeout(5_000).emitWithAck("echo", "word"), "word");
  }
  assertEquals((await bun.said("close")).reason, "transport close");
});

Deno.test("A message over the limit is answered 1009 with its reason, one far over it by Bun", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/plain.ts");
  const port = await portOf(bun);
  for (
    const [size, reason] of [[1_001, "Message too big"], [1_060_000, "Received too big message"]] as const
  ) {
    using connection = await joined(port);
    await connection.frame(1, "4" + "x".repeat(size - 1));
    let frame = await connection.nextFrame();
    while (frame?.opcode !== 8) frame = await connection.nextFrame();
    assertEquals(new DataView(frame.payload.buffer).getUint16(0), 1009);
    assertEquals(new TextDecoder().decode(frame.payload.subarray(2)), reason);
    assertEquals((await bun.said("close")).reason, "transport error");
  }
});

/** A client that reads all it is sent, for the crowd that makes topics worthwhile. Ends with the process. */
async function reader(port: number): Promise<{ readonly ws: WebSocket; readonly frames: string[] }> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET}`);
  ws.binaryType = "arraybuffer";
  const frames: string[] = [];
  const connected = Promise.withResolvers<void>();
  ws.onopen = () => ws.send("40");
  ws.onmessage = ({ data }) => {
    if (typeof data !== "string") return;
    if (data.startsWith("40")) connected.resolve();
    else if (data.startsWith("4")) frames.push(data);
  };
  await within(connected.promise, "a reader to connect");
  return { ws, frames };
}

for (const seed of [1, 2, 3]) {
  Deno.test(`Each client on Bun gets what was sent to it and to its rooms, in order (seed ${seed})`, async () => {
    await using bun = await BunProcess.start("tests/runtimes/bun/order.ts", { args: [String(seed)] });
    const port = await portOf(bun);
    const readers = await Promise.all(Array.from({ length: 40 }, () => reader(port)));
    try {
      await bun.tell("go 3000");
      for (let n = 0; n < 200; n++) {
        readers[n % 3]!.ws.send('42["poke"]');
        if (n % 20 === 0) await pause(1);
      }
      const { published } = await bun.said("published");
      assertGreater(Number(published), 300);
      const isDone = (frames: string[]): boolean => frames.some((frame) => frame.startsWith('42["done"'));
      await within(
        (async () => {
          while (!readers.every(({ frames }) => isDone(frames))) await pause(5);
        })(),
        "all clients to have got everything",
      );
      for (const { frames } of readers) {
        const done = frames.findIndex((frame) => frame.startsWith('42["done"'));
        const [, expected] = JSON.parse(frames[done]!.slice(2)) as [string, number[]];
        const got = frames.slice(0, done).map((frame) => Number(/\["event",(\d+)/.exec(frame)![1]));
        assertEquals(got, expected);
      }
    } finally {
      await Promise.all(readers.map(({ ws }) => closedWell(ws)));
    }
  });
}

Deno.test("A client that stops reading is ended as a slow consumer and costs nobody else", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/slow.ts");
  const port = await portOf(bun);
  using stalled = await joined(port);
  const { sid } = await bun.said("open");
  await using bystander = await connect(originOf(port), "/", { transports: ["websocket"] });
  const crowd = await Promise.all(Array.from({ length: 20 }, () => reader(port)));
  let count = 0;
  let isInOrder = true;
  bystander.socket.on("chunk", (n: number) => isInOrder &&= n === count++);
  await bun.tell("pour 1");
  const { rss: before } = await bun.said("poured");
  let rss = 0;
  let sent = 0;
  while (!bun.unheard.some(({ event }) => event === "close")) {
    assertLess(sent, 2_000, "64 KiB each, and the client that reads nothing is still there");
    await bun.tell("pour 5");
    ({ rss, sent } = await bun.said("poured") as unknown as { rss: number; sent: number });
    // The next ones are poured when the bystander has these.
    await bystander.socket.timeout(5_000).emitWithAck("echo", "word");
    assertEquals([isInOrder, count], [true, sent]);
  }
  const { sid: ended, reason } = await bun.said("close");
  assertEquals([ended, reason], [sid, "slow consumer"]);
  assertGreater(sent, 16);
  assertLess(rss - Number(before), 150_000_000);
  stalled.close();
  await Promise.all(crowd.map(({ ws }) => closedWell(ws)));
});

Deno.test("A frame that Bun drops ends its session: nothing is sent after it", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/slow.ts", { args: ["1024"] });
  const port = await portOf(bun);
  using stalled = await joined(port);
  const { sid } = await bun.said("open");
  const crowd = await Promise.all(Array.from({ length: 20 }, () => reader(port)));
  for (let sent = 0; !bun.unheard.some(({ event }) => event === "close"); sent++) {
    assertLess(sent, 2_000);
    await bun.tell("pour 1");
    await bun.said("poured");
  }
  const { sid: ended, reason } = await bun.said("close");
  assertEquals([ended, reason], [sid, "transport error"]);
  // What had been taken before is whole and in order, and then it ends.
  let frame = await stalled.nextFrame();
  for (let n = 0; frame !== undefined && frame.opcode !== 8; n++, frame = await stalled.nextFrame()) {
    const event = new TextDecoder().decode(frame.payload);
    if (n > 0) assertEquals(event.slice(0, 20), `42["chunk",${n - 1},"xxxxxxxxx`.slice(0, 20));
  }
  await Promise.all(crowd.map(({ ws }) => closedWell(ws)));
});

Deno.test("A client that resets its connection ends its session and nothing else", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/plain.ts");
  const port = await portOf(bun);
  await using bystander = await connect(originOf(port), "/", { transports: ["websocket"] });
  await bun.said("open");
  using connection = await RawConnection.open(port);
  const sid = await handshake(connection);
  await bun.said("open");
  const cases: [what: string, head: string | Uint8Array, reason: string][] = [
    ["a WebSocket at rest", UPGRADE_HEAD, "transport close"],
    [
      "the middle of a frame",
      concat(UPGRADE_HEAD, [0x81, 0xfe, 0x10, 0, 0, 0, 0, 0, 0x34, 0x78]),
      "transport close",
    ],
    ["a parked poll", `GET ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: a\r\n\r\n`, "transport error"],
  ];
  for (const [what, head, reason] of cases) {
    await within(
      new Promise<void>((resolve) => {
        const tcp = connectTcp(port, "127.0.0.1", () => tcp.write(head));
        if (what === "a parked poll") setTimeout(() => tcp.resetAndDestroy(), 200);
        else tcp.once("data", () => setTimeout(() => tcp.resetAndDestroy(), 20));
        tcp.on("close", () => resolve());
        tcp.on("error", () => {});
      }),
      `the reset in ${what}`,
    );
    assertEquals([what, (await bun.said("close")).reason], [what, reason]);
    assertEquals(await bystander.socket.timeout(5_000).emitWithAck("echo", what), what);
  }
});

Deno.test("A server on Bun stops: clients are told, Bun stops at once, and the process ends by itself", async () => {
  await using bun = await BunProcess.start("tests/runtimes/bun/plain.ts");
  const port = await portOf(bun);
  await using socket = await connect(originOf(port), "/", { transports: ["websocket"] });
  await using poller = await connect(originOf(port), "/", { transports: ["polling"] });
  const told = [socket, poller].map((client) => next(client.socket, "disconnect"));
  await bun.tell("close");
  await bun.said("stopped");
  for (const [reason] of await Promise.all(told)) {
    assertMatch(String(reason), /transport close/);
  }
  assertEquals(await bun.ended(), 0);
});

Deno.test("The chat runs on Bun as on Deno: its page, and people who talk in a room", async () => {
  await using bun = await BunProcess.start("examples/chat/bun.ts", { bundle: true, env: { PORT: "0" } });
  let port: number | undefined;
  while (port === undefined) {
    const { text } = await bun.said("text");
    const url = /Started .*:(\d+)/.exec(String(text));
    if (url) port = Number(url[1]);
  }
  const page = await fetch(`http://127.0.0.1:${port}/`);
  assertMatch(await page.text(), /<title>/);
  const people = ["Ann", "Bob"].map((nickname) =>
    io(`http://127.0.0.1:${port}/`, {
      forceNew: true,
      auth: { nickname, key: `${nickname}'s very secret key` },
    })
  );
  try {
    const [ann, bob] = people as [Socket, Socket];
    for (const person of people) {
      const { ok } = await person.timeout(5_000).emitWithAck("join", "lobby");
      assertEquals(ok, true);
    }
    const heard = next(bob, "message");
    const draft = { id: crypto.randomUUID(), room: "lobby", text: "hello" };
    assertEquals((await ann.timeout(5_000).emitWithAck("say", draft)).ok, true);
    const [message] = await heard as [{ text: string; author: { nickname: string } }];
    assertEquals([message.author.nickname, message.text], ["Ann", "hello"]);
  } finally {
    for (const socket of people) await closed({ socket });
  }
});
