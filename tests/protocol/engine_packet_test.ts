import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as engine from "../../src/protocol/engine_packet.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";

Deno.test("Engine.IO constants are the characters and frames of the protocol", () => {
  const { OPEN, MESSAGE, NOOP, BASE64 } = engine;
  assertEquals(String.fromCharCode(OPEN, MESSAGE, NOOP, BASE64), "046b");
  assertEquals(engine.decodePacket(engine.CLOSE_FRAME), { type: "close" });
  assertEquals(engine.decodePacket(engine.PING_FRAME), { type: "ping" });
  assertEquals(engine.decodePacket(engine.PROBE_PING_FRAME), { type: "ping", data: "probe" });
  assertEquals(engine.decodePacket(engine.PROBE_PONG_FRAME), { type: "pong", data: "probe" });
  assertEquals(engine.decodePacket(engine.UPGRADE_FRAME), { type: "upgrade" });
  assertEquals(engine.decodePacket(engine.NOOP_FRAME), { type: "noop" });
});

Deno.test("isTypeCode() is true for 0 to 6 only", () => {
  const codes = Array.from({ length: 256 }, (_, code) => code).filter(engine.isTypeCode);
  assertEquals(String.fromCharCode(...codes), "0123456");
  assertEquals(engine.isTypeCode(NaN), false);
});

Deno.test("encodePacket() refuses an unknown type, and bytes outside a message", () => {
  assertThrows(() => engine.encodePacket({ type: "nope" as "ping" }), TypeError, 'unknown type "nope"');
  assertThrows(
    () => engine.encodePacket({ type: "ping", data: new Uint8Array(1) }),
    TypeError,
    "carries no bytes",
  );
});

Deno.test("messageFrame() prefixes text and passes bytes on as a view", () => {
  const bytes = Uint8Array.of(1, 2);
  assertEquals(engine.messageFrame("a"), "4a");
  assertEquals(engine.messageFrame(""), "4");
  assertStrictEquals(engine.messageFrame(bytes), bytes);
  assertEquals(engine.messageFrame(new DataView(bytes.buffer, 1)), Uint8Array.of(2));
});

Deno.test("decodePacket() names what it found", () => {
  assertThrows(() => engine.decodePacket(""), ProtocolError, "an empty frame");
  assertThrows(() => engine.decodePacket("9x"), ProtocolError, 'type "9"');
});
