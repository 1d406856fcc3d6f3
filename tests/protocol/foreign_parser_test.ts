/**
 * Parsers of the official kind behind our port: the official default one, and small ones that misbehave.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as official from "npm:socket.io-parser@4.2.7";
import { adoptParser, type ForeignParser } from "../../src/protocol/foreign_parser.ts";
import { defaultParser } from "../../src/protocol/default_parser.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";
import type { EventPacket, Packet } from "../../src/protocol/socket_packet.ts";

const adopted = adoptParser(official as unknown as ForeignParser);

const PACKETS: readonly Packet[] = [
  { type: 0, nsp: "/" },
  { type: 0, nsp: "/a", data: { token: 1 } },
  { type: 1, nsp: "/a" },
  { type: 2, nsp: "/", data: ["x", 1, { a: [null] }] },
  { type: 2, nsp: "/", id: 7, data: ["x"] },
  { type: 2, nsp: "/a", id: 8, data: ["x", new Uint8Array([1, 2]), { deep: [new Uint8Array([3])] }] },
  { type: 3, nsp: "/", id: 0, data: [new Uint8Array([4])] },
  { type: 4, nsp: "/", data: { message: "no" } },
];

/** The packet that frames make, and how many frames it took. */
function decode(parser: typeof adopted, frames: readonly Frame[]): Packet | undefined {
  const decoder = parser.decoder();
  let packet: Packet | undefined;
  for (const frame of frames) {
    assertEquals(packet, undefined);
    packet = decoder.push(frame);
    assertEquals(decoder.isPartial, packet === undefined);
  }
  return packet;
}

/** Bytes of whatever class as Uint8Array. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

for (const packet of PACKETS) {
  Deno.test(`adoptParser speaks with the default parser both ways: ${JSON.stringify(packet)}`, () => {
    const expected = plain(packet);
    assertEquals(plain(decode(adopted, defaultParser.encode(packet) as Frame[])), expected);
    assertEquals(plain(decode(defaultParser, adopted.encode(packet) as Frame[])), expected);
  });
}

Deno.test("adoptParser reads Blobs before the encoder sees them", async () => {
  const data = ["x", new Blob([new Uint8Array([1, 2])]), { deep: [new Blob(["a"])] }];
  const frames = await adopted.encode({ type: 2, nsp: "/", data });
  assertEquals(plain((decode(defaultParser, frames) as EventPacket).data), ["x", [1, 2], { deep: [[97]] }]);
});

Deno.test("adoptParser hands the encoder a packet of its own", () => {
  const seen: unknown[] = [];
  const parser = adoptParser({
    Encoder: class {
      encode(packet: unknown): string[] {
        seen.push(packet);
        return ["x"];
      }
    },
    Decoder: official.Decoder as never,
  });
  const packet: Packet = { type: 2, nsp: "/", data: ["x", new Uint8Array(1)] };
  assertEquals(parser.encode(packet), ["4x"]);
  assertEquals(seen, [{ ...packet, options: {} }]);
});

/** A parser whose decoder emits `packet` for each frame. */
function emitting(...packets: unknown[]): typeof adopted {
  return adoptParser({
    Encoder: class {
      encode(): unknown[] {
        return [];
      }
    },
    Decoder: class {
      #tell: (packet: unknown) => void = () => {};
      add(): void {
        for (const packet of packets) this.#tell(packet);
      }
      on(_event: "decoded", listener: (packet: unknown) => void): void {
        this.#tell = listener;
      }
    },
  });
}

const WRONG: readonly unknown[] = [
  { type: 2, nsp: "/", data: ["disconnect"] },
  { type: 2, nsp: "/", data: ["connect_error"] },
  { type: 5, nsp: "/", data: ["newListener"] },
  { type: 2, nsp: "/", data: [{}] },
  { type: 2, nsp: "/", data: [NaN] },
  { type: 2, nsp: "/", data: {} },
  { type: 2, nsp: "/" },
  { type: 2, nsp: "admin", data: ["x"] },
  { type: 2, nsp: 5, data: ["x"] },
  { type: 2, nsp: "/", id: -1, data: ["x"] },
  { type: 2, nsp: "/", id: 1.5, data: ["x"] },
  { type: 2, nsp: "/", id: "1", data: ["x"] },
  { type: 2, nsp: "/", data: new Array(20_000).fill("x") },
  { type: 0, nsp: "/", data: [] },
  { type: 0, nsp: "/", data: "x" },
  { type: 1, nsp: "/", data: {} },
  { type: 3, nsp: "/", id: 1 },
  { type: 4, nsp: "/", data: 5 },
  { type: 7, nsp: "/" },
  { type: "2", nsp: "/", data: ["x"] },
  null,
  "packet",
];

for (const packet of WRONG) {
  Deno.test(`adoptParser trusts no decoder: ${JSON.stringify(packet).slice(0, 60)}`, () => {
    assertThrows(() => emitting(packet).decoder().push("4x"), ProtocolError, "Cannot decode packet");
  });
}

Deno.test("adoptParser takes one packet a frame", () => {
  const packet = { type: 2, nsp: "/", data: ["x"] };
  assert(emitting(packet).decoder().push("4x"));
  assertThrows(() => emitting(packet, packet).decoder().push("4x"), ProtocolError, "two packets");
});

Deno.test("adoptParser turns whatever a decoder throws into a fault of the peer, without its text", () => {
  const error = assertThrows(() => adopted.decoder().push('42["secret"'), ProtocolError);
  assert(!error.message.includes("secret"));
});

Deno.test("adoptParser refuses to send what is neither text nor bytes", () => {
  const parser = adoptParser({
    Encoder: class {
      encode(): unknown[] {
        return [5];
      }
    },
    Decoder: official.Decoder as never,
  });
  assertThrows(() => parser.encode({ type: 1, nsp: "/" }), TypeError, "neither text nor bytes");
});
