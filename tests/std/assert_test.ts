// These assertions are checked with bare `throw`s where they would otherwise check themselves.
import * as a from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";

/** The AssertionError of `fn`; anything else, or nothing, ends the test. */
function failure(fn: () => unknown): a.AssertionError {
  try {
    fn();
  } catch (error) {
    if (error instanceof a.AssertionError) return error;
    throw error;
  }
  throw new Error(`did not fail: ${fn}`);
}

async function failureOf(promise: Promise<unknown>): Promise<a.AssertionError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof a.AssertionError) return error;
    throw error;
  }
  throw new Error("did not fail");
}

function mustContain(text: string, ...parts: string[]): void {
  for (const part of parts) if (!text.includes(part)) throw new Error(`"${part}" is missing in: ${text}`);
}

Deno.test("Each assertion passes on what it states", () => {
  a.assert(1);
  a.assertFalse(0);
  a.assertEquals({ a: [1] }, { a: [1] });
  a.assertNotEquals({ a: 1 }, { a: 2 });
  a.assertStrictEquals(NaN, NaN);
  a.assertNotStrictEquals({}, {});
  a.assertExists(0);
  a.assertAlmostEquals(0.1 + 0.2, 0.3);
  a.assertAlmostEquals(1, 1.4, 0.5);
  a.assertAlmostEquals(Infinity, Infinity);
  a.assertGreater(2, 1);
  a.assertGreaterOrEqual(1, 1);
  a.assertLess(1, 2);
  a.assertLessOrEqual(1, 1);
  a.assertMatch("abc", /b/);
  a.assertNotMatch("abc", /d/);
  a.assertStringIncludes("abc", "bc");
  a.assertArrayIncludes([1, { b: 2 }, 3], [3, { b: 2 }]);
  a.assertInstanceOf(new TypeError(), Error);
  a.assertNotInstanceOf(new Error(), TypeError);
  a.assertIsError(new TypeError("no way"), TypeError, "way");
  a.assertIsError(new Error("no way"), Error, /^no/);
});

Deno.test("Each assertion fails on the opposite and carries the note", () => {
  const cases: (() => unknown)[] = [
    () => a.assert(0, "note"),
    () => a.assertFalse(1, "note"),
    () => a.assertEquals({ a: 1 }, { a: 2 }, "note"),
    () => a.assertNotEquals([1], [1], "note"),
    () => a.assertStrictEquals({}, {}, "note"),
    () => a.assertStrictEquals(0, -0, "note"),
    () => a.assertNotStrictEquals("a", "a", "note"),
    () => a.assertExists(null, "note"),
    () => a.assertExists(undefined, "note"),
    () => a.assertAlmostEquals(1, 1.1, undefined, "note"),
    () => a.assertGreater(1, 1, "note"),
    () => a.assertGreaterOrEqual(0, 1, "note"),
    () => a.assertLess(1, 1, "note"),
    () => a.assertLessOrEqual(2, 1, "note"),
    () => a.assertMatch("abc", /d/, "note"),
    () => a.assertNotMatch("abc", /b/, "note"),
    () => a.assertStringIncludes("abc", "d", "note"),
    () => a.assertArrayIncludes([1, 2], [3], "note"),
    () => a.assertObjectMatch({ a: 1 }, { a: 2 }, "note"),
    () => a.assertInstanceOf(new Error(), TypeError, "note"),
    () => a.assertInstanceOf(null, Error, "note"),
    () => a.assertNotInstanceOf(new TypeError(), Error, "note"),
    () => a.assertIsError("text", Error, undefined, "note"),
    () => a.assertIsError(new Error("a"), TypeError, undefined, "note"),
    () => a.assertIsError(new Error("a"), Error, "b", "note"),
    () => a.assertIsError(new Error("a"), Error, /b/, "note"),
    () => a.fail("note"),
    () => a.unreachable("note"),
    () => a.unimplemented("note"),
  ];
  for (const one of cases) mustContain(failure(one).message, "note");
});

Deno.test("assertEquals() shows the difference", () => {
  mustContain(failure(() => a.assertEquals({ a: "left" }, { a: "right" })).message, "left", "right");
});

Deno.test("assertObjectMatch() takes a subset and nothing else", () => {
  const actual = { a: 1, b: { c: 2, d: [1, { e: 3, f: 4 }] }, m: new Map([["k", { x: 1, y: 2 }]]) };
  a.assertObjectMatch(actual, { b: { d: [1, { e: 3 }] } });
  a.assertObjectMatch(actual, { m: new Map([["k", { x: 1 }]]) });
  a.assertObjectMatch({ list: [1, 2, 3] }, { list: [1, 2] });
  a.assertObjectMatch(new TypeError("text"), { message: "text" });
  failure(() => a.assertObjectMatch(actual, { b: { d: [1, { e: 4 }] } }));
  failure(() => a.assertObjectMatch(actual, { b: { missing: undefined } }));
  failure(() => a.assertObjectMatch({ list: [1] }, { list: [1, 2] }));
  failure(() => a.assertObjectMatch({ list: [1] }, { list: {} }));
  failure(() => a.assertObjectMatch({ at: new Date(1) }, { at: new Date(2) }));
  failure(() => a.assertObjectMatch({ data: Uint8Array.of(1, 2) }, { data: Uint8Array.of(1) }));
});

Deno.test("assertThrows() returns the error and checks class and message", () => {
  const error = a.assertThrows(
    () => {
      throw new RangeError("out of range");
    },
    RangeError,
    "of range",
  );
  assertType<IsExact<typeof error, RangeError>>(true);
  a.assertStrictEquals(error.message, "out of range");
  a.assertStrictEquals(
    a.assertThrows(() => {
      throw "text";
    }),
    "text",
  );
  const throwText = () => {
    throw "text";
  };
  const throwRange = () => {
    throw new RangeError("out of range");
  };
  mustContain(failure(() => a.assertThrows(() => {}, "note")).message, "Expected function to throw: note");
  mustContain(failure(() => a.assertThrows(() => {}, Error, "x", "note")).message, "throw: note");
  mustContain(failure(() => a.assertThrows(throwText, Error)).message, "A non-Error object was thrown");
  mustContain(failure(() => a.assertThrows(throwRange, TypeError)).message, `"TypeError"`, `"RangeError"`);
  mustContain(failure(() => a.assertThrows(throwRange, RangeError, "in range")).message, "in range");
});

Deno.test("assertRejects() returns the error and tells a throw from a rejection", async () => {
  const error = await a.assertRejects(() => Promise.reject(new RangeError("late")), RangeError, "late");
  assertType<IsExact<typeof error, RangeError>>(true);
  a.assertStrictEquals(error.message, "late");
  a.assertStrictEquals(await a.assertRejects(() => Promise.reject("text")), "text");
  const thrower = (): Promise<void> => {
    throw new Error("at once");
  };
  mustContain((await failureOf(a.assertRejects(thrower))).message, "Function throws when expected to reject");
  mustContain((await failureOf(a.assertRejects(async () => {}, "note"))).message, "to reject: note");
  mustContain((await failureOf(a.assertRejects(() => 1 as never))).message, "no promise");
  await failureOf(a.assertRejects(() => Promise.reject("text"), Error));
  await failureOf(a.assertRejects(() => Promise.reject(new Error("a")), Error, "b"));
});

Deno.test("Assertions narrow types", () => {
  const maybe = (["a"] as (string | undefined)[])[0];
  a.assertExists(maybe);
  assertType<IsExact<typeof maybe, string>>(true);
  const unknown: unknown = new Date();
  a.assertInstanceOf(unknown, Date);
  assertType<IsExact<typeof unknown, Date>>(true);
});
