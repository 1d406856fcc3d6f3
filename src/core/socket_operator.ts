/**
 * What is about to be sent to one socket's client, or from it to others: `socket.timeout(500).volatile`. A value:
 * it may be kept and used again, and the socket itself never changes.
 * @module
 */
import type {
  AckValue,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
import { BroadcastOperator } from "./broadcast_operator.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";
import { ownRoom, type SocketId } from "./ids.ts";
import {
  type BroadcastFlags,
  checkTimeout,
  everyoneBut,
  type Selector,
  withExcept,
  withFlags,
  withRooms,
} from "./selector.ts";

/** What an operator needs of its socket. */
export interface SocketSender {
  readonly id: SocketId;
  readonly target: BroadcastTarget;
  /** Sends to the client. `data`: the event's name and arguments, its ack included. */
  emit(data: unknown[], flags: BroadcastFlags): void;
  emitWithAck(data: unknown[], flags: BroadcastFlags): Promise<unknown>;
}

/** Sends with the flags set so far. */
export class SocketOperator<
  EmitEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> {
  readonly #sender: SocketSender;
  readonly #flags: BroadcastFlags;

  /** Made by its socket: `socket.timeout(ms)`, `socket.volatile`. */
  constructor(sender: SocketSender, flags: BroadcastFlags) {
    this.#sender = sender;
    this.#flags = flags;
  }

  /** Drops the event where the transport cannot take it at once. */
  get volatile(): SocketOperator<EmitEvents, SocketData> {
    return new SocketOperator(this.#sender, { ...this.#flags, volatile: true });
  }

  /** Whether compression is worth trying. Default true. */
  compress(compress: boolean): SocketOperator<EmitEvents, SocketData> {
    return new SocketOperator(this.#sender, { ...this.#flags, compress });
  }

  /** Waits `ms` for the ack, which takes an error first. */
  timeout(ms: number): SocketOperator<DecorateAcknowledgements<EmitEvents>, SocketData> {
    return new SocketOperator(this.#sender, { ...this.#flags, timeout: checkTimeout(ms) });
  }

  /** Sends an event to the client. Always true. */
  emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean;
  emit(...data: unknown[]): boolean {
    this.#sender.emit(data, this.#flags);
    return true;
  }

  /** Emits "message". */
  send(...args: MessageParams<EmitEvents>): this {
    this.#sender.emit(["message", ...args], this.#flags);
    return this;
  }

  /** The same as {@linkcode SocketOperator.send}. */
  write(...args: MessageParams<EmitEvents>): this {
    return this.send(...args);
  }

  /** Sends an event and resolves to the ack's first argument; rejects at the timeout or the end of the socket. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    ev: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<EmitEvents, Ev>>;
  emitWithAck(...data: unknown[]): Promise<unknown> {
    return this.#sender.emitWithAck(data, this.#flags);
  }

  /** The sockets in `room`, or in any of several, this one excepted. */
  to(
    room: string | readonly string[],
  ): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#sender.target, withRooms(this.#others(), room));
  }

  /** The same as {@linkcode SocketOperator.to}. */
  in(
    room: string | readonly string[],
  ): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return this.to(room);
  }

  /** All other sockets of the namespace but those in `room`, or in any of several. */
  except(
    room: string | readonly string[],
  ): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#sender.target, withExcept(this.#others(), room));
  }

  /** All other sockets of the namespace. */
  get broadcast(): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#sender.target, this.#others());
  }

  /** All other sockets of the namespace in this process. */
  get local(): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#sender.target, withFlags(this.#others(), { local: true }));
  }

  #others(): Selector {
    return withFlags(everyoneBut(ownRoom(this.#sender.id)), this.#flags);
  }
}
