/**
 * Socket.IO protocol v5, "Connection to a namespace" and "Disconnection from a namespace", over WebSocket (and
 * polling where the transport matters).
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { expected, serve, test } from "../../support/target.ts";
import { PollingSession, WireSocket } from "../../support/wire.ts";
import { assertConnect, connected, expectText, start } from "../../support/socket_wire.ts";

test("CONNECT joins the main namespace", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  ws.send("40");
  const answer = await ws.text();
  assertConnect(answer, "/");
  await expectText(ws, '42["auth",{}]');
});

test("CONNECT joins the main namespace over polling", async () => {
  await using server = await serve("socketio");
  const session = await PollingSession.start(server);
  await session.post("40");
  const [connect, auth] = await session.pollFor(2);
  assertConnect(connect!, "/");
  assertEquals(auth, '42["auth",{}]');
});

test("CONNECT carries auth to the main namespace", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  ws.send('40{"token":"123","deep":{"list":[1,null]}}');
  assertMatch(await ws.text(), /^40\{/);
  await expectText(ws, '42["auth",{"token":"123","deep":{"list":[1,null]}}]');
});

test("CONNECT joins a custom namespace, with and without the comma, with and without auth", async () => {
  await using server = await serve("socketio");
  for (
    const [connect, auth] of [
      ["40/custom", "{}"],
      ["40/custom,", "{}"],
      ['40/custom,{"token":"abc"}', '{"token":"abc"}'],
    ] as const
  ) {
    await using ws = await start(server);
    ws.send(connect);
    assertConnect(await ws.text(), "/custom");
    await expectText(ws, `42/custom,["auth",${auth}]`);
  }
});

test("CONNECT to several namespaces gives each its own socket id, none of them the engine's", async () => {
  await using server = await serve("socketio");
  const { ws, open } = await WireSocket.start(server);
  await using _ws = ws;
  const main = await connected(ws, "/");
  const custom = await connected(ws, "/custom");
  assertNotEquals(main, custom);
  assertNotEquals(main, open.sid);
  ws.send('42/custom,["message",1]', '42["message",2]');
  await expectText(ws, '42/custom,["message-back",1]');
  await expectText(ws, '42["message-back",2]');
});

test("CONNECT of several namespaces in one go is answered in order", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  ws.send("40", "40/custom,");
  assertMatch(await ws.text(), /^40\{/);
  await expectText(ws, '42["auth",{}]');
  assertMatch(await ws.text(), /^40\/custom,\{/);
});

for (const name of ["/nope", "/custom/", "/admin?x=1", "/__proto__", "/constructor", "/CUSTOM"]) {
  test(`CONNECT to the unknown namespace ${name} is refused, and the connection stays`, async () => {
    await using server = await serve("socketio");
    await using ws = await start(server);
    ws.send(`40${name},`);
    await expectText(ws, `44${name},{"message":"Invalid namespace"}`);
    await connected(ws, "/");
  });
}

test("CONNECT that a middleware refuses gets its message and data, and the connection stays", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  ws.send("40/guarded,");
  await expectText(ws, '44/guarded,{"message":"not authorized","data":{"hint":"say the words"}}');
  assertEquals(await server.act("sockets", { nsp: "/guarded" }), 0);
  ws.send('40/guarded,{"token":"open sesame"}'); // refused is not joined: the client may try again
  assertMatch(await ws.text(), /^40\/guarded,\{"sid"/);
  assertEquals(await server.act("sockets", { nsp: "/guarded" }), 1);
});

test("CONNECT waits for the middleware", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  ws.send("40/slow,");
  await server.logged("waiting");
  assertEquals(ws.unread, []);
  await server.act("release");
  assertMatch(await ws.text(), /^40\/slow,\{/);
});

test("CONNECT of a client that leaves while the middleware runs comes to nothing", async () => {
  await using server = await serve("socketio");
  {
    await using ws = await start(server);
    ws.send("40/slow,");
    await server.logged("waiting");
  }
  await server.logged("close");
  await server.act("release");
  assertEquals(await server.act("sockets", { nsp: "/slow" }), 0);
  assert((await server.log()).every(({ event }) => event !== "connect"));
});

test("Handshake facts of the request reach the socket", async () => {
  await using server = await serve("socketio");
  await using ws = await WireSocket.connect(server.url("transport=websocket&room=a%20b&x=1", "ws"), {
    headers: {
      "x-probe": "seen",
      ...expected.addressHeader && { [expected.addressHeader]: "127.0.0.1" },
    },
  });
  await ws.next();
  const id = await connected(ws, "/");
  const entry = await server.logged("connect");
  assertEquals([entry.id, entry.nsp], [id, "/"]);
  assertEquals(entry.handshake, {
    auth: {},
    query: { EIO: "4", transport: "websocket", room: "a b", x: "1" },
    url: "/socket.io/?EIO=4&transport=websocket&room=a%20b&x=1",
    address: "127.0.0.1",
    xdomain: false,
    secure: false,
    probe: "seen",
  });
});

test("DISCONNECT leaves one namespace and no other", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  const main = await connected(ws, "/");
  const custom = await connected(ws, "/custom");
  ws.send("41/custom,");
  const gone = await server.logged("disconnect");
  assertEquals([gone.id, gone.reason], [custom, "client namespace disconnect"]);
  ws.send('42["message","still here"]');
  await expectText(ws, '42["message-back","still here"]');
  ws.send("41");
  assertEquals((await server.logged("disconnect")).id, main);
  assertEquals(await server.clientsCount(), 1); // the connection stays for another CONNECT
});

test("DISCONNECT and CONNECT again give a new socket on the same connection", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  const ids = new Set<string>();
  for (let i = 0; i < 3; i++) {
    ids.add(await connected(ws, "/custom"));
    ws.send('42/custom,["message",1]');
    await expectText(ws, '42/custom,["message-back",1]');
    ws.send("41/custom,");
    await server.logged("disconnect");
  }
  assertEquals(ids.size, 3);
  assertEquals(await server.act("sockets", { nsp: "/custom" }), 0);
});

test("DISCONNECT by the server is told to the client", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  await connected(ws, "/custom");
  ws.send('42/custom,["bye",false]');
  await expectText(ws, "41/custom,");
  assertEquals((await server.logged("disconnect")).reason, "server namespace disconnect");
  ws.send('42["message",1]');
  await expectText(ws, '42["message-back",1]');
});

test("DISCONNECT by the server with close leaves all namespaces and ends the connection", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  await connected(ws, "/custom");
  ws.send('42/custom,["bye",true]');
  assertEquals([await ws.text(), await ws.text()].sort(), ["41", "41/custom,"]);
  await ws.end();
  const reasons = [await server.logged("disconnect"), await server.logged("disconnect")];
  assertEquals(reasons.map(({ reason }) => reason), [
    "server namespace disconnect",
    "server namespace disconnect",
  ]);
});

test("Sockets still see their rooms while they disconnect", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  const id = await connected(ws, "/");
  ws.send('420["join","blue"]');
  await expectText(ws, "430[]");
  ws.send("41");
  assertEquals(((await server.logged("disconnecting")).rooms as string[]).sort(), [id, "blue"].sort());
});

test('Sockets of all namespaces get "transport close" when the client goes', async () => {
  await using server = await serve("socketio");
  {
    await using ws = await start(server);
    await connected(ws, "/");
    await connected(ws, "/custom");
  }
  const both = [await server.logged("disconnect"), await server.logged("disconnect")];
  assertEquals(both.map(({ reason }) => reason), ["transport close", "transport close"]);
  assertEquals(both.map(({ nsp }) => nsp).sort(), ["/", "/custom"]);
});

test('Sockets get "ping timeout" when the heartbeat fails', async () => {
  await using server = await serve("socketio", { pingInterval: 200, pingTimeout: 200 });
  await using ws = await start(server);
  await connected(ws, "/");
  await ws.end();
  assertEquals((await server.logged("disconnect")).reason, "ping timeout");
});

test('Sockets get "server shutting down" when the server closes', async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  await server.act("closeServer");
  await ws.end();
  assertEquals((await server.logged("disconnect")).reason, "server shutting down");
});

test("connectTimeout ends a connection that joins nothing", async () => {
  await using server = await serve("socketio", { connectTimeout: 200 });
  await using ws = await start(server);
  await ws.end();
  await server.logged("close");
});

test("connectTimeout ends a connection that is only refused", async () => {
  await using server = await serve("socketio", { connectTimeout: 200 });
  await using ws = await start(server);
  ws.send("40/nope,");
  await expectText(ws, '44/nope,{"message":"Invalid namespace"}');
  await ws.end();
});

test("connectTimeout leaves a connection alone that joined", async () => {
  await using server = await serve("socketio", { connectTimeout: 200, pingInterval: 400 });
  await using ws = await start(server);
  await connected(ws, "/");
  await expectText(ws, "2"); // 400 ms later
  ws.send('42["message",1]');
  await expectText(ws, '42["message-back",1]');
});

test("connectTimeout runs again once the last namespace was left", async () => {
  if (!expected.rearmsConnectTimeout) return;
  await using server = await serve("socketio", { connectTimeout: 200 });
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send("41");
  await ws.end();
  await server.logged("close");
});
