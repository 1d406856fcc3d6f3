/**
 * Cloudflare Workers without a Durable Object: `export default { fetch: io.handler }`, all in one isolate.
 *
 * workerd ties sockets, timers and pending answers to the request they began with: code of another request may not
 * touch them, and they end with it. So each open WebSocket and each parked poll keeps a {@linkcode RequestScope}: a
 * loop of its own request that runs what others leave there. The one timer there is lives in some of these scopes,
 * since workerd ends the request of a poll whose client has left without a word (but with `enable_request_signal`).
 * Needs `compatibility_date` 2024-10-14 or later (promises resolved across requests).
 * @module
 */
import type { RequestContext } from "../engine/runtime.ts";
import type { RuntimeSocket, SocketEvents } from "../engine/websocket.ts";
import type { Frame } from "../protocol/frame.ts";
import { type Clock, systemClock } from "../time/clock.ts";

/** The parts of workerd's WebSocket that are used. */
interface WorkerSocket extends EventTarget {
  binaryType: string;
  readonly bufferedAmount?: number;
  accept(): void;
  send(data: Frame): void;
  close(code?: number, reason?: string): void;
}

/** Whether this is workerd. */
export function isWorkers(): boolean {
  return typeof (globalThis as { WebSocketPair?: unknown }).WebSocketPair === "function";
}

/** Both ends of a new WebSocket: the client's, to be returned, and the server's. */
export function webSocketPair(): [client: WorkerSocket, server: WorkerSocket] {
  const { WebSocketPair } = globalThis as unknown as {
    WebSocketPair: new () => Record<string, WorkerSocket>;
  };
  const pair = new WebSocketPair();
  return [pair["0"]!, pair["1"]!];
}

/** The answer to an accepted upgrade, with the first subprotocol that the client offered. */
export function switchingProtocols(request: Request, client: unknown, headers?: Headers): Response {
  const first = request.headers.get("sec-websocket-protocol")?.split(",")[0]?.trim();
  const all = first ? new Headers(headers) : headers;
  if (first) all!.set("sec-websocket-protocol", first);
  return new Response(null, { status: 101, headers: all, webSocket: client } as ResponseInit);
}

/** The client's address, as Cloudflare tells it. */
export function addressOf(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "";
}

/**
 * Ends the closing handshake: without it the client waits for ever. A code that may not be sent is no reason to leave
 * it waiting: none at all (1005) is answered with 1000, one that clients may not send with 1002, "protocol error".
 */
export function answerClose(socket: { close(code?: number, reason?: string): void }, code: number): void {
  for (const answer of [code === 1005 || code === 1006 ? 1000 : code, 1002]) {
    try {
      return socket.close(answer);
    } catch {
      // It may not be sent, or the socket is closed already.
    }
  }
}

/** The context of a request of a plain Worker. */
export function workersContext(request: Request): RequestContext {
  let scope: RequestScope | undefined;
  return {
    address: addressOf(request),
    park: () => {
      const parked = scope = new RequestScope(pollScopes);
      // A request that waits for nothing but a promise is taken for hung and cancelled.
      const timer = setInterval(() => {}, 10_000);
      return () => {
        clearInterval(timer);
        parked.end();
      };
    },
    upgrade: (events, headers) => {
      const [client, server] = webSocketPair();
      scope = new RequestScope(socketScopes);
      accept(server, events, scope);
      return switchingProtocols(request, client, headers);
    },
  };
}

function accept(server: WorkerSocket, events: SocketEvents, scope: RequestScope): void {
  server.accept();
  server.binaryType = "arraybuffer"; // a Blob otherwise, from compatibility date 2026-03-17 on
  const socket = new ScopedSocket(server, scope);
  server.addEventListener("message", (event) => {
    const { data } = event as MessageEvent<string | ArrayBuffer>;
    events.message(typeof data === "string" ? data : new Uint8Array(data));
  });
  server.addEventListener("close", (event) => {
    answerClose(server, (event as CloseEvent).code);
    scope.end();
    events.closed();
  });
  server.addEventListener("error", (event) => {
    scope.end();
    events.closed((event as ErrorEvent).error ?? new Error("WebSocket error"));
  });
  events.opened(socket);
}

/** A WebSocket that may be used from any request. */
class ScopedSocket implements RuntimeSocket {
  readonly #socket: WorkerSocket;
  readonly #scope: RequestScope;

  constructor(socket: WorkerSocket, scope: RequestScope) {
    this.#socket = socket;
    this.#scope = scope;
  }

  get bufferedAmount(): number {
    try {
      return this.#socket.bufferedAmount ?? 0;
    } catch {
      return 0; // asked by another request
    }
  }

  send(data: Frame): void {
    this.#scope.run(() => this.#socket.send(data));
  }

  close(code?: number, reason?: string): void {
    this.#scope.run(() => this.#socket.close(code, reason));
  }
}

/** What workerd says when code touches what belongs to another request. */
function isForeign(error: unknown): boolean {
  return error instanceof Error && error.message.includes("on behalf of a different request");
}

/** Runs things within one request, in order, also for other requests, as long as it lasts. */
class RequestScope {
  readonly #all: Set<RequestScope>;
  #queue: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #isOver = false;

  /** `all`: where those of its kind are listed while they last. */
  constructor(all: Set<RequestScope>) {
    this.#all = all;
    all.add(this);
    this.#loop();
    if (timerScopes.length < TIMER_SCOPES) armTimer();
    else checkTimer();
  }

  /** Runs `task` now where this is the request, else soon. What it throws then is for nobody: the socket closed. */
  run(task: () => void): void {
    if (this.#isOver) return;
    if (this.#queue.length === 0) {
      try {
        return task();
      } catch (error) {
        if (!isForeign(error)) throw error;
      }
    }
    this.leave(task);
  }

  /** Runs `task` soon, within the request. */
  leave(task: () => void): void {
    this.#queue.push(task);
    this.#wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
    this.#all.delete(this);
    if (timerScopes.includes(this)) armTimer();
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      if (this.#queue.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
      while (this.#queue.length > 0) {
        const task = this.#queue[0]!;
        try {
          task();
        } catch {
          // Told by the socket's own close event.
        }
        this.#queue.shift(); // only now: what comes meanwhile must not overtake it
      }
    }
  }
}

/** The requests that last, oldest first. Those of sockets tell when they end. */
const socketScopes = new Set<RequestScope>();
const pollScopes = new Set<RequestScope>();
/** In how many of them the timer is set: any of them may have been cancelled. */
const TIMER_SCOPES = 3;
/** ms after which a timer that did not go off never will. */
const OVERDUE = 1_000;
let timerScopes: RequestScope[] = [];
/** When it is to go off. */
let timerAt = Infinity;
/** Who wants to be woken. Few: an engine asks for one time only. */
const wishes = new Set<{ readonly time: number; readonly wake: () => void }>();
let generation = 0;

/** Sets the timer for the earliest wish, in requests that last. Without one nobody is there to be woken. */
function armTimer(): void {
  const mine = ++generation;
  timerScopes = [...firstOf(socketScopes, TIMER_SCOPES)];
  timerScopes.push(...firstOf(pollScopes, TIMER_SCOPES - timerScopes.length));
  timerAt = Infinity;
  if (timerScopes.length === 0 || wishes.size === 0) return;
  const time = timerAt = Math.min(...[...wishes].map((wish) => wish.time));
  for (const scope of timerScopes) {
    scope.leave(() => {
      systemClock.at(time, () => {
        if (mine === generation) wakeAll();
      });
    });
  }
}

function* firstOf(scopes: Iterable<RequestScope>, count: number): Iterable<RequestScope> {
  for (const scope of scopes) {
    if (count-- <= 0) return;
    yield scope;
  }
}

/** Where the timer did not go off, its requests are gone. */
function checkTimer(): void {
  if (systemClock.now() < timerAt + OVERDUE) return;
  for (const scope of timerScopes) {
    socketScopes.delete(scope);
    pollScopes.delete(scope);
  }
  wakeAll();
}

function wakeAll(): void {
  const now = systemClock.now();
  for (const wish of [...wishes]) {
    if (wish.time <= now && wishes.delete(wish)) wish.wake();
  }
  armTimer();
}

/** A clock whose timers outlive the request that set them. */
export const workersClock: Clock = {
  now: systemClock.now,
  at(time, wake) {
    const wish = { time, wake };
    wishes.add(wish);
    checkTimer();
    if (time < timerAt) armTimer();
    return () => wishes.delete(wish);
  },
};
