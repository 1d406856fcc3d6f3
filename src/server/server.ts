/**
 * The public Server: puts engine, connections, namespaces and adapter together.
 *
 * @example
 * ```ts
 * import { Server } from "@skein/io";
 *
 * const io = new Server();
 * io.on("connection", (socket) => {
 *   socket.on("chat", (text) => io.emit("chat", text));
 * });
 * const server = Deno.serve({ port: 0 }, io.handler);
 * await io.close();
 * await server.shutdown();
 * ```
 * @module
 */
import { LocalAdapter } from "../adapters/local_adapter.ts";
import { Broadcastable } from "../core/broadcastable.ts";
import { Connections } from "../core/connections.ts";
import type { Middleware } from "../core/middleware.ts";
import { type Namespace, type NamespaceReservedEvents, partsOf } from "../core/namespace.ts";
import { Namespaces } from "../core/namespaces.ts";
import type { Socket } from "../core/socket.ts";
import type { ReportError } from "../engine/ports.ts";
import type { AnyListener, DefaultEventsMap } from "../events/event_types.ts";
import { defaultParser } from "../protocol/default_parser.ts";
import { runCallback } from "../events/emitter.ts";
import { Engine } from "./engine.ts";
import { type ServerOptions, serverSettings } from "./options.ts";

/** Life-cycle events of a server: those of its main namespace. */
export type ServerReservedEvents<S> = NamespaceReservedEvents<S>;

/**
 * A Socket.IO server. Its methods to listen and to send are those of its main namespace, `io.sockets`.
 *
 * Type parameters, as on the official server: the events that clients send, those sent to them, those between
 * servers, and the type of `socket.data`.
 */
export class Server<
  ListenEvents = DefaultEventsMap,
  EmitEvents = ListenEvents,
  ServerSideEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends Broadcastable<
  ServerReservedEvents<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>,
  ServerSideEvents,
  EmitEvents,
  SocketData
> {
  /** The main namespace, `/`. */
  readonly sockets: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** The engine below: its events, `clientsCount`, `use`. */
  readonly engine: Engine;
  /**
   * Answers requests: `Deno.serve(io.handler)`. What is not under `path` goes to the `fallback` option, or is
   * answered 404. Bound: it may be passed on alone.
   */
  readonly handler: (request: Request, ...context: unknown[]) => Response | Promise<Response>;
  readonly #namespaces: Namespaces;
  readonly #connections: Connections;
  readonly #report: ReportError;
  #closed: Promise<void> | undefined;

  /** Checks the options: a wrong one throws a TypeError. */
  constructor(options: ServerOptions = {}) {
    const { connectTimeout, engine: engineOptions } = serverSettings(options);
    // The engine wants to know whom to tell before there is a clock for them.
    const engine = new Engine(engineOptions, { handler: { opened: (socket) => connections.opened(socket) } });
    const { clock } = engine;
    const report = engine.settings.onError;
    const namespaces = new Namespaces({
      clock,
      parser: defaultParser,
      report,
      makeAdapter: (_, local) => new LocalAdapter(local),
    });
    const connections: Connections = new Connections({
      clock,
      parser: defaultParser,
      report,
      connectTimeout,
      find: (name) => namespaces.find(name),
    });
    const { emitter, sockets } = partsOf(namespaces.main);
    super(emitter, sockets);
    this.sockets = namespaces.main;
    this.engine = engine;
    this.handler = engine.handler;
    this.#namespaces = namespaces;
    this.#connections = connections;
    this.#report = report;
  }

  /** The namespace with this name, made if need be; `listener` listens to its connections. */
  of(
    name: string,
    listener?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const namespace: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> = this.#namespaces.of(
      name,
    );
    if (listener !== undefined) namespace.on("connection", listener);
    return namespace;
  }

  /** Adds a middleware to the main namespace; see {@linkcode Namespace.use}. */
  use(middleware: Middleware<Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>): this {
    this.sockets.use(middleware);
    return this;
  }

  /**
   * Ends every socket ("server shutting down"), closes the connections and refuses new ones. What serves
   * `io.handler` is not closed. Resolves, and calls `callback`, when all is done; a second call waits for the first.
   */
  close(callback?: (error?: Error) => void): Promise<void> {
    const closed = this.#closed ??= this.#close();
    if (callback === undefined) return closed;
    return closed.then(() =>
      runCallback(callback as AnyListener, undefined, [], this.#report, "callback of close()")
    );
  }

  async #close(): Promise<void> {
    this.#connections.close();
    await this.engine.close();
    await this.#namespaces.close();
  }
}
