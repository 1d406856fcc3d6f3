/**
 * The client's wire format against the packet vectors, made with the official parsers. That it is that of the server,
 * whatever is sent, is shown in tests/protocol/codec_properties_test.ts.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { clientParser } from "../../src/client/parser.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { Packet } from "../../src/protocol/socket_packet.ts";
import { canon, readVectors, revive } from "../vectors/codec.ts";

interface Vectors<T> {
  readonly vectors: readonly T[];
}

interface EncodeVector {
  readonly id: string;
  readonly packet: unknown;
  readonly encoded: readonly unknown[];
  readonly decoded?: unknown;
  readonly decodeRejected?: boolean;
}

interface DecodeVector {
  readonly id: string;
  readonly frames: readonly unknown[];
  readonly quirk?: boolean;
  readonly rejected: boolean;
  readonly complete?: boolean;
  readonly decoded: readonly unknown[];
}

function toFrame(value: unknown): Frame {
  const frame = revive(value) as Frame;
  return typeof frame === "string" ? "4" + frame : frame;
}

/** What came of the frames, as text: equality of data called `constructor` is not for assertEquals. */
function outcomeOf(frames: readonly Frame[]): { packets: string[]; isPartial: boolean; isRefused: boolean } {
  const decoder = clientParser.decoder();
  const packets: string[] = [];
  for (const frame of frames) {
    try {
      const packet = decoder.push(frame);
      if (packet !== undefined) packets.push(JSON.stringify(canon(packet)));
    } catch {
      return { packets, isPartial: false, isRefused: true };
    }
  }
  return { packets, isPartial: decoder.isPartial, isRefused: false };
}

const textOf = (packet: unknown): string => JSON.stringify(packet);

Deno.test("clientParser encodes every sio-encode vector to the official frames, and decodes them", () => {
  for (
    const { id, packet, encoded, decoded, decodeRejected } of readVectors<Vectors<EncodeVector>>(
      "sio-encode.json",
    ).vectors
  ) {
    const frames = clientParser.encode(revive(packet) as Packet) as Frame[];
    assertEquals(textOf(canon(frames)), textOf(canon(encoded.map(toFrame))), id);
    const outcome = outcomeOf(frames);
    if (decodeRejected) assertEquals(outcome.packets.length, 1, id); // eleven attachments
    else assertEquals(outcome, { packets: [textOf(decoded)], isPartial: false, isRefused: false }, id);
  }
});

/** Where it differs from the official decoder, which is told later or never: no server sends these. */
const DIFFERS: Record<string, string> = {
  "siod-29": "an event without a name is refused",
  "siod-30": "a CONNECT_ERROR that says nothing is refused",
  "siod-78": "an event without a name is refused",
  "siod-138": "any number of attachments is waited for",
  "siod-143": "what an event carries is looked at when its attachments are there",
  "siod-144": "what an event carries is looked at when its attachments are there",
  "siod-156": "a placeholder's number may be a text",
};

Deno.test("clientParser decodes what the official decoder decodes, and refuses what it refuses", () => {
  const wrong: string[] = [];
  for (const vector of readVectors<Vectors<DecodeVector>>("sio-decode.json").vectors) {
    if (vector.quirk) continue;
    const outcome = outcomeOf(vector.frames.map(toFrame));
    const isRight = outcome.isRefused === vector.rejected &&
      (vector.rejected || outcome.isPartial === !vector.complete) &&
      textOf(outcome.packets) === textOf(vector.decoded.map(textOf));
    if (!isRight) wrong.push(vector.id);
  }
  assertEquals(wrong, Object.keys(DIFFERS));
});

Deno.test("clientParser refuses placeholders that name no attachment, and leaves __proto__ data", () => {
  for (const num of ["-1", "1", "0.5", '"length"', '"__proto__"', "null", "{}", "1e999"]) {
    const decoder = clientParser.decoder();
    assertEquals(decoder.push(`451-["ev",{"_placeholder":true,"num":${num}}]`), undefined);
    assertThrows(() => decoder.push(new Uint8Array(1)), Error, "Cannot decode packet", num);
  }
  const decoder = clientParser.decoder();
  decoder.push('451-["ev",{"__proto__":{"polluted":{"_placeholder":true,"num":0}}}]');
  const { data } = decoder.push(new Uint8Array([1])) as unknown as { data: [string, object] };
  assertEquals(Object.getPrototypeOf(data[1]), Object.prototype);
  assertEquals(Object.keys(data[1]), ["__proto__"]);
});

Deno.test("clientParser throws a TypeError on what cannot be sent, circles included", () => {
  const circular: Record<string, unknown> = { bytes: new Uint8Array(1) };
  circular.self = circular;
  for (const value of [circular, 1n, [[circular]]]) {
    assertThrows(() => clientParser.encode({ type: 2, nsp: "/", data: ["ev", value] }), TypeError);
  }
});

Deno.test("clientParser reads Blobs, wherever they are", async () => {
  const frames = await clientParser.encode({
    type: 3,
    nsp: "/n",
    id: 7,
    data: [new Blob(["ab"]), { deep: [new Uint8Array([1]), new Blob([])] }],
  });
  assertEquals(frames, [
    '463-/n,7[{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]}]',
    new Uint8Array([97, 98]),
    new Uint8Array([1]),
    new Uint8Array(0),
  ]);
});
