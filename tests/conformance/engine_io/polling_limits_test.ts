/**
 * Sizes over HTTP long-polling: `maxHttpBufferSize` on the way in, batches and compression on the way out.
 * @module
 */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { RawConnection, rawRequest } from "../../support/raw_http.ts";
import { expected, serve, test } from "../../support/target.ts";
import { keepTime, PollingSession, SEPARATOR } from "../../support/wire.ts";

test("Limit accepts a body of exactly 1,000,000 bytes by default and refuses one more", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  await session.post("4" + "x".repeat(999_999));
  const response = await session.send("4" + "x".repeat(1_000_000));
  assertEquals([response.status, await response.text()], [413, ""]);
  // On a connection of its own: that of a body which was not read to its end may be closed any moment.
  assertEquals((await rawRequest(server.port, "POST", session.target, {}, "4small")).body, "ok");
  await server.logged("message", { data: "small" });
  const sizes = (await server.log()).filter(({ event }) => event === "message")
    .map(({ data }) => (data as string).length);
  assertEquals(sizes, [999_999, 5]);
});

test("Limit counts bytes, not characters", async () => {
  await using server = await serve("engine", { maxHttpBufferSize: 100 });
  const session = await PollingSession.start(server);
  await session.post("4" + "€".repeat(33)); // 1 + 99
  const response = await session.send("4" + "€".repeat(34)); // 1 + 102, but 35 characters
  assertEquals([response.status, await response.text()], [413, ""]);
  assertEquals(await session.poll(), ["4" + "€".repeat(33)]);
});

test("Limit refuses an oversize Content-Length before the body came", async () => {
  if (!expected.exactPath) return; // the official server counts what arrives: it answers at the limit
  await using server = await serve("engine", { maxHttpBufferSize: 1000 });
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", session.target, { "Content-Length": "5000000000" });
  assertEquals((await connection.response()).status, 413);
  await session.assertEchoes();
});

test("Limit refuses an endless chunked body while it comes", async () => {
  await using server = await serve("engine", { maxHttpBufferSize: 100_000 });
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", session.target, { "Transfer-Encoding": "chunked" });
  const chunk = "4000\r\n" + "x".repeat(0x4000) + "\r\n";
  for (let i = 0; i < 7; i++) await connection.write(chunk); // 114,688 bytes, and no end
  assertEquals((await connection.response()).status, 413);
  await session.assertEchoes();
});

test("Limit accepts a chunked body of exactly the limit", async () => {
  await using server = await serve("engine", { maxHttpBufferSize: 1000 });
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", session.target, { "Transfer-Encoding": "chunked" });
  await connection.write("1\r\n4\r\n3e7\r\n" + "x".repeat(999) + "\r\n0\r\n\r\n");
  assertEquals((await connection.response()).body, "ok");
  assertEquals(await session.poll(), ["4" + "x".repeat(999)]);
});

test("Limit leaves a slow body to the heartbeat, and others undisturbed", async () => {
  await using server = await serve("engine", { pingInterval: 200, pingTimeout: 300 });
  await using _companions = await keepTime(server);
  const slow = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", slow.target, { "Content-Length": "1000" });
  await connection.write("4abc"); // and never more
  assertEquals((await server.logged("close", { sid: slow.sid })).reason, "ping timeout");
  const other = await PollingSession.start(server);
  await other.assertEchoes();
});

test("Batches are cut by maxPayload, losing and reordering nothing", async () => {
  await using server = await serve("engine", { maxHttpBufferSize: 1000 });
  const session = await PollingSession.start(server);
  const messages = Array.from({ length: 50 }, (_, n) => `${n} ${"x".repeat(90)}`);
  await server.act("send", { sid: session.sid, messages });
  const packets: string[] = [];
  while (packets.length < 50) {
    const body = await (await session.get()).text();
    if (expected.batchesByMaxPayload) assert(body.length <= 1000, `a body of ${body.length} bytes`);
    packets.push(...body.split(SEPARATOR));
  }
  assertEquals(packets, messages.map((message) => `4${message}`));
});

test("Batches never cut a message, however large", async () => {
  await using server = await serve("engine", { maxHttpBufferSize: 100 });
  const session = await PollingSession.start(server);
  const large = "x".repeat(5000);
  await server.act("send", { sid: session.sid, messages: ["a", large, "b"] });
  assertEquals(await session.pollFor(3), ["4a", `4${large}`, "4b"]);
});

test('Client that never polls is a "slow consumer" above maxBufferedBytes', async () => {
  if (!expected.endsSlowConsumers) return;
  await using server = await serve("engine", { maxBufferedBytes: 10_000 });
  await using _companions = await keepTime(server);
  const slow = await PollingSession.start(server);
  const other = await PollingSession.start(server);
  await server.act("send", { sid: slow.sid, messages: ["x".repeat(9_000)] });
  assertEquals(await slow.poll(), ["4" + "x".repeat(9_000)]); // what was taken does not count any more
  await server.act("send", { sid: slow.sid, messages: Array.from({ length: 13 }, () => "x".repeat(1_000)) });
  assertEquals((await server.logged("close")).reason, "slow consumer");
  await slow.assertGone();
  await other.assertEchoes();
});

test('Client that never reads its WebSocket is a "slow consumer" above maxBufferedBytes', async () => {
  if (!expected.endsSlowConsumers) return;
  await using server = await serve("engine", { maxBufferedBytes: 1_000_000 });
  using connection = await RawConnection.open(server.port);
  await connection.upgrade(server.target("transport=websocket"));
  const { sid } = await server.logged("open"); // nothing is read from here on
  // More than the system's own buffers take, in several turns.
  for (let i = 0; i < 30; i++) {
    const messages = Array.from({ length: 10 }, () => "x".repeat(100_000));
    const isOpen = await server.act("send", { sid, messages }).then(() => true, () => false);
    if (!isOpen) break;
  }
  assertEquals((await server.logged("close")).reason, "slow consumer");
  await (await PollingSession.start(server)).assertEchoes();
}, "seesBacklog");

test("Half-open handshakes end with the heartbeat and leave nothing behind", async () => {
  await using server = await serve("engine", { pingInterval: 600, pingTimeout: 400 });
  await using companions = await keepTime(server);
  for (let batch = 0; batch < 20; batch++) {
    await Promise.all(Array.from({ length: 50 }, () => PollingSession.start(server)));
  }
  for (let ended = 0; ended < 1_000; ended++) await server.logged("close", { reason: "ping timeout" });
  assertEquals(await server.clientsCount(), companions.count);
  await (await PollingSession.start(server)).assertEchoes();
});

/** How an echo of `text` was compressed, the text after decompression, and its size on the wire. */
async function echo(
  options: Record<string, unknown>,
  text: string,
  accept: string | undefined,
): Promise<{ encoding: string | null; text: string; wireBytes: number }> {
  await using server = await serve("engine", options);
  const session = await PollingSession.start(server);
  await session.post(`4${text}`);
  const headers: Record<string, string> = accept === undefined ? {} : { "Accept-Encoding": accept };
  const { headers: answered, body, bytes } = await rawRequest(server.port, "GET", session.target, headers);
  const encoding = answered.get("content-encoding");
  if (encoding === null) return { encoding, text: body, wireBytes: bytes.length };
  const plain = new Response(bytes).body!.pipeThrough(new DecompressionStream(encoding as CompressionFormat));
  return { encoding, text: await new Response(plain).text(), wireBytes: bytes.length };
}

const LONG = "compress me ".repeat(100); // 1,200 bytes

for (const encoding of ["gzip", "deflate"]) {
  test(`Compression uses ${encoding} from 1,024 bytes on when the client accepts it`, async () => {
    const answer = await echo({}, LONG, encoding);
    assertEquals([answer.encoding, answer.text], [encoding, `4${LONG}`]);
    assertLess(answer.wireBytes, 300);
  });
}

test("Compression prefers gzip", async () => {
  assertEquals((await echo({}, LONG, "gzip, deflate")).encoding, "gzip");
});

test("Compression leaves short bodies alone", async () => {
  assertEquals((await echo({}, "x".repeat(1022), "gzip")).encoding, null);
  assertEquals((await echo({}, "x".repeat(1023), "gzip")).encoding, "gzip"); // and the digit: 1,024
}, "leavesCompression");

test("Compression leaves clients alone that do not accept it", async () => {
  const none: string | undefined = undefined;
  for (const accept of [none, "identity", "br", "gzip;q=0", "x-nothing"]) {
    const answer = await echo({}, LONG, accept);
    assertEquals([accept, answer.encoding, answer.text], [accept, null, `4${LONG}`]);
  }
}, "leavesCompression");

test("Compression follows httpCompression: false and its threshold", async () => {
  assertEquals((await echo({ httpCompression: false }, LONG, "gzip")).encoding, null);
  assertEquals((await echo({ httpCompression: { threshold: 10 } }, "x".repeat(20), "gzip")).encoding, "gzip");
  assertEquals((await echo({ httpCompression: { threshold: 5000 } }, LONG, "gzip")).encoding, null);
}, "leavesCompression");

test("Compression applies to no POST answer and no refusal", async () => {
  await using server = await serve("engine", { httpCompression: { threshold: 0 } });
  const session = await PollingSession.start(server);
  const post = await session.send("4x", { headers: { "accept-encoding": "gzip" } });
  assertEquals([post.headers.get("content-encoding"), await post.text()], [null, "ok"]);
  const refused = await rawRequest(server.port, "GET", server.target("transport=none"), {
    "Accept-Encoding": "gzip",
  });
  assertStringIncludes(refused.body, "Transport unknown");
});
