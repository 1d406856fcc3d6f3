import type { Room, SocketId } from "../../../src/core/ids.ts";
import { Rooms } from "../../../src/core/rooms.ts";
import { EVERYONE, type Selector, withExcept, withRooms } from "../../../src/core/selector.ts";

/** Rooms of ten sockets each, and one that all of the first thousand are in. */
function filled(count: number): Rooms {
  const rooms = new Rooms();
  for (let i = 0; i < count * 10; i++) {
    const id = `socket-${i}` as SocketId;
    rooms.join(id, id as unknown as Room);
    rooms.join(id, `room-${Math.floor(i / 10)}` as Room);
    if (i < 1000) rooms.join(id, "many" as Room);
  }
  return rooms;
}

/** Walks those who are meant, as a broadcast does. */
function walk(rooms: Rooms, to: Selector): number {
  let count = 0;
  for (const _ of rooms.select(to)) count++;
  return count;
}

for (const count of [10, 1_000, 10_000]) {
  const rooms = filled(count);
  const one = withRooms(EVERYONE, "room-3");
  const two = withRooms(one, "room-4");
  const group = `among ${count.toLocaleString("en")} rooms`;
  Deno.bench(`a room of ten, ${group}`, { group: "select" }, () => void walk(rooms, one));
  Deno.bench(`two rooms of ten, ${group}`, { group: "select" }, () => void walk(rooms, two));
  Deno.bench(`a room of ten without another, ${group}`, { group: "select" }, () => {
    walk(rooms, withExcept(one, "room-4"));
  });
  Deno.bench(`join and leave, ${group}`, { group: "change" }, () => {
    rooms.join("socket-0" as SocketId, "room-5" as Room);
    rooms.leave("socket-0" as SocketId, "room-5" as Room);
  });
}

const rooms = filled(1_000);
Deno.bench("a room of 1,000", { group: "many" }, () => void walk(rooms, withRooms(EVERYONE, "many")));
Deno.bench("a room of 1,000 without ten", { group: "many" }, () => {
  walk(rooms, withExcept(withRooms(EVERYONE, "many"), "room-3"));
});
