/**
 * A namespace: who may join it (middlewares), who has (sockets), and who is told (listeners).
 *
 * Sockets come and go by the hand of their connections; here is only the gate and the public face.
 * Source of behaviour: Socket.IO 4.8, class Namespace.
 * @module
 */
import type { Contract } from "../contract/contract.ts";
import type { DefaultEventsMap } from "../events/event_types.ts";
import type { AdapterView } from "./adapter_view.ts";
import { runMiddlewares } from "./middleware.ts";
import { NamespaceFace } from "./namespace_face.ts";
import { NamespaceSetup } from "./namespace_setup.ts";
import { type NamespacePorts, NamespaceSockets } from "./namespace_sockets.ts";
import type { ResumedSession } from "./recovery.ts";
import { type AnySocket, makeSocket, type Socket } from "./socket.ts";
import type { ServerOf, SocketLink } from "./socket_ports.ts";

/** A namespace whatever its events are. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnyNamespace = Namespace<any, any, any, any>;

/** What lies under the public face; the server shares it with its main namespace. */
export interface NamespaceParts {
  readonly setup: NamespaceSetup;
  readonly sockets: NamespaceSockets;
}

// The side of a namespace that connections and the server use, and users do not see.

/** Its parts. */
export let partsOf: (namespace: AnyNamespace) => NamespaceParts;
/** Makes a socket for a client that wants to join with `auth`, or to come back with a session. */
export let prepare: (
  namespace: AnyNamespace,
  link: SocketLink,
  auth: Record<string, unknown>,
  session: ResumedSession | undefined,
) => AnySocket;
/**
 * Asks the middlewares about it; `decided` is told undefined or the refusal, once, and before this returns where
 * they are synchronous.
 */
export let askToJoin: (
  namespace: AnyNamespace,
  socket: AnySocket,
  decided: (refusal: unknown) => void,
) => void;
/** Whether somebody listens to its `connection`s. */
export let isListenedTo: (namespace: AnyNamespace) => boolean;
/** Tells the users of the namespace about a socket that has joined. */
export let announce: (namespace: AnyNamespace, socket: AnySocket) => void;

/** A channel of its own on the connections that join it. */
export class Namespace<
  ListenEvents = DefaultEventsMap,
  EmitEvents = ListenEvents,
  ServerSideEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends NamespaceFace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  /** Begins with a slash. */
  readonly name: string;
  readonly #sockets: NamespaceSockets;
  /** The pattern's, where one made it, and its own. */
  readonly #setups: readonly NamespaceSetup[];

  static {
    partsOf = (namespace) => ({ setup: namespace.#setups.at(-1)!, sockets: namespace.#sockets });
    prepare = (namespace, link, auth, session) =>
      makeSocket(namespace.#sockets, link, auth, session?.session);
    askToJoin = (namespace, socket, decided) => namespace.#askToJoin(socket, decided);
    isListenedTo = (namespace) =>
      namespace.#setups.some(({ emitter }) => emitter.has("connection") || emitter.has("connect"));
    announce = (namespace, socket) => {
      for (const event of ["connect", "connection"]) {
        for (const { emitter } of namespace.#setups) emitter.dispatch(namespace, event, [socket]);
      }
    };
  }

  /** Made by its server: `io.of(name)`. `pattern`: what was set up for the pattern that made it. */
  constructor(name: string, ports: NamespacePorts, pattern?: NamespaceSetup) {
    const { report, validateOutgoing = false, sleeper } = ports;
    const own = new NamespaceSetup(`namespace "${name}"`, report, validateOutgoing, sleeper?.pending);
    const setups = pattern === undefined ? [own] : [pattern, own];
    const sockets = new NamespaceSockets(name, ports, setups);
    super(own, sockets);
    this.name = name;
    this.#setups = setups;
    this.#sockets = sockets;
    sockets.nsp = this;
  }

  /** The connected sockets of this process, by id. Live. */
  get sockets(): ReadonlyMap<string, Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>> {
    this.#sockets.sleeper?.wakeAll();
    return this.#sockets.byId;
  }

  /** Has events checked by a contract, which gives them their types: use what is returned. */
  contract<Listen, Emit>(
    contract: Contract<Listen, Emit>,
  ): Namespace<Listen, Emit, ServerSideEvents, SocketData> {
    this.#setups.at(-1)!.useContract(contract);
    return this as unknown as Namespace<Listen, Emit, ServerSideEvents, SocketData>;
  }

  /** Its rooms and sockets. */
  get adapter(): AdapterView {
    return this.#sockets.view;
  }

  /** The server. */
  get server(): ServerOf<EmitEvents, ServerSideEvents, SocketData> {
    return this.#sockets.server as ServerOf<EmitEvents, ServerSideEvents, SocketData>;
  }

  #askToJoin(socket: AnySocket, decided: (refusal: unknown) => void): void {
    const { report } = this.#sockets;
    // A copy: a middleware added meanwhile is for the clients that come later.
    runMiddlewares(
      this.#setups.flatMap(({ middlewares }) => middlewares),
      socket,
      decided,
      (error) => report(error, `middleware of "${this.name}"`),
    );
  }
}
