import { assertEquals, assertInstanceOf } from "@std/assert";
import { decodePayload, encodePayload, payloadByteLength } from "../../src/protocol/engine_payload.ts";
import { utf8Length } from "../../src/protocol/frame.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";

Deno.test("encodePayload() joins frames in order, bytes as base64", () => {
  assertEquals(encodePayload(["4a", Uint8Array.of(1, 2, 3, 4), "2"]), "4a\x1ebAQIDBA==\x1e2");
  assertEquals(encodePayload([Uint8Array.of(1)]), "bAQ==");
  assertEquals(encodePayload([]), "");
});

Deno.test("payloadByteLength() tells what a frame takes in a body", () => {
  for (const frame of ["4é😀", "2", ...[0, 1, 2, 3, 4, 100].map((length) => new Uint8Array(length))]) {
    assertEquals(payloadByteLength(frame), utf8Length(encodePayload([frame])));
  }
});

Deno.test("decodePayload() keeps the frames before a malformed one, and none after it", () => {
  const { frames, error } = decodePayload("4a\x1ebAQ==\x1e9\x1e4b");
  assertEquals(frames, ["4a", Uint8Array.of(1)]);
  assertInstanceOf(error, ProtocolError);
});

Deno.test("decodePayload() stops at packet maxPackets + 1, with what came before", () => {
  const { frames, error } = decodePayload("2\x1e3\x1e6", 2);
  assertEquals(frames, ["2", "3"]);
  assertEquals(error?.message, "Cannot decode payload: more than 2 packets");
  assertEquals(decodePayload("2\x1e3\x1e6", 3), { frames: ["2", "3", "6"] });
});
