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
  const members = rooms.members.get("r1" as Room);
  assertEquals(rooms.select(to(["r1"])) === members, true);
  assertEquals(rooms.select(to(["r1"], ["none"])) === members, true);
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
  assertEquals([...rooms.select(to(["r1"]))], ["c"]);
  for (const id of ["b", "c", "d", "a"]) rooms.leaveAll(id as SocketId);
  assertEquals(rooms.size, 0);
  assertEquals([...rooms.select(EVERYONE)], []);
});

Deno.test("Rooms take names like __proto__ as any other", () => {
  const rooms = setup({ a: ["__proto__", "constructor"] });
  assertEquals([...rooms.select(to(["__proto__"]))], ["a"]);
  assertEquals([...rooms.select(to(["toString"]))], []);
});

Deno.test("Rooms of one are sets too for whoever looks, and stay live", () => {
  const rooms = setup({ a: ["a", "r1"], b: ["b"] });
  assertEquals([rooms.sizeOf("r1" as Room), rooms.sizeOf("none" as Room)], [1, 0]);
  const { members } = rooms;
  assertEquals([...members].map(([room, ids]) => [room, ...ids]), [["a", "a"], ["r1", "a"], ["b", "b"]]);
  assertEquals([[...members.keys()], members.size, members.has("r1" as Room)], [["a", "r1", "b"], 3, true]);
  const seen: unknown[] = [];
  members.forEach((ids, room, map) => seen.push(room, [...ids], map === members));
  assertEquals(seen, ["a", ["a"], true, "r1", ["a"], true, "b", ["b"], true]);
  const one = members.get("r1" as Room)!;
  rooms.join("b" as SocketId, "r1" as Room);
  assertEquals([[...one], rooms.sizeOf("r1" as Room)], [["a", "b"], 2]);
  rooms.leave("a" as SocketId, "r1" as Room);
  assertEquals([[...one], rooms.isIn("a" as SocketId, "r1" as Room)], [["b"], false]);
  rooms.leaveAll("b" as SocketId);
  assertEquals([[...one], members.get("r1" as Room), [...members.values()].length], [[], undefined, 1]);
});

Deno.test("Rooms tell their observer of each change, in order", () => {
  const rooms = new Rooms();
  const seen: unknown[] = [];
  rooms.observe((change, room, id) => seen.push([change, room, id].join(" ").trim()));
  for (const id of ["a", "b"]) rooms.join(id as SocketId, "r" as Room);
  for (const id of ["a", "b"]) rooms.leave(id as SocketId, "r" as Room);
  assertEquals(seen, [
    "create-room r",
    "join-room r a",
    "join-room r b",
    "leave-room r a",
    "leave-room r b",
    "delete-room r",
  ]);
});

Deno.test("Rooms are printed as a Map of Sets", () => {
  const { members } = setup({ a: ["a", "r"], b: ["r"] });
  assertEquals(
    Deno.inspect(members),
    Deno.inspect(new Map([["a", new Set(["a"])], ["r", new Set(["a", "b"])]])),
  );
});
