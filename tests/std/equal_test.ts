import { assert, assertFalse, assertThrows } from "@std/assert";
import { equal } from "./equal.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

Deno.test("equal() compares by content", () => {
  const pairs: [unknown, unknown][] = [
    [1, 1],
    [NaN, NaN],
    [0, -0],
    ["a", "a"],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [new Date(5), new Date(5)],
    [new Date(NaN), new Date(NaN)],
    [/a/g, /a/g],
    [new URL("http://a/b"), new URL("http://a/b")],
    [bytes(1, 2), bytes(1, 2)],
    [bytes(0, 1, 2).subarray(1), bytes(1, 2)],
    [bytes(1, 2).buffer, bytes(1, 2).buffer],
    [new DataView(bytes(1).buffer), new DataView(bytes(1).buffer)],
    [new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
    [new Map([[{ k: 1 }, [1]]]), new Map([[{ k: 1 }, [1]]])],
    [new Error("a"), new Error("a")],
    [new Headers({ a: "1" }), new Headers({ A: "1" })],
    [{ [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 1 }],
  ];
  for (const [a, b] of pairs) assert(equal(a, b), Deno.inspect([a, b]));
});

Deno.test("equal() sees every difference", () => {
  class Point {
    x = 1;
  }
  const pairs: [unknown, unknown][] = [
    [1, "1"],
    [null, undefined],
    [{ a: undefined }, {}],
    [{ a: undefined }, { b: undefined }],
    [[1, 2], [1, 2, 3]],
    [[undefined], new Array(1)],
    [new Array(1), new Array(2)],
    [[], {}],
    [new Point(), { x: 1 }],
    [new Date(5), new Date(6)],
    [/a/g, /a/i],
    [bytes(1, 2), bytes(1, 3)],
    [bytes(1), Uint16Array.from([1])],
    [bytes(1).buffer, bytes(2).buffer],
    [new Set([1, 2]), new Set([1, 3])],
    [new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
    [new Map([["a", 1]]), new Map([["a", 2]])],
    [new Map([["a", undefined]]), new Map([["b", undefined]])],
    [new Error("a"), new Error("b")],
    [new Error("a"), new TypeError("a")],
    [new Headers({ a: "1" }), new Headers()],
    [{ [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 2 }],
    [() => {}, () => {}],
  ];
  for (const [a, b] of pairs) {
    assertFalse(equal(a, b), Deno.inspect([a, b]));
    assertFalse(equal(b, a), Deno.inspect([b, a]));
  }
});

Deno.test("equal() survives rings and still sees differences in them", () => {
  const ring = (value: number): Record<string, unknown> => {
    const made: Record<string, unknown> = { value };
    made.self = made;
    return made;
  };
  assert(equal(ring(1), ring(1)));
  assertFalse(equal(ring(1), ring(2)));
});

Deno.test("equal() refuses what cannot be looked into", () => {
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError, "cannot compare WeakMap");
  assertThrows(() => equal(new WeakSet(), new WeakSet()), TypeError, "cannot compare WeakSet");
  const target = { a: 1 };
  assert(equal(new WeakRef(target), new WeakRef({ a: 1 })));
});
