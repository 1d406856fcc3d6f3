/**
 * What is about to be sent to many sockets: a selector in the making, `io.to("room").except("other").volatile`.
 * Every step returns a new value, so that one may be kept and used again.
 * @module
 */
import { runCallback } from "../events/emitter.ts";
import type {
  AckValue,
  AnyListener,
  DecorateAcknowledgements,
  DefaultEventsMap,
  EventNamesWithAck,
  EventNamesWithoutAck,
  EventParams,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
import { type BroadcastTarget, completeValues } from "./broadcast_target.ts";
import { checkEventName } from "./event_name.ts";
import type { RemoteSocket } from "./remote_socket.ts";
import { checkTimeout, roomList, type Selector, withExcept, withFlags, withRooms } from "./selector.ts";

/** Sends to the sockets chosen so far. */
export class BroadcastOperator<
  EmitEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> {
  readonly #target: BroadcastTarget;
  readonly #to: Selector;

  /** Made by what it broadcasts for: `io.to(room)`, `socket.broadcast`. */
  constructor(target: BroadcastTarget, to: Selector) {
    this.#target = target;
    this.#to = to;
  }

  /** The sockets in `room`, or in any of several. Calls add up. */
  to(room: string | readonly string[]): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#target, withRooms(this.#to, room));
  }

  /** The same as {@linkcode BroadcastOperator.to}. */
  in(room: string | readonly string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.to(room);
  }

  /** Not the sockets in `room`, nor in any of several. Calls add up. */
  except(room: string | readonly string[]): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#target, withExcept(this.#to, room));
  }

  /** Whether compression is worth trying. Default true. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(this.#to, { compress }));
  }

  /** Clients that cannot take it at once do not get it. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(this.#to, { volatile: true }));
  }

  /** Only the sockets of this process. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(this.#to, { local: true }));
  }

  /** Waits `ms` for acks; the ack takes an error first. */
  timeout(ms: number): BroadcastOperator<DecorateAcknowledgements<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(this.#to, { timeout: checkTimeout(ms) }));
  }

  /**
   * Sends an event. With a callback as the last argument (after `timeout()`): `(err, responses)`, where `err` is
   * null when all have answered; nobody there: `(null, [])`. Always true.
   */
  emit<Ev extends EventNamesWithoutAck<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean;
  emit(...data: unknown[]): boolean {
    return broadcastEvent(this.#target, this.#to, data);
  }

  /** Emits "message". */
  send(...args: MessageParams<EmitEvents>): this {
    broadcastEvent(this.#target, this.#to, ["message", ...args]);
    return this;
  }

  /** The same as {@linkcode BroadcastOperator.send}. */
  write(...args: MessageParams<EmitEvents>): this {
    return this.send(...args);
  }

  /** Sends an event and resolves to the acks; rejects with a {@linkcode BroadcastAckError} where some are missing. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    ev: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<EmitEvents, Ev>>;
  emitWithAck(...data: unknown[]): Promise<unknown> {
    return broadcastWithAck(this.#target, this.#to, data);
  }

  /** The chosen sockets: those of this process themselves, of other servers their image. */
  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.#target.fetch(this.#to) as Promise<RemoteSocket<EmitEvents, SocketData>[]>;
  }

  /** The ids of the chosen sockets. @deprecated Use `fetchSockets`. */
  async allSockets(): Promise<Set<string>> {
    return new Set((await this.fetchSockets()).map(({ id }) => id));
  }

  /** Lets the chosen sockets join one room or several. */
  socketsJoin(rooms: string | readonly string[]): void {
    this.#target.command({ type: "join", rooms: roomList(rooms) }, this.#to);
  }

  /** Lets the chosen sockets leave one room or several. */
  socketsLeave(rooms: string | readonly string[]): void {
    this.#target.command({ type: "leave", rooms: roomList(rooms) }, this.#to);
  }

  /** Disconnects the chosen sockets; with `close` their connections too. */
  disconnectSockets(close = false): void {
    this.#target.command({ type: "disconnect", close }, this.#to);
  }
}

/** Sends an event, with or without a callback in `data`. */
export function broadcastEvent(target: BroadcastTarget, to: Selector, data: unknown[]): true {
  const event = checkEventName(data[0]);
  const ack = data[data.length - 1];
  if (typeof ack !== "function") {
    target.broadcast(data, to);
    return true;
  }
  data.pop();
  target.ask(data, to).then(
    ({ error, values }) =>
      runCallback(ack as AnyListener, undefined, [error, values], target.report, `ack of "${event}"`),
    (error) => target.report(error, `broadcast of "${event}"`),
  );
  return true;
}

/** Sends an event and waits for the acks. */
export async function broadcastWithAck(
  target: BroadcastTarget,
  to: Selector,
  data: unknown[],
): Promise<unknown[]> {
  checkEventName(data[0]);
  return completeValues(await target.ask(data, to));
}
