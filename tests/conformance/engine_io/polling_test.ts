/**
 * Engine.IO protocol v4, "HTTP long-polling" and "Payload encoding": messages, overlaps, aborts, goodbyes.
 * Body limits are in polling_limits_test.ts.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RawConnection } from "../../support/raw_http.ts";
import { serve, test } from "../../support/target.ts";
import { PollingSession, SEPARATOR } from "../../support/wire.ts";

test("Polling carries one text message each way", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await session.post("4hello");
  assertEquals(await session.poll(), ["4hello"]);
});

test("Polling carries several messages in one body, in order", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await session.post("4one", "4two", "4three");
  assertEquals(await session.pollFor(3), ["4one", "4two", "4three"]);
});

test("Polling carries binary messages as base64, in order with text", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const packets = ["4before", "bAQIDBA==", "4between", "b", "bAP8=", "4after"];
  await session.post(...packets);
  assertEquals(await session.pollFor(6), packets);
});

test("Polling carries text beyond ASCII", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const texts = ["4utf-8: äöü €", "4\u{1F600}\u{10FFFF}", "4\u0000\u0001\u2028", "4"];
  await session.post(...texts);
  assertEquals(await session.pollFor(4), texts);
});

test("Polling carries a thousand packets in one body, in order", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const packets = Array.from({ length: 1000 }, (_, n) => `4message ${n}`);
  await session.post(...packets);
  assertEquals(await session.pollFor(1000), packets);
});

test("Polling answers a parked GET as soon as there is a message", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const parked = session.poll();
  await session.untilParked();
  await server.act("send", { sid: session.sid, messages: ["first"] });
  assertEquals(await parked, ["4first"]);
});

test("Polling keeps messages in order while no GET is parked", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const bytes = new Uint8Array([1, 2, 3]);
  await server.act("send", { sid: session.sid, messages: ["a", bytes, "b"] });
  await server.act("send", { sid: session.sid, messages: ["c"] });
  assertEquals(await session.pollFor(4), ["4a", "bAQID", "4b", "4c"]);
});

test("Polling answers GET and POST with the official headers", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const post = await session.send("4ä");
  assertEquals([post.status, await post.text()], [200, "ok"]);
  assertMatch(post.headers.get("content-type")!, /^text\/html/);
  assertEquals(post.headers.get("cache-control"), "no-store");
  const get = await session.get();
  assertEquals(await get.text(), "4ä");
  assertEquals(get.headers.get("content-type")?.toLowerCase(), "text/plain; charset=utf-8");
  assertEquals(get.headers.get("content-length"), "3");
  assertEquals(get.headers.get("cache-control"), "no-store");
  assertEquals(get.headers.get("content-encoding"), null);
});

test("Polling takes any content type but binary", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  for (const type of ["text/plain;charset=UTF-8", "text/plain", "application/x-www-form-urlencoded"]) {
    await (await session.send("4x", { headers: { "content-type": type } })).text();
    assertEquals(await session.poll(), ["4x"]);
  }
});

test("Polling takes a body in small pieces, cut within a character", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", session.target, { "Content-Length": "8", Connection: "close" });
  const bytes = new TextEncoder().encode("4€ \u{1F600}").subarray(0, 8);
  for (const byte of bytes.subarray(0, 7)) await connection.write(new Uint8Array([byte]));
  await server.log(); // a round trip, so that the pieces do not travel as one
  await connection.write(bytes.subarray(7));
  assertEquals((await connection.response()).body, "ok");
  assertEquals(await session.poll(), [new TextDecoder().decode(bytes)]);
});

for (
  const [what, body] of [["text that is no packet", "abc"], ["an empty body", ""], ["an unknown type", "9"]]
) {
  test(`Polling ends the session with "parse error" on ${what}`, async () => {
    await using server = await serve("engine");
    const session = await PollingSession.start(server);
    const parked = session.poll();
    await session.untilParked();
    const post = await session.send(body!, { headers: { "content-type": "text/plain" } });
    assertEquals([post.status, await post.text()], [200, "ok"]);
    assertEquals(await parked, ["1"]);
    assertEquals((await server.logged("close")).reason, "parse error");
    await session.assertGone();
  });
}

test('Polling ends the session with "transport error" when the client pings', async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const parked = session.poll();
  await session.untilParked();
  await session.post("2");
  assertEquals(await parked, ["1"]);
  assertEquals((await server.logged("close")).reason, "transport error");
});

test("Polling delivers the packets before a bad one", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  await session.post("4good", "4better", "abc", "4never");
  assertEquals((await server.logged("close")).reason, "parse error");
  const messages = (await server.log()).filter(({ event }) => event === "message").map(({ data }) => data);
  assertEquals(messages, ["good", "better"]);
});

test("Polling delivers nothing that follows the client's goodbye in one body", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  await session.post("4last", "1", "4after");
  await server.logged("close", { reason: "transport close" });
  const messages = (await server.log()).filter(({ event }) => event === "message").map(({ data }) => data);
  assertEquals(messages, ["last"]);
});

test("Polling answers the parked GET with a noop when the client closes", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const parked = session.poll();
  await session.untilParked();
  await session.post("1");
  assertEquals(await parked, ["6"]);
  assertEquals((await server.logged("close")).reason, "transport close");
  await session.assertGone();
});

test("Polling answers the parked GET with a close packet when the server closes", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const parked = session.poll();
  await session.untilParked();
  await server.act("close", { sid: session.sid });
  assertEquals(await parked, ["1"]);
  assertEquals((await server.logged("close")).reason, "forced close");
  await session.assertGone();
});

test("Polling keeps the server's goodbye for the next GET, behind what was sent", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await server.act("sendAndClose", { sid: session.sid, messages: ["bye", "bye bye"] });
  const packets: string[] = [];
  while (!packets.includes("1")) packets.push(...await session.poll());
  // The official server adds a noop to force the answer.
  assertEquals(packets.filter((packet) => packet !== "6"), ["4bye", "4bye bye", "1"]);
  assertEquals((await server.logged("close")).reason, "forced close");
});

test("Polling keeps the server's goodbye for the next GET when nothing else waits", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await server.act("close", { sid: session.sid });
  assertEquals((await session.poll()).at(-1), "1");
  await server.logged("close", { reason: "forced close" });
});

test("Polling ends the session at once when the server closes with discard", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await server.act("close", { sid: session.sid, discard: true });
  await server.logged("close", { reason: "forced close" });
  await session.assertGone();
});

test("Polling refuses a second GET and ends the session", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  // Both are on the wire before either is answered: which comes first is the network's choice.
  const both = await Promise.all([session.probe(), session.probe()]);
  both.sort(([a], [b]) => a - b);
  assertEquals(both, [[200, "1"], [400, ""]]);
  assertEquals((await server.logged("close")).reason, "transport error");
  await session.assertGone();
});

test("Polling refuses a second POST while one is being read, and ends the session", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  using slow = await RawConnection.open(server.port);
  await slow.request("POST", session.target, { "Content-Length": "100" });
  await slow.write("4half of it");
  // The session is only gone once the server saw the overlap, so the second may have to be repeated.
  let status = 200;
  while (status === 200) {
    const response = await session.send("4other");
    await response.body?.cancel();
    status = response.status;
  }
  assertEquals(status, 400);
  assertEquals((await server.logged("close")).reason, "transport error");
  await session.assertGone();
});

test("Polling ends the session when the client aborts its GET", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("GET", session.target);
  await session.post("4seen"); // an echo on that very connection shows that the GET is parked
  assertEquals((await connection.response()).body, "4seen");
  await connection.request("GET", session.target);
  await server.log();
  connection.close();
  assertEquals((await server.logged("close")).reason, "transport error");
  await session.assertGone();
}, "seesGoneClients");

test("Polling ends the session when the client aborts its POST", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", session.target, { "Content-Length": "100" });
  await connection.write("4half of it");
  await server.log();
  connection.close();
  assertEquals((await server.logged("close")).reason, "transport error");
  assert((await server.log()).every(({ event }) => event !== "message"));
  await session.assertGone();
});

test("Polling ends the session when the client aborts a chunked POST", async () => {
  await using server = await serve("engine", { echo: false });
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  await connection.request("POST", session.target, { "Transfer-Encoding": "chunked" });
  await connection.write("6\r\n4hello\r\n");
  await server.log();
  connection.close();
  assertEquals((await server.logged("close")).reason, "transport error");
  assert((await server.log()).every(({ event }) => event !== "message"));
});

test("Polling answers a binary POST with 400 and ends the session", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const response = await session.send(new Uint8Array([1, 2, 3]), {
    headers: { "content-type": "application/octet-stream" },
  });
  assertEquals([response.status, await response.text()], [400, ""]);
  assertEquals((await server.logged("close")).reason, "transport error");
  await session.assertGone();
});

test("Polling serves pipelined requests of one connection in order", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  using connection = await RawConnection.open(server.port);
  const post = `POST ${session.target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n4a`;
  await connection.write(post);
  assertEquals((await connection.response()).body, "ok");
  await connection.write(`${post}GET ${session.target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  assertEquals((await connection.response()).body, "ok");
  const first = (await connection.response()).body.split(SEPARATOR);
  const rest = first.length < 2 ? await session.pollFor(2 - first.length) : [];
  assertEquals([...first, ...rest], ["4a", "4a"]);
});

test("Polling sessions do not see each other", async () => {
  await using server = await serve("engine");
  const sessions = await Promise.all(Array.from({ length: 10 }, () => PollingSession.start(server)));
  await Promise.all(sessions.map((session, n) => session.post(`4mine ${n}`)));
  const packets = await Promise.all(sessions.map((session) => session.poll()));
  assertEquals(packets, sessions.map((_, n) => [`4mine ${n}`]));
});
