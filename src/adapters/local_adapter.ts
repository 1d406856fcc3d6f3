/**
 * The adapter of one process: rooms in memory, nobody else to tell.
 * @module
 */
import type { Adapter, Answers, Command, FramesOrPromise, LocalSockets, Question } from "../core/adapter.ts";
import type { Room, SocketId } from "../core/ids.ts";
import { Rooms } from "../core/rooms.ts";
import type { Selector } from "../core/selector.ts";
import type { EventPacket } from "../protocol/socket_packet.ts";

/** Chooses among the sockets of this process. */
export class LocalAdapter implements Adapter {
  readonly rooms: Rooms = new Rooms();
  readonly #local: LocalSockets;

  constructor(local: LocalSockets) {
    this.#local = local;
  }

  join(id: SocketId, rooms: readonly Room[]): void {
    for (const room of rooms) this.rooms.join(id, room);
  }

  leave(id: SocketId, room?: Room): void {
    if (room === undefined) this.rooms.leaveAll(id);
    else this.rooms.leave(id, room);
  }

  broadcast(packet: EventPacket, to: Selector, frames?: FramesOrPromise): void {
    this.#local.deliver(this.rooms.select(to), packet, to.flags, frames, undefined, to);
  }

  ask(question: Question, to: Selector): Promise<Answers> {
    switch (question.type) {
      case "ack":
        return this.#local.askAcks(this.rooms.select(to), question, to.flags);
      case "sockets":
        return Promise.resolve({ values: this.#local.describe(this.rooms.select(to)), error: null });
      case "servers":
        return Promise.resolve({ values: [], error: null }); // there is no other
    }
  }

  command(command: Command, to: Selector): void {
    this.#local.run(command, this.rooms.select(to));
  }

  tellServers(): void {} // there is no other

  serverCount(): Promise<number> {
    return Promise.resolve(1);
  }

  close(): void {}
}
