/**
 * Bun: `Bun.serve({ fetch: io.handler, websocket: io.websocket })` and `export default { port, fetch, websocket }`.
 *
 * Traps of the platform (all seen on 1.4.5): the address is gone after the upgrade, and a request that waits is cut
 * off after `idleTimeout`, 10 s by default.
 * @module
 */
import type { TopicHub } from "../engine/ports.ts";
import type { RequestContext } from "../engine/runtime.ts";
import type { SocketEvents } from "../engine/websocket.ts";
import type { Frame } from "../protocol/frame.ts";
import { Connection } from "./bun_websocket.ts";

/** The parts of Bun's `Server` that are used. */
interface BunServer {
  requestIP(request: Request): { readonly address: string } | null;
  timeout(request: Request, seconds: number): void;
  upgrade(request: Request, options: { readonly headers?: Headers; readonly data: unknown }): boolean;
  publish(topic: string, data: Frame, compress: boolean): number;
}

/** Whether this is Bun. */
export function isBun(): boolean {
  return typeof (globalThis as { Bun?: { serve?: unknown } }).Bun?.serve === "function";
}

/** A variable of the environment. */
export function bunEnvironment(name: string): string | undefined {
  return (globalThis as unknown as { Bun: { env: Record<string, string | undefined> } }).Bun.env[name];
}

/** s without traffic after which Bun's default closes a connection that keeps alive. */
const DEFAULT_IDLE_TIMEOUT = 10;

/** The most s that Bun takes for the timeout of a request. */
const LONGEST_TIMEOUT = 255;

/**
 * The context of a request that came with `passed`: Bun's server, or an object that holds it as `server` (hono's
 * `env`). Throws a TypeError where there is none: polls would be cut off, and nothing could be upgraded.
 */
export function bunContext(request: Request, [passed]: readonly unknown[]): RequestContext {
  return new BunContext(request, serverIn(passed));
}

class BunContext implements RequestContext {
  readonly #request: Request;
  readonly #server: BunServer;

  constructor(request: Request, server: BunServer) {
    this.#request = request;
    this.#server = server;
  }

  get isPatient(): boolean {
    return true;
  }

  /** Null after the upgrade; the engine asks before it. */
  get address(): string {
    return this.#server.requestIP(this.#request)?.address.replace(/^::ffff:/i, "") ?? "";
  }

  park(): () => void {
    this.#server.timeout(this.#request, 0);
    // It stays with the connection until the next request: a client that went away must not keep it for ever.
    return () => this.#server.timeout(this.#request, DEFAULT_IDLE_TIMEOUT);
  }

  watch(): void {
    this.#server.timeout(this.#request, LONGEST_TIMEOUT);
  }

  upgrade(events: SocketEvents, headers: Headers | undefined): Response {
    // Bun picks the first subprotocol that the client offered by itself.
    const data = new Connection(events, hubOf(this.#server));
    if (!this.#server.upgrade(this.#request, headers === undefined ? { data } : { headers, data })) {
      throw new TypeError(
        "Cannot upgrade to WebSocket: no handshake, a client that has left, or not the request that Bun made",
      );
    }
    return new Response(null, { status: 101 }); // Bun ignores it: the answer has left
  }
}

/** One for each of Bun's servers, however many of ours it has. */
const hubs = new WeakMap<BunServer, TopicHub>();

function hubOf(server: BunServer): TopicHub {
  let hub = hubs.get(server);
  if (hub === undefined) {
    // Without the last argument Bun compresses, where compression is on, though not what is sent to one socket.
    hub = { publish: (topic, frame) => void server.publish(topic, frame, false) };
    hubs.set(server, hub);
  }
  return hub;
}

function serverIn(passed: unknown): BunServer {
  for (const found of [passed, (passed as { server?: unknown } | null | undefined)?.server]) {
    if (typeof (found as Partial<BunServer> | null | undefined)?.upgrade === "function") {
      return found as BunServer;
    }
  }
  throw new TypeError(
    "Cannot handle request: Bun's server is missing, " +
      "pass `server`: fetch: (request, server) => io.handler(request, server)",
  );
}
