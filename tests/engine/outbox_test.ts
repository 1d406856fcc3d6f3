/**
 * The queue of frames: its order, its batches, and what it says of its size.
 * @module
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { Outbox } from "../../src/engine/outbox.ts";
import { encodePayload } from "../../src/protocol/engine_payload.ts";
import { type Frame, utf8Length } from "../../src/protocol/frame.ts";

function outbox(...frames: Frame[]): Outbox {
  const box = new Outbox();
  for (const frame of frames) box.push(frame, false);
  return box;
}

Deno.test("Outbox gives frames back in order and is empty then", () => {
  const box = outbox("41", "42", "43");
  assertFalse(box.isEmpty);
  assertEquals(box.take(Infinity).frames, ["41", "42", "43"]);
  assert(box.isEmpty);
  assertEquals([box.bytes, box.weight], [0, 0]);
  assertEquals(box.take(Infinity).frames, []);
});

Deno.test("Outbox counts texts in UTF-8 and binary frames raw", () => {
  const box = outbox("4é", "4€", "4😀", new Uint8Array(10));
  assertEquals(box.bytes, 3 + 4 + 5 + 10);
  assert(box.weight > box.bytes);
});

Deno.test("Outbox weighs many tiny frames as more than their bytes", () => {
  const box = new Outbox();
  for (let i = 0; i < 100; i++) box.push("4", false);
  assertEquals(box.bytes, 100);
  assert(box.weight >= 100 * 32, `${box.weight}`);
});

Deno.test("Outbox takes as many whole frames as fit into one body, separators included", () => {
  for (const [max, expected] of [[5, 2], [6, 2], [7, 2], [8, 3], [4, 1]] as const) {
    assertEquals(outbox("41", "42", "43").take(max).frames.length, expected, `maxBytes ${max}`);
  }
});

Deno.test("Outbox takes at least one frame, however big", () => {
  const box = outbox("4".padEnd(100, "x"), "4b");
  assertEquals(box.take(10).frames.length, 1);
  assertEquals(box.take(10).frames, ["4b"]);
});

Deno.test("Outbox counts a binary frame as the base64 that a body carries", () => {
  const bytes = new Uint8Array(30); // "b" and 40 digits
  assertEquals(outbox("41", bytes).take(43).frames.length, 1);
  assertEquals(outbox("41", bytes).take(44).frames.length, 2);
});

Deno.test("Outbox fills bodies that are never longer than asked, as they are encoded", () => {
  const frames: Frame[] = [
    "4a",
    new Uint8Array(7),
    "4€€€",
    "2",
    new Uint8Array(0),
    "4".padEnd(15, "é"),
    "4z",
  ];
  for (let max = 20; max < 60; max++) {
    const box = outbox(...frames);
    const taken: Frame[] = [];
    while (!box.isEmpty) {
      const batch = box.take(max).frames;
      const length = utf8Length(encodePayload(batch));
      assert(batch.length === 1 || length <= max, `${length} of ${max} bytes`);
      taken.push(...batch);
    }
    assertEquals(taken, frames);
  }
});

Deno.test("Outbox counts down what was taken from the front", () => {
  const box = outbox("4aa", "4b", new Uint8Array(5));
  const { weight } = box;
  assertEquals(box.take(3).frames, ["4aa"]);
  assertEquals(box.bytes, 7);
  assert(box.weight < weight - 3);
  box.push("4c", false);
  assertEquals(box.bytes, 9);
  assertEquals(box.take(Infinity).frames, ["4b", new Uint8Array(5), "4c"]);
  assertEquals(box.bytes, 0);
});

Deno.test("Outbox says that a batch may be compressed when one of its frames may", () => {
  const box = new Outbox();
  box.push("41", false);
  box.push("42", true);
  box.push("43", false);
  assertEquals(box.take(2).compress, false);
  assertEquals(box.take(2).compress, true);
  assertEquals(box.take(2).compress, false);
  box.push("44", true);
  box.push("45", false);
  assertEquals(box.take(100).compress, true);
});

Deno.test("Outbox never changes a batch that it gave out", () => {
  const box = outbox("41", "42");
  const { frames } = box.take(Infinity);
  box.push("43", false);
  box.clear();
  assertEquals(frames, ["41", "42"]);
});

Deno.test("Outbox that was cleared holds nothing and goes on", () => {
  const box = outbox("41", "42");
  box.clear();
  assertEquals([box.isEmpty, box.bytes, box.weight], [true, 0, 0]);
  box.push("43", true);
  assertEquals(box.take(Infinity), { frames: ["43"], compress: true });
});
