import { assertEquals } from "@std/assert";
import { SmallMap } from "../../src/core/small_map.ts";

Deno.test("SmallMap does what a Map does, in whatever order keys come and go", () => {
  const keys = ["a", "b", "c"];
  // All ways to set or delete one of three keys, six times.
  for (let way = 0; way < 6 ** 6; way++) {
    const small = new SmallMap<string, number>();
    const map = new Map<string, number>();
    for (let step = 0, rest = way; step < 6; step++, rest = Math.floor(rest / 6)) {
      const key = keys[rest % 3]!;
      if (rest % 6 < 3) {
        small.set(key, step);
        map.set(key, step);
      } else if (small.delete(key) !== map.delete(key)) throw new Error(`delete differs in way ${way}`);
      const isSame = small.size === map.size && small.keys().join() === [...map.keys()].join() &&
        small.values().join() === [...map.values()].join() &&
        keys.every((one) => small.get(one) === map.get(one) && small.has(one) === map.has(one));
      if (!isSame) throw new Error(`differs in way ${way}`);
    }
  }
});

Deno.test("SmallMap knows nothing that was not put in", () => {
  const small = new SmallMap<string, number>();
  assertEquals([small.get("a"), small.has("a"), small.delete("a"), small.size], [undefined, false, false, 0]);
});
