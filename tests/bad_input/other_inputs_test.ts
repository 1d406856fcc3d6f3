/**
 * "Other inputs with measured outcome" of socketio-behaviour.md part 7, each with ours.
 *
 * Two differences on purpose. What breaks Socket.IO's protocol ends the sockets with "parse error" (official:
 * "forced close"). And numbers are digits: what the official decoder takes through JavaScript's Number, ours refuses.
 */
import { assertEquals } from "@std/assert";
import { engineRows, type EngineStage, serverRows, type ServerStage } from "./stage.ts";

const PLACE = '{"_placeholder":true,"num":0}';
const BYTE = new Uint8Array([1]);

/** Official closes these too. */
const CLOSED: readonly (readonly [what: string, ...messages: (string | typeof BYTE)[]])[] = [
  ["an event without a name", "42[]"],
  ["an event named null", "42[null]"],
  ["an event that is an object", "42{}"],
  ["an event that is no JSON", '42["a"'],
  ["an event with something behind it", '42["a"]x'],
  ["packet type 7", "47"],
  ["packet type 9", "49"],
  ["an empty packet", "4"],
  ["packet type a", "4a"],
  ["DISCONNECT with data", "41{}"],
  ["an ack id 1e3", '421e3["a"]'],
  ["a negative ack id", '42-5["a"]'],
  ["an ack id of letters", '42abc["a"]'],
  ["an ack that is an object", "431{}"],
  ["an ack without data behind its id and a comma", "431,"],
  ["-1 attachments", `45-1-["a",${PLACE}]`],
  ["1.5 attachments", `451.5-["a",${PLACE}]`],
  ["text while an attachment is awaited", `451-["a",${PLACE}]`, '42["b"]'],
  ["bytes that nobody announced", BYTE],
  ["a second CONNECT", "40"],
  ["CONNECT_ERROR from a client", '44{"message":"x"}'],
  ["an event for a namespace that was not joined", '42/custom,["a"]'],
  ["a BOM before the JSON", '42\ufeff["a"]'],
];

/** Official reads these by mistake. */
const OURS_ONLY: typeof CLOSED = [
  ["a space before the ack id (official: id 5)", '42 5["a"]'],
  ["1e0 attachments (official: 1)", `451e0-["a",${PLACE}]`, BYTE],
  ["01 attachments (official: 1)", `4501-["a",${PLACE}]`, BYTE],
  ["a placeholder 0.5 (official: undefined)", '451-["a",{"_placeholder":true,"num":0.5}]', BYTE],
  ["an ack id of 24 digits (official: echoed as 1.23e+23)", '42123456789012345678901234["echo"]'],
  ["an event named 1e999 (official: Infinity)", "42[1e999]"],
];

serverRows([
  ...[...CLOSED, ...OURS_ONLY].map(([what, ...messages]) => ({
    id: "Other inputs",
    sent: what,
    outcome: "parse error",
    async run(stage: ServerStage) {
      await stage.assertEnds("parse error", ...messages);
      assertEquals(stage.heard, []);
    },
  })),
  ...[
    ["an event before CONNECT", '42["echo"]'],
    ["an ack before CONNECT", "431[]"],
    ["DISCONNECT before CONNECT", "41"],
    ["auth that is a text", '40"x"'],
    ["auth that is a list", "40[]"],
    ["auth that is null", "40null"],
    ["auth that is a number", "401{}"],
    ["auth that is no JSON", "40{a}"],
    ["auth that is a truth value", "40true"],
    ["bytes before CONNECT", BYTE],
  ].map(([what, message]) => ({
    id: "Other inputs",
    sent: String(what),
    outcome: what === "auth that is a number"
      ? "the 1 is an ack id, which CONNECT ignores"
      : "the connection ends",
    async run(stage: ServerStage) {
      const ws = await stage.ws();
      ws.send(message!);
      if (what === "auth that is a number") {
        assertEquals((await ws.text()).slice(0, 3), "40{");
        return;
      }
      await ws.end();
      await stage.assertAlone();
      assertEquals([stage.endings, stage.heard], [[], []]);
    },
  })),
  {
    id: "Other inputs",
    sent: "42 without a payload",
    outcome: "names no event and is ignored (official: listeners get nothing)",
    async run(stage) {
      const socket = await stage.joined();
      socket.send("42", "425", '421["echo",1]');
      assertEquals(await socket.text(), "431[1]");
      assertEquals(stage.heard, [["echo", 1]]);
    },
  },
  {
    id: "Other inputs",
    sent: "events whose names are numbers",
    outcome: "delivered by the number's text",
    async run(stage) {
      const got: unknown[] = [];
      stage.io.on("connection", (one) => {
        one.on("5", (...args) => got.push(args));
        one.on("-0.5", (...args) => got.push(args));
      });
      const socket = await stage.joined();
      socket.send("42[5,1]", "42[-0.5,2]", "42[1e300]", '421["echo"]');
      assertEquals(await socket.text(), "431[]");
      assertEquals(got, [[1], [2]]);
    },
  },
  {
    id: "Other inputs",
    sent: "an ack id as large as is exact, and one larger",
    outcome: "the first is answered to the digit, the second is a parse error",
    async run(stage) {
      const socket = await stage.joined();
      socket.send('429007199254740991["echo",1]');
      assertEquals(await socket.text(), "439007199254740991[1]");
      socket.send('429007199254740992["echo",1]');
      await socket.end();
      assertEquals(stage.endings, ["parse error"]);
    },
  },
  {
    id: "Other inputs",
    sent: "CONNECT to /admin?x=1 where /admin exists",
    outcome: "another namespace, which is invalid; the connection goes on",
    async run(stage) {
      stage.io.of("/admin");
      const socket = await stage.joined();
      socket.send("40/admin?x=1,");
      assertEquals(await socket.text(), '44/admin?x=1,{"message":"Invalid namespace"}');
    },
  },
  {
    id: "Other inputs",
    sent: "an event over polling before CONNECT",
    outcome: "the POST is answered, then the session ends: a pending poll gets 1",
    async run(stage) {
      const sid = await stage.handshake();
      const parked = await stage.park(sid);
      assertEquals(await stage.post(sid, '42["echo"]'), [200, "ok"]);
      assertEquals(await parked.answer, [200, "1"]);
      await stage.assertGone(sid);
    },
  },
]);

/** Posts a body while a poll waits: the poll's answer; the session must be gone. */
async function endedByPost(stage: EngineStage, body: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const sid = await stage.handshake();
  const parked = await stage.park(sid);
  assertEquals(await stage.post(sid, body), [200, "ok"]);
  const [status, farewell] = await parked.answer;
  assertEquals(status, 200);
  await stage.assertGone(sid);
  return farewell;
}

engineRows([
  {
    id: "Other inputs",
    sent: "3, 0, 5 and 6 on a WebSocket, unasked",
    outcome: "ignored; the next ping is neither put off nor hastened",
    options: { pingInterval: 1000, pingTimeout: 1000 },
    async run(stage) {
      const ws = await stage.ws();
      await stage.advance(900);
      ws.send("3", "0", "5", "6", "4x");
      assertEquals(await ws.text(), "4x");
      await stage.advance(99);
      assertEquals(ws.unread, []);
      await stage.advance(1);
      assertEquals(await ws.text(), "2");
    },
  },
  {
    id: "Other inputs",
    sent: "1 on a WebSocket",
    outcome: "the client closes its session: transport close (official ignores it; its own client sends it)",
    async run(stage) {
      const ws = await stage.ws();
      ws.send("1");
      await ws.end();
      assertEquals(stage.endings, ["transport close"]);
    },
  },
  ...["9", "7", "", "abc", " 4x", "\u0000", "٤a"].map((message) => ({
    id: "Other inputs",
    sent: `the WebSocket message ${JSON.stringify(message)}`,
    outcome: "parse error",
    async run(stage: EngineStage) {
      const ws = await stage.ws();
      ws.send(message);
      await ws.end();
      assertEquals([stage.endings, stage.heard], [["parse error"], []]);
    },
  })),
  {
    id: "Other inputs",
    sent: "2 from a client on a WebSocket",
    outcome: "transport error: only servers ping in revision 4",
    async run(stage) {
      const ws = await stage.ws();
      ws.send("2");
      await ws.end();
      assertEquals(stage.endings, ["transport error"]);
    },
  },
  ...["abc", "", "\x1e", "9"].map((body) => ({
    id: "Other inputs",
    sent: `the POST ${JSON.stringify(body)}`,
    outcome: "200 ok, then parse error: a pending poll gets 1",
    async run(stage: EngineStage) {
      assertEquals(await endedByPost(stage, body), "1");
      assertEquals(stage.endings, ["parse error"]);
    },
  })),
  {
    id: "Other inputs",
    sent: "a POST of a message, then what is none, then another message",
    outcome: "200 ok, the first is delivered, then parse error",
    async run(stage) {
      assertEquals(await endedByPost(stage, "4a\x1e9\x1e4b"), "4a");
      assertEquals([stage.heard, stage.endings], [["a"], ["parse error"]]);
    },
  },
  {
    id: "Other inputs",
    sent: "the POST 2",
    outcome: "200 ok, then transport error: a pending poll gets 1",
    async run(stage) {
      assertEquals(await endedByPost(stage, "2"), "1");
      assertEquals(stage.endings, ["transport error"]);
    },
  },
  {
    id: "Other inputs",
    sent: "the POST 1",
    outcome: "200 ok, the client closes its session: a pending poll gets 6",
    async run(stage) {
      assertEquals(await endedByPost(stage, "1"), "6");
      assertEquals(stage.endings, ["transport close"]);
    },
  },
  {
    id: "Other inputs",
    sent: "b without base64, and with what is none",
    outcome: "read as Node would: the bytes that are there, on both transports",
    async run(stage) {
      const ws = await stage.ws();
      ws.send("b", "b!!!!", "bAQ", "b\ud83d\ude00AQ==", "4x");
      for (const bytes of [[], [], [1], [1]]) assertEquals(await ws.next(), new Uint8Array(bytes));
      assertEquals(await ws.text(), "4x");
      const sid = await stage.handshake();
      assertEquals(await stage.post(sid, "b\x1eb!!!!\x1ebAQ\x1eb\u0000AQ=="), [200, "ok"]);
      assertEquals(await stage.poll(sid), [200, "b\x1eb\x1ebAQ==\x1ebAQ=="]);
    },
  },
]);
