/**
 * `namespace.adapter`: the rooms of a namespace as users of the official Adapter know them, over the port that
 * really does the work. Most programs look at `rooms` and `sids`, or listen to the rooms' events.
 * Source of behaviour: socket.io-adapter 2.5, class Adapter.
 * @module
 */
import { Emitter } from "../events/emitter.ts";
import { type AnyEmitter, Listenable } from "../events/listenable.ts";
import type { EventPacket } from "../protocol/socket_packet.ts";
import type { Adapter } from "./adapter.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";
import type { Room, SocketId } from "./ids.ts";
import type { RemoteSocket } from "./remote_socket.ts";
import type { BroadcastFlags, Selector } from "./selector.ts";

/** What happens to the rooms of this process. */
export interface AdapterEvents {
  /** A room has its first member. */
  "create-room": (room: string) => void;
  /** A room has lost its last member. */
  "delete-room": (room: string) => void;
  /** A socket joined a room. */
  "join-room": (room: string, id: string) => void;
  /** A socket left a room. */
  "leave-room": (room: string, id: string) => void;
}

/** Which sockets: those in any of `rooms` (in none given: all), without those in any of `except`. */
export interface BroadcastOptions {
  /** Where to look. */
  readonly rooms: Iterable<string>;
  /** Whom to leave out. */
  readonly except?: Iterable<string> | undefined;
  /** How to send. */
  readonly flags?: BroadcastFlags | undefined;
}

/** The rooms of one namespace. */
export class AdapterView extends Listenable<AdapterEvents, Record<never, never>> {
  readonly #adapter: Adapter;
  readonly #target: BroadcastTarget;
  readonly #nsp: () => unknown;

  /** Made by its namespace. */
  constructor(adapter: Adapter, target: BroadcastTarget, name: string, nsp: () => unknown) {
    const emitter: AnyEmitter = new Emitter(target.report, `adapter of "${name}"`);
    super(emitter);
    this.#adapter = adapter;
    this.#target = target;
    this.#nsp = nsp;
    adapter.rooms.observe((change, room, id) => {
      if (emitter.has(change)) {
        emitter.dispatch(this, change, id === undefined ? [room] : [room, id]);
      }
    });
  }

  /** The namespace. */
  get nsp(): unknown {
    return this.#nsp();
  }

  /** The sockets in each room, of this process. Live. */
  get rooms(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#adapter.rooms.members;
  }

  /** The rooms of each socket of this process. Live. */
  get sids(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#adapter.rooms.sockets;
  }

  /** How many servers there are. */
  serverCount(): Promise<number> {
    return this.#adapter.serverCount();
  }

  /** Puts a socket into rooms. */
  addAll(id: string, rooms: Iterable<string>): void | Promise<void> {
    return this.#adapter.join(id as SocketId, [...rooms] as Room[]);
  }

  /** Takes a socket out of a room. */
  del(id: string, room: string): void | Promise<void> {
    return this.#adapter.leave(id as SocketId, room as Room);
  }

  /** Takes a socket out of all rooms. */
  delAll(id: string): void | Promise<void> {
    return this.#adapter.leave(id as SocketId);
  }

  /** The ids of the sockets of this process in any of `rooms`, of all for none. */
  sockets(rooms: Iterable<string>): Promise<Set<string>> {
    return Promise.resolve(new Set(this.#adapter.rooms.select(selectorOf({ rooms }))));
  }

  /** The rooms of a socket of this process; undefined where it is unknown. */
  socketRooms(id: string): Set<string> | undefined {
    const rooms = this.#adapter.rooms.sockets.get(id as SocketId);
    return rooms && new Set(rooms);
  }

  /** Sends an event packet, as it is, to the chosen sockets. */
  broadcast(packet: Partial<EventPacket>, options: BroadcastOptions): void {
    this.#target.broadcast([...packet.data ?? []], selectorOf(options));
  }

  /** The same; then `clients` is told how many were asked, and `ack` each answer. */
  broadcastWithAck(
    packet: Partial<EventPacket>,
    options: BroadcastOptions,
    clients: (count: number) => void,
    ack: (...args: unknown[]) => void,
  ): void {
    const to = selectorOf(options);
    clients([...this.#adapter.rooms.select(to)].length);
    this.#target.ask([...packet.data ?? []], to).then(
      ({ values }) => values.forEach((value) => ack(value)),
      (error) => this.#target.report(error, "broadcastWithAck"),
    );
  }

  /** The chosen sockets. */
  fetchSockets(options: BroadcastOptions): Promise<RemoteSocket[]> {
    return this.#target.fetch(selectorOf(options)) as Promise<RemoteSocket[]>;
  }

  /** Lets the chosen sockets join rooms. */
  addSockets(options: BroadcastOptions, rooms: Iterable<string>): void {
    this.#target.command({ type: "join", rooms: [...rooms] as Room[] }, selectorOf(options));
  }

  /** Lets the chosen sockets leave rooms. */
  delSockets(options: BroadcastOptions, rooms: Iterable<string>): void {
    this.#target.command({ type: "leave", rooms: [...rooms] as Room[] }, selectorOf(options));
  }

  /** Disconnects the chosen sockets. */
  disconnectSockets(options: BroadcastOptions, close = false): void {
    this.#target.command({ type: "disconnect", close }, selectorOf(options));
  }

  /** Tells the other servers. */
  serverSideEmit(packet: readonly unknown[]): void {
    this.#target.tellServers([...packet]);
  }
}

function selectorOf({ rooms, except = [], flags = {} }: BroadcastOptions): Selector {
  return { rooms: [...rooms] as Room[], except: [...except] as Room[], flags };
}
