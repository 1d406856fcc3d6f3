/**
 * Broadcasts through the topics of a runtime that has them (Bun): one call sends to all sockets of a room that are
 * ready for it, and keeps the order with whatever else is sent to each. The others are sent to one by one, as ever,
 * or left out (volatile events).
 *
 * Who is subscribed is settled at each broadcast, socket by socket, just before it is published: whoever is not
 * counted then is unsubscribed. So nothing here has to hear of blocked sockets, upgrades or ends.
 * @module
 */
import type { TopicHub, TopicSocket } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import { randomId } from "../protocol/random_id.ts";
import type { Room, SocketId } from "./ids.ts";

/** From this many sockets on a topic is worth its bookkeeping. */
export const WORTHWHILE = 16;

/** The topics of one namespace. */
export class RoomTopics {
  /** Topics are shared by all that is served on one port: their names must be nobody else's. */
  readonly #prefix = randomId();
  readonly #topics = new Map<Room | undefined, RoomTopic>();
  #made = 0;

  /** How many rooms have a topic. */
  get size(): number {
    return this.#topics.size;
  }

  /** The topic of a room, or of the whole namespace. */
  of(room: Room | undefined): RoomTopic {
    let topic = this.#topics.get(room);
    if (topic === undefined) this.#topics.set(room, topic = new RoomTopic(`${this.#prefix}:${++this.#made}`));
    return topic;
  }

  /** A socket left a room, or the namespace. */
  left(id: SocketId, room: Room | undefined): void {
    const topic = this.#topics.get(room);
    if (topic?.drop(id)) this.#topics.delete(room);
  }
}

/** The topic of one room. */
export class RoomTopic {
  readonly #name: string;
  readonly #subscribed = new Map<SocketId, TopicSocket>();
  /** Where it is published: nearly always one. */
  readonly #hubs = new Set<TopicHub>();
  #covered = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** How many sockets are subscribed. */
  get size(): number {
    return this.#subscribed.size;
  }

  /** Whether a member gets what is published next: `socket` is undefined where it must be sent to by itself. */
  cover(id: SocketId, socket: TopicSocket | undefined): boolean {
    const known = this.#subscribed.get(id);
    if (known !== socket) {
      known?.unsubscribe(this.#name);
      if (socket === undefined) this.#subscribed.delete(id);
      else {
        socket.subscribe(this.#name);
        this.#subscribed.set(id, socket);
      }
    }
    if (socket === undefined) return false;
    this.#covered++;
    this.#hubs.add(socket.hub);
    return true;
  }

  /** Sends to all that were covered since the last time. `isMember`: who still belongs here. */
  publish(frames: readonly Frame[], isMember: (id: SocketId) => boolean): void {
    if (this.#covered < this.#subscribed.size) {
      for (const [id, socket] of this.#subscribed) {
        if (isMember(id)) continue;
        socket.unsubscribe(this.#name);
        this.#subscribed.delete(id);
      }
    }
    this.#covered = 0;
    for (const hub of this.#hubs) {
      for (const frame of frames) hub.publish(this.#name, frame);
    }
    this.#hubs.clear();
  }

  /** A socket is no member any more. Returns whether nobody is left. */
  drop(id: SocketId): boolean {
    this.#subscribed.get(id)?.unsubscribe(this.#name);
    this.#subscribed.delete(id);
    return this.#subscribed.size === 0;
  }
}
