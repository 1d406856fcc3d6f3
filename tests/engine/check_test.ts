import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { flag, knownKeys, optionalFunction, refuse, wholeNumber } from "../../src/engine/check.ts";

const SHOWN: readonly [value: unknown, text: string][] = [
  ['a"b', '"a\\"b"'],
  [5, "5"],
  [NaN, "NaN"],
  [5n, "5"],
  [null, "null"],
  [undefined, "undefined"],
  [true, "true"],
  [Symbol("s"), "Symbol(s)"],
  [() => {}, "a function"],
  [/x/g, "/x/g"],
  [[1, 2], "an array of 2"],
  [{ secret: 1 }, "an object"],
  [Object.create(null), "an object"],
];

for (const [value, text] of SHOWN) {
  Deno.test(`refuse names the option, shows ${text} and says what is allowed`, () => {
    const error = assertThrows(() => refuse("thing", value, "a better one"), TypeError);
    assertEquals(error.message, `Invalid option "thing": ${text}, expected a better one`);
  });
}

Deno.test("wholeNumber takes both ends of its range, and the fallback for undefined alone", () => {
  assertEquals([1, 5, 10].map((value) => wholeNumber("n", value, 7, 1, 10)), [1, 5, 10]);
  assertEquals(wholeNumber("n", undefined, 7, 1, 10), 7);
  assertEquals(wholeNumber("n", Number.MAX_SAFE_INTEGER, 7, 1), Number.MAX_SAFE_INTEGER);
});

for (const value of [0, 11, 1.5, NaN, Infinity, -Infinity, "5", 5n, null, true, [5], { valueOf: () => 5 }]) {
  Deno.test(`wholeNumber from 1 to 10 refuses ${typeof value} ${String(value)}`, () => {
    assertThrows(
      () => wholeNumber("n", value, 7, 1, 10),
      TypeError,
      "expected a whole number from 1 to 10",
    );
  });
}

Deno.test("wholeNumber without a maximum refuses what a number cannot count", () => {
  assertThrows(() => wholeNumber("n", 2 ** 53, 7, 1), TypeError, 'Invalid option "n"');
});

Deno.test("flag takes true and false, and the fallback for undefined alone", () => {
  assertEquals([flag("f", true, false), flag("f", false, true), flag("f", undefined, true)], [
    true,
    false,
    true,
  ]);
  for (const value of [0, 1, "", "false", null, {}]) {
    assertThrows(() => flag("f", value, true), TypeError, "expected true or false");
  }
});

Deno.test("optionalFunction takes a function or undefined alone", () => {
  const fn = (): void => {};
  assertStrictEquals(optionalFunction("f", fn), fn);
  assertStrictEquals(optionalFunction("f", undefined), undefined);
  for (const value of [null, {}, "x", 1]) {
    assertThrows(() => optionalFunction("f", value), TypeError, "expected a function");
  }
});

Deno.test("knownKeys names the key that is not known and all that are", () => {
  knownKeys("options", {}, ["a", "b"]);
  knownKeys("options", { a: 1, b: undefined }, ["a", "b"]);
  const error = assertThrows(() => knownKeys("options", { a: 1, c: 1 }, ["a", "b"]), TypeError);
  assertEquals(error.message, 'Unknown option "c" of options, expected one of: a, b');
});

Deno.test("knownKeys takes no prototype key for a known one", () => {
  assertThrows(() => knownKeys("options", JSON.parse('{"__proto__":1}'), ["a"]), TypeError, '"__proto__"');
  assertThrows(() => knownKeys("options", { toString: 1 }, ["a"]), TypeError, '"toString"');
});

for (const value of [null, undefined, "a", 5, true, [], () => {}]) {
  Deno.test(`knownKeys refuses ${Array.isArray(value) ? "an array" : typeof value} for options`, () => {
    assertThrows(() => knownKeys("options", value, ["a"]), TypeError, "expected an object");
  });
}
