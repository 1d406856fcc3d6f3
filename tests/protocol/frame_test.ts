import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import {
  frameByteLength,
  fromBase64,
  portableFromBase64,
  portableToBase64,
  toBase64,
  toBytes,
  utf8Length,
} from "../../src/protocol/frame.ts";

Deno.test("utf8Length() counts what TextEncoder writes", () => {
  const encoder = new TextEncoder();
  const texts = [
    "",
    "ascii",
    "é",
    "߿",
    "ࠀ",
    "日本",
    "\uffff",
    "😀",
    "a😀b",
    "\ud83d",
    "\ude00",
    "\ud83dx",
    "\ude00\ud83d",
    "\ud83d\ud83d\ude00",
  ];
  for (const text of texts) {
    // As it is, past the length where the count is left to the platform, and past its buffer, at every offset.
    for (
      const whole of [
        text,
        text.repeat(64),
        ...["", "a", "aa", "aaa"].map((start) => start + text.repeat(9_000)),
      ]
    ) {
      assertEquals(utf8Length(whole), encoder.encode(whole).length, JSON.stringify(text));
    }
  }
});

Deno.test("frameByteLength() is UTF-8 for text, the view's own length for bytes", () => {
  assertEquals(frameByteLength("4é"), 3);
  assertEquals(frameByteLength(new Uint8Array(16).subarray(3, 7)), 4);
});

Deno.test("toBytes() views exactly the bytes of any view, without copying", () => {
  const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
  for (
    const view of [new Uint16Array(buffer, 2, 2), new DataView(buffer, 2, 4), new Uint8Array(buffer, 2, 4)]
  ) {
    const bytes = toBytes(view);
    assertEquals([...bytes], [2, 3, 4, 5]);
    assertStrictEquals(bytes.buffer, buffer);
  }
  assertStrictEquals(toBytes(buffer).buffer, buffer);
  assertEquals(toBytes(buffer).length, 8);
});

Deno.test("toBytes() copies shared memory, which no WebSocket sends", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7).subarray(1, 3);
  const bytes = toBytes(shared);
  assertNotStrictEquals(bytes.buffer, shared.buffer);
  assert(bytes.buffer instanceof ArrayBuffer);
  assertEquals([...bytes], [7, 7]);
});

Deno.test("base64 has one form on every platform, also past the size of one chunk", () => {
  for (const length of [0, 1, 2, 3, 255, 0x2000, 0x2001, 70_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    const text = toBase64(bytes);
    assertEquals(portableToBase64(bytes), text);
    assertEquals(text.length, 4 * Math.ceil(length / 3));
    assertEquals(fromBase64(text), bytes);
    assertEquals(portableFromBase64(text), bytes);
  }
});

Deno.test("fromBase64() reads what Node reads: URL-safe, unpadded, with junk, up to the first =", () => {
  const cases: [string, number[]][] = [
    ["-_-_", [0xfb, 0xff, 0xbf]],
    ["AQ", [1]],
    ["AQI", [1, 2]],
    ["A", []],
    ["AQ*I\n=", [1, 2]],
    ["AQ==AQ==", [1]],
    ["é", []],
  ];
  for (const [text, bytes] of cases) assertEquals([...fromBase64(text)], bytes, text);
});
