/** MessagePack to values, from peers that mean well and from peers that do not. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import node from "npm:notepack.io@2.2.0";
import { decodeMsgpack } from "../../src/protocol/msgpack_decode.ts";
import { encodeMsgpack } from "../../src/protocol/msgpack_encode.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";
import { form, hex, text, toHex, value } from "./msgpack_values.ts";

const bounds = { maxDepth: 100, maxBinaryValues: 1_000 };
const decode = (bytes: Uint8Array): unknown => decodeMsgpack(bytes, bounds);

function refuses(bytes: Uint8Array, message: string): void {
  assertThrows(() => decode(bytes), ProtocolError, message, toHex(bytes.subarray(0, 20)));
}

/** Every form of the specification, as it is written and what it means. */
const FORMS: readonly (readonly [bytes: string, value: unknown])[] = [
  ["00", 0],
  ["7f", 127],
  ["e0", -32],
  ["ff", -1],
  ["cc ff", 255],
  ["cd 0100", 256],
  ["ce ffffffff", 4_294_967_295],
  ["cf 001fffffffffffff", Number.MAX_SAFE_INTEGER],
  ["d0 80", -128],
  ["d1 8000", -32_768],
  ["d2 80000000", -2_147_483_648],
  ["d3 ffe0000000000001", Number.MIN_SAFE_INTEGER],
  ["d3 ffffffffffffffff", -1],
  ["ca 3fc00000", 1.5],
  ["cb 3ff8000000000000", 1.5],
  ["cb 7ff8000000000000", NaN],
  ["c0", null],
  ["c2", false],
  ["c3", true],
  ["a0", ""],
  ["a1 61", "a"],
  ["a4 f09f9880", "\u{1F600}"],
  ["a3 61c3a9", "aé"],
  ["a3 efbbbf", "\ufeff"],
  ["a1 00", "\0"],
  ["d9 01 61", "a"],
  ["da 0001 61", "a"],
  ["db 00000001 61", "a"],
  ["c4 01 07", Uint8Array.of(7)],
  ["c5 0001 07", Uint8Array.of(7)],
  ["c6 00000001 07", Uint8Array.of(7)],
  ["90", []],
  ["92 01 02", [1, 2]],
  ["dc 0001 01", [1]],
  ["dd 00000001 01", [1]],
  ["80", {}],
  ["82 a161 01 a162 91 02", { a: 1, b: [2] }],
  ["de 0001 a161 01", { a: 1 }],
  ["df 00000001 a161 01", { a: 1 }],
  // notepack's own
  ["d4 00 00", undefined],
  ["d4 00 05", undefined],
  ["d7 00 0000015d3ef7987b", new Date(1_500_000_000_123)],
  ["d7 00 fffffffffffffffb", new Date(-5)],
  ["c7 02 00 0102", Uint8Array.of(1, 2)],
  ["c7 08 00 0102030405060708", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
  ["c7 01 00 01", Uint8Array.of(1)],
  ["c7 00 00", new Uint8Array()],
  ["c8 0002 00 0102", Uint8Array.of(1, 2)],
  ["c9 00000002 00 0102", Uint8Array.of(1, 2)],
  ["d5 00 0102", Uint8Array.of(1, 2)],
  // of others
  ["d4 05 aa", [5, Uint8Array.of(0xaa)]],
  ["d6 ff 00000000", [-1, new Uint8Array(4)]],
  ["d8 01" + "00".repeat(16), [1, new Uint8Array(16)]],
  ["c7 01 7f aa", [127, Uint8Array.of(0xaa)]],
];

Deno.test("decodeMsgpack() reads every form", () => {
  for (const [bytes, expected] of FORMS) assertEquals(decode(hex(bytes)), expected, bytes);
});

Deno.test("decodeMsgpack() reads a form wherever it is in a larger buffer", () => {
  for (const [bytes, expected] of FORMS) {
    const inner = hex("93 01" + bytes + "a16d");
    const buffer = new Uint8Array(inner.length + 16).fill(0xc1);
    buffer.set(inner, 5);
    assertEquals(decode(buffer.subarray(5, 5 + inner.length)), [1, expected, "m"], bytes);
  }
});

Deno.test("decodeMsgpack() refuses each form that ends too early, and each that goes on", () => {
  for (const [bytes] of FORMS) {
    const whole = hex(bytes);
    for (let length = 0; length < whole.length; length++) {
      refuses(whole.subarray(0, length), "ends too early");
    }
    refuses(hex(bytes + "c0"), "1 bytes after its end");
  }
});

Deno.test("decodeMsgpack() takes nothing for lengths that are not there", () => {
  for (const head of ["c6", "c9", "db", "dd", "df"]) refuses(hex(head + "ffffffff"), "ends too early");
  // Refused by the count, before the first item (which is none) is looked at.
  for (const head of ["9f", "8f", "dcffff", "ddffffffff", "deffff", "dfffffffff"]) {
    refuses(hex(head + "c1"), "ends too early");
  }
  refuses(hex("82 c1 00 00"), "ends too early");
  // Each array announces all that is left; to believe them would take 2,000 times the frame, in slots of 8 bytes.
  const levels = 2_000;
  const bytes = new Uint8Array(1_000_000);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < levels * 5; at += 5) {
    view.setUint8(at, 0xdd);
    view.setUint32(at + 1, bytes.length - at - 5);
  }
  const before = Deno.memoryUsage().heapTotal;
  assertThrows(
    () => decodeMsgpack(bytes, { maxDepth: levels + 1, maxBinaryValues: 1 }),
    ProtocolError,
    "ends too early",
  );
  assert(Deno.memoryUsage().heapTotal - before < 100_000_000);
});

Deno.test("decodeMsgpack() refuses a map that has fewer bytes than fields and values", () => {
  refuses(hex("83 a0 00 a0 00 a0"), "ends too early");
  refuses(hex("de 0003 a0 00 a0 00 a0"), "ends too early");
});

Deno.test("decodeMsgpack() gives bytes a buffer of their own, also out of Node's Buffer", () => {
  const frame = Buffer.from("92c4020102c703000304ff", "hex");
  const [bin, extension] = decode(frame) as [Uint8Array, Uint8Array];
  for (const bytes of [bin, extension]) {
    assertStrictEquals(bytes.constructor, Uint8Array);
    assertEquals([bytes.byteOffset, bytes.buffer.byteLength], [0, bytes.length]);
  }
  frame.fill(0);
  assertEquals([[...bin], [...extension]], [[1, 2], [3, 4, 255]]);
});

Deno.test("decodeMsgpack() makes own fields of all keys, __proto__ too", () => {
  const frame = hex("82 a95f5f70726f746f5f5f 81 a8706f6c6c75746564 c3 ab636f6e7374727563746f72 01");
  // Deno has taken this trap of the language away; other runtimes have not.
  Object.defineProperty(Object.prototype, "__proto__", {
    configurable: true,
    set(prototype) {
      Object.setPrototypeOf(this, prototype);
    },
  });
  try {
    const given = decode(frame) as object;
    assertEquals(Object.keys(given), ["__proto__", "constructor"]);
    assertStrictEquals(Object.getPrototypeOf(given), Object.prototype);
    assertStrictEquals((given as { polluted?: unknown }).polluted, undefined);
    assertStrictEquals(({} as { polluted?: unknown }).polluted, undefined);
    assertEquals(JSON.stringify(given), '{"__proto__":{"polluted":true},"constructor":1}');
  } finally {
    delete (Object.prototype as { __proto__?: unknown }).__proto__;
  }
});

Deno.test("decodeMsgpack() takes texts and numbers as keys; of two the same, the last", () => {
  assertEquals(decode(hex("84 a161 01 07 02 ff 03 cd0100 04")), { a: 1, 7: 2, "-1": 3, 256: 4 });
  assertEquals(decode(hex("82 a161 01 a161 02")), { a: 2 });
  for (const key of ["c0", "c3", "c400", "d40000"]) refuses(hex(`81 ${key} 01`), "neither text nor number");
  for (const key of ["90", "80", "dc0000", "df00000000"]) refuses(hex(`81 ${key} 01`), "no value here");
});

Deno.test("decodeMsgpack() refuses what is no text, no date and no form", () => {
  for (const bytes of ["a1 ff", "a2 c3 28", "a3 eda080", "d921 61" + "ff".repeat(32), "a2 c080"]) {
    refuses(hex(bytes), "not UTF-8");
  }
  refuses(hex("d7 00 7fffffffffffffff"), "date out of range");
  refuses(hex("c1"), "byte 193");
});

Deno.test("decodeMsgpack() takes as many levels as it is told, and refuses one more, with any head", () => {
  for (const head of ["91", "81a0", "dc0001", "dd00000001", "de0001a0", "df00000001a0"]) {
    const open = hex(head);
    const nest = (levels: number): Uint8Array => {
      const bytes = new Uint8Array(open.length * levels + 1);
      for (let i = 0; i < levels; i++) bytes.set(open, open.length * i);
      return bytes; // the innermost value is 0
    };
    decodeMsgpack(nest(2_049), { maxDepth: 2_049, maxBinaryValues: 1 });
    assertThrows(
      () => decodeMsgpack(nest(2_050), { maxDepth: 2_049, maxBinaryValues: 1 }),
      ProtocolError,
      "deeper than 2049 levels",
    );
    assertThrows(
      () => decodeMsgpack(nest(200_000), { maxDepth: Infinity, maxBinaryValues: 1 }),
      ProtocolError,
      "deeper than the stack",
    );
  }
});

Deno.test("decodeMsgpack() takes as many binary values as it is told, of whatever form", () => {
  const three = ["93 c400 c400 c400", "93 c70000 d50000 00 c700 05"].map((bytes) => hex(bytes));
  for (const bytes of three) {
    assertEquals((decodeMsgpack(bytes, { maxDepth: 9, maxBinaryValues: 3 }) as unknown[]).length, 3);
    assertThrows(
      () => decodeMsgpack(bytes, { maxDepth: 9, maxBinaryValues: 2 }),
      ProtocolError,
      "more than 2 binary values",
    );
  }
});

Deno.test("decodeMsgpack(), property: whatever notepack wrote comes back", () => {
  const bytes = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom("bin", "extension")).map(
    ([each, as]) => as === "bin" ? Buffer.from(each) : new Uint8Array(each).buffer,
  );
  let withBytes = 0;
  fc.assert(
    fc.property(value(bytes, text), (any) => {
      assertEquals(form(decode(node.encode(any))), form(any));
      if (form(any).includes("bytes(")) withBytes++;
    }),
    { numRuns: 1_500 },
  );
  assert(withBytes > 200, `only ${withBytes} of 1,500 values had bytes in them`);
});

Deno.test("decodeMsgpack(), property: whatever we wrote comes back", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const anyKey = fc.oneof(text, fc.string({ unit: "binary" }).map((key) => key.toWellFormed()));
  fc.assert(
    fc.property(value(bytes, anyKey), (any) => {
      assertEquals(form(decode(encodeMsgpack(any, 100) as Uint8Array)), form(any));
    }),
    { numRuns: 1_500 },
  );
});

Deno.test("decodeMsgpack(), property: damaged bytes raise only ProtocolErrors, or are read as notepack reads them", () => {
  const reached = { alike: 0, refused: 0, other: 0 };
  const damage = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() });
  const sane = value(fc.uint8Array({ maxLength: 8 }), fc.constantFrom("a", "b", "é", "data", "nsp"));
  fc.assert(
    fc.property(
      sane,
      fc.array(damage, { maxLength: 2 }),
      fc.uint8Array({ maxLength: 3 }),
      (any, damages, tail) => {
        let bytes = Uint8Array.from([
          ...encodeMsgpack(any, 100) as Uint8Array,
          ...damages.length > 1 ? tail : [],
        ]);
        for (const { at, byte, cut } of damages) {
          if (bytes.length > 0) bytes[at % bytes.length] = byte;
          if (cut && at % 3 === 0) bytes = bytes.slice(0, at % (bytes.length + 1));
        }
        let ours: unknown;
        try {
          ours = decode(bytes);
        } catch (error) {
          assertInstanceOf(error, ProtocolError);
          reached.refused++;
          return;
        }
        // notepack takes a fixed extension of type 0 for a pair, and null for a key; those apart it must agree.
        const theirs = form(node.decode(Buffer.from(bytes)));
        if (/d[568]00/.test(toHex(bytes))) reached.other++;
        else {
          assertEquals(form(ours), theirs, toHex(bytes));
          reached.alike++;
        }
      },
    ),
    { numRuns: 5_000 },
  );
  console.log("    reached:", JSON.stringify(reached));
  assert(reached.alike > 1_000 && reached.refused > 500, "the generator misses an end state");
});
