/**
 * A namespace: who may join it (middlewares), who has (sockets), and who is told (listeners).
 *
 * Sockets come and go by the hand of their connections; here is only the gate and the public face.
 * Source of behaviour: Socket.IO 4.8, class Namespace.
 * @module
 */
import { Emitter } from "../events/emitter.ts";
import type { DefaultEventsMap } from "../events/event_types.ts";
import type { AnyEmitter } from "../events/listenable.ts";
import { Broadcastable } from "./broadcastable.ts";
import { type Middleware, runMiddlewares } from "./middleware.ts";
import { type NamespacePorts, NamespaceSockets } from "./namespace_sockets.ts";
import { type AnySocket, makeSocket, type Socket } from "./socket.ts";
import type { SocketLink } from "./socket_ports.ts";

/** Life-cycle events of a namespace. `S` is the type of its sockets. */
export interface NamespaceReservedEvents<S> {
  /** A client was connected: it was told so, and what is emitted to it here comes after that. */
  connection: (socket: S) => void;
  /** The same, earlier. */
  connect: (socket: S) => void;
}

/** A namespace whatever its events are. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnyNamespace = Namespace<any, any, any, any>;

/** What lies under the public face; the server shares it with its main namespace. */
export interface NamespaceParts {
  readonly emitter: AnyEmitter;
  readonly sockets: NamespaceSockets;
}

// The side of a namespace that connections and the server use, and users do not see.

/** Its parts. */
export let partsOf: (namespace: AnyNamespace) => NamespaceParts;
/** Makes a socket for a client that wants to join with `auth`. */
export let prepare: (namespace: AnyNamespace, link: SocketLink, auth: Record<string, unknown>) => AnySocket;
/**
 * Asks the middlewares about it; `decided` is told undefined or the refusal, once, and before this returns where
 * they are synchronous.
 */
export let askToJoin: (
  namespace: AnyNamespace,
  socket: AnySocket,
  decided: (refusal: unknown) => void,
) => void;
/** The socket is one of the namespace's from now on. */
export let enroll: (namespace: AnyNamespace, socket: AnySocket) => void;
/** Tells the users of the namespace about it. */
export let announce: (namespace: AnyNamespace, socket: AnySocket) => void;

/** A channel of its own on the connections that join it. */
export class Namespace<
  ListenEvents = DefaultEventsMap,
  EmitEvents = ListenEvents,
  ServerSideEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends Broadcastable<
  NamespaceReservedEvents<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>,
  ServerSideEvents,
  EmitEvents,
  SocketData
> {
  /** Begins with a slash. */
  readonly name: string;
  readonly #parts: NamespaceParts;
  readonly #middlewares: Middleware<AnySocket>[] = [];

  static {
    partsOf = (namespace) => namespace.#parts;
    prepare = (namespace, link, auth) => makeSocket(namespace.#parts.sockets, link, auth);
    askToJoin = (namespace, socket, decided) => namespace.#askToJoin(socket, decided);
    enroll = (namespace, socket) => namespace.#parts.sockets.add(socket);
    announce = (namespace, socket) => {
      namespace.#parts.emitter.dispatch(namespace, "connect", [socket]);
      namespace.#parts.emitter.dispatch(namespace, "connection", [socket]);
    };
  }

  /** Made by its server: `io.of(name)`. */
  constructor(name: string, ports: NamespacePorts) {
    const sockets = new NamespaceSockets(name, ports);
    const emitter: AnyEmitter = new Emitter(ports.report, `namespace "${name}"`);
    super(emitter, sockets);
    this.name = name;
    this.#parts = { emitter, sockets };
    sockets.nsp = this;
  }

  /** The connected sockets of this process, by id. Live. */
  get sockets(): ReadonlyMap<string, Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>> {
    return this.#parts.sockets.byId;
  }

  /**
   * Adds a middleware, asked in order about every client that wants to join. It goes on with `next()`; it refuses
   * with `next(error)`, a throw or a rejection, and the client gets `connect_error` with the error's `message` and
   * `data`. One with a single parameter goes on by returning.
   */
  use(middleware: Middleware<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>): this {
    if (typeof middleware !== "function") {
      throw new TypeError(`Cannot use middleware in "${this.name}": ${String(middleware)} is not a function`);
    }
    this.#middlewares.push(middleware as Middleware<AnySocket>);
    return this;
  }

  #askToJoin(socket: AnySocket, decided: (refusal: unknown) => void): void {
    const { report } = this.#parts.sockets;
    // A copy: a middleware added meanwhile is for the clients that come later.
    runMiddlewares(
      this.#middlewares.slice(),
      socket,
      decided,
      (error) => report(error, `middleware of "${this.name}"`),
    );
  }
}
