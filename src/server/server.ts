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
import type { ClientScripts } from "../client_scripts/client_script.ts";
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
import type { BunWebSocketHandler } from "../runtimes/bun_websocket.ts";
import { currentPlatform } from "../runtimes/current.ts";
import { clientFiles, clientScriptsOption } from "./client_files.ts";
import { Engine } from "./engine.ts";
import type { ServerHost } from "./host.ts";
import { checkAdapter, checkConnectTimeout, type ServerOptions, serverSettings } from "./options.ts";

/** What a host needs of its server. */
export interface ServerInnards {
  readonly connections: Connections;
  readonly namespaces: Namespaces;
  readonly recovery: Recovery | undefined;
}

// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
type AnyServer = Server<any, any, any, any>;

// The side of a server that hosts use, and users do not see.

/** Its parts. */
export let innards: (server: AnyServer) => ServerInnards;
/** Makes a server that runs in its host's own way. */
export let makeServer: (options: ServerOptions, host: ServerHost) => Server;

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
  /**
   * What `Bun.serve` needs beside the handler, where it means every WebSocket of the server; with others on it,
   * `combineWebSocketHandlers` of `@skein/io/bun` makes one of two. Nothing on other runtimes, where it does no harm.
   *
   * @example
   * ```ts ignore
   * const io = new Server();
   * export default { port: 3000, fetch: io.handler, websocket: io.websocket };
   * ```
   */
  readonly websocket: BunWebSocketHandler;
  readonly #namespaces: Namespaces;
  readonly #connections: Connections;
  readonly #recovery: Recovery | undefined;
  readonly #report: ReportError;
  #scripts: ClientScripts | undefined;
  #closed: Promise<void> | undefined;

  static {
    makeServer = (options, host) =>
      new (Server as unknown as new (options: ServerOptions, host: ServerHost) => Server)(options, host);
    innards = (server) => ({
      connections: server.#connections,
      namespaces: server.#namespaces,
      recovery: server.#recovery,
    });
  }

  /** Checks the options: a wrong one throws a TypeError. */
  constructor(options?: ServerOptions<ListenEvents, EmitEvents>);
  constructor(options: ServerOptions<ListenEvents, EmitEvents> = {}, host: ServerHost = {}) {
    const settings = serverSettings(options, host);
    const { parser, connectTimeout } = settings;
    const { sleeper, makeId } = host;
    // The engine wants to know whom to tell before there is a clock for them.
    const engine = new Engine(settings.engine, {
      ...host.engine,
      handler: { opened: (socket, state) => connections.opened(socket, state) },
      wakeAll: sleeper && (() => sleeper.wakeAll()),
      makeId,
    });
    const { clock } = engine;
    const report = engine.settings.onError;
    const { pingInterval, pingTimeout } = engine.settings;
    const recovery = settings.recovery && new Recovery({
      // A pong that is late is waited for once more.
      ...settings.recovery(host.durableClock ?? clock, pingInterval + 2 * pingTimeout, host.keepers),
      clock: host.durableClock ?? clock,
      makeId,
      elsewhere: host.elsewhere,
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
      sleeper,
      makeId,
      hasTopics: host.hasTopics ?? currentPlatform().hasTopics,
    });
    const connections: Connections = new Connections({
      clock,
      parser,
      report,
      connectTimeout,
      rateLimits: settings.rateLimits,
      skipMiddlewares: recovery?.skipMiddlewares ?? false,
      sleeper,
      find: (name, auth) => namespaces.find(name, auth),
      revive: (name, pattern) => namespaces.revive(name, pattern),
      patternOf: (namespace) => namespaces.patternOf(namespace),
    });
    const { setup, sockets } = partsOf(namespaces.main);
    super(setup, sockets);
    if (settings.contract !== undefined) setup.useContract(settings.contract);
    this.sockets = namespaces.main;
    this.engine = engine;
    this.#scripts = settings.clientScripts;
    const files = clientFiles({
      scripts: () => this.#scripts,
      path: () => engine.path,
      cors: engine.settings.cors,
    });
    this.handler = (request, ...context) => files(request) ?? engine.handler(request, ...context);
    this.websocket = engine.websocket;
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

  /** Whether our client is served to pages. */
  serveClient(): boolean;
  /** Sets it, as the option of this name. */
  serveClient(value: boolean | ClientScripts): this;
  serveClient(value?: boolean | ClientScripts): boolean | this {
    if (value === undefined) return this.#scripts !== undefined;
    this.#scripts = clientScriptsOption(value);
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
