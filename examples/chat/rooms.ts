/**
 * The rooms of the chat: three that are always there, and those people open.
 * @module
 */
import type { RoomSummary } from "./events.ts";
import { History } from "./history.ts";
import { limits } from "./limits.ts";
import { People } from "./people.ts";
import { MemoryShelf, type Shelf } from "./shelf.ts";

const permanent: readonly string[] = ["lobby", "design", "random"];

/** One room. */
export interface Room {
  readonly name: string;
  readonly people: People;
  readonly history: History;
}

/** All rooms, in the order in which they were opened. */
export class Rooms {
  readonly #shelf: Shelf;
  readonly #rooms = new Map<string, Room>();

  /** What was said in them lies on `shelf`. */
  constructor(shelf: Shelf = new MemoryShelf()) {
    this.#shelf = shelf;
    for (const name of permanent) this.reopen(name);
  }

  /** The room, where it exists. */
  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /** The room, opened where it does not exist. Undefined when there are too many. */
  open(name: string): Room | undefined {
    const known = this.#rooms.get(name);
    if (known || this.#rooms.size >= limits.rooms) return known;
    const room = this.reopen(name);
    room.history.clear(); // of a room of that name before, which a crash kept from being tidied away
    return room;
  }

  /** The room, which somebody is in. */
  reopen(name: string): Room {
    const known = this.#rooms.get(name);
    if (known) return known;
    const room: Room = { name, people: new People(), history: new History(name, this.#shelf) };
    this.#rooms.set(name, room);
    return room;
  }

  /** Forgets the room if somebody opened it and nobody is left in it. */
  tidy(room: Room): void {
    if (room.people.size > 0 || permanent.includes(room.name)) return;
    this.#rooms.delete(room.name);
    room.history.clear();
  }

  list(): RoomSummary[] {
    return Array.from(this.#rooms.values(), ({ name, people }) => ({ name, people: people.size }));
  }
}
