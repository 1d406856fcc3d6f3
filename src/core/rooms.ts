/**
 * Which sockets are in which rooms, both ways. A room exists while somebody is in it.
 *
 * Only sets of ids: what happens to the chosen sockets is not known here. One observer is told of every change.
 * @module
 */
import type { Room, SocketId } from "./ids.ts";
import type { Selector } from "./selector.ts";

const NO_ROOMS: ReadonlySet<Room> = new Set();
const NO_SOCKETS: ReadonlySet<SocketId> = new Set();

/** What may happen to a room. Source: events of the official Adapter. */
export type RoomChange = "create-room" | "delete-room" | "join-room" | "leave-room";

/** Told after each change; `id` with those that are about one socket. */
export type RoomsObserver = (change: RoomChange, room: Room, id?: SocketId) => void;

/** The rooms of one namespace in this process. */
export class Rooms {
  readonly #members = new Map<Room, Set<SocketId>>();
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

  /** The rooms a socket is in. The set is live: whoever keeps it copies it. */
  roomsOf(id: SocketId): ReadonlySet<Room> {
    return this.#rooms.get(id) ?? NO_ROOMS;
  }

  /** The sockets in a room. The set is live. */
  membersOf(room: Room): ReadonlySet<SocketId> {
    return this.#members.get(room) ?? NO_SOCKETS;
  }

  /** Puts a socket into a room. */
  join(id: SocketId, room: Room): void {
    let rooms = this.#rooms.get(id);
    if (rooms === undefined) this.#rooms.set(id, rooms = new Set());
    if (rooms.has(room)) return;
    rooms.add(room);
    let members = this.#members.get(room);
    if (members === undefined) {
      this.#members.set(room, members = new Set());
      this.#observer?.("create-room", room);
    }
    members.add(id);
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
    const excluded: ReadonlySet<SocketId>[] = [];
    for (const room of except) {
      const members = this.#members.get(room);
      if (members !== undefined) excluded.push(members);
    }
    if (excluded.length === 0) return chosen;
    const left: SocketId[] = [];
    for (const id of chosen) {
      if (!excluded.some((members) => members.has(id))) left.push(id);
    }
    return left;
  }

  #inAny(rooms: readonly Room[]): Iterable<SocketId> {
    if (rooms.length === 0) return this.#rooms.keys();
    if (rooms.length === 1) return this.membersOf(rooms[0]!);
    const ids = new Set<SocketId>();
    for (const room of rooms) {
      for (const id of this.membersOf(room)) ids.add(id);
    }
    return ids;
  }

  #removeMember(room: Room, id: SocketId): void {
    const members = this.#members.get(room);
    if (!members?.delete(id)) return;
    this.#observer?.("leave-room", room, id);
    // The observer may have put another socket in, or emptied it already.
    if (members.size === 0 && this.#members.get(room) === members) {
      this.#members.delete(room);
      this.#observer?.("delete-room", room);
    }
  }
}
