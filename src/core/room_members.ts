/**
 * The sockets in each room, as users of the official Adapter know them: a `Map` of `Set`s, live.
 *
 * Each socket is in a room of its own, and a `Set` takes 200 bytes: a room of one is kept as the id itself, until
 * somebody looks at it or a second one comes.
 * @module
 */
import type { Room, SocketId } from "./ids.ts";

/** A room that was just made, or is about to be deleted. No socket has such an id. */
const NOBODY = "" as SocketId;

const NO_SOCKETS: readonly SocketId[] = [];

/** Those in a room: nobody, one, or a set. */
type Members = SocketId | Set<SocketId>;

type Inspect = (value: unknown, options: unknown) => string;

/** The members of the rooms of one namespace. What is read from outside is a set from then on. */
export class RoomMembers extends Map<Room, Set<SocketId>> {
  static {
    // What `console.log` shows, on all runtimes: they would look behind the methods.
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: RoomMembers, _depth: number, options: unknown, inspect: Inspect): string {
        return inspect(new Map(this), options);
      },
    });
  }

  /** Makes a room with nobody in it. */
  create(room: Room): void {
    this.#keep(room, NOBODY);
  }

  /** Puts a socket into a room, which is made where it is not there. */
  add(room: Room, id: SocketId): void {
    const members = this.#peek(room);
    if (members === undefined || members === NOBODY) this.#keep(room, id);
    else if (members !== id) this.get(room)!.add(id);
  }

  /** Takes a socket out of a room, which stays. Returns whether it was in. */
  remove(room: Room, id: SocketId): boolean {
    const members = this.#peek(room);
    if (members === id) this.#keep(room, NOBODY);
    else return members instanceof Set && members.delete(id);
    return true;
  }

  /** How many are in a room. */
  sizeOf(room: Room): number {
    const members = this.#peek(room);
    if (members === undefined || members === NOBODY) return 0;
    return typeof members === "string" ? 1 : members.size;
  }

  /** Those in a room, not copied where they are many: to be used up at once. */
  idsIn(room: Room): Iterable<SocketId> {
    const members = this.#peek(room);
    if (members === undefined || members === NOBODY) return NO_SOCKETS;
    return typeof members === "string" ? [members] : members;
  }

  override get(room: Room): Set<SocketId> | undefined {
    const members = this.#peek(room);
    if (typeof members !== "string") return members;
    const set = new Set(members === NOBODY ? NO_SOCKETS : [members]);
    this.#keep(room, set);
    return set;
  }

  override *values(): MapIterator<Set<SocketId>> {
    for (const room of this.keys()) yield this.get(room)!;
  }

  override *entries(): MapIterator<[Room, Set<SocketId>]> {
    for (const room of this.keys()) yield [room, this.get(room)!];
  }

  override [Symbol.iterator](): MapIterator<[Room, Set<SocketId>]> {
    return this.entries();
  }

  override forEach(
    run: (members: Set<SocketId>, room: Room, all: Map<Room, Set<SocketId>>) => void,
    self?: unknown,
  ): void {
    for (const [room, members] of this) run.call(self, members, room, this);
  }

  #peek(room: Room): Members | undefined {
    return super.get(room);
  }

  #keep(room: Room, members: Members): void {
    super.set(room, members as Set<SocketId>);
  }
}
