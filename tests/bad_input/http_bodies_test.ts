/**
 * Bodies that are slow, endless, cut off, lying or no text, and polls that overlap or are given up, mostly over bare
 * TCP: `fetch` would not send them. Some are refused by the platform's HTTP server: what counts is that nobody else
 * notices and that no session is harmed or left open.
 */
import { assert, assertEquals } from "@std/assert";
import { pause } from "../support/within.ts";
import type { RawConnection } from "../support/raw_http.ts";
import { engineRows, type EngineStage, until } from "./stage.ts";

/** A polling session and a TCP connection with the head of a POST to it. */
async function posting(
  stage: EngineStage,
  headers: Record<string, string>,
): Promise<{ sid: string; tcp: RawConnection }> {
  const sid = await stage.handshake();
  const tcp = await stage.tcp();
  await tcp.request("POST", stage.target(`transport=polling&sid=${sid}`), headers);
  return { sid, tcp };
}

engineRows([
  ...[{ "Content-Length": "1000" }, { "Transfer-Encoding": "chunked" }].map((headers) => ({
    id: "Slow POST",
    sent: `${JSON.stringify(headers)} and a byte now and then, without an end`,
    outcome: "ping timeout as for anybody silent; the POST is answered 400",
    options: { pingInterval: 25_000, pingTimeout: 20_000 },
    async run(stage: EngineStage) {
      const { sid, tcp } = await posting(stage, headers as Record<string, string>);
      const drop = "Content-Length" in headers ? "4" : "1\r\n4\r\n";
      await tcp.write(drop);
      await stage.advance(25_000);
      await tcp.write(drop);
      await pause(20);
      await stage.advance(19_999);
      await tcp.write(drop);
      assertEquals(stage.endings, []);
      await stage.advance(1);
      assertEquals(stage.endings, ["ping timeout"]);
      assertEquals((await tcp.response()).status, 400);
      assertEquals(stage.strangers, 0);
      await stage.assertGone(sid);
    },
  })),
  {
    id: "Slow POST",
    sent: "a second POST while the first is coming",
    outcome: "both answered 400, transport error",
    async run(stage) {
      const { sid, tcp } = await posting(stage, { "Content-Length": "10" });
      await tcp.write("4abc");
      await pause(20);
      assertEquals(await stage.post(sid, "4x"), [400, ""]);
      assertEquals((await tcp.response()).status, 400);
      assertEquals([stage.endings, stage.heard], [["transport error"], []]);
    },
  },
  {
    id: "Slow head",
    sent: "100 connections with half a request head, and 100 that say nothing",
    outcome: "no session, nobody waits for them",
    async run(stage) {
      for (let n = 0; n < 100; n++) {
        const tcp = await stage.tcp();
        await tcp.write(`GET ${stage.target("transport=polling")} HTTP/1.1\r\nHost: x\r\nX-Slow: `);
        await stage.tcp();
      }
      assertEquals(stage.strangers, 0);
    },
  },
  {
    id: "Aborted POST",
    sent: "half of the announced body, then the end of the connection",
    outcome: "transport error, a pending poll gets 1, nothing is delivered",
    async run(stage) {
      const { sid, tcp } = await posting(stage, { "Content-Length": "10" });
      const parked = await stage.park(sid);
      await tcp.write("4abc");
      await pause(20);
      tcp.close();
      assertEquals(await parked.answer, [200, "1"]);
      assertEquals([stage.endings, stage.heard], [["transport error"], []]);
    },
  },
  {
    id: "Aborted POST",
    sent: "chunks without the last one, then the end of the connection",
    outcome: "transport error, nothing is delivered",
    async run(stage) {
      const { tcp } = await posting(stage, { "Transfer-Encoding": "chunked" });
      await tcp.write("4\r\n4abc\r\n");
      await pause(20);
      tcp.close();
      await stage.assertAlone();
      assertEquals([stage.endings, stage.heard], [["transport error"], []]);
    },
  },
  {
    id: "Aborted poll",
    sent: "a GET whose connection ends while it waits",
    outcome: "transport error, as on the official server",
    async run(stage) {
      const sid = await stage.handshake();
      const tcp = await stage.tcp();
      await tcp.request("GET", stage.target(`transport=polling&sid=${sid}`));
      await until(() => stage.session(sid).writable, "the poll to be parked");
      tcp.close();
      stage.clock.advance(600); // a poll that waits for long is listened to
      await stage.assertAlone();
      assertEquals(stage.endings, ["transport error"]);
    },
  },
  {
    id: "Aborted poll",
    sent: "300 sessions whose polls end at once",
    outcome: "all end with transport error, no timer is left",
    async run(stage) {
      const { timers } = stage;
      const open: RawConnection[] = [];
      for (let n = 0; n < 300; n++) {
        const sid = await stage.handshake();
        const tcp = await stage.tcp();
        await tcp.request("GET", stage.target(`transport=polling&sid=${sid}`));
        open.push(tcp);
        await until(() => stage.session(sid).writable, "the poll to be parked");
      }
      for (const tcp of open) tcp.close();
      stage.clock.advance(600);
      await stage.assertAlone();
      assertEquals(new Set(stage.endings), new Set(["transport error"]));
      assertEquals(stage.timers, timers);
    },
  },
  {
    id: "Overlapping polls",
    sent: "a second GET while one waits",
    outcome: "400 for the second, 1 for the first, transport error",
    async run(stage) {
      const sid = await stage.handshake();
      const parked = await stage.park(sid);
      assertEquals(await stage.poll(sid), [400, ""]);
      assertEquals(await parked.answer, [200, "1"]);
      assertEquals(stage.endings, ["transport error"]);
    },
  },
  {
    id: "Body size",
    sent: "a small body in many empty and tiny chunks",
    outcome: "taken as one",
    async run(stage) {
      const { sid, tcp } = await posting(stage, { "Transfer-Encoding": "chunked" });
      await tcp.write("1\r\n4\r\n" + "1;ext=1\r\nx\r\n".repeat(5_000) + "0\r\nTrailer: x\r\n\r\n");
      assertEquals((await tcp.response()).status, 200);
      assertEquals(stage.heard, ["x".repeat(5_000)]);
      assertEquals((await stage.poll(sid))[0], 200);
    },
  },
  {
    id: "Content-Length",
    sent: "a body of 10 TB announced",
    outcome: "413 at once, the session goes on",
    async run(stage) {
      const { sid, tcp } = await posting(stage, { "Content-Length": "10000000000000" });
      assertEquals((await tcp.response()).status, 413);
      await stage.assertLives(sid);
    },
  },
  {
    id: "Content-Length",
    sent: "a body longer than announced",
    outcome: "what was announced is taken, the rest is no request: 400 and the connection ends",
    async run(stage) {
      const { sid, tcp } = await posting(stage, { "Content-Length": "3" });
      await tcp.write("4ab4stolen\r\n\r\n");
      assertEquals((await tcp.response()).status, 200);
      await tcp.ended();
      assertEquals(await stage.poll(sid), [200, "4ab"]);
      assertEquals(stage.heard, ["ab"]);
    },
  },
  ...["-1", "abc", "1e3", "18446744073709551616", "5, 6", " ", "+5"].map((length) => ({
    id: "Content-Length",
    sent: `the length ${JSON.stringify(length)}`,
    outcome: "refused by the platform: 400, and the session goes on",
    async run(stage: EngineStage) {
      const { sid, tcp } = await posting(stage, { "Content-Length": length });
      await tcp.write("4abcd");
      assertEquals((await tcp.response()).status, 400);
      tcp.close();
      await stage.assertLives(sid);
      assertEquals(stage.heard, ["still"]);
    },
  })),
  {
    id: "Content-Length",
    sent: "a length and chunks at once (request smuggling)",
    outcome: "the smuggled part is no request of its own and no message",
    async run(stage) {
      const { sid, tcp } = await posting(stage, { "Content-Length": "4", "Transfer-Encoding": "chunked" });
      await tcp.write(
        `3\r\n4ab\r\n0\r\n\r\nPOST ${stage.target(`transport=polling&sid=${sid}`)} HTTP/1.1\r\n`,
      );
      await tcp.response();
      tcp.close();
      assert(
        stage.heard.length <= 1 && stage.heard.every((message) => message === "ab"),
        String(stage.heard),
      );
    },
  },
  {
    id: "Content-Type and -Encoding",
    sent: "types and encodings that are not so",
    outcome: "the body is read as text, except application/octet-stream",
    async run(stage) {
      const sid = await stage.handshake();
      for (const type of ["application/json", "multipart/form-data", "text/plain;charset=utf-16", "x", ""]) {
        assertEquals(await stage.post(sid, "4ä", { "content-type": type }), [200, "ok"], type);
      }
      assertEquals(await stage.post(sid, "4z", { "content-encoding": "gzip" }), [200, "ok"]);
      assertEquals(stage.heard, ["ä", "ä", "ä", "ä", "ä", "z"]);
    },
  },
  {
    id: "UTF-8",
    sent: "invalid bytes, half characters, surrogates and NULs in a POST",
    outcome: "U+FFFD in their places, the session goes on; as the first byte: parse error",
    async run(stage) {
      const sid = await stage.handshake();
      const bytes = (...list: number[]) => new Uint8Array([0x34, ...list]);
      for (const list of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88], [0], [0xc0, 0x80]]) {
        assertEquals(await stage.post(sid, bytes(...list)), [200, "ok"]);
      }
      const bad = "\ufffd";
      assertEquals(stage.heard, [bad, bad, bad.repeat(3), bad.repeat(2), "\0", bad.repeat(2)]);
      assertEquals(await stage.post(sid, new Uint8Array([0xff, 0x34])), [200, "ok"]);
      assertEquals(stage.endings, ["parse error"]);
    },
  },
  {
    id: "UTF-8",
    sent: "a character cut in two by chunks, and a BOM",
    outcome: "the character is whole; one BOM at the front is no part of the text",
    async run(stage) {
      const { tcp } = await posting(stage, { "Transfer-Encoding": "chunked" });
      await tcp.write(
        new Uint8Array([...new TextEncoder().encode("5\r\n"), 0xef, 0xbb, 0xbf, 0x34, 0xc3, 13, 10]),
      );
      await pause(20);
      await tcp.write(new Uint8Array([...new TextEncoder().encode("1\r\n"), 0xa4, 13, 10]));
      await tcp.write("0\r\n\r\n");
      assertEquals((await tcp.response()).status, 200);
      assertEquals(stage.heard, ["ä"]);
    },
  },
]);
