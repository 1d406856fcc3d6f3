/**
 * Deno: `Deno.serve(io.handler)` and `deno serve`.
 *
 * Traps of the platform (all seen on 2.5.0 and 2.9.6): nothing may be read from the request after the upgrade, the
 * answer of `upgradeWebSocket` must be returned as it is, and its headers are immutable on 2.5.
 * @module
 */
import type { RequestContext } from "../engine/runtime.ts";
import type { SocketEvents } from "../engine/websocket.ts";

/** The parts of `Deno.ServeHandlerInfo` that are used. */
interface ServeInfo {
  readonly remoteAddr?: { readonly hostname?: string; readonly path?: string };
  readonly completed?: Promise<void>;
}

/** The parts of the `Deno` namespace that are used. */
interface DenoNamespace {
  readonly version: { readonly deno: string };
  readonly env: { get(name: string): string | undefined };
  readonly permissions: { querySync(what: { name: "env"; variable: string }): { readonly state: string } };
  upgradeWebSocket(
    request: Request,
    options: { idleTimeout: number },
  ): { socket: WebSocket; response: Response };
}

/** Whether `request.signal` tells of a client that left before it was asked for; seen on 2.9.6, and not on 2.5.0. A call of the platform each time. */
const SIGNALS_LATE = isAtLeast(2, 9);

function isAtLeast(major: number, minor: number): boolean {
  const { Deno } = globalThis as { Deno?: Partial<DenoNamespace> };
  const [ours = 0, next = 0] = Deno?.version?.deno.split(".").map(Number) ?? [];
  return ours > major || (ours === major && next >= minor);
}

/** Whether this is Deno. */
export function isDeno(): boolean {
  return typeof (globalThis as { Deno?: Partial<DenoNamespace> }).Deno?.upgradeWebSocket === "function";
}

/** A variable of the environment, where it may be read without asking. */
export function denoEnvironment(name: string): string | undefined {
  const { Deno } = globalThis as unknown as { Deno: DenoNamespace };
  const isAllowed = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  return isAllowed ? Deno.env.get(name) : undefined;
}

/** The context of a request that came with `info` from `Deno.serve`. */
export function denoContext(request: Request, [info]: readonly unknown[]): RequestContext {
  return new DenoContext(request, (info ?? {}) as ServeInfo);
}

/** What is asked for is read then, and before the upgrade: much of it is a call of the platform. */
class DenoContext implements RequestContext {
  readonly isPatient = SIGNALS_LATE;
  readonly #request: Request;
  readonly #info: ServeInfo;
  #hasLeft = false;

  constructor(request: Request, info: ServeInfo) {
    this.#request = request;
    this.#info = info;
  }

  get address(): string {
    const { remoteAddr } = this.#info;
    return remoteAddr?.hostname ?? remoteAddr?.path ?? "";
  }

  get delivered(): (() => Promise<unknown>) | undefined {
    const info = this.#info;
    return "completed" in info ? () => info.completed! : undefined;
  }

  watch(): void {
    // Looking at `aborted` afterwards is too late: it must be listened for.
    this.#request.signal.addEventListener("abort", () => this.#hasLeft = true);
  }

  upgrade(events: SocketEvents, headers: Headers | undefined): Response {
    // An upgrade of a connection that is gone never ends, and `server.shutdown()` would wait for it.
    if (this.#hasLeft) throw new TypeError("Cannot upgrade to WebSocket: the client has left");
    return upgrade(this.#request, events, headers);
  }
}

function upgrade(request: Request, events: SocketEvents, headers: Headers | undefined): Response {
  const { Deno } = globalThis as unknown as { Deno: DenoNamespace };
  const protocols = request.headers.get("sec-websocket-protocol");
  // Engine.IO has its own heartbeat: the platform's, of 30 s, would close what Engine.IO keeps.
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = "arraybuffer";
  const listener = new Listener(socket, events);
  for (const type of ["open", "message", "close"]) socket.addEventListener(type, listener);
  try {
    for (const [name, value] of headers ?? []) response.headers.append(name, value);
    // A browser that offers subprotocols drops the connection unless one is chosen. The platform's own option
    // fails on a list without spaces, so the header is set by hand.
    const first = protocols?.split(",")[0]?.trim();
    if (first) response.headers.set("sec-websocket-protocol", first);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // Deno 2.5: immutable; the upgrade goes on without them
  }
  return response;
}

/** One object for all events of a WebSocket: the `on…` properties take a function and a wrapper for each. */
class Listener {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;

  constructor(socket: WebSocket, events: SocketEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case "message": {
        const { data } = event as MessageEvent<string | ArrayBuffer>;
        return this.#events.message(typeof data === "string" ? data : new Uint8Array(data));
      }
      case "open":
        return this.#events.opened(this.#socket as Parameters<SocketEvents["opened"]>[0]);
      case "close":
        // A lost connection comes as "error" and then "close" with code 0; a missed platform ping as "close" twice.
        return this.#events.closed();
    }
  }
}
