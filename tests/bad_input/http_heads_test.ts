/**
 * Request heads that are odd: targets, queries, methods, headers, upgrades. Some are refused by the platform's HTTP
 * server: what counts is that nobody else notices, that no error of ours comes of it, and no session either.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  BAD_REQUEST,
  engineRows,
  type EngineStage,
  serverRows,
  UNKNOWN_SID,
  UNKNOWN_TRANSPORT,
} from "./stage.ts";

/** Sends a whole request as it stands; the answer's status, or 0 where the connection just ended. */
async function raw(stage: EngineStage, text: string): Promise<number> {
  const tcp = await stage.tcp();
  await tcp.write(text);
  try {
    return (await tcp.response()).status;
  } catch {
    return 0;
  } finally {
    tcp.close();
  }
}

engineRows([
  {
    id: "Query",
    sent: "broken percent codes, plus signs, many and empty keys",
    outcome: "read as far as they go: unknown sid or transport, or a handshake; never an error of ours",
    async run(stage) {
      for (
        const sid of [
          "%",
          "%2",
          "%zz",
          "%ff",
          "%E0%A4%A",
          "%00",
          "%u0041",
          "+",
          "a&sid=b",
          "%F0%9F%98%80",
          "%ED%A0%80",
        ]
      ) {
        const tcp = await stage.tcp();
        await tcp.request("GET", stage.target(`transport=polling&sid=${sid}`));
        const answer = await tcp.response();
        assertEquals([answer.status, answer.body], UNKNOWN_SID, sid);
        tcp.close();
      }
      assertEquals(await stage.fetch("transport=%"), UNKNOWN_TRANSPORT);
      assertEquals(await stage.fetch("transport=%70olling%00"), UNKNOWN_TRANSPORT);
      assertEquals((await stage.fetch("transport=%70olling&%&%%&=&&==&%=%"))[0], 200);
      assertEquals((await stage.fetch("transport=x&transport=polling&sid="))[0], 200);
      assertEquals((await stage.fetch("transport=polling&x=" + "y".repeat(10_000)))[0], 200);
      assertEquals((await stage.fetch("transport=polling" + "&a=1".repeat(2_000)))[0], 200);
    },
  },
  {
    id: "Origin",
    sent: "null, nothing, an IP, a list, 8,000 characters, no URL",
    outcome: "a handshake like any other where CORS is off",
    async run(stage) {
      for (const origin of ["null", "", "http://[::1]:1", "a, b", "x".repeat(8_000), "javascript:1"]) {
        assertEquals((await stage.fetch("transport=polling", { headers: { origin } }))[0], 200, origin);
      }
    },
  },
  {
    id: "Origin",
    sent: "bytes that are no text, and controls",
    outcome: "400, or refused by the platform",
    async run(stage) {
      for (const value of ["a\x00b", "a\x7fb", "a\x01b"]) {
        const head = `GET ${
          stage.target("transport=polling")
        } HTTP/1.1\r\nHost: x\r\nOrigin: ${value}\r\n\r\n`;
        assertEquals(await raw(stage, head), 400, JSON.stringify(value));
      }
      assertEquals(stage.strangers, 0);
    },
  },
  {
    id: "Headers",
    sent: "bytes above 0x7f, 1,000 headers, 200 KB of one, names of prototypes, no Host, an odd Host",
    outcome: "answered or refused, never an error of ours",
    async run(stage) {
      const start = `GET ${stage.target("transport=polling")} HTTP/1.1\r\n`;
      const statuses: number[] = [];
      for (
        const rest of [
          "Host: x\r\nX-High: \u00e4\u00ff\ud83d\ude00\r\n",
          "Host: x\r\n" + "X: 1\r\n".repeat(1_000),
          `Host: x\r\nX: ${"1".repeat(200_000)}\r\n`,
          "Host: x\r\n__proto__: 1\r\nconstructor: 2\r\ncookie: a=b; __proto__=c\r\n",
          "",
          "Host: \r\n",
          "Host: %\r\n",
          "Host: [\r\n",
          "Host: a b\r\n",
          "Host: x/engine.io/\r\n",
          "Host: x\r\nHost: y\r\n",
          "Host: x:99999\r\n",
          "Host: x?y#z\r\n",
          "Host: \u00e4\r\n",
        ]
      ) {
        statuses.push(await raw(stage, `${start}${rest}\r\n`));
      }
      // 0: the platform hangs up. 500 would be ours.
      assert(statuses.every((status) => [0, 200, 400, 404, 431].includes(status)), String(statuses));
      assertEquals([statuses[0], statuses[3]], [200, 200]);
    },
  },
  {
    id: "Methods and targets",
    sent: "every odd method and request target",
    outcome: "answered or refused, never an error of ours; no session comes of them",
    async run(stage) {
      const query = "?EIO=4&transport=polling";
      for (
        const method of [
          "HEAD",
          "PUT",
          "DELETE",
          "PATCH",
          "OPTIONS",
          "TRACE",
          "CONNECT",
          "get",
          "__proto__",
          "A".repeat(5_000),
        ]
      ) {
        const status = await raw(
          stage,
          `${method} ${stage.path}${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        assert([0, 400, 405, 501].includes(status), `${method.slice(0, 20)}: ${status}`);
      }
      for (
        const target of [
          "*",
          `${stage.path}../engine.io/${query}`,
          "//engine.io/" + query,
          "/engine.io" + query,
          "/engine.iofoo/" + query,
          "/ENGINE.IO/" + query,
          "/engine.io%2f" + query,
          "/%65ngine.io/" + query,
          "/\\engine.io/" + query,
          stage.path + "\u00e4" + query,
          stage.path + "%" + query,
          "x".repeat(70_000),
          "/engine.io/#" + query,
        ]
      ) {
        const status = await raw(stage, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        assert([0, 200, 400, 404, 414].includes(status), `${target.slice(0, 40)}: ${status}`);
      }
      for (
        const text of [
          "\r\n\r\n\r\n",
          "GET\r\n\r\n",
          "\x16\x03\x01\x02\x00\x01",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "\0".repeat(100),
        ]
      ) {
        const tcp = await stage.tcp();
        await tcp.write(text);
        tcp.close();
      }
    },
  },
  {
    id: "Methods and targets",
    sent: "PUT, DELETE, PATCH, HEAD and OPTIONS for a session",
    outcome: "400 code 2, the session goes on",
    async run(stage) {
      const sid = await stage.handshake();
      for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
        const answer = await stage.fetch(`transport=polling&sid=${sid}`, { method });
        assertEquals(answer, [400, '{"code":2,"message":"Bad handshake method"}'], method);
      }
      assertEquals((await stage.fetch(`transport=polling&sid=${sid}`, { method: "HEAD" }))[0], 400);
      await stage.assertLives(sid);
    },
  },
  {
    id: "Upgrade headers",
    sent: "upgrades without a key, of another version, to h2c, over POST, and polling with Upgrade",
    outcome: "400 before any upgrade, and no error of ours; Deno overlooks the version",
    async run(stage) {
      const target = stage.target("transport=websocket");
      const key = `Sec-WebSocket-Key: ${btoa("0123456789abcdef")}\r\n`;
      const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
      const version = "Sec-WebSocket-Version: 13\r\n";
      const statuses: number[] = [];
      for (
        const [method, headers] of [
          ["GET", upgrade + version],
          ["GET", upgrade + key],
          ["GET", upgrade + key + "Sec-WebSocket-Version: 99\r\n"],
          ["GET", `Connection: close\r\nUpgrade: websocket\r\n${key}${version}`],
          ["GET", `Connection: Upgrade\r\nUpgrade: h2c\r\n${key}${version}`],
          ["POST", upgrade + key + version + "Content-Length: 0\r\n"],
          ["GET", ""],
        ] as const
      ) {
        statuses.push(await raw(stage, `${method} ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`));
      }
      assertEquals(statuses, [400, 101, 101, 400, 400, 400, 400]);
      const polling = await stage.tcp();
      assertEquals((await polling.upgrade(stage.target("transport=polling"))).status, 400);
      await stage.assertAlone();
    },
  },
  {
    id: "Upgrade headers",
    sent: "odd keys, extensions and subprotocols, 1,000 of them",
    outcome: "an upgrade as usual or 400; sessions end with their connections",
    async run(stage) {
      for (
        const headers of [
          { "Sec-WebSocket-Extensions": '__proto__, constructor; __proto__=1, permessage-deflate; x="' },
          { "Sec-WebSocket-Protocol": Array.from({ length: 1_000 }, (_, n) => `p${n}`).join(",") },
          { "Sec-WebSocket-Protocol": "a" + " ".repeat(5_000) + "b" },
          { "Sec-WebSocket-Protocol": ",,, ," },
          { "Sec-WebSocket-Protocol": 'a\tb;c="d"' },
          { "Sec-WebSocket-Key": "short" },
          { "Sec-WebSocket-Key": "x".repeat(5_000) },
        ]
      ) {
        const tcp = await stage.tcp();
        const { status } = await tcp.upgrade(stage.target("transport=websocket"), headers as never);
        assert(status === 101 || status === 400, `${JSON.stringify(headers).slice(0, 60)}: ${status}`);
        tcp.close();
      }
      await stage.assertAlone();
    },
  },
]);

serverRows([
  {
    id: "Outside the path",
    sent: "anything else",
    outcome: "404, from the server's own fallback",
    async run(stage) {
      for (const path of ["/", "/socket.iofoo/", "/socket.io", "/favicon.ico", "/__proto__"]) {
        const answer = await fetch(`http://127.0.0.1:${stage.port}${path}?EIO=4&transport=polling`);
        assertEquals([answer.status, await answer.text()], [404, ""], path);
      }
    },
  },
  {
    id: "Errors",
    sent: "every refused request",
    outcome: "a code and a message, never a stack, a path or what was sent",
    async run(stage) {
      const [, body] = await stage.fetch("transport=<script>&sid=<b>");
      assertEquals(body, UNKNOWN_TRANSPORT[1]);
      const [status, text] = await stage.fetch("transport=websocket");
      assertEquals([status, text], BAD_REQUEST);
      const socket = await stage.joined();
      socket.send("40/<b>,");
      assertStringIncludes(await socket.text(), '"Invalid namespace"');
    },
  },
]);
