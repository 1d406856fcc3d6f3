import { assertEquals, assertThrows } from "@std/assert";
import type { Room } from "../../src/core/ids.ts";
import {
  checkTimeout,
  EVERYONE,
  everyoneBut,
  withExcept,
  withFlags,
  withRooms,
} from "../../src/core/selector.ts";

Deno.test("Selector steps add up, keep each room once and never change what they began with", () => {
  const one = withRooms(EVERYONE, "a");
  const two = withRooms(one, ["b", "a", "c"]);
  const three = withExcept(withFlags(two, { volatile: true }), ["d", "d"]);
  const four = withFlags(three, { volatile: false, local: true });
  assertEquals(EVERYONE, { rooms: [], except: [], flags: {} });
  assertEquals(one, { rooms: ["a"] as Room[], except: [], flags: {} });
  assertEquals(two.rooms, ["a", "b", "c"] as Room[]);
  assertEquals(three, { rooms: two.rooms, except: ["d"] as Room[], flags: { volatile: true } });
  assertEquals(four.flags, { volatile: false, local: true });
  assertEquals(everyoneBut("x" as Room).except, ["x"] as Room[]);
});

Deno.test("Selector does not keep the caller's list", () => {
  const list = ["a"];
  const selector = withRooms(EVERYONE, list);
  list[0] = "changed";
  assertEquals(selector.rooms, ["a"] as Room[]);
});

Deno.test("A timeout is a number of ms from 0 on", () => {
  assertEquals(checkTimeout(0), 0);
  assertEquals(checkTimeout(Infinity), Infinity);
  for (const wrong of [-1, NaN, "5", undefined, null]) {
    assertThrows(() => checkTimeout(wrong), TypeError, "Cannot set timeout");
  }
});
