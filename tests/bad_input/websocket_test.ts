/**
 * Broken WebSocket frames, over bare TCP. Deno's WebSocket judges most of them, and this is where one sees that it
 * does: the offender's session ends, and what was only half sent is delivered to nobody.
 *
 * The advisories of ws (see history_test.ts) are here in the form in which a server on Deno could have them.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { pause, within } from "../support/within.ts";
import type { RawConnection } from "../support/raw_http.ts";
import { engineRows, type EngineStage, serverRows, type ServerStage, until } from "./stage.ts";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Writes, unless the other side has hung up, or does not read for a second. Returns whether all was taken. */
async function pour(tcp: RawConnection, bytes: Uint8Array): Promise<boolean> {
  try {
    await within(tcp.write(bytes), "the server to read", 1_000);
    return true;
  } catch {
    return false;
  }
}

/** One frame's bytes, masked with zeros; at most 125 bytes of payload. */
function frameBytes(opcode: number, payload: Uint8Array): Uint8Array {
  return new Uint8Array([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
}

engineRows([
  ...([
    ["reserved bits", (tcp) => tcp.frame(TEXT, "4x", { rsv: 4 })],
    ["an unknown opcode", (tcp) => tcp.frame(3, "4x")],
    ["an unknown control opcode", (tcp) => tcp.frame(11, "4x")],
    ["a continuation of nothing", (tcp) => tcp.frame(0, "4x")],
    ["a fragmented ping", (tcp) => tcp.frame(PING, "x", { fin: false })],
    ["a ping of 126 bytes", (tcp) => tcp.frame(PING, "x".repeat(126))],
    ["a close frame of one byte", (tcp) => tcp.frame(CLOSE, "x")],
    ["a close frame with code 999", (tcp) => tcp.frame(CLOSE, new Uint8Array([3, 231]))],
    ["text that is no UTF-8", (tcp) => tcp.frame(TEXT, new Uint8Array([0x34, 0xff]))],
    [
      "a length of 2^63 bytes",
      (tcp) =>
        tcp.write(new Uint8Array([0x81, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0x34])),
    ],
    ["an HTTP request in place of a frame", (tcp) => tcp.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  ] as [string, (tcp: RawConnection) => Promise<void>][]).map(([what, send]) => ({
    id: "WebSocket frame",
    sent: what,
    outcome: "the session ends with transport close or transport error, nothing is delivered",
    async run(stage: EngineStage) {
      const tcp = await stage.tcpWebSocket();
      await send(tcp);
      await stage.assertAlone();
      assertEquals(stage.heard, []);
      assert(["transport close", "transport error"].includes(stage.endings.join()), String(stage.endings));
    },
  })),
  {
    id: "WebSocket frame",
    sent: "a new message in the middle of a fragmented one",
    outcome: "the first is never delivered",
    async run(stage) {
      const tcp = await stage.tcpWebSocket();
      await tcp.frame(TEXT, "4first", { fin: false });
      await tcp.frame(TEXT, "4second");
      await tcp.frame(TEXT, "1");
      await stage.assertAlone();
      assertEquals(stage.heard.filter((message) => message !== "second"), []);
    },
  },
  {
    id: "WebSocket frame",
    sent: "a message of one byte more than maxHttpBufferSize, then the limit itself on another",
    outcome: "close code 1009 and transport error; the limit is accepted",
    options: { maxHttpBufferSize: 1000 },
    async run(stage) {
      for (
        const [opcode, payload] of [[TEXT, "4".repeat(1001)], [TEXT, "4" + "€".repeat(334)], [
          BINARY,
          new Uint8Array(1001),
        ]] as const
      ) {
        const tcp = await stage.tcpWebSocket();
        await tcp.frame(opcode, payload);
        assertEquals(await tcp.closeCode(), 1009);
        tcp.close();
      }
      assertEquals(stage.endings, Array(3).fill("transport error"));
      const ws = await stage.ws();
      ws.send("4" + "€".repeat(333), new Uint8Array(1000));
      assertEquals(await ws.text(), "4" + "€".repeat(333));
      assertEquals((await ws.next()).length, 1000);
    },
  },
  {
    id: "WebSocket frame",
    sent: "60 MB announced and not sent, on 50 connections",
    outcome: "no memory is set aside for them that grows the process, and they end with ping timeout",
    async run(stage) {
      const before = Deno.memoryUsage().rss;
      for (let n = 0; n < 50; n++) {
        const tcp = await stage.tcpWebSocket();
        await tcp.write(new Uint8Array([0x82, 255, 0, 0, 0, 0, 3, 147, 135, 0, 0, 0, 0, 0, 1, 2, 3]));
      }
      await stage.echo();
      assertLess(Deno.memoryUsage().rss - before, 300_000_000);
      await stage.advance(25_000);
      await stage.advance(20_000);
      await stage.assertAlone();
      assertEquals(new Set(stage.endings), new Set(["ping timeout"]));
    },
  },
  {
    id: "WebSocket frame",
    sent: "an oversize message in many fragments",
    outcome: "1009 or the platform's refusal; the session ends",
    options: { maxHttpBufferSize: 1000 },
    async run(stage) {
      const tcp = await stage.tcpWebSocket();
      await tcp.frame(TEXT, "4" + "x".repeat(999), { fin: false });
      for (let n = 0; n < 50; n++) await tcp.frame(0, "x".repeat(1000), { fin: false });
      await tcp.frame(0, "x");
      await stage.assertAlone();
      assertEquals(stage.endings, ["transport error"]);
    },
  },
  {
    id: "ws: CVE-2026-48779, CVE-2026-62389",
    sent: "one message in 50,000 empty and tiny fragments",
    outcome: "delivered as one, or the connection ends; nobody else waits",
    async run(stage) {
      const tcp = await stage.tcpWebSocket();
      await tcp.frame(TEXT, "4", { fin: false });
      const empty = [0x00, 0x80, 0, 0, 0, 0];
      const tiny = [0x00, 0x81, 0, 0, 0, 0, 0x78];
      const bytes = new Uint8Array(Array.from({ length: 25_000 }, () => [...empty, ...tiny]).flat());
      await pour(tcp, bytes);
      await stage.echo();
      await tcp.frame(0, "end").catch(() => {});
      await until(() => stage.heard.length === 1 || stage.strangers === 0, "the message or the end");
      if (stage.heard.length > 0) assertEquals(stage.heard, ["x".repeat(25_000) + "end"]);
    },
  },
  {
    id: "ws: CVE-2016-10518",
    sent: "pings with a payload, empty and with 125 bytes",
    outcome: "pongs with that very payload, and nothing else of the process's memory",
    async run(stage) {
      const tcp = await stage.tcpWebSocket();
      for (const payload of ["", "abc", "x".repeat(125)]) {
        await tcp.frame(PING, payload);
        const pong = await tcp.nextFrame();
        assertEquals([pong!.opcode, new TextDecoder().decode(pong!.payload)], [PONG, payload]);
      }
      assertEquals(stage.heard, []);
    },
  },
  {
    id: "ws 8.23.0, no advisory id found",
    sent: "a flood of pings from a client that reads none of the pongs",
    outcome: "the server stops reading from it or keeps little: memory stays bounded",
    async run(stage) {
      const tcp = await stage.tcpWebSocket();
      const ping = frameBytes(PING, new Uint8Array(125));
      const many = new Uint8Array(ping.length * 8_000); // about 1 MB
      for (let n = 0; n < 8_000; n++) many.set(ping, n * ping.length);
      const before = Deno.memoryUsage().rss;
      let poured = 0;
      while (poured < 48 && await pour(tcp, many)) poured++;
      await stage.echo();
      // A queue of pongs would hold all that was poured in, at many times its size.
      assertLess(Deno.memoryUsage().rss - before, 200_000_000, `${poured} MB were taken`);
    },
  },
  {
    id: "Connection",
    sent: "a reset in the middle of a frame, of a message, and of an upgrade, 100 times each",
    outcome: "the sessions end with transport close, nothing is delivered, no timer is left",
    async run(stage) {
      const { timers } = stage;
      for (let n = 0; n < 100; n++) {
        const frame = await stage.tcpWebSocket();
        await frame.write(new Uint8Array([0x81, 0xfe, 0x10, 0x00, 0, 0, 0, 0, 0x34, 0x78]));
        const message = await stage.tcpWebSocket();
        await message.frame(TEXT, "4half", { fin: false });
        const upgrade = await stage.tcp();
        await upgrade.request("GET", stage.target("transport=websocket"), {
          Connection: "Upgrade",
          Upgrade: "websocket",
          "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": btoa("0123456789abcdef"),
        });
        for (const tcp of [frame, message, upgrade]) tcp.close();
      }
      await stage.assertAlone();
      await pause(20); // an upgrade may still have been on its way
      await stage.assertAlone();
      assertEquals(stage.heard, []);
      const reasons = new Set(stage.endings);
      reasons.delete("transport error");
      assertEquals(reasons, new Set(["transport close"]));
      assertEquals(stage.timers, timers);
    },
  },
]);

serverRows([
  {
    id: "Connection",
    sent: "a reset while the attachments of an event are coming",
    outcome: "transport close, no event",
    async run(stage: ServerStage) {
      const tcp = await stage.tcpJoined();
      await tcp.frame(TEXT, '451-["x",{"_placeholder":true,"num":0}]');
      await tcp.write(new Uint8Array([0x82, 0xfe, 0x10, 0x00, 0, 0, 0, 0, 1, 2, 3]));
      await pause(20);
      tcp.close();
      await stage.assertAlone();
      assertEquals(stage.heard, []);
      assert(["transport close", "transport error"].includes(stage.endings.join()), String(stage.endings));
    },
  },
]);
