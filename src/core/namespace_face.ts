/**
 * What Server, Namespace and ParentNamespace have in common beside sending: who may join, and who handles what
 * clients send. No state of its own: it works on a {@linkcode NamespaceSetup}.
 * @module
 */
import type { AnyListener, HandlerParams, ListenableNames } from "../events/event_types.ts";
import { Broadcastable } from "./broadcastable.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";
import type { Middleware } from "./middleware.ts";
import type { NamespaceSetup } from "./namespace_setup.ts";
import type { AnySocket, Socket } from "./socket.ts";
import type { NamespaceReservedEvents, SocketReservedEvents } from "./socket_ports.ts";

/** Handles an event of the clients of a namespace. */
export type EventHandler<S, Params extends unknown[]> = (socket: S, ...args: Params) => unknown;

/** Sends, listens, and decides about clients. */
export abstract class NamespaceFace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
  extends Broadcastable<
    NamespaceReservedEvents<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>,
    ServerSideEvents,
    EmitEvents,
    SocketData
  > {
  readonly #setup: NamespaceSetup;

  /** Keeps what users add in `setup`; broadcasts go to `target`. */
  constructor(setup: NamespaceSetup, target: BroadcastTarget) {
    super(setup.emitter, target);
    this.#setup = setup;
  }

  /**
   * Adds a middleware, asked in order about every client that wants to join. It goes on with `next()`; it refuses
   * with `next(error)`, a throw or a rejection, and the client gets `connect_error` with the error's `message` and
   * `data`. One with a single parameter goes on by returning. One that never decides is given up after
   * `connectTimeout`.
   */
  use(middleware: Middleware<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>): this {
    if (typeof middleware !== "function") {
      throw new TypeError(`Cannot use middleware: ${String(middleware)} is not a function`);
    }
    this.#setup.middlewares.push(middleware as Middleware<AnySocket>);
    return this;
  }

  /**
   * Handles an event of every client of the namespace: `io.onEvent("chat", (socket, text) => …)`. Runs before the
   * listeners of the socket itself, in the order of adding; those of a pattern (`io.of(/…/)`) before those of the
   * namespace it made. Needs no closure per socket, and counts for clients that are connected already. The life
   * cycle of sockets (`disconnecting`, `disconnect`, `error`) is handled likewise.
   */
  onEvent<Ev extends ListenableNames<SocketReservedEvents, ListenEvents>>(
    event: Ev,
    handler: EventHandler<
      Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
      HandlerParams<SocketReservedEvents, ListenEvents, Ev>
    >,
  ): this {
    this.#setup.handlers.on(String(event), handler as AnyListener);
    return this;
  }

  /** Removes one handler of an event, or all. */
  offEvent<Ev extends ListenableNames<SocketReservedEvents, ListenEvents>>(
    event: Ev,
    handler?: EventHandler<
      Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
      HandlerParams<SocketReservedEvents, ListenEvents, Ev>
    >,
  ): this {
    this.#setup.handlers.off(String(event), handler as AnyListener | undefined);
    return this;
  }
}
