/**
 * Values to MessagePack. notepack.io is the oracle wherever it is right: its two halves, that for Node and that for
 * browsers, differ about bytes.
 */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import node from "npm:notepack.io@2.2.0";
import browserDecode from "npm:notepack.io@2.2.0/browser/decode.js";
import browserEncode from "npm:notepack.io@2.2.0/browser/encode.js";
import { encodeMsgpack } from "../../src/protocol/msgpack_encode.ts";
import { form, number, text, toHex, value } from "./msgpack_values.ts";

const encode = (any: unknown): string => toHex(encodeMsgpack(any, 100) as Uint8Array);
const official = (any: unknown): string => toHex(node.encode(any));

Deno.test("encodeMsgpack() writes numbers as notepack does, on both sides of each change of form", () => {
  const edges = [
    0,
    0x7f,
    0xff,
    0xffff,
    0xffff_ffff,
    -0x20,
    -0x80,
    -0x8000,
    -0x8000_0000,
    2 ** 52,
    -(2 ** 52),
  ];
  const all = edges.flatMap((edge) => [edge - 1, edge, edge + 1]);
  all.push(0.5, -0.1, 1e-9, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER);
  for (const each of all) assertEquals(encode(each), official(each), String(each));
  assertEquals(encode(-0), "00");
});

Deno.test("encodeMsgpack() writes whole numbers beyond 53 bits as doubles, of which notepack makes others", () => {
  for (const each of [2 ** 53, 2 ** 63, 2 ** 64, 1e300, -(2 ** 53), -1e300]) {
    assertEquals(node.decode(Buffer.from(encode(each), "hex")), each);
  }
  assertEquals(node.decode(node.encode(1e300)), 0);
});

Deno.test("encodeMsgpack() writes texts, arrays and maps of every length as notepack does", () => {
  for (const length of [0, 1, 15, 16, 31, 32, 33, 63, 64, 255, 256, 65_535, 65_536, 200_000]) {
    for (const unit of ["a", "é", "日", "\u{1F600}"]) {
      assertEquals(encode(unit.repeat(length)), official(unit.repeat(length)), `${length} ${unit}`);
    }
    assertEquals(encode(Array(length).fill(7)), official(Array(length).fill(7)), `array of ${length}`);
    const map = Object.fromEntries(Array.from({ length }, (_, n) => [`k${n}`, n]));
    assertEquals(encode(map), official(map), `map of ${length}`);
  }
});

Deno.test("encodeMsgpack() writes U+FFFD for half a surrogate pair", () => {
  assertEquals(encode("\ud83d"), "a3efbfbd");
  assertEquals(encode("a\udc00b"), "a561efbfbd62");
  assertEquals(encode("\ud83d".repeat(40)), "d978" + "efbfbd".repeat(40));
});

Deno.test("encodeMsgpack() writes undefined, null and booleans as notepack does, in fields too", () => {
  for (const each of [undefined, null, true, false, [undefined], { a: undefined, b: null }, [, 1]]) {
    assertEquals(encode(each), official(each));
  }
  assertEquals(encode(Object.assign(Object.create(null), { a: 1 })), "81a16101");
});

Deno.test("encodeMsgpack() writes dates as notepack does, and null for one that is none", () => {
  for (const time of [0, 1, -1, 1_500_000_000_123, -1_500_000_000_123, 2 ** 32, 8.64e15, -8.64e15]) {
    assertEquals(encode(new Date(time)), official(new Date(time)), String(time));
  }
  assertEquals(encode([new Date(NaN)]), "91c0");
});

Deno.test("encodeMsgpack() writes anything binary as bin: what a view shows, and no more", () => {
  const whole = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals(encode(whole), "c4080102030405060708");
  assertEquals(encode(whole.buffer), "c4080102030405060708");
  assertEquals(encode(whole.subarray(2, 4)), "c4020304");
  assertEquals(encode(new DataView(whole.buffer, 6)), "c4020708");
  assertEquals(encode(new Uint16Array(whole.buffer, 2, 2)), "c40403040506");
  assertEquals(encode(new Float64Array(1)), "c408" + "00".repeat(8));
  assertEquals(encode(Buffer.from("hi")), "c4026869"); // which has a toJSON
  assertEquals(encode(new Uint8Array(new SharedArrayBuffer(2))), "c4020000");
  assertEquals(encode(new Uint8Array(0)), "c400");
});

Deno.test("encodeMsgpack() writes bytes of every length as notepack does in browsers", () => {
  for (const length of [0, 1, 255, 256, 65_535, 65_536, 1_000_000]) {
    const bytes = new Uint8Array(length).map((_, n) => n * 7);
    assertEquals(
      encode({ bytes }),
      toHex(new Uint8Array(browserEncode({ bytes: bytes.buffer }))),
      String(length),
    );
  }
});

Deno.test("encodeMsgpack() asks toJSON once, and takes what it returns for what it is", () => {
  const json = (returned: unknown): unknown => ({ toJSON: () => returned });
  assertEquals(encode(json("x")), "a178");
  assertEquals(encode(json(undefined)), "d40000");
  assertEquals(encode([json([1, json(2)])]), "91920102");
  assertEquals(encode(json({ a: 1 })), "81a16101");
  assertEquals(encode(json(Uint8Array.of(9))), "c40109");
  assertEquals(encode(json(new Date(0))), official(new Date(0)));
  assertEquals(encode(new URL("http://a/")), official("http://a/"));
  const itself = { a: 1, toJSON: () => itself };
  assertEquals(encode(itself), "81a16101");
  class Point {
    x = 1;
    toJSON(): unknown {
      return [this.x];
    }
  }
  assertEquals(encode(new Point()), "9101");
});

Deno.test("encodeMsgpack() leaves functions out of objects, and counts what is left", () => {
  const f = (): void => {};
  assertEquals(encode({ f, a: 1, g: f }), "81a16101");
  for (const length of [16, 65_536]) {
    const map = Object.fromEntries(Array.from({ length }, (_, n): [string, unknown] => [`k${n}`, n]));
    const expected = form(map);
    const withFunction = { f, ...map };
    assertEquals(form(node.decode(Buffer.from(encode(withFunction), "hex"))), expected);
  }
});

Deno.test("encodeMsgpack() reads each field once", () => {
  let reads = 0;
  const given = {
    get a() {
      return ++reads === 1 ? 5 : () => {};
    },
  };
  assertEquals(encode(given), "81a16105");
});

Deno.test("encodeMsgpack() unboxes primitives and writes collections without fields as empty, as JSON does", () => {
  assertEquals(encode([new String("ab"), new Number(3), new Boolean(false)]), "93a2616203c2");
  assertEquals(encode([new Map([["a", 1]]), new Set([1]), /a/, new Error("b")]), "9480808080");
});

Deno.test("encodeMsgpack() throws a TypeError on a BigInt, a symbol, and a function that is no field", () => {
  for (const each of [1n, Object(1n), Symbol(), () => {}, [() => {}], { a: Symbol() }, { a: [2n] }]) {
    assertThrows(() => encode(each), TypeError, "cannot be sent");
  }
  assertThrows(() => encode({ toJSON: () => () => {} }), TypeError, "a function cannot be sent");
});

Deno.test("encodeMsgpack() passes on what a toJSON throws", () => {
  const error = new Error("mine");
  const thrown = assertThrows(() =>
    encode({
      toJSON: () => {
        throw error;
      },
    })
  );
  assert(thrown === error);
});

Deno.test("encodeMsgpack() takes as many levels as it is told, and throws a TypeError on one more", () => {
  const nest = (levels: number, open: (inner: unknown) => unknown): unknown => {
    let nested: unknown = [];
    for (let i = 1; i < levels; i++) nested = open(nested);
    return nested;
  };
  for (const open of [(inner: unknown) => [inner], (inner: unknown) => ({ inner })]) {
    assertInstanceOf(encodeMsgpack(nest(2_561, open), 2_561), Uint8Array);
    assertThrows(() => encodeMsgpack(nest(2_562, open), 2_561), TypeError, "deeper than 2561 levels");
  }
  const circular: unknown[] = [];
  circular.push(circular);
  assertThrows(() => encode(circular), TypeError, "circular");
  const endless = { toJSON: () => [endless] };
  assertThrows(() => encode(endless), TypeError, "circular");
  assertThrows(() => encodeMsgpack(circular, Infinity), TypeError, "Cannot encode packet"); // the stack ends
});

Deno.test("encodeMsgpack() sends an own __proto__ as any field", () => {
  assertEquals(encode(JSON.parse('{"__proto__":1}')), "81a95f5f70726f746f5f5f01");
});

Deno.test("encodeMsgpack() can be called by a toJSON that it calls, and again after it threw", () => {
  let inner = "";
  const outer = encode(["before", {
    toJSON: () => {
      inner = encode("inner");
      return "json";
    },
  }, "after"]);
  assertEquals([inner, outer], [official("inner"), official(["before", "json", "after"])]);
  assertThrows(() => encode(["half", 1n]));
  assertEquals(encode([1, 2]), "920102");
});

Deno.test("encodeMsgpack() returns bytes that no later call changes, small or large", () => {
  const small = encodeMsgpack("small", 1) as Uint8Array;
  const large = encodeMsgpack(new Uint8Array(100_000).fill(1), 1) as Uint8Array;
  const next = encodeMsgpack("other", 1) as Uint8Array;
  assertEquals([toHex(small), toHex(next)], [official("small"), official("other")]);
  assert(large.subarray(5).every((byte) => byte === 1));
  assertNotStrictEquals(small.buffer, next.buffer);
  assertEquals(small.buffer.byteLength, small.length);
});

Deno.test("encodeMsgpack() reads Blobs, each in its place, and nothing else later", async () => {
  const given = {
    a: new Blob([Uint8Array.of(1, 2)]),
    b: [new File(["x"], "f"), Uint8Array.of(9)],
    c: "before",
  };
  const pending = encodeMsgpack(given, 100);
  assertInstanceOf(pending, Promise);
  given.c = "later";
  given.b.length = 0;
  encode("something else in between ".repeat(50));
  assertEquals(
    toHex(await pending),
    encode({ a: Uint8Array.of(1, 2), b: [Uint8Array.of(0x78), Uint8Array.of(9)], c: "before" }),
  );
  assertEquals(toHex(await encodeMsgpack(new Blob([]), 1)), "c400");
  const large = new Uint8Array(70_000).map((_, n) => n);
  assertEquals(toHex(await encodeMsgpack([new Blob([large])], 1)), encode([large]));
});

Deno.test("encodeMsgpack() rejects when a Blob cannot be read, or is not as long as it says", async () => {
  const gone = new Blob(["a"]);
  gone.arrayBuffer = () => Promise.reject(new Error("gone"));
  await assertRejects(async () => await encodeMsgpack([gone], 1), Error, "gone");
  const short = new Blob(["abc"]);
  short.arrayBuffer = () => Promise.resolve(new ArrayBuffer(2));
  await assertRejects(async () => await encodeMsgpack([short], 1), TypeError, "Blob of 3 bytes has 2");
  const endless = new Blob([]);
  Object.defineProperty(endless, "size", { value: 2 ** 32 });
  assertThrows(() => encodeMsgpack([endless], 1), TypeError, "4294967296 bytes");
});

Deno.test("encodeMsgpack(), property: the same bytes as notepack, byte for byte", () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => new Uint8Array(each).buffer);
  const any = value(bytes, text);
  const counts = { node: 0, browser: 0 };
  fc.assert(
    fc.property(any, (each) => {
      const ours = encodeMsgpack(each, 100) as Uint8Array;
      assertEquals(toHex(ours), toHex(new Uint8Array(browserEncode(each))));
      counts.browser++;
      if (!form(each).includes("bytes(")) { // which leave Node as an extension that browsers cannot read
        assertEquals(toHex(ours), official(each));
        counts.node++;
      }
      if (!form(each).includes("__proto__")) {
        assertEquals(form(browserDecode(ours.buffer)), form(each));
        assertEquals(form(node.decode(Buffer.from(ours))), form(each));
      }
    }),
    { numRuns: 1_500 },
  );
  assert(Math.min(...Object.values(counts)) > 500, JSON.stringify(counts));
  fc.assert(fc.property(number, (each) => assertEquals(encode(each), official(each))), { numRuns: 1_000 });
});
