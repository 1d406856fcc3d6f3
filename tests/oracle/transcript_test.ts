import { assertEquals } from "@std/assert";
import { diff, isSame, plain, Transcript } from "./transcript.ts";

Deno.test("Transcript masks ids in the order of the lines, the same id the same way", () => {
  const transcript = new Transcript();
  transcript.add("b", ["AAAAAAAAAAAAAAAAAAA1"]);
  transcript.add("a", ["BBBBBBBBBBBBBBBBBBB2", '40{"sid":"AAAAAAAAAAAAAAAAAAA1"}']);
  assertEquals(transcript.lines(), ['a: ["id1","40{\\"sid\\":\\"id2\\"}"]', 'b: ["id2"]']);
});

Deno.test("Transcript leaves longer and shorter words alone", () => {
  const transcript = new Transcript();
  transcript.add("a", ["AAAAAAAAAAAAAAAAAAAA1", "AAAAAAAAAAAAAAAAAA1"]);
  assertEquals(transcript.lines(), ['a: ["AAAAAAAAAAAAAAAAAAAA1","AAAAAAAAAAAAAAAAAA1"]']);
});

Deno.test("Transcript masks given texts, the longest first", () => {
  const transcript = new Transcript();
  transcript.mask("Qx", "offset");
  transcript.mask("Qx.1", "offset");
  transcript.add("a", ["Qx.1", "Qx", "Qx.1"]);
  assertEquals(transcript.lines(), ['a: ["offset1","offset2","offset1"]']);
});

Deno.test("plain shows what JSON would lose", () => {
  assertEquals(plain([undefined, () => {}, NaN, new Uint8Array([1, 2]), new Set([1]), new RangeError("x")]), [
    "‹undefined›",
    "‹function›",
    "‹NaN›",
    "‹bytes 1 2›",
    { "‹Set›": [1] },
    "‹RangeError›",
  ]);
});

Deno.test("diff of equal transcripts is empty", () => {
  assertEquals(diff(["a", "b"], ["a", "b"]), { official: [], skein: [] });
});

Deno.test("diff shows what only one has, and both places of what moved", () => {
  assertEquals(diff(["a", "b", "c"], ["a", "c", "d"]), { official: ["b"], skein: ["d"] });
  const moved = diff(["a", "b"], ["b", "a"]);
  assertEquals(moved.official, moved.skein);
  assertEquals(moved.official.length, 1);
});

Deno.test("isSame notices on which side a line is", () => {
  assertEquals(isSame({ official: ["a"], skein: [] }, { official: [], skein: ["a"] }), false);
  assertEquals(isSame({ official: ["a"], skein: [] }, { official: ["a"], skein: [] }), true);
});
