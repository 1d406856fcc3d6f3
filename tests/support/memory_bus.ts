/**
 * Buses in memory between the servers of one test: what is published waits on its way, from each server to each, until
 * the test lets it arrive (or lose it). Order is kept on each way and nowhere else, as the port promises.
 *
 * A network may know its servers and who is in which room, as a hub does, or nothing, as a broadcast channel does.
 * @module
 */
import type { ClusterBus, Reached } from "../../src/adapters/cluster_bus.ts";
import { type ClusterMessage, roomsOf, type ServerId } from "../../src/adapters/cluster_messages.ts";
import type { Room } from "../../src/core/ids.ts";

/** From whom to whom. */
export type Way = readonly [from: ServerId, to: ServerId];

/** How a network is. */
export interface MemoryNetworkOptions {
  /** Whether it knows servers and rooms. Default false. */
  readonly knows?: boolean;
  /** Whether messages arrive by themselves, in microtasks. Default false: by `deliver` and `flush`. */
  readonly isLive?: boolean;
}

interface Member {
  readonly deliver: (message: ClusterMessage) => void;
  /** By namespace. */
  readonly rooms: Map<string, Set<Room | undefined>>;
}

/** Where all buses of one test meet. */
export class MemoryNetwork {
  readonly knows: boolean;
  readonly #isLive: boolean;
  readonly #members = new Map<ServerId, Member>();
  readonly #ways = new Map<string, { way: Way; waiting: ClusterMessage[] }>();
  /** All that was published, for looking at. */
  readonly published: ClusterMessage[] = [];
  /** What the next publications fail with. */
  failure: Error | undefined;

  constructor({ knows = false, isLive = false }: MemoryNetworkOptions = {}) {
    this.knows = knows;
    this.#isLive = isLive;
  }

  /** A bus for one more server. */
  bus(name: string): ClusterBus {
    const id = name as ServerId;
    const bus: ClusterBus = {
      id,
      subscribe: (deliver) => {
        if (this.#members.has(id)) throw new Error(`"${id}" has subscribed already`);
        this.#members.set(id, { deliver, rooms: new Map() });
      },
      publish: (message) => this.#publish(message),
      close: () => this.#leave(id),
    };
    if (!this.knows) return bus;
    return {
      ...bus,
      interest: (nsp, room, isWanted) => this.#interest(id, nsp, room, isWanted),
      servers: () => Promise.resolve(this.#others(id)),
    };
  }

  /** The rooms a server has said that it has members of, of all namespaces; undefined: any socket. */
  interests(name: string): (Room | undefined)[] {
    return [...this.#members.get(name as ServerId)!.rooms.values()].flatMap((rooms) => [...rooms]);
  }

  /** The ways on which something waits. */
  get busy(): Way[] {
    return [...this.#ways.values()].filter(({ waiting }) => waiting.length > 0).map(({ way }) => way);
  }

  /** The next message of a way. */
  peek(way: Way): ClusterMessage | undefined {
    return this.#ways.get(keyOf(way))?.waiting[0];
  }

  /** The next message of a way arrives. */
  deliver([from, to]: Way): void {
    const message = this.#ways.get(keyOf([from, to]))?.waiting.shift();
    if (message !== undefined) this.#members.get(to)?.deliver(message);
  }

  /** The next message of a way is lost. */
  lose(way: Way): void {
    this.#ways.get(keyOf(way))?.waiting.shift();
  }

  /** All arrives, and what is published because of it. */
  flush(): void {
    for (let ways = this.busy; ways.length > 0; ways = this.busy) ways.forEach((way) => this.deliver(way));
  }

  /** A server ends without a word: what waits for it and of it is lost. One that knows tells the others. */
  crash(name: string): void {
    const id = name as ServerId;
    for (const { way, waiting } of this.#ways.values()) if (way.includes(id)) waiting.length = 0;
    this.#leave(id);
  }

  #publish(message: ClusterMessage): Reached | Promise<Reached> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const copy = structuredClone(message);
    this.published.push(copy);
    const reached = this.#audience(message);
    for (const to of reached) this.#put([message.from, to], copy);
    return this.knows ? Promise.resolve(reached) : undefined;
  }

  #audience(message: ClusterMessage): ServerId[] {
    const others = this.#others(message.from);
    if (message.to !== undefined) return others.filter((id) => id === message.to);
    if (!this.knows || !("nsp" in message)) return others;
    const { nsp } = message;
    const rooms = roomsOf(message);
    const reached = rooms.length === 0 ? others : others.filter((id) => {
      const wanted = this.#members.get(id)!.rooms.get(nsp);
      return rooms.some((room) => wanted?.has(room));
    });
    // What is said next must reach those whom a command lets join.
    if (message.type === "command" && message.command.type === "join") {
      for (const id of reached) for (const room of message.command.rooms) this.#interest(id, nsp, room, true);
    }
    return reached;
  }

  #interest(id: ServerId, nsp: string, room: Room | undefined, isWanted: boolean): void {
    const { rooms } = this.#members.get(id)!;
    let wanted = rooms.get(nsp);
    if (wanted === undefined) rooms.set(nsp, wanted = new Set());
    if (isWanted) wanted.add(room);
    else wanted.delete(room);
  }

  #others(id: ServerId): ServerId[] {
    return [...this.#members.keys()].filter((other) => other !== id);
  }

  #leave(id: ServerId): void {
    this.#members.delete(id);
    if (!this.knows) return;
    for (const to of this.#members.keys()) this.#put([id, to], { type: "bye", from: id });
  }

  #put(way: Way, message: ClusterMessage): void {
    const key = keyOf(way);
    let entry = this.#ways.get(key);
    if (entry === undefined) this.#ways.set(key, entry = { way, waiting: [] });
    // A copy for each: what one receiver does with it is nothing to the others.
    entry.waiting.push(structuredClone(message));
    if (this.#isLive) queueMicrotask(() => this.deliver(way));
  }
}

function keyOf([from, to]: Way): string {
  return `${from} -> ${to}`;
}
