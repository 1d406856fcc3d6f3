/**
 * The port between a namespace and whoever knows where its sockets are: one process, or a cluster.
 * The adapter chooses sockets; sending to them is the namespace's work, through {@linkcode LocalSockets}.
 *
 * To come with the rest of the API: questions other than acks, commands for many sockets, room events.
 * @module
 */
import type { EventPacket } from "../protocol/socket_packet.ts";
import type { Room, SocketId } from "./ids.ts";
import type { BroadcastFlags, Selector } from "./selector.ts";

/** Asks the chosen sockets to ack `packet` within `timeout` ms (Infinity: for as long as they are there). */
export interface AckQuestion {
  readonly type: "ack";
  readonly packet: EventPacket;
  readonly timeout: number;
}

/** What may be asked of many sockets. */
export type Question = AckQuestion;

/** What came back: `values` in the order of arrival, and the error where some are missing. */
export interface Answers {
  readonly values: unknown[];
  readonly error: Error | null;
}

/** Chooses the sockets of one namespace, here and elsewhere. */
export interface Adapter {
  /** Puts a socket into rooms. Local effect at once; a promise where others must learn of it. */
  join(id: SocketId, rooms: readonly Room[]): void | Promise<void>;
  /** Takes a socket out of one room, or of all (it is gone then). */
  leave(id: SocketId, room?: Room): void | Promise<void>;
  /** The rooms of a socket of this process. May be live. */
  roomsOf(id: SocketId): ReadonlySet<Room>;
  /** Sends an event to the chosen sockets. MUST have handed it to the local ones when it returns. */
  broadcast(packet: EventPacket, to: Selector): void;
  /** Sends it like {@linkcode Adapter.broadcast} and collects the answers. Rejects only where it could not ask. */
  ask(question: Question, to: Selector): Promise<Answers>;
  /** The namespace is over. */
  close(): void | Promise<void>;
}

/** What an adapter may do with the sockets of this process. Unknown ids are skipped. */
export interface LocalSockets {
  /** Encodes once and sends to each. */
  deliver(ids: Iterable<SocketId>, packet: EventPacket, flags: BroadcastFlags): void;
  /** The same, and waits for their acks. */
  ask(ids: Iterable<SocketId>, question: Question, flags: BroadcastFlags): Promise<Answers>;
}

/** Makes the adapter of one namespace. */
export type AdapterFactory = (namespace: string, local: LocalSockets) => Adapter;
