import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { estimateSize, MAX_VALUES_SIZED } from "../../src/adapters/estimate_size.ts";

Deno.test("estimateSize grows with what a value holds", () => {
  const holders: [string, (text: string) => unknown][] = [
    ["a text", (text) => text],
    ["an array", (text) => [1, [text]]],
    ["a value", (text) => ({ a: { b: text } })],
    ["a name", (text) => ({ a: { [text]: 1 } })],
    ["a dictionary", (text) => ({ a: Object.assign(Object.create(null), { text }) })],
    ["a value of a map", (text) => new Map([["a", [text]]])],
    ["a name of a map", (text) => ({ map: new Map([[text, 1]]) })],
    ["a set", (text) => [new Set([text])]],
    ["bytes", (text) => ({ bytes: new Uint8Array(2 * text.length) })],
    ["the buffer behind a view", (text) => [new Uint8Array(new ArrayBuffer(2 * text.length), 0, 1)]],
    ["a buffer", (text) => new ArrayBuffer(2 * text.length)],
    ["shared memory", (text) => [new SharedArrayBuffer(2 * text.length)]],
    ["a Blob", (text) => [new Blob([text, text])]],
    ["the root, whatever its class", (text) =>
      new (class State {
        text = text;
      })()],
  ];
  for (const [name, make] of holders) {
    const grown = estimateSize(make("x".repeat(5_100))) - estimateSize(make("x".repeat(100)));
    assertEquals(grown, 10_000, name);
  }
});

Deno.test("estimateSize counts each item and each object", () => {
  const objects = (count: number) => Array.from({ length: count }, () => ({ a: 1 }));
  assertGreaterOrEqual(estimateSize(objects(1_000)), 1_000 * 24);
  assertGreaterOrEqual(estimateSize(new Array(1_000).fill(0)), 8_000);
  for (const leaf of [undefined, null, 1, 1n, true, Symbol(), () => {}]) {
    assertGreater(estimateSize(leaf), 0);
    assertLess(estimateSize({ leaf }), 200);
  }
});

Deno.test("estimateSize counts an object once, so cycles end", () => {
  const shared = { text: "x".repeat(10_000) };
  assertLess(estimateSize([shared, shared, { shared }]), 1.1 * estimateSize(shared));
  const bytes = new Uint8Array(10_000);
  assertLess(estimateSize([bytes, bytes.subarray(1), bytes.buffer]), 11_000);
  const ring: Record<string, unknown> = { text: "x" };
  ring.ring = [ring, new Map([[ring, new Set([ring])]])];
  assertLess(estimateSize(ring), 1_000);
});

Deno.test("estimateSize counts an instance of a class flat: it is shared more often than not", () => {
  class Room {
    readonly history: string = "x".repeat(100_000);
  }
  assertLess(estimateSize({ room: new Room(), when: new Date(), like: /x/ }), 500);
});

Deno.test("estimateSize does not overflow on depth", () => {
  let deep: unknown = "end";
  for (let i = 0; i < 1_000_000; i++) deep = [deep];
  assertGreater(estimateSize(deep), 1_000);
});

Deno.test("estimateSize looks at a bounded number of values, the upper levels first", () => {
  let read = 0;
  const counted = (): object =>
    Object.defineProperty({}, "x", { enumerable: true, get: () => (read++, counted()) });
  estimateSize(Array.from({ length: 100 }, counted));
  assertGreater(read, MAX_VALUES_SIZED / 2);
  assert(read <= MAX_VALUES_SIZED, `${read}`);

  const wide = Array.from({ length: 10 * MAX_VALUES_SIZED }, (_, i) => i);
  assertGreaterOrEqual(estimateSize({ wide, text: "x".repeat(500) }), 8 * wide.length + 1_000);
  for (const many of [new Set(wide), new Map(wide.map((i) => [i, i]))]) {
    assertGreaterOrEqual(estimateSize(many), 16 * wide.length);
  }
});

Deno.test("estimateSize does not throw what a getter or a proxy throws", () => {
  const throwing = {
    text: "x".repeat(1_000),
    get no(): never {
      throw new Error("getter");
    },
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const size = estimateSize([throwing, proxy, "y".repeat(1_000)]);
  assertGreater(size, 4_000);
});
