/**
 * Which sockets are in which rooms, both ways. A room exists while somebody is in it.
 *
 * Only ids: what happens to the chosen sockets is not known here. One observer is told of every change.
 * @module
 */
import type { Room, SocketId } from "./ids.ts";
import { RoomMembers } from "./room_members.ts";
import type { Selector } from "./selector.ts";

const NO_ROOMS: ReadonlySet<Room> = new Set();

/** What may happen to a room. Source: events of the official Adapter. */
export type RoomChange = "create-room" | "delete-room" | "join-room" | "leave-room";

/** Told after each change; `id` with those that are about one socket. */
export type RoomsObserver = (change: RoomChange, room: Room, id?: SocketId) => void;

/** The rooms of one namespace in this process. */
export class Rooms {
  readonly #members = new RoomMembers();
  readonly #rooms = new Map<SocketId, Set<Room>>();
  #observer: RoomsObserver | undefined;

  /** The sockets in each room. Live. */
  get members(): ReadonlyMap<Room, ReadonlySet<SocketId>> {
    return this.#members;
  }

  /** The rooms of each socket. Live. */
  get sockets(): ReadonlyMap<SocketId, ReadonlySet<Room>> {
    return this.#rooms;
  }

  /** Sets the one observer. */
  observe(observer: RoomsObserver): void {
    this.#observer = observer;
  }

  /** How many rooms there are, own-id rooms included. */
  get size(): number {
    return this.#members.size;
  }

  /** The rooms, own-id rooms included. Live. */
  get names(): Iterable<Room> {
    return this.#members.keys();
  }

  /** The rooms a socket is in. The set is live: whoever keeps it copies it. */
  roomsOf(id: SocketId): ReadonlySet<Room> {
    return this.#rooms.get(id) ?? NO_ROOMS;
  }

  /** How many sockets are in a room. */
  sizeOf(room: Room): number {
    return this.#members.sizeOf(room);
  }

  /** Whether a socket is in a room. */
  isIn(id: SocketId, room: Room): boolean {
    return this.#rooms.get(id)?.has(room) === true;
  }

  /** Puts a socket into a room. */
  join(id: SocketId, room: Room): void {
    let rooms = this.#rooms.get(id);
    if (rooms === undefined) this.#rooms.set(id, rooms = new Set());
    if (rooms.has(room)) return;
    rooms.add(room);
    if (!this.#members.has(room)) {
      this.#members.create(room);
      this.#observer?.("create-room", room);
    }
    this.#members.add(room, id);
    this.#observer?.("join-room", room, id);
  }

  /** Takes a socket out of a room. */
  leave(id: SocketId, room: Room): void {
    const rooms = this.#rooms.get(id);
    if (rooms?.delete(room)) this.#removeMember(room, id);
  }

  /** Takes a socket out of all rooms, and forgets it. */
  leaveAll(id: SocketId): void {
    for (const room of this.roomsOf(id)) this.#removeMember(room, id);
    this.#rooms.delete(id);
  }

  /**
   * The ids of the sockets that a selector means, each once. Without exceptions and with one room or none nothing
   * is copied: the result is live then and must be used up at once.
   */
  select({ rooms, except }: Selector): Iterable<SocketId> {
    const chosen = this.#inAny(rooms);
    if (except.length === 0) return chosen;
    const excluded = except.filter((room) => this.#members.has(room));
    if (excluded.length === 0) return chosen;
    const left: SocketId[] = [];
    for (const id of chosen) {
      const own = this.roomsOf(id);
      if (!excluded.some((room) => own.has(room))) left.push(id);
    }
    return left;
  }

  #inAny(rooms: readonly Room[]): Iterable<SocketId> {
    if (rooms.length === 0) return this.#rooms.keys();
    if (rooms.length === 1) return this.#members.idsIn(rooms[0]!);
    const ids = new Set<SocketId>();
    for (const room of rooms) {
      for (const id of this.#members.idsIn(room)) ids.add(id);
    }
    return ids;
  }

  #removeMember(room: Room, id: SocketId): void {
    if (!this.#members.remove(room, id)) return;
    this.#observer?.("leave-room", room, id);
    // The observer may have put another socket in, or emptied it already.
    if (this.#members.has(room) && this.#members.sizeOf(room) === 0) {
      this.#members.delete(room);
      this.#observer?.("delete-room", room);
    }
  }
}
