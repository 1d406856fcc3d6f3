/**
 * What Server and Namespace have in common: listeners, and sending to all their sockets. One base with no state of
 * its own, so that the server's methods are those of its main namespace without being written twice.
 * @module
 */
import type {
  AckValue,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DecorateAcknowledgementsWithTimeoutAndMultipleResponses,
  EventNames,
  EventNamesWithAck,
  EventNamesWithoutAck,
  EventParams,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
import { type AnyEmitter, Listenable } from "../events/listenable.ts";
import { broadcastEvent, BroadcastOperator, broadcastWithAck } from "./broadcast_operator.ts";
import { type BroadcastTarget, completeValues } from "./broadcast_target.ts";
import type { RemoteSocket } from "./remote_socket.ts";
import { checkTimeout, EVERYONE, withExcept, withFlags, withRooms } from "./selector.ts";
import { checkServerEvent, serverSideEmit } from "./server_side.ts";

/** The map of a broadcast's acks. */
export type Many<EmitEvents> = DecorateAcknowledgementsWithMultipleResponses<EmitEvents>;

/** Listens, and sends to all sockets of a namespace. */
export abstract class Broadcastable<Reserved, ServerSideEvents, EmitEvents, SocketData>
  extends Listenable<Reserved, ServerSideEvents> {
  readonly #target: BroadcastTarget;

  /** Listeners are kept in `emitter`; broadcasts go to `target`. */
  constructor(emitter: AnyEmitter, target: BroadcastTarget) {
    super(emitter);
    this.#target = target;
  }

  /** The sockets in `room`, or in any of several. */
  to(room: string | readonly string[]): BroadcastOperator<Many<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#target, withRooms(EVERYONE, room));
  }

  /** The same as {@linkcode Broadcastable.to}. */
  in(room: string | readonly string[]): BroadcastOperator<Many<EmitEvents>, SocketData> {
    return this.to(room);
  }

  /** All sockets but those in `room`, or in any of several. */
  except(room: string | readonly string[]): BroadcastOperator<Many<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#target, withExcept(EVERYONE, room));
  }

  /** Whether compression is worth trying. Default true. */
  compress(compress: boolean): BroadcastOperator<Many<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(EVERYONE, { compress }));
  }

  /** Clients that cannot take it at once do not get it. */
  get volatile(): BroadcastOperator<Many<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(EVERYONE, { volatile: true }));
  }

  /** Only the sockets of this process. */
  get local(): BroadcastOperator<Many<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(EVERYONE, { local: true }));
  }

  /** Waits `ms` for acks; the ack takes an error first. */
  timeout(ms: number): BroadcastOperator<DecorateAcknowledgements<Many<EmitEvents>>, SocketData> {
    return new BroadcastOperator(this.#target, withFlags(EVERYONE, { timeout: checkTimeout(ms) }));
  }

  /** Sends an event to all sockets. Always true. */
  emit<Ev extends EventNamesWithoutAck<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean;
  emit(...data: unknown[]): boolean {
    return broadcastEvent(this.#target, EVERYONE, data);
  }

  /** Emits "message". */
  send(...args: MessageParams<EmitEvents>): this {
    broadcastEvent(this.#target, EVERYONE, ["message", ...args]);
    return this;
  }

  /** The same as {@linkcode Broadcastable.send}. */
  write(...args: MessageParams<EmitEvents>): this {
    return this.send(...args);
  }

  /** Sends an event to all sockets and resolves to the list of their acks. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    ev: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<Many<EmitEvents>, Ev>>;
  emitWithAck(...data: unknown[]): Promise<unknown> {
    return broadcastWithAck(this.#target, EVERYONE, data);
  }

  /** All sockets: those of this process themselves, of other servers their image. */
  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.#everyone().fetchSockets();
  }

  /** The ids of all sockets. @deprecated Use `fetchSockets`. */
  async allSockets(): Promise<Set<string>> {
    return new Set((await this.fetchSockets()).map(({ id }) => id));
  }

  /** Lets all sockets join one room or several. */
  socketsJoin(rooms: string | readonly string[]): void {
    this.#everyone().socketsJoin(rooms);
  }

  /** Lets all sockets leave one room or several. */
  socketsLeave(rooms: string | readonly string[]): void {
    this.#everyone().socketsLeave(rooms);
  }

  /** Disconnects all sockets; with `close` their connections too. */
  disconnectSockets(close = false): void {
    this.#everyone().disconnectSockets(close);
  }

  /**
   * Emits an event to the other servers of the cluster, where `on` of the same namespace hears it. A callback as
   * the last argument takes `(error, responses)`. Names of the life cycle throw. Always true.
   */
  serverSideEmit<Ev extends EventNames<ServerSideEvents>>(
    ev: Ev,
    ...args: EventParams<DecorateAcknowledgementsWithTimeoutAndMultipleResponses<ServerSideEvents>, Ev>
  ): boolean;
  serverSideEmit(...data: unknown[]): boolean {
    return serverSideEmit(this.#target, data);
  }

  /** The same, resolving to what the other servers answered. */
  serverSideEmitWithAck<Ev extends EventNamesWithAck<ServerSideEvents>>(
    ev: Ev,
    ...args: ParamsWithoutAck<ServerSideEvents, Ev>
  ): Promise<AckValue<ServerSideEvents, Ev>[]>;
  async serverSideEmitWithAck(...data: unknown[]): Promise<unknown[]> {
    checkServerEvent(data[0]);
    return completeValues(await this.#target.askServers(data));
  }

  #everyone(): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#target, EVERYONE);
  }
}
