/**
 * The engine on its own, for those who want Engine.IO without namespaces and rooms: the entry point `./engine`.
 *
 * @example
 * ```ts
 * import { Engine } from "@skein/io/engine";
 *
 * const engine = new Engine({ pingInterval: 10_000 });
 * engine.on("connection", (socket) => {
 *   socket.on("message", (data) => socket.send(data));
 * });
 * const server = Deno.serve({ port: 0 }, engine.handler);
 * await server.shutdown();
 * ```
 * @module
 */
import { emptyAnswer } from "../engine/answers.ts";
import { EngineCore, type EnginePorts } from "../engine/engine.ts";
import { type EngineOptions, pathOption } from "../engine/options.ts";
import { bunWebSocket, type BunWebSocketHandler } from "../runtimes/bun_websocket.ts";
import { isUnder } from "../engine/path.ts";
import { currentPlatform } from "../runtimes/current.ts";

export type { ConnectionError, EngineCore, EngineEvents, EnginePorts } from "../engine/engine.ts";
export type { Refusal } from "../engine/answers.ts";
export type { RequestContext, Runtime } from "../engine/runtime.ts";
export type { RuntimeSocket, SocketEvents } from "../engine/websocket.ts";
export type { BunSocket, BunWebSocketHandler, BunWebSocketSettings } from "../runtimes/bun_websocket.ts";
export type { Frame } from "../protocol/frame.ts";
export type { Clock } from "../time/clock.ts";
export type { CookieOptions } from "../engine/cookie.ts";
export type { CorsAnswer, CorsDelegate, CorsOptions, CorsOrigin } from "../engine/cors.ts";
export type { ResponseHeaders } from "../engine/headers.ts";
export type { EngineMiddleware } from "../engine/middleware.ts";
export type {
  AllowRequest,
  EngineOptions,
  EngineSettings,
  Fallback,
  PlainSettings,
} from "../engine/options.ts";
export type * from "../engine/ports.ts";

/** An engine with the fetch handler of the runtime it runs on. */
export class Engine extends EngineCore {
  /**
   * Answers requests: `Deno.serve(engine.handler)`. What is not under `path` goes to the `fallback` option, or
   * is answered 404. Bound: it may be passed on alone.
   */
  readonly handler: (request: Request, ...context: unknown[]) => Response | Promise<Response>;

  /** What `Bun.serve` needs beside the handler: `Bun.serve({ fetch: engine.handler, websocket: engine.websocket })`. */
  readonly websocket: BunWebSocketHandler;

  #path: string;

  /** Checks the options: a wrong one throws a TypeError. */
  constructor(options: EngineOptions = {}, ports: EnginePorts = {}) {
    const platform = currentPlatform();
    super(options, { clock: platform.clock, ...ports });
    const runtime = ports.runtime ?? platform.context;
    const { path, addTrailingSlash, fallback } = this.settings;
    this.#path = path;
    this.websocket = bunWebSocket(this.settings.maxHttpBufferSize);
    this.handler = (request, ...context) => {
      if (isUnder(request.url, this.#path, addTrailingSlash)) {
        return this.handleRequest(request, runtime(request, context));
      }
      return fallback ? fallback(request, ...context) : emptyAnswer(404);
    };
  }

  /** The path under which it answers, without a slash at its end. */
  get path(): string {
    return this.#path;
  }

  /** For requests to come. Throws a TypeError on what is no path. */
  set path(path: string) {
    this.#path = pathOption(path);
  }
}
