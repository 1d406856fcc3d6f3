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
import type { AdapterFactory } from "../core/adapter.ts";
import { Connections } from "../core/connections.ts";
import { type AnyNamespace, type Namespace, partsOf } from "../core/namespace.ts";
import { NamespaceFace } from "../core/namespace_face.ts";
import { type NamespaceMatcher, Namespaces } from "../core/namespaces.ts";
import type { ParentNamespace } from "../core/parent_namespace.ts";
import { Recovery } from "../core/recovery.ts";
import type { Socket } from "../core/socket.ts";
import type { ReportError } from "../engine/ports.ts";
import type { AnyListener, DefaultEventsMap } from "../events/event_types.ts";
import { runCallback } from "../events/emitter.ts";
import { Engine } from "./engine.ts";
import { checkAdapter, checkConnectTimeout, type ServerOptions, serverSettings } from "./options.ts";

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
> extends NamespaceFace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
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
  readonly #recovery: Recovery | undefined;
  readonly #report: ReportError;
  #closed: Promise<void> | undefined;

  /** Checks the options: a wrong one throws a TypeError. */
  constructor(options: ServerOptions<ListenEvents, EmitEvents> = {}) {
    const settings = serverSettings(options);
    const { parser, connectTimeout } = settings;
    // The engine wants to know whom to tell before there is a clock for them.
    const engine = new Engine(settings.engine, {
      handler: { opened: (socket) => connections.opened(socket) },
    });
    const { clock } = engine;
    const report = engine.settings.onError;
    const { pingInterval, pingTimeout } = engine.settings;
    const recovery = settings.recovery && new Recovery({
      ...settings.recovery(clock, pingInterval + 2 * pingTimeout), // a pong that is late is waited for once more
      clock,
      report,
      emptied: (nsp) => namespaces.endIfEmpty(nsp),
      expired: (nsp, session) => namespaces.tellExpired(nsp, session),
    });
    const namespaces: Namespaces = new Namespaces({
      clock,
      parser,
      report,
      recovery,
      makeAdapter: settings.makeAdapter,
      validateOutgoing: settings.validateOutgoing,
      cleanupEmptyChildNamespaces: settings.cleanupEmptyChildNamespaces,
      server: () => this,
    });
    const connections: Connections = new Connections({
      clock,
      parser,
      report,
      connectTimeout,
      rateLimits: settings.rateLimits,
      skipMiddlewares: recovery?.skipMiddlewares ?? false,
      find: (name, auth) => namespaces.find(name, auth),
    });
    const { setup, sockets } = partsOf(namespaces.main);
    super(setup, sockets);
    if (settings.contract !== undefined) setup.useContract(settings.contract);
    this.sockets = namespaces.main;
    this.engine = engine;
    this.handler = engine.handler;
    this.#namespaces = namespaces;
    this.#connections = connections;
    this.#recovery = recovery;
    this.#report = report;
  }

  /** All namespaces by name. Live. */
  get _nsps(): ReadonlyMap<string, AnyNamespace> {
    return this.#namespaces.byName;
  }

  /** The namespace with this name, made if need be; `listener` listens to its connections. */
  of(
    name: string,
    listener?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /**
   * The namespaces that will be made when clients ask for names that a regular expression or a function accepts;
   * asked in the order of adding. What is set up here counts for all of them.
   */
  of(
    pattern: RegExp | NamespaceMatcher,
    listener?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): ParentNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  of(
    name: string | RegExp | NamespaceMatcher,
    listener?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ):
    | Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
    | ParentNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const isPattern = name instanceof RegExp || typeof name === "function";
    const namespace = isPattern ? this.#namespaces.ofPattern(name) : this.#namespaces.of(name);
    if (listener !== undefined) namespace.on("connection", listener);
    return namespace;
  }

  /** The path under which it answers. */
  path(): string;
  /** Sets it, for requests to come. */
  path(path: string): this;
  path(path?: string): string | this {
    if (path === undefined) return this.engine.path;
    this.engine.path = path;
    return this;
  }

  /** ms that a client may be in no namespace. */
  connectTimeout(): number;
  /** Sets it, for times that begin from now on. */
  connectTimeout(ms: number): this;
  connectTimeout(ms?: number): number | this {
    if (ms === undefined) return this.#connections.connectTimeout;
    this.#connections.connectTimeout = checkConnectTimeout(ms);
    return this;
  }

  /** What makes the adapters. */
  adapter(): AdapterFactory;
  /** Sets it, for all namespaces; those there are get a new one, which throws an Error where sockets are connected. */
  adapter(makeAdapter: AdapterFactory): this;
  adapter(makeAdapter?: AdapterFactory): AdapterFactory | this {
    if (makeAdapter === undefined) return this.#namespaces.makeAdapter;
    this.#namespaces.useAdapter(checkAdapter(makeAdapter));
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
    await this.#recovery?.close();
  }
}
