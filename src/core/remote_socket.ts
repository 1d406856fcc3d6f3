/**
 * A socket as `fetchSockets()` shows it, wherever its client is connected. What is on this server is shown by its
 * `Socket` itself; here is the image of one that is on another.
 * Source of behaviour: Socket.IO 4.8, class RemoteSocket.
 * @module
 */
import { runCallback } from "../events/emitter.ts";
import type {
  AckValue,
  AnyListener,
  DecorateAcknowledgements,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
import type { SocketDetails } from "./adapter.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";
import { checkEventName } from "./event_name.ts";
import type { Handshake } from "./handshake.ts";
import type { Room } from "./ids.ts";
import { checkTimeout, EVERYONE, roomList, type Selector, withFlags, withRooms } from "./selector.ts";

/** Sends to one socket. */
export interface RemoteEmitter<EmitEvents> {
  /** Sends an event. Always true. */
  emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean;
  /** Sends an event and resolves to the ack's first argument; rejects where none comes. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    ev: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<EmitEvents, Ev>>;
}

/** One client in one namespace, on this server or on another. */
export interface RemoteSocket<
  EmitEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends RemoteEmitter<EmitEvents> {
  /** Its id. */
  readonly id: string;
  /** What the client said when it came. */
  readonly handshake: Handshake;
  /** The rooms it was in when asked. */
  readonly rooms: Set<string>;
  /** Its `data`; of a socket elsewhere a copy. */
  readonly data: SocketData;
  /** Waits `ms` for the ack, which takes an error first. */
  timeout(ms: number): RemoteEmitter<DecorateAcknowledgements<EmitEvents>>;
  /** Lets it join one room or several. */
  join(rooms: string | readonly string[]): void | Promise<void>;
  /** Lets it leave a room. */
  leave(room: string): void | Promise<void>;
  /** Disconnects it; with `close` its connection too. */
  disconnect(close?: boolean): unknown;
}

/** ms that a socket elsewhere has to ack where nothing else was said: it may be gone without anybody telling. */
const DEFAULT_ACK_TIMEOUT = 60_000;

/** The image of a socket that is elsewhere. Reaches it by the room that it alone is in. */
export class DistantSocket implements RemoteSocket {
  readonly id: string;
  readonly handshake: Handshake;
  readonly rooms: Set<string>;
  readonly data: unknown;
  readonly #target: BroadcastTarget;
  readonly #to: Selector;

  constructor(details: SocketDetails, target: BroadcastTarget) {
    this.id = details.id;
    this.handshake = details.handshake;
    this.rooms = new Set(details.rooms);
    this.data = details.data;
    this.#target = target;
    this.#to = withRooms(EVERYONE, details.id);
  }

  emit(...data: unknown[]): boolean {
    emitToOne(this.#target, this.#to, data);
    return true;
  }

  emitWithAck(...data: unknown[]): Promise<unknown> {
    return askOne(this.#target, this.#to, data);
  }

  timeout(ms: number): RemoteEmitter<DefaultEventsMap> {
    const to = withFlags(this.#to, { timeout: checkTimeout(ms) });
    return {
      emit: (...data: unknown[]) => {
        emitToOne(this.#target, to, data);
        return true;
      },
      emitWithAck: (...data: unknown[]) => askOne(this.#target, to, data),
    };
  }

  join(rooms: string | readonly string[]): void {
    this.#target.command({ type: "join", rooms: roomList(rooms) }, this.#to);
  }

  leave(room: string): void {
    this.#target.command({ type: "leave", rooms: [room as Room] }, this.#to);
  }

  disconnect(close = false): this {
    this.#target.command({ type: "disconnect", close }, this.#to);
    return this;
  }
}

function emitToOne(target: BroadcastTarget, to: Selector, data: unknown[]): void {
  const event = checkEventName(data[0]);
  const ack = data[data.length - 1];
  if (typeof ack !== "function") return target.broadcast(data, to);
  const isTimed = to.flags.timeout !== undefined;
  const where = `ack of "${event}"`;
  askOne(target, to, data.slice(0, -1)).then(
    (value) =>
      runCallback(ack as AnyListener, undefined, isTimed ? [null, value] : [value], target.report, where),
    (error) => {
      if (isTimed) runCallback(ack as AnyListener, undefined, [error], target.report, where);
    },
  );
}

async function askOne(target: BroadcastTarget, to: Selector, data: unknown[]): Promise<unknown> {
  checkEventName(data[0]);
  const { values, error } = await target.ask(
    data,
    to.flags.timeout === undefined ? withFlags(to, { timeout: DEFAULT_ACK_TIMEOUT }) : to,
  );
  if (values.length > 0) return values[0];
  throw error ?? new Error("socket has been disconnected");
}
