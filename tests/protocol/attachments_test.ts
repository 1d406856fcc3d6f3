import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  extractAttachments,
  insertAttachments,
  MAX_SENT_DEPTH,
  needsExtraction,
} from "../../src/protocol/attachments.ts";
import { ProtocolError } from "../../src/protocol/protocol_error.ts";

const ONE = Uint8Array.of(1);

/** `depth` arrays around a value. */
function nest(depth: number, value: unknown): unknown[] {
  let nested = value;
  for (let i = 0; i < depth; i++) nested = [nested];
  return nested as unknown[];
}

Deno.test("needsExtraction() finds binary anywhere, and whatever may turn into it", () => {
  for (const binary of [ONE, ONE.buffer, new DataView(ONE.buffer), new Float64Array(1), new Blob([])]) {
    assert(needsExtraction(["ev", binary]));
    assert(needsExtraction(["ev", { a: [{ b: binary }] }]));
  }
  assert(needsExtraction([{ toJSON: () => ONE }]));
});

Deno.test("needsExtraction() is false for plain JSON, dates and inherited fields", () => {
  assert(
    !needsExtraction(["ev", null, 1, { a: [undefined, new Date(0), new Map([["k", ONE]])], toJSON: 1 }]),
  );
  assert(!needsExtraction([Object.create({ inherited: ONE })]));
});

Deno.test("needsExtraction() and extractAttachments() refuse what is too deep to be sent, circular values too", () => {
  assert(!needsExtraction(nest(MAX_SENT_DEPTH, 1)));
  assertThrows(() => needsExtraction(nest(MAX_SENT_DEPTH + 1, 1)), TypeError, "nested deeper than 2560");
  assertEquals(extractAttachments(nest(MAX_SENT_DEPTH, ONE)).found, [ONE]);
  assertThrows(() => extractAttachments(nest(MAX_SENT_DEPTH + 1, ONE)), TypeError, "nested deeper than 2560");

  const circular: Record<string, unknown> = { bytes: ONE };
  circular.self = circular;
  assertThrows(() => extractAttachments([circular]), TypeError, "circular");
  assertThrows(() => extractAttachments([{ toJSON: () => ({ again: circular }) }]), TypeError, "circular");
});

Deno.test("extractAttachments() numbers attachments in the order of the text and leaves the arguments alone", () => {
  const two = Uint8Array.of(2), three = Uint8Array.of(3);
  const given = ["ev", { a: { b: ONE }, c: two }, [three]];
  const { args, found } = extractAttachments(given);
  assertEquals(
    JSON.stringify(args),
    '["ev",{"a":{"b":{"_placeholder":true,"num":0}},"c":{"_placeholder":true,"num":1}},[{"_placeholder":true,"num":2}]]',
  );
  assertEquals(found, [ONE, two, three]);
  assertEquals(given, ["ev", { a: { b: ONE }, c: two }, [three]]);
});

Deno.test("extractAttachments() otherwise says what JSON.stringify says", () => {
  const shared = { s: 1 };
  const values: unknown[] = [
    [undefined, () => 1, Symbol("s"), NaN, -0],
    { a: undefined, f: () => 1, [Symbol("s")]: 1, n: null },
    [new Date(0), new Date(NaN), new Map([[1, 2]]), new Set([1]), /x/, new Error("e")],
    [Object("text"), Object(1), Object(true)],
    [shared, shared, { shared }],
    new Array(3),
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}'),
    Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true }, hidden: { value: 1 } }),
    { toJSON: (key: string) => `key ${key}` },
    [{ toJSON: (key: string) => `key ${key}` }],
    { toJSON: () => ({ toJSON: () => "a second toJSON is not called" }) },
    { toJSON: () => undefined },
    [{ toJSON: () => undefined }],
    {
      get x() {
        return 1;
      },
    },
    Object.assign([1], { extra: 2 }),
  ];
  for (const value of values) {
    const { args, found } = extractAttachments(["ev", value]);
    assertEquals(JSON.stringify(args), JSON.stringify(["ev", value]));
    assertEquals(found, []);
  }
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("extractAttachments() calls toJSON once, and takes the binary it returns", () => {
  let calls = 0;
  const { args, found } = extractAttachments([{ toJSON: () => (calls++, ONE) }]);
  assertEquals(JSON.stringify(args), '[{"_placeholder":true,"num":0}]');
  assertStrictEquals(found[0], ONE);
  assertEquals(calls, 1);
});

Deno.test("insertAttachments() fills placeholders anywhere, an own __proto__ included", () => {
  const args = JSON.parse(
    '["ev",{"__proto__":{"_placeholder":true,"num":0},"a":[{"_placeholder":true,"num":1,"more":1}]},{"_placeholder":1,"num":0}]',
  );
  const two = Uint8Array.of(2);
  insertAttachments(args, [ONE, two]);
  assertStrictEquals(Object.getOwnPropertyDescriptor(args[1], "__proto__")?.value, ONE);
  assertStrictEquals(Object.getPrototypeOf(args[1]), Object.prototype);
  assertStrictEquals(args[1].a[0], two);
  assertEquals(args[2], { _placeholder: 1, num: 0 });
});

Deno.test("An own __proto__ stays data on platforms whose Object.prototype has a setter for it", () => {
  // Deno removed it, all others have it: without it this could not fail here.
  Object.defineProperty(Object.prototype, "__proto__", {
    get() {
      return Object.getPrototypeOf(this);
    },
    set(prototype) {
      Object.setPrototypeOf(this, prototype);
    },
    configurable: true,
  });
  try {
    const given = JSON.parse('["ev",{"__proto__":{"polluted":1}}]');
    const { args } = extractAttachments([...given, ONE]);
    assertEquals(JSON.stringify(args.slice(0, 2)), JSON.stringify(given));

    const received = JSON.parse('["ev",{"__proto__":{"_placeholder":true,"num":0}}]');
    insertAttachments(received, [ONE]);
    assertStrictEquals(Object.getOwnPropertyDescriptor(received[1], "__proto__")?.value, ONE);
    assertStrictEquals(Object.getPrototypeOf(received[1]), Object.prototype);
  } finally {
    delete (Object.prototype as { __proto__?: unknown }).__proto__;
  }
});

Deno.test("insertAttachments() refuses a number that names no attachment", () => {
  for (
    const num of [
      "-1",
      "1",
      "0.5",
      '"0"',
      "null",
      '"splice"',
      '"__proto__"',
      '"length"',
      "[0]",
      "{}",
      "1e999",
      "true",
    ]
  ) {
    const args = JSON.parse(`["ev",{"_placeholder":true,"num":${num}}]`);
    assertThrows(() => insertAttachments(args, [ONE]), ProtocolError, "names none of its 1 attachments", num);
  }
  assertThrows(() => insertAttachments([{ _placeholder: true }], [ONE]), ProtocolError);
});

Deno.test("insertAttachments() has no recursion to exhaust", () => {
  const args = nest(100_000, { _placeholder: true, num: 0 });
  insertAttachments(args, [ONE]);
  let innermost: unknown = args;
  while (Array.isArray(innermost)) innermost = innermost[0];
  assertStrictEquals(innermost, ONE);
});
