/**
 * The security history of the official stack as rows: part 7 of socketio-behaviour.md, by advisory.
 *
 * Rows of that table that have no test here, and why:
 * - GHSA-gr94-w7qr-f4j3 in its own form (WebTransport open packet): there is no WebTransport yet. The same sid over
 *   the transports that exist is tested below.
 * - CVE-2016-10536, CVE-2021-31597, CVE-2020-28502 (engine.io-client, xmlhttprequest-ssl: TLS and injection): they
 *   concern a client; none exists here yet, and it will have no dependency.
 * - CVE-2016-10518 (ping memory disclosure), CVE-2021-32640 (ReDoS in the subprotocol), CVE-2024-37890 (too many
 *   headers), GHSA-5v72-xg48-5rpm (extension names on a prototype), CVE-2026-48779 and CVE-2026-62389 (tiny
 *   fragments): inside ws, which is not used. What a server on Deno can show of them is in websocket_test.ts.
 * - CVE-2026-45736 (typed array as close reason): close reasons here are constant texts.
 * - debug 4.4.2 (supply chain): no dependency at run time; tests/architecture_test.ts holds `src` to it.
 * - engine.io-parser, socket.io-adapter: no advisory of their own.
 * - redis: no such part yet.
 */
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { Server } from "../../mod.ts";
import { pause } from "../support/within.ts";
import { BAD_METHOD, serverRows, type ServerStage, UNKNOWN_SID, UNKNOWN_TRANSPORT } from "./stage.ts";

const PLACE = '{"_placeholder":true,"num":0}';
const INHERITED = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

/** Asserts that the polling session still takes and answers. */
async function assertLives(stage: ServerStage, sid: string): Promise<void> {
  assertEquals(await stage.post(sid, "40"), [200, "ok"]);
  const [status, body] = await stage.poll(sid);
  assertEquals([status, body.slice(0, 9)], [200, '40{"sid":']);
}

serverRows([
  {
    id: "CVE-2017-16031",
    sent: "guesses of other sessions' ids",
    outcome: "sids are 120 random bits: 1,000 of them differ, in every place",
    async run(stage) {
      const sids: string[] = [];
      for (let n = 0; n < 1000; n++) {
        // Not over the network: only the id is of interest.
        const answer = await stage.io.handler(new Request(stage.url("transport=polling")));
        sids.push(JSON.parse((await answer.text()).slice(1)).sid);
      }
      assertEquals(new Set(sids).size, 1000);
      for (let place = 0; place < 20; place++) {
        assertGreater(new Set(sids.map((sid) => sid[place])).size, 50, `place ${place}`);
      }
      assert(sids.every((sid) => /^[\w-]{20}$/.test(sid)));
    },
  },
  {
    id: "CVE-2020-28481",
    sent: "a handshake and a preflight from a foreign origin",
    outcome: "no CORS headers, preflight refused with code 2",
    async run(stage) {
      const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
      const answer = await fetch(stage.url("transport=polling"), { headers });
      await answer.text();
      assertEquals([...answer.headers.keys()].filter((name) => name.startsWith("access-control")), []);
      assertEquals(await stage.fetch("transport=polling", { method: "OPTIONS", headers }), BAD_METHOD);
    },
  },
  {
    id: "CVE-2024-38355",
    sent: "an event named error, without a listener and with one",
    outcome: "nothing is thrown, the listener gets it, the socket goes on",
    async run(stage) {
      const socket = await stage.joined();
      socket.send('42["error","x"]', '421["echo",1]');
      assertEquals(await socket.text(), "431[1]");
      const got: unknown[] = [];
      for (const one of stage.io.sockets.sockets.values()) one.on("error", (error) => got.push(error));
      socket.send('42["error","y"]', '422["echo",2]');
      assertEquals(await socket.text(), "432[2]");
      assertEquals(got, ["y"]);
    },
  },
  {
    id: "CVE-2020-36048",
    sent: "a POST of one byte more than the limit, with its length",
    outcome: "413 with an empty body, the session goes on, the limit itself is accepted",
    async run(stage) {
      const sid = await stage.handshake();
      assertEquals(await stage.post(sid, "4".repeat(1_000_001)), [413, ""]);
      await assertLives(stage, sid);
      const exact = `42["echo","${"x".repeat(1_000_000 - '42["echo",""]'.length)}"]`;
      assertEquals(await stage.post(sid, exact), [200, "ok"]);
      assertEquals(stage.heard.length, 1);
    },
  },
  {
    id: "CVE-2020-36048",
    sent: "a POST of few characters and too many bytes (UTF-8)",
    outcome: "413: bytes are counted, not characters",
    async run(stage) {
      const sid = await stage.handshake();
      assertEquals(await stage.post(sid, "4" + "€".repeat(400_000)), [413, ""]);
      await assertLives(stage, sid);
    },
  },
  {
    id: "CVE-2020-36048",
    sent: "an endless POST in chunks, without a length",
    outcome: "413 once the limit is passed, while it is still coming; the session goes on",
    async run(stage) {
      const sid = await stage.handshake();
      const tcp = await stage.tcp();
      await tcp.request("POST", stage.target(`transport=polling&sid=${sid}`), {
        "Transfer-Encoding": "chunked",
      });
      const answer = tcp.response();
      const chunk = `${(65_536).toString(16)}\r\n${"4".repeat(65_536)}\r\n`;
      let sent = 0;
      const sending = (async () => {
        for (; sent < 50_000_000; sent += 65_536) await tcp.write(chunk);
      })().catch(() => {}); // the server hung up: what is wanted
      assertEquals((await answer).status, 413);
      tcp.close();
      await sending;
      assertLess(sent, 50_000_000);
      await assertLives(stage, sid);
    },
  },
  ...[1, 2, 4].map((rsv) => ({
    id: "CVE-2022-21676",
    sent: `a WebSocket frame with reserved bits ${rsv} in the middle of an upgrade`,
    outcome: "that WebSocket is closed, the polling session goes on",
    async run(stage: ServerStage) {
      const sid = await stage.handshake();
      const tcp = await stage.tcp();
      assertEquals((await tcp.upgrade(stage.target(`transport=websocket&sid=${sid}`))).status, 101);
      await tcp.frame(1, "2probe", { rsv });
      await tcp.ended();
      await assertLives(stage, sid);
    },
  })),
  {
    id: "CVE-2022-41940",
    sent: "100 upgrades for unknown sids, each reset as soon as it is refused",
    outcome: "nobody throws, no session is left",
    async run(stage) {
      for (let n = 0; n < 100; n++) {
        const tcp = await stage.tcp();
        await tcp.request("GET", stage.target("transport=websocket&sid=nobody"), {
          Connection: "Upgrade",
          Upgrade: "websocket",
          "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": btoa("0123456789abcdef"),
        });
        if (n % 2 === 0) await pause(2); // closed with the answer unread: Linux resets
        tcp.close();
      }
      assertEquals(stage.strangers, 0);
    },
  },
  ...INHERITED.map((name) => ({
    id: "CVE-2023-31125",
    sent: `transport=${name}, as a request and as an upgrade`,
    outcome: "code 0, before any upgrade",
    async run(stage: ServerStage) {
      assertEquals(await stage.fetch(`transport=${name}`), UNKNOWN_TRANSPORT);
      const answer = await (await stage.tcp()).upgrade(stage.target(`transport=${name}`));
      assertEquals([answer.status, answer.body], [400, "Transport unknown"]);
      assertEquals(stage.strangers, 0);
    },
  })),
  {
    id: "CVE-2026-59725, GHSA-r635-g3xr-vw7x",
    sent: "a POST of application/octet-stream",
    outcome: "answered 400, the session ends, a pending poll is answered too",
    async run(stage) {
      const sid = await stage.handshake();
      const parked = await stage.park(sid);
      const answer = await stage.post(sid, new Uint8Array([1]), {
        "content-type": "application/octet-stream",
      });
      assertEquals(answer, [400, ""]);
      assertEquals(await parked.answer, [200, "1"]);
      await stage.assertGone(sid);
    },
  },
  ...INHERITED.map((name) => ({
    id: "GHSA-gr94-w7qr-f4j3",
    sent: `sid=${name} in a GET, a POST and an upgrade`,
    outcome: "code 1",
    async run(stage: ServerStage) {
      assertEquals(await stage.poll(name), UNKNOWN_SID);
      assertEquals(await stage.post(name, "4"), UNKNOWN_SID);
      const answer = await (await stage.tcp()).upgrade(stage.target(`transport=websocket&sid=${name}`));
      assertEquals([answer.status, answer.body], [400, "Session ID unknown"]);
    },
  })),
  {
    id: "engine.io 6.6.10, no public id",
    sent: "an upgrade of a session with EIO=3, EIO=5 and without, then a ping",
    outcome: "refused with code 3 before any upgrade, the session goes on",
    async run(stage) {
      const sid = await stage.handshake();
      for (const version of ["EIO=3&", "EIO=5&", "EIO=__proto__&", ""]) {
        const target = `${stage.path}?${version}transport=websocket&sid=${sid}`;
        const tcp = await stage.tcp();
        const answer = await tcp.upgrade(target);
        assertEquals([answer.status, answer.body], [400, "Bad request"], version);
        tcp.close();
      }
      await assertLives(stage, sid);
    },
  },
  {
    id: "CVE-2020-36049",
    sent: "packets of a million digits, brackets, quotes and backslashes",
    outcome: "parse error, in time linear to their size",
    async run(stage) {
      const many = 999_000;
      const began = performance.now();
      for (const text of ["42" + "1".repeat(many), "45" + "1".repeat(many), `42["${"\\".repeat(many)}`]) {
        await stage.assertEnds("parse error", text);
      }
      await stage.assertEnds("parse error", "42" + "[".repeat(many));
      assertLess(performance.now() - began, 8_000);
    },
  },
  ...['"splice"', '"length"', '"__proto__"', '"0"', "-1", "1", "0.5", "null", "1e999"].map((num) => ({
    id: "CVE-2022-2421",
    sent: `a placeholder whose num is ${num}`,
    outcome: "parse error, nothing reaches a listener",
    async run(stage: ServerStage) {
      const text = `451-["echo",{"_placeholder":true,"num":${num}}]`;
      await stage.assertEnds("parse error", text, new Uint8Array([1]));
      assertEquals(stage.heard, []);
    },
  })),
  ...['{"toString":"x"}', '{"toString":{}}', "[]", "null", "true", PLACE].map((name) => ({
    id: "CVE-2023-32695",
    sent: `an event whose name is ${name}`,
    outcome: "parse error, nothing reaches a listener",
    async run(stage: ServerStage) {
      const text = name === PLACE ? `451-[${name}]` : `42[${name},"x"]`;
      await stage.assertEnds("parse error", text, ...(name === PLACE ? [new Uint8Array([1])] : []));
      assertEquals(stage.heard, []);
    },
  })),
  ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"].map((
    name,
  ) => ({
    id: "socket.io-parser 4.2.4",
    sent: `a life-cycle event from the client: ${name}`,
    outcome: "parse error, the life-cycle listeners run once and for that reason only",
    async run(stage: ServerStage) {
      await stage.assertEnds("parse error", `42["${name}","forged"]`);
      await stage.assertEnds("parse error", `451-["${name}",${PLACE}]`);
      assertEquals(stage.heard, []);
    },
  })),
  {
    id: "CVE-2026-33151, GHSA-677m-j7p3-52f9",
    sent: "4,599,999 announced attachments, 11, and a number of 400 digits",
    outcome: "parse error at once, before any attachment",
    async run(stage) {
      for (const count of ["99999", "11", "9".repeat(400)]) {
        await stage.assertEnds("parse error", `45${count}-["echo",${PLACE}]`);
      }
    },
  },
  {
    id: "CVE-2026-69185, GHSA-2m8v-j782-fhvr",
    sent: "a binary packet with 0 attachments, then 1,000 binary frames",
    outcome: "parse error at the packet, the frames are held by nobody",
    async run(stage) {
      const frames = Array.from({ length: 1000 }, () => new Uint8Array(1000));
      await stage.assertEnds("parse error", '450-["x"]', ...frames);
      await stage.assertEnds("parse error", '4500-["x"]', ...frames);
    },
  },
  {
    id: "CVE-2024-47764, GHSA-pxg6-pf52-xh8x",
    sent: "cookie options that would inject into the header",
    outcome: "a TypeError when the server is made",
    run() {
      for (
        const cookie of [{ name: "a;b" }, { name: "a=b" }, { name: "a\r\nb" }, { path: "/;x" }, {
          domain: "x\r\ny",
        }]
      ) {
        assertThrows(() => new Server({ cookie } as never), TypeError, "cookie", JSON.stringify(cookie));
      }
      return Promise.resolve();
    },
  },
]);
