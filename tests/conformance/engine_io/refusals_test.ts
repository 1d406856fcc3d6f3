/**
 * The engine's error codes 0 to 5 on plain and on upgrade requests: status, content type, body, and what the
 * server's own `connection_error` event says. Source: socketio-behaviour.md, 1.3.
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RawConnection, rawRequest } from "../../support/raw_http.ts";
import { expected, serve, type ServeOptions, type TargetServer, test } from "../../support/target.ts";
import { PollingSession, WireSocket } from "../../support/wire.ts";

const MESSAGES = [
  "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
  "Unsupported protocol version",
];

interface Case {
  readonly what: string;
  readonly query: string;
  readonly code: number;
  readonly message?: string;
  readonly method?: string;
  readonly options?: ServeOptions;
  readonly headers?: Record<string, string>;
  /** What `connection_error` has as its context, where it is the same on every target. */
  readonly context?: Record<string, unknown>;
}

async function assertLogged(server: TargetServer, { code, message, context }: Case): Promise<void> {
  const entry = await server.logged("connection_error");
  assertEquals([entry.code, entry.message], [code, code === 4 ? "Forbidden" : message ?? MESSAGES[code]]);
  for (const [key, value] of Object.entries(context ?? {})) {
    assertEquals((entry.context as Record<string, unknown>)[key], value);
  }
}

const HTTP_CASES: Case[] = [
  { what: "no transport", query: "", code: 0 },
  { what: "an unknown transport", query: "transport=abc", code: 0, context: { transport: "abc" } },
  { what: "the transport __proto__", query: "transport=__proto__", code: 0 },
  { what: "the transport constructor", query: "transport=constructor", code: 0 },
  { what: "the transport toString", query: "transport=toString", code: 0 },
  { what: "the transport webtransport", query: "transport=webtransport", code: 0 },
  {
    what: "a disabled transport",
    query: "transport=polling",
    code: 0,
    options: { transports: ["websocket"] },
    context: { transport: "polling" },
  },
  { what: "an unknown sid", query: "transport=polling&sid=abc", code: 1, context: { sid: "abc" } },
  { what: "the sid __proto__", query: "transport=polling&sid=__proto__", code: 1 },
  { what: "the sid constructor", query: "transport=polling&sid=constructor", code: 1 },
  {
    what: "POST without a sid",
    query: "transport=polling",
    method: "POST",
    code: 2,
    context: { method: "POST" },
  },
  { what: "PUT without a sid", query: "transport=polling", method: "PUT", code: 2 },
  { what: "DELETE without a sid", query: "transport=polling", method: "DELETE", code: 2 },
  { what: "OPTIONS without a sid", query: "transport=polling", method: "OPTIONS", code: 2 },
  {
    what: "a WebSocket transport without an upgrade",
    query: "transport=websocket",
    code: 3,
    context: { name: "TRANSPORT_HANDSHAKE_ERROR" },
  },
  {
    what: "a failing generateId",
    query: "transport=polling",
    code: 3,
    options: { generateId: "throw" },
    context: { name: "ID_GENERATION_ERROR" },
  },
  {
    what: "a refusing allowRequest",
    query: "transport=polling",
    code: 4,
    options: { allowRequest: "refuse" },
  },
  {
    what: "a refusing allowRequest that gives a text",
    query: "transport=polling",
    code: 4,
    message: "Not today",
    options: { allowRequest: "refuse with text" },
    context: { message: "Not today" },
  },
  { what: "no EIO", query: "transport=polling&NO_EIO", code: 5 },
  { what: "EIO=3", query: "EIO=3&transport=polling", code: 5, context: { protocol: 3 } },
  { what: "EIO=5", query: "EIO=5&transport=polling", code: 5 },
  { what: "EIO=abc", query: "EIO=abc&transport=polling", code: 5 },
  { what: "EIO=04", query: "EIO=04&transport=polling", code: 5 },
  { what: "EIO doubled, the last wrong", query: "EIO=4&EIO=3&transport=polling", code: 5 },
];

for (const bad of HTTP_CASES) {
  test(`Request with ${bad.what} is refused with code ${bad.code}`, async () => {
    await using server = await serve("engine", bad.options);
    const { method = "GET", headers = {} } = bad;
    const response = await fetch(server.url(bad.query), { method, headers });
    assertEquals(JSON.parse(await response.text()), {
      code: bad.code,
      message: bad.message ?? MESSAGES[bad.code],
    });
    assertEquals(response.status, bad.code === 4 ? 403 : 400);
    assertMatch(response.headers.get("content-type")!, /^application\/json/);
    await assertLogged(server, bad);
    assertEquals(await server.clientsCount(), 0);
  });
}

const UPGRADE_CASES: Case[] = [
  { what: "no transport", query: "", code: 0 },
  { what: "an unknown transport", query: "transport=abc", code: 0, context: { transport: "abc" } },
  { what: "the transport __proto__", query: "transport=__proto__", code: 0 },
  { what: "the transport constructor", query: "transport=constructor", code: 0 },
  { what: "an unknown sid", query: "transport=websocket&sid=abc", code: 1, context: { sid: "abc" } },
  { what: "the sid __proto__", query: "transport=websocket&sid=__proto__", code: 1 },
  {
    what: "a refusing allowRequest",
    query: "transport=websocket",
    code: 4,
    options: { allowRequest: "refuse" },
  },
  {
    what: "a refusing allowRequest that gives a text",
    query: "transport=websocket",
    code: 4,
    message: "Not today",
    options: { allowRequest: "refuse with text" },
  },
];

async function assertUpgradeRefused(server: TargetServer, bad: Case): Promise<void> {
  using connection = await RawConnection.open(server.port);
  const { status, body, headers } = await connection.upgrade(server.target(bad.query));
  assertEquals([status, body], [400, bad.message ?? MESSAGES[bad.code]!]);
  assertMatch(headers.get("content-type")!, /^text\//);
  await assertLogged(server, bad);
  assertEquals(await server.clientsCount(), 0);
}

for (const bad of UPGRADE_CASES) {
  test(`Upgrade request with ${bad.what} is refused with code ${bad.code}`, async () => {
    await using server = await serve("engine", bad.options);
    await assertUpgradeRefused(server, bad);
  });
}

const LATE_CASES: Case[] = [
  { what: "no EIO", query: "transport=websocket&NO_EIO", code: 5 },
  { what: "EIO=3", query: "EIO=3&transport=websocket", code: 5, context: { protocol: 3 } },
  { what: "EIO=abc", query: "EIO=abc&transport=websocket", code: 5 },
  {
    what: "a failing generateId",
    query: "transport=websocket",
    code: 3,
    options: { generateId: "throw" },
    context: { name: "ID_GENERATION_ERROR" },
  },
];

for (const bad of LATE_CASES) {
  test(`Upgrade request with ${bad.what} is refused with code ${bad.code}`, async () => {
    await using server = await serve("engine", bad.options);
    if (expected.refusesBeforeUpgrade) return await assertUpgradeRefused(server, bad);
    using connection = await RawConnection.open(server.port);
    assertEquals((await connection.upgrade(server.target(bad.query))).status, 101);
    await assertLogged(server, bad);
    assert(await connection.ended());
  });
}

test("Upgrade request for a disabled transport is refused with code 0", async () => {
  await using server = await serve("engine", { transports: ["polling"] });
  using connection = await RawConnection.open(server.port);
  const { status, body } = await connection.upgrade(server.target("transport=websocket"));
  assertEquals(status, 400);
  // Without the WebSocket transport the official server takes this for a plain request and answers JSON.
  assertStringIncludes(body, "Transport unknown");
  if (expected.refusesBeforeUpgrade) assertEquals(body, "Transport unknown");
});

test("HEAD without a sid is refused without a body", async () => {
  await using server = await serve("engine");
  const response = await fetch(server.url("transport=polling"), { method: "HEAD" });
  assertEquals([response.status, await response.text()], [400, ""]);
  await assertLogged(server, { what: "", query: "", code: 2, context: { method: "HEAD" } });
});

test("Polling transport with an upgrade request gets no session that stays", async () => {
  await using server = await serve("engine");
  using connection = await RawConnection.open(server.port);
  const { status } = await connection.upgrade(server.target("transport=polling"));
  if (expected.refusesBeforeUpgrade) assertEquals(status, 400);
  else await connection.closeCode(); // 101, and a close frame at once
  assertEquals(await server.clientsCount(), 0);
});

test("Refused upgrade that the client resets harms nobody", async () => {
  await using server = await serve("engine");
  for (let i = 0; i < 20; i++) {
    using connection = await RawConnection.open(server.port);
    await connection.request("GET", server.target("transport=websocket&sid=none"), {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": btoa("0123456789abcdef"),
    }); // and gone before the answer
  }
  await (await PollingSession.start(server)).assertEchoes();
});

test("Request with the sid of a closed session is refused with code 1", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  await session.post("1");
  await server.logged("close");
  await session.assertGone();
  const post = await session.send("4hello");
  assertEquals([post.status, await post.text()], [400, '{"code":1,"message":"Session ID unknown"}']);
});

for (const version of ["EIO=3", "EIO=5", "NO_EIO"]) {
  test(`Request for a session with ${version} is refused with code 3 and harms it not`, async () => {
    await using server = await serve("engine");
    const session = await PollingSession.start(server);
    const url = server.url(`${version}&transport=polling&sid=${session.sid}`);
    const response = await fetch(url);
    assertEquals([response.status, await response.text()], [400, '{"code":3,"message":"Bad request"}']);
    const entry = await server.logged("connection_error");
    assertEquals((entry.context as { name: string }).name, "PROTOCOL_MISMATCH");
    using connection = await RawConnection.open(server.port);
    const target = server.target(`${version}&transport=websocket&sid=${session.sid}`);
    const upgrade = await connection.upgrade(target);
    assertEquals([upgrade.status, upgrade.body], [400, "Bad request"]);
    await session.assertEchoes();
  });
}

test("Polling request for a WebSocket session is refused with code 3 and harms it not", async () => {
  await using server = await serve("engine");
  const { ws, open } = await WireSocket.start(server);
  await using _ws = ws;
  for (const method of ["GET", "POST"]) {
    const response = await fetch(server.url(`transport=polling&sid=${open.sid}`), { method });
    assertEquals([response.status, await response.text()], [400, '{"code":3,"message":"Bad request"}']);
  }
  const entry = await server.logged("connection_error");
  assertEquals(entry.context, {
    name: "TRANSPORT_MISMATCH",
    transport: "polling",
    previousTransport: "websocket",
  });
  ws.send("4hello");
  assertEquals(await ws.next(), "4hello");
});

test("WebSocket transport without an upgrade is refused for a polling session and harms it not", async () => {
  await using server = await serve("engine");
  const session = await PollingSession.start(server);
  const response = await fetch(server.url(`transport=websocket&sid=${session.sid}`));
  assertEquals([response.status, await response.text()], [400, '{"code":3,"message":"Bad request"}']);
  await session.assertEchoes();
});

for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"]) {
  test(`${method} with a valid sid is refused and harms the session not`, async () => {
    await using server = await serve("engine");
    const session = await PollingSession.start(server);
    const response = await rawRequest(server.port, method, session.target);
    assertEquals(response.status, expected.badMethodOnSession);
    await session.assertEchoes();
  });
}
