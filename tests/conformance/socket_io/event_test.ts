/**
 * Socket.IO protocol v5, "Sending and receiving data" and "Acknowledgement", with binary attachments.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { serve, test } from "../../support/target.ts";
import { connected, expectText, nextPacket, start } from "../../support/socket_wire.ts";
import { PollingSession } from "../../support/wire.ts";

test("EVENT carries any JSON", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  for (
    const args of [
      "",
      ',1,"2",{"3":[true]}',
      ',null,"\\u0000 \\" \u{1F600}"',
      ',{"__proto__":1,"constructor":2}',
      ",[[[]]]",
      ",-1.5e-7",
    ]
  ) {
    ws.send(`42["message"${args}]`);
    await expectText(ws, `42["message-back"${args}]`);
  }
});

test("EVENT may have a number as its name", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send("42[1]");
  await expectText(ws, '42["got-number"]');
});

test("EVENT with a name that nobody listens for is ignored, also when it is a name of objects", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  for (const name of ["unheard", "error", "connection", "__proto__", "constructor", "toString", ""]) {
    ws.send(`42["${name}","x"]`);
  }
  ws.send('42["message","still here"]');
  await expectText(ws, '42["message-back","still here"]');
});

test("EVENT carries one attachment each way", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send('451-["message",{"_placeholder":true,"num":0}]', new Uint8Array([1, 2, 3]));
  await expectText(ws, '451-["message-back",{"_placeholder":true,"num":0}]');
  assertEquals(await ws.next(), new Uint8Array([1, 2, 3]));
});

test("EVENT carries attachments deep in its arguments, in order", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/custom");
  const body = '{"a":[{"_placeholder":true,"num":0},"x"],"b":{"c":{"_placeholder":true,"num":1}}}';
  ws.send(`452-/custom,["message",${body}]`, new Uint8Array([1]), new Uint8Array(0));
  await expectText(ws, `452-/custom,["message-back",${body}]`);
  assertEquals([await ws.next(), await ws.next()], [new Uint8Array([1]), new Uint8Array(0)]);
});

test("EVENT puts attachments where their numbers say, not where they come", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send(
    '452-["message",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]',
    new Uint8Array([10]),
    new Uint8Array([11]),
  );
  await expectText(ws, '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
  assertEquals([await ws.next(), await ws.next()], [new Uint8Array([11]), new Uint8Array([10])]);
});

test("EVENT carries attachments over polling, among text", async () => {
  await using server = await serve("socketio");
  const session = await PollingSession.start(server);
  await session.post("40");
  await session.pollFor(2);
  await session.post(
    '42["message","before"]',
    '451-["message",{"_placeholder":true,"num":0}]',
    "bAQID",
    '42["message","after"]',
  );
  assertEquals(await session.pollFor(4), [
    '42["message-back","before"]',
    '451-["message-back",{"_placeholder":true,"num":0}]',
    "bAQID",
    '42["message-back","after"]',
  ]);
});

test("EVENT takes ten attachments", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  const places = Array.from({ length: 10 }, (_, num) => `{"_placeholder":true,"num":${num}}`).join(",");
  ws.send(`4510-["message",${places}]`);
  for (let n = 0; n < 10; n++) ws.send(new Uint8Array([n]));
  await expectText(ws, `4510-["message-back",${places}]`);
  for (let n = 0; n < 10; n++) assertEquals(await ws.next(), new Uint8Array([n]));
});

test("ACK answers an event with an id", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send('42456["message-with-ack",1,"2",{"3":[false]}]');
  await expectText(ws, '43456[1,"2",{"3":[false]}]');
  ws.send('420["message-with-ack"]');
  await expectText(ws, "430[]");
});

test("ACK answers in the event's namespace", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  await connected(ws, "/custom");
  ws.send('42/custom,7["message-with-ack","x"]');
  await expectText(ws, '43/custom,7["x"]');
});

test("ACK carries attachments", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send(
    '452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    new Uint8Array([1, 2, 3]),
    new Uint8Array([4]),
  );
  await expectText(ws, '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
  assertEquals([await ws.next(), await ws.next()], [new Uint8Array([1, 2, 3]), new Uint8Array([4])]);
});

test("ACK leaves once, however often the handler answers", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send('421["ack-twice"]', '42["message","next"]');
  await expectText(ws, '431["first"]');
  await expectText(ws, '42["message-back","next"]');
});

test("ACK from the client reaches the server's callback, once", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send('42["ask","how much"]');
  const question = await ws.text();
  assertMatch(question, /^42\d+\["question","how much"\]$/);
  const id = /^42(\d+)/.exec(question)![1];
  ws.send(`43${id}[42,{"x":null}]`, `43${id}["again"]`, '42["message","next"]');
  await expectText(ws, '42["answered",42,{"x":null}]');
  await expectText(ws, '42["message-back","next"]');
});

test("ACK from the client may carry attachments", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send('42["ask"]');
  const id = /^42(\d+)/.exec(await ws.text())![1];
  ws.send(`461-${id}[{"_placeholder":true,"num":0}]`, new Uint8Array([9]));
  await expectText(ws, '451-["answered",{"_placeholder":true,"num":0}]');
  assertEquals(await ws.next(), new Uint8Array([9]));
});

test("ACK with an unknown id, or of another namespace, is ignored", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  await connected(ws, "/custom");
  ws.send('42["ask"]');
  const id = /^42(\d+)/.exec(await ws.text())![1];
  ws.send("43999999[1]", `43/custom,${id}["wrong"]`, `43${id}["right"]`);
  await expectText(ws, '42["answered","right"]');
});

test("ACK that does not come in time is an error for the server, and a late one is ignored", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  ws.send('42["ask-in-vain",50]');
  const id = /^42(\d+)/.exec(await ws.text())![1];
  await expectText(ws, '42["unanswered","operation has timed out"]');
  ws.send(`43${id}["late"]`, '42["message","next"]');
  await expectText(ws, '42["message-back","next"]');
});

test("Broadcast reaches a room without its sender, and nobody twice", async () => {
  await using server = await serve("socketio");
  await using a = await start(server);
  await using b = await start(server);
  await using c = await start(server);
  for (const ws of [a, b, c]) await connected(ws, "/");
  for (const ws of [a, b]) {
    ws.send('420["join","blue"]');
    await expectText(ws, "430[]");
  }
  a.send('42["to-room","blue",1]', '42["to-all",2]', '42["message","end"]');
  await expectText(a, '42["message-back","end"]');
  await expectText(b, '42["from-room",1]');
  await expectText(b, '42["from-all",2]');
  await expectText(c, '42["from-all",2]');
  b.send('420["leave","blue"]');
  await expectText(b, "430[]");
  a.send('42["to-room","blue",3]', '42["to-all",4]');
  await expectText(b, '42["from-all",4]');
});

test("Broadcast by the server reaches polling and WebSocket alike, with attachments", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  const session = await PollingSession.start(server);
  await session.post("40");
  await session.pollFor(2);
  await server.act("emit", { ev: "news", args: ["x", new Uint8Array([1, 2, 3])] });
  const text = '451-["news","x",{"_placeholder":true,"num":0}]';
  await expectText(ws, text);
  assertEquals(await ws.next(), new Uint8Array([1, 2, 3]));
  assertEquals(await session.pollFor(2), [text, "bAQID"]);
});

test("Broadcast in one namespace is not heard in another", async () => {
  await using server = await serve("socketio");
  await using ws = await start(server);
  await connected(ws, "/");
  await connected(ws, "/custom");
  await server.act("emit", { nsp: "/custom", ev: "news", args: [1] });
  await server.act("emit", { nsp: "/", ev: "news", args: [2] });
  assertEquals([await nextPacket(ws), await nextPacket(ws)], ['42/custom,["news",1]', '42["news",2]']);
});
