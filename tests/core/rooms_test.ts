import { assertEquals } from "@std/assert";
import type { Room, SocketId } from "../../src/core/ids.ts";
import { Rooms } from "../../src/core/rooms.ts";
import { EVERYONE, type Selector, withExcept, withRooms } from "../../src/core/selector.ts";

function setup(members: Record<string, string[]>): Rooms {
  const rooms = new Rooms();
  for (const [id, names] of Object.entries(members)) {
    for (const name of names) rooms.join(id as SocketId, name as Room);
  }
  return rooms;
}

function to(rooms: string[], except: string[] = []): Selector {
  return withExcept(withRooms(EVERYONE, rooms), except);
}

const MEMBERS = { a: ["r1", "r2"], b: ["r2"], c: ["r1"], d: ["own"] };

Deno.test("Rooms select the union of rooms, each socket once, without the exceptions", () => {
  const rooms = setup(MEMBERS);
  assertEquals([...rooms.select(EVERYONE)], ["a", "b", "c", "d"]);
  assertEquals([...rooms.select(to(["r1"]))], ["a", "c"]);
  assertEquals([...rooms.select(to(["r1", "r2"]))], ["a", "c", "b"]);
  assertEquals([...rooms.select(to(["r1"], ["r2"]))], ["c"]);
  assertEquals([...rooms.select(to([], ["r1", "own"]))], ["b"]);
  assertEquals([...rooms.select(to(["r1", "r2"], ["none"]))], ["a", "c", "b"]);
  assertEquals([...rooms.select(to(["none"]))], []);
});

Deno.test("Rooms copy nothing for one room without exceptions", () => {
  const rooms = setup(MEMBERS);
  assertEquals(rooms.select(to(["r1"])) === rooms.membersOf("r1" as Room), true);
  assertEquals(rooms.select(to(["r1"], ["none"])) === rooms.membersOf("r1" as Room), true);
});

Deno.test("Rooms exist while somebody is in them", () => {
  const rooms = setup(MEMBERS);
  assertEquals(rooms.size, 3);
  rooms.leave("d" as SocketId, "own" as Room);
  rooms.leave("d" as SocketId, "own" as Room);
  rooms.leave("nobody" as SocketId, "r1" as Room);
  assertEquals(rooms.size, 2);
  assertEquals([...rooms.select(EVERYONE)], ["a", "b", "c", "d"]);
  rooms.join("a" as SocketId, "r1" as Room);
  rooms.leaveAll("a" as SocketId);
  assertEquals([...rooms.roomsOf("a" as SocketId)], []);
  assertEquals([...rooms.membersOf("r1" as Room)], ["c"]);
  for (const id of ["b", "c", "d", "a"]) rooms.leaveAll(id as SocketId);
  assertEquals(rooms.size, 0);
  assertEquals([...rooms.select(EVERYONE)], []);
});

Deno.test("Rooms take names like __proto__ as any other", () => {
  const rooms = setup({ a: ["__proto__", "constructor"] });
  assertEquals([...rooms.select(to(["__proto__"]))], ["a"]);
  assertEquals([...rooms.select(to(["toString"]))], []);
});
