import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { DefaultPacketDecoder } from "../../src/protocol/packet_decoder.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";

const TWO = '452-["ev",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]';

/** It serves the next packet as a fresh one would. */
function assertClean(decoder: DefaultPacketDecoder): void {
  assert(!decoder.isPartial);
  assertEquals(decoder.push('42["next"]'), { type: 2, nsp: "/", data: ["next"] });
}

Deno.test("PacketDecoder completes a packet with its last attachment, passing the bytes on uncopied", () => {
  const decoder = new DefaultPacketDecoder();
  const first = Uint8Array.of(0), second = Uint8Array.of(1);
  assertEquals(decoder.push(TWO), undefined);
  assert(decoder.isPartial);
  assertEquals(decoder.push(first), undefined);
  assert(decoder.isPartial);
  const packet = decoder.push(second) as { data: unknown[] };
  assertStrictEquals(packet.data[1], second);
  assertStrictEquals(packet.data[2], first);
  assertClean(decoder);
});

Deno.test("PacketDecoder is clean after text in place of an attachment", () => {
  const decoder = new DefaultPacketDecoder();
  decoder.push(TWO);
  assertThrows(() => decoder.push('42["x"]'), ProtocolError, "text where an attachment was expected");
  assertClean(decoder);
});

Deno.test("PacketDecoder is clean after bytes that nobody announced", () => {
  const decoder = new DefaultPacketDecoder();
  assertThrows(() => decoder.push(new Uint8Array(1)), ProtocolError, "no packet announced");
  assertClean(decoder);
});

Deno.test("PacketDecoder is clean after a placeholder that names no attachment", () => {
  const decoder = new DefaultPacketDecoder();
  decoder.push('451-["ev",{"_placeholder":true,"num":1}]');
  assertThrows(() => decoder.push(new Uint8Array(1)), ProtocolError, "placeholder");
  assertClean(decoder);
});

Deno.test("PacketDecoder is clean after every malformed text", () => {
  const decoder = new DefaultPacketDecoder();
  for (
    const text of [
      "450-[]",
      "4511-[]",
      "45",
      "451-",
      "451-{}",
      '451-["disconnect"]',
      '451-["a"',
      "42[",
      "47",
      "",
    ]
  ) {
    assertThrows(() => decoder.push(text), ProtocolError, "Cannot decode packet", text);
    assertClean(decoder);
  }
});

Deno.test("PacketDecoder bounds the bytes of one packet's attachments together", () => {
  const decoder = new DefaultPacketDecoder({ maxAttachmentBytes: 10 });
  decoder.push(TWO);
  decoder.push(new Uint8Array(4));
  assertEquals(decoder.push(new Uint8Array(6))?.type, 2);
  decoder.push(TWO);
  decoder.push(new Uint8Array(4));
  assertThrows(() => decoder.push(new Uint8Array(7)), ProtocolError, "attachments of 11 bytes, limit 10");
  assertClean(decoder);
});

Deno.test("PacketDecoder takes its limits from the options", () => {
  const decoder = new DefaultPacketDecoder({ maxAttachments: 11, maxDepth: 3 });
  assertEquals(decoder.push('4511-["ev"]'), undefined);
  for (let i = 0; i < 10; i++) decoder.push(new Uint8Array(1));
  assertEquals(decoder.push(new Uint8Array(1)), { type: 2, nsp: "/", data: ["ev"] });
  assertEquals(decoder.push('42["a",[[]]]')?.type, 2);
  assertThrows(() => decoder.push('42["a",[[[]]]]'), ProtocolError, "deeper than 3");
});
