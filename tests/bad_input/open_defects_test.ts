/**
 * The nine defects that socketio-behaviour.md part 7 lists as still open in the newest official release: none of
 * them exists here.
 *
 * Those without a test of their own, and why:
 * - 2 (msgpack parser without a check of reserved names): `tests/protocol/msgpack_parser_test.ts`; parsers made for
 *   the official server: `foreign_parser_test.ts` there.
 * - 4 (recovered sessions can be replayed): `tests/core/recovery_test.ts`, "Recovery consumes a session".
 * - 5 (jitter of the client's reconnection): there is no client yet.
 * - 6 (redis adapter ends on a malformed message): there is no redis adapter yet.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { pause } from "../support/within.ts";
import { engineRows, FORBIDDEN, serverRows, type ServerStage } from "./stage.ts";

const DEEP = 200_000;

serverRows([
  ...[
    `421["echo",${"[".repeat(DEEP)}${"]".repeat(DEEP)}]`,
    `42["unheard",${"[".repeat(DEEP)}${"]".repeat(DEEP)}]`,
    `42["echo",${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}]`,
    `431[${"[".repeat(DEEP)}${"]".repeat(DEEP)}]`,
    `451-["echo",${"[".repeat(DEEP)}{"_placeholder":true,"num":0}${"]".repeat(DEEP)}]`,
  ].map((text) => ({
    id: "Open defect 1",
    sent: `JSON nested very deeply: ${text.slice(0, 12)}…`,
    outcome: "parse error",
    async run(stage: ServerStage) {
      await stage.assertEnds("parse error", text);
      assertEquals(stage.heard, []);
    },
  })),
  {
    id: "Open defect 1",
    sent: "deep auth in CONNECT",
    outcome: "the connection ends, no socket comes to be",
    async run(stage) {
      const ws = await stage.ws();
      ws.send(`40{"a":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`);
      await ws.end();
      await stage.assertAlone();
      assertEquals(stage.endings, []);
    },
  },
  {
    id: "Open defect 1",
    sent: "JSON nested as deeply as is allowed",
    outcome: "comes back as an ack, as an event and to a room of others",
    async run(stage) {
      const socket = await stage.joined();
      const deep = "[".repeat(2_047) + "]".repeat(2_047);
      socket.send(`421["echo",${deep}]`);
      assertEquals(await socket.text(), `431[${deep}]`);
      socket.send(`42["echo",${deep}]`);
      assertEquals(await socket.text(), `42["echo",${deep}]`);
      stage.io.emit("all", stage.heard[0]![1]);
      assertEquals(await socket.text(), `42["all",${deep}]`);
      await stage.heardByBystander();
    },
  },
  {
    id: "Open defect 7",
    sent: "CONNECT, then DISCONNECT, then nothing",
    outcome: "closed after connectTimeout, counted anew from the DISCONNECT",
    options: { connectTimeout: 300 },
    async run(stage) {
      const socket = await stage.joined();
      await pause(200);
      socket.send("41");
      const left = performance.now();
      await socket.end();
      assertGreater(performance.now() - left, 250);
      await stage.assertAlone();
      assertEquals(stage.endings, ["client namespace disconnect"]);
    },
  },
  {
    id: "Open defect 7",
    sent: "a handshake, then nothing",
    outcome: "closed after connectTimeout",
    options: { connectTimeout: 200 },
    async run(stage) {
      const ws = await stage.ws();
      const sid = await stage.handshake();
      assertEquals(stage.strangers, 2);
      await ws.end();
      // The polling session is told at its next poll, and until then is kept for 30 s at most.
      assertEquals(await stage.poll(sid), [200, "1"]);
      await stage.assertAlone();
    },
  },
]);

let refuse = false;
serverRows([
  {
    id: "Open defect 8",
    sent: "a handshake to an allowRequest that throws",
    outcome: "refused with code 4, the error is reported",
    options: {
      allowRequest: () => {
        if (refuse) throw new Error("allowRequest failed");
        return true;
      },
    },
    reports: ["allowRequest failed", "allowRequest failed"],
    async run(stage) {
      refuse = true;
      assertEquals(await stage.fetch("transport=polling"), FORBIDDEN);
      const answer = await (await stage.tcp()).upgrade(stage.target("transport=websocket"));
      assertEquals([answer.status, answer.body], [400, "Forbidden"]);
      refuse = false;
    },
  },
  {
    id: "Open defect 9",
    sent: "CONNECT to a namespace whose middleware rejects",
    outcome: "CONNECT_ERROR with its message, and the connection goes on",
    async run(stage) {
      stage.io.of("/custom").use(() => Promise.reject(new Error("not you")));
      const socket = await stage.joined();
      socket.send("40/custom,");
      assertEquals(await socket.text(), '44/custom,{"message":"not you"}');
      socket.send('421["echo",1]');
      assertEquals(await socket.text(), "431[1]");
      assertEquals(stage.io.of("/custom").sockets.size, 0);
    },
  },
]);

engineRows([
  {
    id: "Open defect 3",
    sent: "an upgrade between a ping and its pong, then silence",
    outcome: "ping timeout, as without the upgrade",
    options: { pingInterval: 25_000, pingTimeout: 20_000, upgradeTimeout: 60_000 },
    async run(stage) {
      const sid = await stage.handshake();
      await stage.advance(25_000);
      assertEquals(await stage.poll(sid), [200, "2"]);
      const parked = await stage.park(sid);
      const ws = await stage.ws(sid);
      ws.send("2probe");
      assertEquals(await ws.text(), "3probe");
      assertEquals(await parked.answer, [200, "6"]);
      ws.send("5", "4hello"); // the message renews the timeout once (official since 6.6.11)
      assertEquals(await ws.text(), "4hello");
      await stage.advance(19_999);
      assertEquals(stage.endings, []);
      await stage.advance(1);
      assertEquals(stage.endings, ["ping timeout"]);
      await ws.end();
      assert(stage.strangers === 0);
    },
  },
]);
