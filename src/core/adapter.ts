/**
 * The port between a namespace and whoever knows where its sockets are: one process, or a cluster.
 * The adapter chooses sockets; what is done with them is the namespace's work, through {@linkcode LocalSockets}.
 * Everything that may have to travel (questions, commands, selectors) is plain data.
 * @module
 */
import type { ReportError } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import type { EventPacket } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import type { Handshake } from "./handshake.ts";
import type { Room, SocketId } from "./ids.ts";
import type { Rooms } from "./rooms.ts";
import type { BroadcastFlags, Selector } from "./selector.ts";

/** Asks the chosen sockets to ack `packet` within `timeout` ms (Infinity: for as long as they are there). */
export interface AckQuestion {
  /** Which question. */
  readonly type: "ack";
  /** The event, without an ack id. */
  readonly packet: EventPacket;
  /** ms to wait. */
  readonly timeout: number;
}

/** Asks which the chosen sockets are; the values are {@linkcode SocketDetails}. */
export interface SocketsQuestion {
  /** Which question. */
  readonly type: "sockets";
  /** ms to wait for the other servers. */
  readonly timeout: number;
}

/** Asks the other servers to ack an event of theirs (`serverSideEmit`); the selector says nothing. */
export interface ServersQuestion {
  /** Which question. */
  readonly type: "servers";
  /** The event's name and arguments. */
  readonly data: readonly unknown[];
  /** ms to wait for the other servers. */
  readonly timeout: number;
}

/** What may be asked of many sockets, or of the other servers. */
export type Question = AckQuestion | SocketsQuestion | ServersQuestion;

/** What came back: `values` in the order of arrival, and the error where some are missing. */
export interface Answers {
  /** The answers. */
  readonly values: unknown[];
  /** Why some are missing. */
  readonly error: Error | null;
}

/** What a socket is to another server. */
export interface SocketDetails {
  /** Its id. */
  readonly id: string;
  /** What its client said when it came. */
  readonly handshake: Handshake;
  /** The rooms it is in. */
  readonly rooms: Iterable<string>;
  /** Its `data`. */
  readonly data: unknown;
}

/** What may be done with many sockets. */
export type Command =
  | { readonly type: "join"; readonly rooms: readonly Room[] }
  | { readonly type: "leave"; readonly rooms: readonly Room[] }
  | { readonly type: "disconnect"; readonly close: boolean };

/** Frames that exist, or the promise of them. */
export type FramesOrPromise = readonly Frame[] | Promise<readonly Frame[]>;

/** Chooses the sockets of one namespace, here and elsewhere. */
export interface Adapter {
  /** The rooms of the sockets of this process. */
  readonly rooms: Rooms;
  /** Puts a socket into rooms. Local effect at once; a promise where others must learn of it. */
  join(id: SocketId, rooms: readonly Room[]): void | Promise<void>;
  /** Takes a socket out of one room, or of all (it is gone then). */
  leave(id: SocketId, room?: Room): void | Promise<void>;
  /**
   * Sends an event to the chosen sockets. MUST have handed it to the local ones when it returns. `frames`: its
   * encoded form for this process, where it exists already; `origin`: where it was logged, its offset.
   */
  broadcast(packet: EventPacket, to: Selector, frames?: FramesOrPromise, origin?: string): void;
  /** Asks the chosen sockets and collects the answers. Rejects only where it could not ask. */
  ask(question: Question, to: Selector): Promise<Answers>;
  /** Has something done with the chosen sockets. MUST have been done with the local ones when it returns. */
  command(command: Command, to: Selector): void;
  /** Tells the other servers of an event of theirs: `serverSideEmit` without an ack. */
  tellServers(data: readonly unknown[]): void;
  /** How many servers there are, this one included. */
  serverCount(): Promise<number>;
  /** The namespace is over. */
  close(): void | Promise<void>;
}

/** What an adapter may do with the sockets of this process. Unknown ids are skipped. */
export interface LocalSockets {
  /** The server's clock. */
  readonly clock: Clock;
  /** Takes the errors that nobody waits for. */
  readonly report: ReportError;
  /**
   * Sends to each; encodes once where there are no `frames`. `isLogged`: whether they are those of the event log.
   * Default: where there are any. `to`: how `ids` were chosen, where they are all that this selector chooses here; a
   * room may be sent to at once then.
   */
  deliver(
    ids: Iterable<SocketId>,
    packet: EventPacket,
    flags: BroadcastFlags,
    frames?: FramesOrPromise,
    isLogged?: boolean,
    to?: Selector,
  ): void;
  /** The same, and waits for their acks. */
  askAcks(ids: Iterable<SocketId>, question: AckQuestion, flags: BroadcastFlags): Promise<Answers>;
  /** Which they are. */
  describe(ids: Iterable<SocketId>): SocketDetails[];
  /** Does it with each. */
  run(command: Command, ids: Iterable<SocketId>): void;
  /** Another server emitted `data` with `serverSideEmit`; `ack` takes the answer, once. */
  heard(data: readonly unknown[], ack?: (value: unknown) => void): void;
  /**
   * An event as frames for other servers, without an offset. Throws a TypeError on what cannot be sent. A promise
   * never rejects: a Blob that cannot be read is reported, and there are no frames then.
   */
  encode(packet: EventPacket): FramesOrPromise;
  /** The event in what another server has encoded. Throws a ProtocolError. */
  decode(frames: readonly Frame[]): EventPacket;
  /**
   * Sends to each what another server has encoded. With connection state recovery it is logged here too, so `ids`
   * may be empty; `to` says for whom it was meant.
   */
  relay(ids: Iterable<SocketId>, frames: readonly Frame[], to: Selector, origin?: string): void;
  /** Sockets that sleep must be in `rooms`, since it matters now who is there. Costs nothing where nobody sleeps. */
  awaken(): void;
}

/** Makes the adapter of one namespace. */
export type AdapterFactory = (namespace: string, local: LocalSockets) => Adapter;
