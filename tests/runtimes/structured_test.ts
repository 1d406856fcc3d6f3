/**
 * Sameness of structured clones: what counts as a change, and that a clone is always the same as what was cloned.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { isSame } from "../../src/runtimes/structured.ts";

/** Pairs that differ in what a structured clone keeps. */
const DIFFERENT: [unknown, unknown][] = [
  [0, -0],
  [1, "1"],
  [null, undefined],
  [null, {}],
  [{}, []],
  [{ a: 1 }, { a: 2 }],
  [{ a: undefined }, {}],
  [{ a: undefined }, { b: undefined }],
  [{ __proto__: null, a: 1 }, { a: 1, b: 1 }],
  [[1, 2], [2, 1]],
  [[undefined], new Array(1)],
  [[1], [1, undefined]],
  [new Date(1), new Date(2)],
  [new Date(1), 1],
  [new Map([["a", 1]]), new Map([["a", 2]])],
  [new Map([["a", 1], ["b", 2]]), new Map([["a", 1]])],
  [new Map(), new Set()],
  [new Set([1]), new Set([2])],
  [new Uint8Array([1]), new Uint8Array([2])],
  [new Uint8Array([1]), new Uint8Array([1, 0])],
  [new Uint8Array([1, 0]), new Uint16Array([1])],
  [new Uint8Array([1]), new Uint8Array([1]).buffer],
  [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  [new Uint8Array([1, 2, 3]).subarray(0, 2), new Uint8Array([1, 2, 3]).subarray(1)],
  [new DataView(new Uint8Array([1]).buffer), new DataView(new Uint8Array([2]).buffer)],
  [/a/g, /b/g],
  [/a/g, /a/],
  [new Error("a"), new Error("b")],
  [1n, 2n],
  [1n, 1],
  [Object(1), Object(2)],
  [{ deep: [{ er: new Map([[{ k: 1 }, [1]]]) }] }, { deep: [{ er: new Map([[{ k: 1 }, [2]]]) }] }],
];

Deno.test("isSame sees every difference that a structured clone would keep", () => {
  for (const [index, [one, other]] of DIFFERENT.entries()) {
    assert(!isSame(one, other), `pair ${index}`);
    assert(!isSame(other, one), `pair ${index}, turned`);
    assert(!isSame([one], [other]) && !isSame({ of: one }, { of: other }), `pair ${index}, inside`);
  }
});

Deno.test("isSame takes a clone for what was cloned", () => {
  const values = [
    NaN,
    undefined,
    "text",
    10n,
    { a: undefined, b: [1, , 3], c: { d: null } },
    new Date(5),
    new Map<unknown, unknown>([["a", new Set([1, { b: 2 }])]]),
    new Uint8Array([1, 2, 3]).subarray(1),
    new Float64Array([NaN, -0]),
    new Uint8Array([9]).buffer,
    new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
    { __proto__: null, bare: true },
  ];
  for (const [index, value] of values.entries()) {
    assert(isSame(value, structuredClone(value)), `value ${index}`);
  }
});

Deno.test("isSame ends on values that hold themselves, and sees what differs in them", () => {
  const ring = (end: number): unknown => {
    const one: Record<string, unknown> = { end };
    const two = { one, list: [one] };
    one.two = two;
    return two;
  };
  assert(isSame(ring(1), ring(1)));
  assert(!isSame(ring(1), ring(2)));
  const itself: unknown[] = [];
  itself.push(itself);
  const nested: unknown[] = [[]];
  (nested[0] as unknown[]).push(nested);
  assert(isSame(itself, structuredClone(itself)));
  assert(!isSame(itself, [[]]));
});

Deno.test("isSame tells a value that is held twice from two that are equal", () => {
  // Cloned, one is a single object with two names: what is written to it later shows in both.
  const shared = { n: 1 };
  assert(!isSame([shared, shared], [{ n: 1 }, { n: 1 }]));
  assert(!isSame([{ n: 1 }, { n: 1 }], [shared, shared]));
  assert(isSame([shared, shared], structuredClone([shared, shared])));
});

Deno.test("isSame says of what cannot be compared that it changed", () => {
  for (const value of [new Error("a"), /a/, new Blob(["a"]), Object("a")]) {
    assert(!isSame(structuredClone(value), structuredClone(value)));
  }
});

Deno.test("isSame agrees with how values are written, for any JSON", () => {
  let same = 0;
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 3 }),
      fc.jsonValue({ maxDepth: 3 }),
      fc.boolean(),
      (one, two, isCopy) => {
        const other = isCopy ? structuredClone(one) : two;
        const sorted = (value: unknown): string =>
          JSON.stringify(
            value,
            (_, inner) =>
              inner && typeof inner === "object" && !Array.isArray(inner)
                ? { entries: Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1) }
                : Object.is(inner, -0)
                ? "-0"
                : inner,
          );
        const expected = sorted(one) === sorted(other);
        if (expected) same++;
        assertEquals(isSame(one, other), expected);
      },
    ),
    { numRuns: 2_000 },
  );
  assert(same > 500, `only ${same} were the same`);
});
