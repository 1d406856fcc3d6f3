/**
 * Engine.IO protocol v4, "Handshake", over both transports.
 * @module
 */
import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { expected, serve, test } from "../../support/target.ts";
import { RawConnection } from "../../support/raw_http.ts";
import { PollingSession, WireSocket } from "../../support/wire.ts";

const OPTIONS = { pingInterval: 12_345, pingTimeout: 6_789, maxHttpBufferSize: 54_321 };

test("Polling handshake opens a session", async () => {
  await using server = await serve("engine", OPTIONS);
  const session = await PollingSession.start(server);
  assertMatch(session.sid, expected.id);
  assertEquals(Object.keys(session.open).sort(), [
    "maxPayload",
    "pingInterval",
    "pingTimeout",
    "sid",
    "upgrades",
  ]);
  const { upgrades, pingInterval, pingTimeout, maxPayload } = session.open;
  assertEquals([upgrades, pingInterval, pingTimeout, maxPayload], [["websocket"], 12_345, 6_789, 54_321]);
  assertEquals(session.greeting, []);
  assertEquals(await server.logged("open"), { event: "open", sid: session.sid, transport: "polling" });
});

test("Polling handshake is answered with the headers of a poll", async () => {
  await using server = await serve("engine");
  const response = await fetch(server.url("transport=polling"));
  await response.body?.cancel();
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type")?.toLowerCase(), "text/plain; charset=utf-8");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("set-cookie"), null);
  assertEquals(response.headers.get("access-control-allow-origin"), null);
});

test("WebSocket handshake opens a session", async () => {
  await using server = await serve("engine", OPTIONS);
  const { ws, open } = await WireSocket.start(server);
  await using _ws = ws;
  assertMatch(open.sid, expected.id);
  assertEquals(open, {
    sid: open.sid,
    upgrades: [],
    pingInterval: 12_345,
    pingTimeout: 6_789,
    maxPayload: 54_321,
  });
  assertEquals(await server.logged("open"), { event: "open", sid: open.sid, transport: "websocket" });
});

test("Handshake gives each session its own sid and counts them", async () => {
  await using server = await serve("engine");
  const first = await PollingSession.start(server);
  const second = await PollingSession.start(server);
  assertNotEquals(first.sid, second.sid);
  assertEquals(await server.clientsCount(), 2);
  await first.post("1");
  await server.logged("close", { sid: first.sid });
  assertEquals(await server.clientsCount(), 1);
});

test("Handshake defaults are those of the official server", async () => {
  await using server = await serve("engine");
  const { open } = await PollingSession.start(server);
  assertEquals([open.pingInterval, open.pingTimeout, open.maxPayload], [
    25_000,
    expected.pingTimeout,
    1_000_000,
  ]);
});

test("Handshake ignores query parameters it does not know, and takes the last of a doubled one", async () => {
  await using server = await serve("engine");
  await PollingSession.start(server, "&t=abc123&b64=1&foo=bar");
  await PollingSession.start(server, "&EIO=3&EIO=4");
});

test("Handshake takes an empty sid for none", async () => {
  await using server = await serve("engine");
  await PollingSession.start(server, "&sid=");
});

test("Option initialPacket follows the open packet over polling", async () => {
  await using server = await serve("engine", { initialPacket: "welcome" });
  const session = await PollingSession.start(server);
  const first = session.greeting.length > 0 ? session.greeting : await session.poll();
  assertEquals(first, ["4welcome"]);
});

test("Option initialPacket follows the open packet over WebSocket", async () => {
  await using server = await serve("engine", { initialPacket: "welcome" });
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  assertEquals(await ws.next(), "4welcome");
});

test("Option allowUpgrades: false offers none", async () => {
  await using server = await serve("engine", { allowUpgrades: false });
  const { open } = await PollingSession.start(server);
  assertEquals(open.upgrades, []);
});

test("Option transports: polling alone offers no upgrade", async () => {
  await using server = await serve("engine", { transports: ["polling"] });
  const { open } = await PollingSession.start(server);
  assertEquals(open.upgrades, []);
});

test("Option cookie: true sets the sid on the polling handshake, and on it alone", async () => {
  await using server = await serve("engine", { cookie: true });
  const response = await fetch(server.url("transport=polling"));
  const sid = JSON.parse((await response.text()).slice(1)).sid;
  assertEquals(response.headers.get("set-cookie"), `io=${sid}; Path=/; HttpOnly; SameSite=Lax`);
  const post = await fetch(server.url(`transport=polling&sid=${sid}`), { method: "POST", body: "4x" });
  assertEquals([await post.text(), post.headers.get("set-cookie")], ["ok", null]);
  const poll = await fetch(server.url(`transport=polling&sid=${sid}`));
  assertEquals([await poll.text(), poll.headers.get("set-cookie")], ["4x", null]);
});

test("Option cookie takes name, path, maxAge and the rest", async () => {
  await using server = await serve("engine", {
    cookie: { name: "node", path: "/app", maxAge: 60, secure: true, sameSite: "none", httpOnly: false },
  });
  const response = await fetch(server.url("transport=polling"));
  const sid = JSON.parse((await response.text()).slice(1)).sid;
  const parts = response.headers.get("set-cookie")!.split("; ");
  assertEquals(parts[0], `node=${sid}`);
  assertEquals(parts.slice(1).sort(), ["Max-Age=60", "Path=/app", "SameSite=None", "Secure"]);
});

test("Option generateId makes the sid", async () => {
  await using server = await serve("engine", { generateId: "fixed" });
  const { sid } = await PollingSession.start(server);
  assertEquals(sid.replace(/^s\d~/, ""), "my-own-id"); // over shards it says where the session is
});

test("Option allowRequest sees handshakes and nothing else", async () => {
  await using server = await serve("engine", { allowRequest: "by header" });
  const session = await PollingSession.start(server, "", { headers: { "x-key": "let me in" } });
  await session.assertEchoes(); // requests with a sid carry no key
  const refused = await fetch(server.url("transport=polling"));
  assertEquals([refused.status, await refused.text()], [403, '{"code":4,"message":"Forbidden"}']);
  await using ws = await WireSocket.connect(server.url("transport=websocket", "ws"), {
    headers: { "x-key": "let me in" },
  });
  assertEquals((await ws.text()).charAt(0), "0");
});

for (const hook of ["throw", "reject"]) {
  test(`Option allowRequest refuses where the hook does ${hook}, and the server goes on`, async () => {
    if (!expected.survivesHooks) return; // the official server's process ends
    await using server = await serve("engine", { allowRequest: hook });
    const response = await fetch(server.url("transport=polling"));
    assertEquals([response.status, await response.text()], [403, '{"code":4,"message":"Forbidden"}']);
    using connection = await RawConnection.open(server.port);
    const { status, body } = await connection.upgrade(server.target("transport=websocket"));
    assertEquals([status, body], [400, "Forbidden"]);
    assertStringIncludes(String((await server.logged("onError")).error), "allowRequest");
    assertEquals(await server.clientsCount(), 0);
  });
}
