/**
 * The adapter of one process: rooms in memory, nobody else to tell.
 * @module
 */
import type { Adapter, Answers, LocalSockets, Question } from "../core/adapter.ts";
import type { Room, SocketId } from "../core/ids.ts";
import { Rooms } from "../core/rooms.ts";
import type { Selector } from "../core/selector.ts";
import type { EventPacket } from "../protocol/socket_packet.ts";

/** Chooses among the sockets of this process. */
export class LocalAdapter implements Adapter {
  readonly #rooms = new Rooms();
  readonly #local: LocalSockets;

  constructor(local: LocalSockets) {
    this.#local = local;
  }

  join(id: SocketId, rooms: readonly Room[]): void {
    for (const room of rooms) this.#rooms.join(id, room);
  }

  leave(id: SocketId, room?: Room): void {
    if (room === undefined) this.#rooms.leaveAll(id);
    else this.#rooms.leave(id, room);
  }

  roomsOf(id: SocketId): ReadonlySet<Room> {
    return this.#rooms.roomsOf(id);
  }

  broadcast(packet: EventPacket, to: Selector): void {
    this.#local.deliver(this.#rooms.select(to), packet, to.flags);
  }

  ask(question: Question, to: Selector): Promise<Answers> {
    return this.#local.ask(this.#rooms.select(to), question, to.flags);
  }

  close(): void {}
}
