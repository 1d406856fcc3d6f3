/**
 * Packets as MessagePack; the official parser is the oracle, on Node as it is, in browsers by notepack's other half.
 */
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import node from "npm:notepack.io@2.2.0";
import browserDecode from "npm:notepack.io@2.2.0/browser/decode.js";
import browserEncode from "npm:notepack.io@2.2.0/browser/encode.js";
import * as official from "npm:socket.io-msgpack-parser@3.0.2";
import { MAX_SENT_DEPTH } from "../../src/protocol/attachments.ts";
import { createMsgpackParser, msgpackParser } from "../../src/protocol/msgpack_parser.ts";
import { MAX_ARGUMENTS } from "../../src/protocol/packet_check.ts";
import { DEFAULT_MAX_DEPTH } from "../../src/protocol/packet_decoder.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";
import { type Packet, RESERVED_EVENTS } from "../../src/protocol/socket_packet.ts";
import * as entryPoint from "../../src/server/msgpack.ts";
import { form, text, value } from "./msgpack_values.ts";

const encode = (packet: Packet): Uint8Array => {
  const frames = msgpackParser.encode(packet);
  assert(Array.isArray(frames) && frames.length === 1);
  assertInstanceOf(frames[0], Uint8Array);
  return frames[0];
};
const push = (frame: Uint8Array): Packet => msgpackParser.decoder().push(frame)!;
const officialEncode = (packet: unknown): Uint8Array =>
  (new official.Encoder().encode(packet) as unknown as [Uint8Array])[0];

/** The packet that the official decoder makes of a frame. */
function officialDecode(frame: Uint8Array): unknown {
  let decoded: unknown;
  const decoder = new official.Decoder();
  decoder.on("decoded", (packet: unknown) => decoded = packet);
  decoder.add(Buffer.from(frame));
  return decoded;
}

function nest(levels: number): unknown {
  let nested: unknown = [];
  for (let i = 1; i < levels; i++) nested = i % 2 ? [nested] : { nested };
  return nested;
}

const PACKETS: readonly Packet[] = [
  { type: 0, nsp: "/" },
  { type: 0, nsp: "/admin", data: { token: "123", key: Uint8Array.of(1) } },
  { type: 0, nsp: "/", data: { sid: "abc", pid: "def" } },
  { type: 1, nsp: "/admin" },
  { type: 2, nsp: "/", data: ["a"] },
  { type: 2, nsp: "/", id: 0, data: [1, { deep: [Uint8Array.of(1, 2), new Date(5), undefined, null] }] },
  { type: 2, nsp: "/日本", id: Number.MAX_SAFE_INTEGER, data: ["error", 1.5] },
  { type: 3, nsp: "/", id: 12, data: [] },
  { type: 3, nsp: "/", id: 1, data: ["disconnect", Uint8Array.of(3)] },
  { type: 4, nsp: "/", data: { message: "no", data: { hint: 1 } } },
  { type: 4, nsp: "/", data: "no" },
];

Deno.test("msgpackParser makes one binary frame of any packet, which both official decoders read", () => {
  for (const packet of PACKETS) {
    const { type, nsp, data, id } = packet as { type: number; nsp: string; data?: unknown; id?: number };
    // In this order, and nothing that is absent.
    const expected = form({
      type,
      nsp,
      ...(data === undefined ? {} : { data }),
      ...(id === undefined ? {} : { id }),
    });
    assertEquals(form(officialDecode(encode(packet))), expected);
    assertEquals(form(browserDecode(encode(packet).buffer)), expected);
  }
});

Deno.test("msgpackParser leaves out fields that are undefined, and those that are none of a packet", () => {
  const packet = {
    type: 2,
    nsp: "/",
    id: undefined,
    data: ["a"],
    options: { volatile: true },
  } as unknown as Packet;
  assertEquals(officialDecode(encode(packet)), { type: 2, nsp: "/", data: ["a"] });
});

Deno.test("msgpackParser reads what the official encoder made, options and undefined fields included", () => {
  for (const packet of PACKETS) {
    const given = { id: undefined, data: undefined, ...packet, options: { compress: true } };
    assertEquals(form(sorted(push(officialEncode(given)))), form(sorted(packet)));
    if (form(packet).includes("bytes(")) continue; // browsers send ArrayBuffers only
    assertEquals(form(sorted(push(new Uint8Array(browserEncode(given))))), form(sorted(packet)));
  }
});

/** A packet with its fields in one order. */
function sorted(packet: Packet): unknown {
  return Object.fromEntries(Object.entries(packet).sort(([a], [b]) => a < b ? -1 : 1));
}

Deno.test("msgpackParser gives packets only the fields that they have", () => {
  for (const packet of PACKETS) {
    assertEquals(Object.keys(push(encode(packet))).sort(), Object.keys(packet).sort());
  }
});

Deno.test("msgpackParser refuses what is no packet", () => {
  const event = { type: 2, nsp: "/", data: ["a"] };
  const refused: readonly unknown[] = [
    null,
    1,
    "2",
    [],
    [2, "/", ["a"]],
    {},
    new Date(0),
    Buffer.from("a"),
    { ...event, type: 5 },
    { ...event, type: -1 },
    { ...event, type: 2.5 },
    { ...event, type: "2" },
    { ...event, type: null },
    { type: 2, data: ["a"] },
    { ...event, nsp: null },
    { ...event, nsp: 1 },
    { ...event, nsp: ["/"] },
    { ...event, nsp: "admin" },
    { ...event, id: -1 },
    { ...event, id: 0.5 },
    { ...event, id: "1" },
    { ...event, id: NaN },
    { ...event, id: 2 ** 53 },
    { ...event, id: [1] },
    { type: 2, nsp: "/" },
    { ...event, data: null },
    { ...event, data: "a" },
    { ...event, data: { 0: "a", length: 1 } },
    { ...event, data: Buffer.from("a") },
    { ...event, data: [] },
    { ...event, data: [null] },
    { ...event, data: [undefined] },
    { ...event, data: [true] },
    { ...event, data: [NaN] },
    { ...event, data: [-Infinity] },
    { ...event, data: [{ toString: "a" }] },
    { ...event, data: [["a"]] },
    { ...event, data: [Buffer.from("a")] },
    { ...event, data: [new Date(0)] },
    { type: 3, nsp: "/", id: 1 },
    { type: 3, nsp: "/", id: 1, data: {} },
    { type: 0, nsp: "/", data: ["a"] },
    { type: 0, nsp: "/", data: "a" },
    { type: 0, nsp: "/", data: 0 },
    { type: 0, nsp: "/", data: Buffer.from("a") },
    { type: 0, nsp: "/", data: new Date(0) },
    { type: 1, nsp: "/", data: {} },
    { type: 1, nsp: "/", data: ["a"] },
    { type: 4, nsp: "/" },
    { type: 4, nsp: "/", data: ["a"] },
    { type: 4, nsp: "/", data: 1 },
  ];
  for (const given of refused) {
    assertThrows(() => push(node.encode(given)), ProtocolError, "Cannot decode packet", form(given));
  }
});

Deno.test("msgpackParser takes null for absent, as peers send whose language has no undefined", () => {
  const connect = node.encode({ type: 0, nsp: "/", data: null, id: null });
  assertEquals(push(connect), { type: 0, nsp: "/" });
  assertEquals(push(node.encode({ type: 2, nsp: "/", data: ["a"], id: null })), {
    type: 2,
    nsp: "/",
    data: ["a"],
  });
});

Deno.test("msgpackParser refuses reserved event names, which the official decoder lets through", () => {
  for (const name of RESERVED_EVENTS) {
    const frame = officialEncode({ type: 2, nsp: "/", data: [name, "x"] });
    assertThrows(() => push(frame), ProtocolError, "reserved", name);
    assertEquals(push(officialEncode({ type: 3, nsp: "/", id: 1, data: [name] })), {
      type: 3,
      nsp: "/",
      id: 1,
      data: [name],
    });
  }
});

Deno.test("msgpackParser takes as many arguments as a call can, and refuses one more", () => {
  for (const type of [2, 3] as const) {
    const packet = (length: number): Packet => ({ type, nsp: "/", id: 1, data: Array(length).fill(0) });
    assertEquals((push(encode(packet(MAX_ARGUMENTS))) as { data: unknown[] }).data.length, MAX_ARGUMENTS);
    assertThrows(() => push(encode(packet(MAX_ARGUMENTS + 1))), ProtocolError, "arguments");
  }
});

Deno.test("msgpackParser refuses text, an empty frame and Engine.IO's digit before bytes", () => {
  const decoder = msgpackParser.decoder();
  for (const frame of ['42["a"]', "4", ""]) assertThrows(() => decoder.push(frame), ProtocolError, "text");
  assertThrows(() => push(new Uint8Array()), ProtocolError, "ends too early");
  const frame = encode({ type: 2, nsp: "/", data: ["a"] });
  assertThrows(() => push(Uint8Array.of(0x34, ...frame)), ProtocolError, "bytes after its end");
  assertThrows(() => push(Uint8Array.of(...frame, 0)), ProtocolError, "bytes after its end");
});

Deno.test("msgpackParser is never partial, and goes on after a packet that it refused", () => {
  const decoder = msgpackParser.decoder();
  assertThrows(() => decoder.push(Uint8Array.of(0xc1)), ProtocolError);
  assertFalse(decoder.isPartial);
  assertEquals(decoder.push(encode({ type: 2, nsp: "/", data: ["a"] })), { type: 2, nsp: "/", data: ["a"] });
  assertFalse(decoder.isPartial);
});

Deno.test("msgpackParser bounds depth as the default parser does: the list of arguments is the first level", () => {
  const packet = (levels: number): Packet => ({ type: 2, nsp: "/", data: ["a", nest(levels - 1)] });
  assertInstanceOf(encode(packet(MAX_SENT_DEPTH)), Uint8Array);
  assertThrows(() => msgpackParser.encode(packet(MAX_SENT_DEPTH + 1)), TypeError, "deeper");
  const echo = push(encode(packet(DEFAULT_MAX_DEPTH))) as { data: unknown[] };
  assertInstanceOf(encode({ type: 2, nsp: "/", data: ["echo", { wrapped: echo.data }] }), Uint8Array);
  assertThrows(() => push(encode(packet(DEFAULT_MAX_DEPTH + 1))), ProtocolError, "deeper");
  // In a field that is none of a packet's, too: the official decoder ends with its stack.
  const options = node.encode({ type: 2, nsp: "/", data: ["a"], options: nest(2_500) });
  assertThrows(() => push(options), ProtocolError, "deeper");
});

Deno.test("createMsgpackParser() counts levels and binary values of each packet by itself", () => {
  const decoder = createMsgpackParser({ maxBinaryValues: 2, maxDepth: 2 }).decoder();
  const bytes = Uint8Array.of(1);
  for (let i = 0; i < 3; i++) decoder.push(encode({ type: 2, nsp: "/", data: ["a", [bytes], bytes] }));
  assertThrows(
    () => decoder.push(encode({ type: 2, nsp: "/", data: ["a", bytes, bytes, bytes] })),
    ProtocolError,
    "more than 2 binary values",
  );
  assertThrows(() => decoder.push(encode({ type: 2, nsp: "/", data: ["a", [[]]] })), ProtocolError, "deeper");
});

Deno.test("msgpackParser takes 16,384 binary values, and refuses one more", () => {
  const packet = (count: number): Packet => ({
    type: 2,
    nsp: "/",
    data: ["a", Array.from({ length: count }, () => Uint8Array.of(1))],
  });
  const { data } = push(encode(packet(16_384))) as { data: unknown[] };
  assertEquals((data[1] as unknown[]).length, 16_384);
  assertThrows(() => push(encode(packet(16_385))), ProtocolError, "more than 16384 binary values");
});

Deno.test("createMsgpackParser() throws a TypeError on a limit that is none", () => {
  for (const limit of [0, -1, 1.5, NaN, "1" as unknown as number, null as unknown as number]) {
    assertThrows(() => createMsgpackParser({ maxDepth: limit }), TypeError, "maxDepth");
    assertThrows(() => createMsgpackParser({ maxBinaryValues: limit }), TypeError, "maxBinaryValues");
  }
  createMsgpackParser({ maxDepth: Infinity, maxBinaryValues: undefined });
});

Deno.test("msgpackParser returns a promise only for a Blob", async () => {
  const pending = msgpackParser.encode({ type: 2, nsp: "/", data: ["a", { file: new Blob(["hi"]) }] });
  assertInstanceOf(pending, Promise);
  const frames = await pending;
  assertEquals(frames.length, 1);
  assertEquals(push(frames[0] as Uint8Array), {
    type: 2,
    nsp: "/",
    data: ["a", { file: Uint8Array.of(0x68, 0x69) }],
  });
});

Deno.test("msgpackParser throws a TypeError on what cannot be sent", () => {
  const circular: unknown[] = [];
  circular.push(circular);
  for (const argument of [1n, circular, Symbol()]) {
    assertThrows(() => msgpackParser.encode({ type: 2, nsp: "/", data: ["a", argument] }), TypeError);
  }
});

Deno.test("The entry point ./msgpack has both parsers", () => {
  assertStrictEquals(entryPoint.msgpackParser, msgpackParser);
  assertStrictEquals(entryPoint.createMsgpackParser, createMsgpackParser);
});

const eventName = fc.oneof(text.filter((name) => !RESERVED_EVENTS.has(name)), fc.integer());
const namespace = fc.constantFrom("/", "/n", "/admin", "/a/b", "/?q=1", "/日本");
const key = text.filter((name) => name !== "__proto__"); // which official decoders lose
const args = fc.array(value(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), key), {
  maxLength: 4,
});
const ackId = fc.oneof(fc.nat(), fc.maxSafeNat());
const anyPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc.tuple(namespace, eventName, args).map(([nsp, name, rest]): Packet => ({
    type: 2,
    nsp,
    data: [name, ...rest],
  })),
  fc.tuple(namespace, eventName, args, ackId).map(([nsp, name, rest, id]): Packet => ({
    type: 2,
    nsp,
    data: [name, ...rest],
    id,
  })),
  fc.tuple(namespace, args, ackId).map(([nsp, data, id]): Packet => ({ type: 3, nsp, data, id })),
);

Deno.test("msgpackParser, property: any packet crosses to the official decoder, from the official encoder, and between us", () => {
  let withBytes = 0;
  fc.assert(
    fc.property(anyPacket, (packet) => {
      const expected = form(sorted(packet));
      assertEquals(form(sorted(push(encode(packet)))), expected);
      assertEquals(form(sorted(officialDecode(encode(packet)) as Packet)), expected);
      assertEquals(form(sorted(push(officialEncode(packet)))), expected);
      if (expected.includes("bytes(")) withBytes++;
    }),
    { numRuns: 1_500 },
  );
  assert(withBytes > 200, `only ${withBytes} of 1,500 packets had bytes in them`);
});

Deno.test("msgpackParser, property: a damaged packet is refused by a ProtocolError, or is one that official takes too", () => {
  const reached = { packets: 0, refused: 0 };
  const damage = fc.tuple(fc.nat(40), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(anyPacket, damage, fc.boolean(), (packet, [at, byte], isCut) => {
      const frame = encode(packet).slice();
      frame[at % frame.length] = byte;
      const damaged = isCut && byte % 2 ? frame.subarray(0, at) : frame;
      let ours: Packet;
      try {
        ours = push(damaged);
      } catch (error) {
        assertInstanceOf(error, ProtocolError);
        reached.refused++;
        return;
      }
      reached.packets++;
      assert(ours.type >= 0 && ours.type <= 4 && ours.nsp.startsWith("/"));
      if (ours.type === 2) assert(!RESERVED_EVENTS.has(ours.data![0] as string));
      const hasOtherNull = node.decode(Buffer.from(damaged)).id === null;
      if (!hasOtherNull) assertEquals((officialDecode(damaged) as Packet).type, ours.type);
    }),
    { numRuns: 3_000 },
  );
  console.log("    reached:", JSON.stringify(reached));
  assert(Math.min(...Object.values(reached)) > 150, "the generator misses an end state");
});
