/**
 * The inputs of part 7 of the behaviour reference that reach the codec, by their advisory: the peer's session
 * ends with a ProtocolError, nothing else throws, nothing stays in memory.
 */
import { assert, assertEquals, assertInstanceOf, assertLess, assertThrows } from "@std/assert";
import { createDefaultParser, defaultParser } from "../../src/protocol/default_parser.ts";
import { decodePacket } from "../../src/protocol/engine_packet.ts";
import { decodePayload } from "../../src/protocol/engine_payload.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";
import type { EventPacket, Packet } from "../../src/protocol/socket_packet.ts";

/** A fresh decoder refuses the frame, and holds nothing afterwards. */
function assertRefused(...frames: (string | Uint8Array)[]): void {
  const decoder = defaultParser.decoder();
  const last = frames.pop()!;
  for (const frame of frames) decoder.push(frame);
  assertThrows(() => decoder.push(last), ProtocolError, "Cannot decode packet", String(last).slice(0, 80));
  assert(!decoder.isPartial);
}

function accept(text: string): Packet {
  const packet = defaultParser.decoder().push(text);
  assert(packet !== undefined);
  return packet;
}

Deno.test("CVE-2020-36049: a massive packet is read in time linear to its size", () => {
  // Quadratic work on these would take minutes: each is read by index, none by building up strings.
  const million = 1_000_000;
  const started = performance.now();
  assertRefused("42" + "1".repeat(million));
  assertRefused("45" + "1".repeat(million));
  assertRefused("42" + "0".repeat(million) + "x");
  assertEquals(accept("40/" + "n".repeat(million)).nsp.length, million + 1);
  assertRefused(`42["${'\\"'.repeat(million)}`);
  assertRefused(`42["${"\\".repeat(million)}`);
  assertEquals((accept(`42["a","${"[".repeat(million)}"]`) as EventPacket).data?.length, 2);
  assertLess(performance.now() - started, 5_000);
});

Deno.test("CVE-2022-2421: a placeholder number is an integer that names an attachment, never a property", () => {
  for (
    const num of ['"splice"', '"length"', '"constructor"', '"0"', "-1", "1", "0.5", "null", "[]", "1e999"]
  ) {
    assertRefused(`451-["a",{"_placeholder":true,"num":${num}}]`, new Uint8Array(1));
  }
  assertRefused('451-["a",{"_placeholder":true}]', new Uint8Array(1));
});

Deno.test("CVE-2023-32695: an event name is a text or a number, never an object", () => {
  for (const name of ['{"toString":"x"}', '{"toString":{}}', "[]", "null", "true"]) {
    assertRefused(`42[${name}]`);
  }
  // Not through an attachment either: the name is checked before the bytes come.
  assertRefused('451-[{"_placeholder":true,"num":0}]');
});

Deno.test("socket.io-parser 4.2.4: a peer cannot send a life-cycle event", () => {
  for (
    const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
  ) {
    assertRefused(`42["${name}","x"]`);
    assertRefused(`42/n,1["${name}"]`);
    assertRefused(`451-["${name}",{"_placeholder":true,"num":0}]`);
    assertRefused(`42["\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"]`);
  }
});

Deno.test("CVE-2024-38355: an event named error is an ordinary event of the codec", () => {
  assertEquals(accept('42["error"]'), { type: 2, nsp: "/", data: ["error"] });
});

Deno.test("CVE-2026-33151: attachments are 10 at most, and their bytes are bounded", () => {
  assertRefused('4599999-["a"]');
  assertRefused('4511-["a"]');
  assertRefused(`45${"9".repeat(400)}-["a"]`);
  const decoder = createDefaultParser({ maxAttachmentBytes: 1_000 }).decoder();
  decoder.push('4510-["a"]');
  decoder.push(new Uint8Array(1_000));
  assertThrows(() => decoder.push(new Uint8Array(1)), ProtocolError, "limit 1000");
  assert(!decoder.isPartial);
});

Deno.test("CVE-2026-69185: a binary packet without attachments does not open the door to endless frames", () => {
  for (const text of ['450-["x"]', "450-", '4500-["x"]', '45-0-["x"]', '45-["x"]', '45["x"]']) {
    assertRefused(text);
  }
  const decoder = defaultParser.decoder();
  for (let i = 0; i < 100; i++) {
    assertThrows(() => decoder.push('450-["x"]'), ProtocolError);
    assertThrows(() => decoder.push(new Uint8Array(10)), ProtocolError, "bytes that no packet announced");
  }
});

Deno.test("Open defect 1: deep JSON is refused at once, and what is accepted can be sent back", () => {
  assertRefused(`421["echo",${"[".repeat(200_000)}${"]".repeat(200_000)}]`);
  assertRefused(`421["echo",${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}]`);
  assertRefused(`451-["echo",${"[".repeat(200_000)}{"_placeholder":true,"num":0}${"]".repeat(200_000)}]`);
  const packet = accept(`421["echo",${"[".repeat(2_000)}${"]".repeat(2_000)}]`) as EventPacket;
  assertEquals(packet.id, 1);
  assert(Array.isArray(defaultParser.encode({ type: 3, nsp: "/", id: 1, data: packet.data!.slice(1) })));
});

Deno.test("Prototype keys arrive as own data and change no prototype", () => {
  const text = '42["__proto__",{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]';
  const packet = accept(text) as EventPacket;
  const data = packet.data![1] as object;
  assertEquals(Object.keys(data), ["__proto__", "constructor"]);
  assertEquals(Object.getPrototypeOf(data), Object.prototype);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
  assertEquals(defaultParser.encode(packet), [text]);
});

Deno.test("Other inputs: what official closes is refused", () => {
  const texts = ["42[]", "42[null]", "42{}", "42[", "47", "4", "4a", '40"x"', "40[]", "40null", "41{}"];
  const numbers = ['421e3["a"]', '42-5["a"]', "45-1-[]", '451.5-["a"]', '42abc["a"]'];
  for (const text of [...texts, ...numbers]) assertRefused(text);
  assertRefused('451-["a"]', '42["b"]');
  assertRefused(new Uint8Array(1));
});

Deno.test("Other inputs: what official reads by mistake is refused", () => {
  assertRefused('42 5["a"]'); // official: id 5
  assertRefused('451e0-["a"]'); // official: 1 attachment
  assertRefused('451-["a",{"_placeholder":true,"num":0.5}]', new Uint8Array(1)); // official: undefined
  assertRefused('42123456789012345678901234["a"]'); // official: echoed as 1.2345678901234569e+23
  assertRefused("451-"); // official: an event without data
  assertRefused("42[1e999]"); // official: an event named Infinity
});

Deno.test("Other inputs: what official accepts, and rightly so, is accepted", () => {
  assertEquals(accept("42"), { type: 2, nsp: "/" });
  assertEquals(accept("42[5]"), { type: 2, nsp: "/", data: [5] });
  for (const name of ["error", "connection", "__proto__"]) {
    assertEquals(accept(`42["${name}"]`), { type: 2, nsp: "/", data: [name] });
  }
  assertEquals(accept("40/admin?x=1"), { type: 0, nsp: "/admin?x=1" });
});

Deno.test("Engine.IO input: an unknown type or an empty frame is refused, in a body after what came before", () => {
  for (const frame of ["", "7", "9", "a", "abc", " 4x", "\u0664a"]) {
    assertThrows(() => decodePacket(frame), ProtocolError);
    const { frames, error } = decodePayload(`4a\x1e${frame}\x1e4b`);
    assertEquals(frames, ["4a"]);
    assertInstanceOf(error, ProtocolError);
  }
});

Deno.test("Engine.IO input: a body of nothing but separators or tiny packets stops at the cap", () => {
  assertEquals(decodePayload("\x1e".repeat(1_000_000)).frames, []);
  const { frames, error } = decodePayload("2\x1e".repeat(500_000), 100);
  assertEquals(frames.length, 100);
  assertInstanceOf(error, ProtocolError);
});
