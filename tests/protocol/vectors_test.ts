/** Every vector of tests/vectors, made with the official parsers. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { defaultParser } from "../../src/protocol/default_parser.ts";
import {
  decodePacket,
  encodePacket,
  type EnginePacketInput,
  toTextFrame,
} from "../../src/protocol/engine_packet.ts";
import { decodePayload, encodePayload } from "../../src/protocol/engine_payload.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";
import type { Packet } from "../../src/protocol/socket_packet.ts";
import { canon, readVectors, revive } from "../vectors/codec.ts";

/** The quirks, all refused here, by why. */
const REFUSED_QUIRKS: Record<string, string> = {
  "siod-20": "a space is no ack id (the official decoder reads it as 0)",
  "siod-23": "a space is no ack id",
  "siod-77": "a space is no digit of an ack id",
  "siod-84": "an empty text is no CONNECT",
  "siod-129": "+1 is no plain number of attachments",
  "siod-131": "`1 ` is no plain number of attachments",
  "siod-132": "01 is no plain number of attachments",
  "siod-134": "0x1 is no plain number of attachments",
  "siod-155": "a placeholder's number is an integer (the official decoder delivers undefined for 0.5)",
};

/** Refused although the vectors do not call them quirks. */
const REFUSED_TOO: Record<string, string> = {
  "siod-75": "an ack id above 2^53 - 1 would come back as another one",
};

interface SocketVectors<T> {
  readonly count: number;
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
  readonly atFrame?: number;
  readonly complete?: boolean;
  readonly decoded: readonly unknown[];
}

/** A text of the vectors is without Engine.IO's digit. */
function toFrame(value: unknown): Frame {
  const frame = revive(value) as Frame;
  return typeof frame === "string" ? "4" + frame : frame;
}

/**
 * Equality by text. assertEquals compares what `.constructor` says, which data called `constructor` decides
 * for itself; and it recurses, where one vector is 2,001 levels deep.
 */
function assertSame(actual: unknown, expected: unknown, id: string): void {
  assertEquals(JSON.stringify(actual), JSON.stringify(expected), id);
}

interface Outcome {
  readonly packets: readonly unknown[];
  readonly isPartial: boolean;
  readonly rejectedAt?: number;
}

function decodeAll(frames: readonly Frame[]): Outcome {
  const decoder = defaultParser.decoder();
  const packets: unknown[] = [];
  for (const [rejectedAt, frame] of frames.entries()) {
    try {
      const packet = decoder.push(frame);
      if (packet !== undefined) packets.push(canon(packet));
    } catch (error) {
      assertInstanceOf(error, ProtocolError);
      return { packets, isPartial: decoder.isPartial, rejectedAt };
    }
  }
  return { packets, isPartial: decoder.isPartial };
}

Deno.test("defaultParser encodes every sio-encode vector to the official frames, and decodes them", () => {
  const { count, vectors } = readVectors<SocketVectors<EncodeVector>>("sio-encode.json");
  assertEquals(vectors.length, count);
  for (const { id, packet, encoded, decoded, decodeRejected } of vectors) {
    const frames = defaultParser.encode(revive(packet) as Packet) as Frame[];
    assertSame(canon(frames), canon(encoded.map(toFrame)), id);
    const outcome = decodeAll(frames);
    if (decodeRejected) {
      assertSame(outcome, { packets: [], isPartial: false, rejectedAt: 0 }, id);
    } else {
      assertSame(outcome, { packets: [decoded], isPartial: false }, id);
    }
  }
});

Deno.test("PacketDecoder decodes or refuses every sio-decode vector at the official frame", () => {
  const { count, vectors } = readVectors<SocketVectors<DecodeVector>>("sio-decode.json");
  assertEquals(vectors.length, count);
  const refused: string[] = [];
  for (const vector of vectors) {
    const outcome = decodeAll(vector.frames.map(toFrame));
    if (vector.quirk || vector.id in REFUSED_TOO) {
      assert(outcome.rejectedAt !== undefined, vector.id);
      assertEquals(outcome.packets, [], vector.id);
      refused.push(vector.id);
    } else if (vector.rejected) {
      const expected = { packets: vector.decoded, isPartial: false, rejectedAt: vector.atFrame! };
      assertSame(outcome, expected, vector.id);
    } else {
      const expected = { packets: vector.decoded, isPartial: !vector.complete };
      assertSame(outcome, expected, vector.id);
    }
  }
  assertEquals(refused.sort(), Object.keys({ ...REFUSED_QUIRKS, ...REFUSED_TOO }).sort());
});

interface EnginePacketVector {
  readonly id: string;
  readonly packet: unknown;
  readonly binarySupported: unknown;
  readonly base64: string;
  readonly decodedFromBinary: unknown;
  readonly decodedFromBase64: unknown;
}

Deno.test("Engine.IO packets encode and decode as in every eio-packets vector", () => {
  const { count, vectors } = readVectors<SocketVectors<EnginePacketVector>>("eio-packets.json");
  assertEquals(vectors.length, count);
  for (const vector of vectors) {
    const frame = encodePacket(revive(vector.packet) as EnginePacketInput);
    assertSame(canon(frame), vector.binarySupported, vector.id);
    assertEquals(toTextFrame(frame), vector.base64, vector.id);
    assertSame(canon(decodePacket(frame)), vector.decodedFromBinary, vector.id);
    assertSame(canon(decodePacket(vector.base64)), vector.decodedFromBase64, vector.id);
  }
});

interface PayloadVector {
  readonly id: string;
  readonly packets: readonly unknown[];
  readonly payload: string;
  readonly decoded: readonly unknown[];
}

Deno.test("Payloads encode and decode as in every eio-payloads vector", () => {
  const { count, vectors } = readVectors<SocketVectors<PayloadVector>>("eio-payloads.json");
  assertEquals(vectors.length, count);
  for (const { id, packets, payload, decoded } of vectors) {
    const frames = packets.map((packet) => encodePacket(revive(packet) as EnginePacketInput));
    assertEquals(encodePayload(frames), payload, id);
    assertPayload(payload, decoded, id);
  }
});

/** Official ends a list with an error packet where the body is malformed; here that is `error`. */
function assertPayload(payload: string, decoded: readonly unknown[], id: string): void {
  const { frames, error } = decodePayload(payload);
  const isMalformed = (decoded.at(-1) as { type: string }).type === "error";
  assertEquals(error instanceof ProtocolError, isMalformed, id);
  assertSame(
    frames.map((frame) => canon(decodePacket(frame))),
    isMalformed ? decoded.slice(0, -1) : decoded,
    id,
  );
}

interface EngineDecodeVector<T> {
  readonly input: string;
  readonly rejected: boolean;
  readonly decoded: T;
}

Deno.test("Engine.IO frames and payloads are read or refused as in every eio-decode vector", () => {
  const { packets, payloads } = readVectors<{
    packets: readonly EngineDecodeVector<unknown>[];
    payloads: readonly EngineDecodeVector<readonly unknown[]>[];
  }>("eio-decode.json");
  assert(packets.length > 0 && payloads.length > 0);
  for (const { input, rejected, decoded } of packets) {
    if (rejected) {
      assertThrows(() => decodePacket(input), ProtocolError, "Cannot decode Engine.IO packet", input);
    } else assertSame(canon(decodePacket(input)), decoded, input);
  }
  for (const { input, rejected, decoded } of payloads) {
    assertEquals((decoded.at(-1) as { type: string }).type === "error", rejected, input);
    assertPayload(input, decoded, input);
  }
});
