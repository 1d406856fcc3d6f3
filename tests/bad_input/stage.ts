/**
 * The stage of the bad-input tests: a real listening server in this process, one row of bad input, and a bystander
 * on the same server who must not notice. A row passes only if the bystander still gets its echo, nothing was
 * thrown that nobody caught, and nothing was reported to `onError` that the row does not name.
 *
 * Not the target of tests/support: here the server's own state is looked at.
 * @module
 */
import { assertEquals } from "@std/assert";
import { Server, type Socket } from "../../mod.ts";
import { Engine } from "../../src/server/engine.ts";
import type { EngineOptions, EngineSocket } from "../../src/server/engine.ts";
import type { ServerOptions } from "../../src/server/options.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import type { Deadlines } from "../../src/time/deadlines.ts";
import { RawConnection } from "../support/raw_http.ts";
import { readOpen, WireSocket } from "../support/wire.ts";
import { PATIENCE, pause, within } from "../support/within.ts";

/** One bad input and what becomes of it. */
export interface Row<S> {
  /** The advisory, or its place in the reference. */
  readonly id: string;
  /** What is sent. */
  readonly sent: string;
  /** Our outcome in words. */
  readonly outcome: string;
  /** Words that the reports to `onError` must contain, one each, in order. Default: there are none. */
  readonly reports?: readonly string[];
  run(stage: S): Promise<void>;
}

/** A row against a Server with these options. */
export interface ServerRow extends Row<ServerStage> {
  readonly options?: ServerOptions;
}

/** A row against an Engine with a clock moved by hand. */
export interface EngineRow extends Row<EngineStage> {
  readonly options?: EngineOptions;
}

// What ended the process, if we let it.
const uncaught: unknown[] = [];
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  uncaught.push(event.reason);
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  uncaught.push(event.error);
});

/** Registers the rows as tests against a Server. */
export function serverRows(rows: readonly ServerRow[]): void {
  for (const row of rows) register(row, () => ServerStage.open(row.options));
}

/** Registers the rows as tests against an Engine with a manual clock. */
export function engineRows(rows: readonly EngineRow[]): void {
  for (const row of rows) register(row, () => EngineStage.open(row.options));
}

function register<S extends Stage>(row: Row<S>, open: () => Promise<S>): void {
  Deno.test(`${row.id}: ${row.sent} → ${row.outcome}`, async () => {
    uncaught.length = 0;
    const stage = await open();
    try {
      await row.run(stage);
      await stage.assertUndisturbed();
    } finally {
      await stage[Symbol.asyncDispose]();
    }
    assertEquals(uncaught, [], "thrown and not caught by anyone");
    const expected = row.reports ?? [];
    const shown = `reported: ${JSON.stringify(stage.reports)}`;
    assertEquals(stage.reports.length, expected.length, shown);
    expected.forEach((words, index) => assertEquals(stage.reports[index]!.includes(words), true, shown));
  });
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean, what: string, ms: number = PATIENCE): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited ${ms} ms in vain for ${what}`);
    await pause(2);
  }
}

/** A server that listens, and what a test needs to misbehave towards it. Everything opened here is closed with it. */
export abstract class Stage implements AsyncDisposable {
  /** What was told to `onError`: the place, then the error. */
  readonly reports: string[];
  readonly path: string;
  abstract readonly engine: Engine;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #opened: AsyncDisposableStack = new AsyncDisposableStack();
  readonly #sessions = new Map<string, EngineSocket>();
  #bystander: WireSocket | undefined;

  protected constructor(
    path: string,
    reports: string[],
    handler: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>,
  ) {
    this.path = path;
    this.reports = reports;
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handler);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** The client that does nothing wrong. */
  get bystander(): WireSocket {
    return this.#bystander!;
  }

  /** How many deadlines the server waits for: its timers. */
  get timers(): number {
    return (this.engine.clock as Deadlines).size;
  }

  /** Sessions beside the bystander's. */
  get strangers(): number {
    return this.engine.clientsCount - 1;
  }

  /** The bystander says something and gets it back, on the connection it always had. */
  abstract echo(): Promise<void>;

  protected abstract closeServer(): Promise<void>;

  /** The engine's side of a session. */
  session(sid: string): EngineSocket {
    return this.#sessions.get(sid)!;
  }

  protected async admitBystander(): Promise<void> {
    this.engine.on("connection", (session) => this.#sessions.set(session.id, session));
    this.#bystander = await this.ws();
    // Not through WireSocket, which answers nobody while nothing is read.
    this.#bystander.socket.addEventListener("message", ({ data }) => {
      if (data === "2") this.#bystander!.send("3");
    });
  }

  /** The bystander's next message that is no ping. */
  async heardByBystander(): Promise<string | Uint8Array> {
    for (;;) {
      const message = await this.bystander.next();
      if (message !== "2") return message;
    }
  }

  async assertUndisturbed(): Promise<void> {
    await this.echo();
    assertEquals(this.bystander.socket.readyState, WebSocket.OPEN);
  }

  /** Waits until nobody but the bystander has a session. */
  async assertAlone(): Promise<void> {
    await until(() => this.strangers === 0, "the offender's session to end");
  }

  /** The request target for this query, with `EIO=4`. */
  target(query: string): string {
    return `${this.path}?EIO=4&${query}`;
  }

  url(query: string, scheme: "http" | "ws" = "http"): string {
    return `${scheme}://127.0.0.1:${this.port}${this.target(query)}`;
  }

  /** A WebSocket session, its open packet read. With a `sid`, a second transport of that session instead. */
  async ws(sid?: string): Promise<WireSocket> {
    const wanted = sid === undefined ? "" : `&sid=${sid}`;
    const socket = await WireSocket.connect(this.url(`transport=websocket${wanted}`, "ws"));
    this.#opened.use(socket);
    if (sid === undefined) readOpen(await socket.text());
    return socket;
  }

  /** A TCP connection. */
  async tcp(): Promise<RawConnection> {
    return this.#opened.use(await RawConnection.open(this.port));
  }

  /** A WebSocket session over bare TCP, its open packet read. */
  async tcpWebSocket(): Promise<RawConnection> {
    const tcp = await this.tcp();
    assertEquals((await tcp.upgrade(this.target("transport=websocket"))).status, 101);
    await tcp.nextFrame();
    return tcp;
  }

  /** A polling session; its sid. */
  async handshake(): Promise<string> {
    const response = await within(fetch(this.url("transport=polling")), "a handshake");
    return readOpen(await response.text()).sid;
  }

  /** A GET of a polling session: status and body. */
  async poll(sid: string): Promise<[status: number, body: string]> {
    return await this.fetch(`transport=polling&sid=${sid}`);
  }

  /** A GET of a polling session that the server has parked when this resolves. */
  async park(sid: string): Promise<{ readonly answer: Promise<[status: number, body: string]> }> {
    const answer = this.poll(sid);
    answer.catch(() => {}); // whoever awaits it is told
    await until(() => this.session(sid).writable, "a poll to be parked");
    return { answer };
  }

  /** A POST of a polling session: status and body. */
  async post(
    sid: string,
    body: BodyInit,
    headers: HeadersInit = {},
  ): Promise<[status: number, body: string]> {
    return await this.fetch(`transport=polling&sid=${sid}`, { method: "POST", body, headers });
  }

  /** Any request: status and body. */
  async fetch(query: string, init: RequestInit = {}): Promise<[status: number, body: string]> {
    const response = await within(fetch(this.url(query), init), "an HTTP answer");
    return [response.status, await response.text()];
  }

  /** Asserts that the server does not know this sid. */
  async assertGone(sid: string): Promise<void> {
    assertEquals(await this.poll(sid), UNKNOWN_SID);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeServer();
    await this.#opened.disposeAsync();
    await within(this.#server.shutdown(), "the server to shut down");
  }
}

/** Answers of the engine: status and body. */
export const UNKNOWN_TRANSPORT: [number, string] = [400, '{"code":0,"message":"Transport unknown"}'];
export const UNKNOWN_SID: [number, string] = [400, '{"code":1,"message":"Session ID unknown"}'];
export const BAD_METHOD: [number, string] = [400, '{"code":2,"message":"Bad handshake method"}'];
export const BAD_REQUEST: [number, string] = [400, '{"code":3,"message":"Bad request"}'];
export const FORBIDDEN: [number, string] = [403, '{"code":4,"message":"Forbidden"}'];

/** A Server whose namespaces `/` and `/custom` echo: `echo` comes back as an ack, or else as an event. */
export class ServerStage extends Stage {
  readonly io: Server;
  /** How the strangers' sockets ended, in order. */
  readonly endings: string[] = [];
  /** What the strangers' sockets received: name and arguments. */
  readonly heard: unknown[][] = [];
  #echoes = 0;

  private constructor(io: Server, reports: string[]) {
    super(`${io.engine.settings.path}/`, reports, io.handler);
    this.io = io;
  }

  static async open(options: ServerOptions = {}): Promise<ServerStage> {
    const reports: string[] = [];
    const io = new Server({ onError: (error, where) => reports.push(`${where}: ${error}`), ...options });
    const stage = new ServerStage(io, reports);
    let isBystander = true;
    for (const name of ["/", "/custom"]) {
      io.of(name).on("connection", (socket) => {
        serveEcho(socket);
        if (isBystander) {
          isBystander = false;
          return;
        }
        socket.on("disconnect", (reason) => stage.endings.push(reason));
        socket.onAny((...event) => stage.heard.push(event.filter((arg) => typeof arg !== "function")));
      });
    }
    await stage.admitBystander();
    return stage;
  }

  get engine(): Engine {
    return this.io.engine;
  }

  protected override async admitBystander(): Promise<void> {
    await super.admitBystander();
    this.bystander.send("40");
    await this.bystander.text();
    await this.echo();
  }

  async echo(): Promise<void> {
    const id = ++this.#echoes;
    this.bystander.send(`42${id}["echo","undisturbed"]`);
    assertEquals(await this.heardByBystander(), `43${id}["undisturbed"]`);
  }

  /** A WebSocket that joined a namespace. */
  async joined(namespace = "/"): Promise<WireSocket> {
    const prefix = namespace === "/" ? "" : `${namespace},`;
    const socket = await this.ws();
    socket.send(`40${prefix}`);
    assertEquals((await socket.text()).slice(0, 2 + prefix.length), `40${prefix}`);
    return socket;
  }

  /** The same over bare TCP. */
  async tcpJoined(): Promise<RawConnection> {
    const tcp = await this.tcpWebSocket();
    await tcp.frame(1, "40");
    await tcp.nextFrame();
    return tcp;
  }

  /** Sends the messages as a socket of `/`, whose connection the server must end, for this reason. */
  async assertEnds(reason: string, ...messages: (string | Uint8Array<ArrayBuffer>)[]): Promise<void> {
    const before = this.endings.length;
    const socket = await this.joined();
    socket.send(...messages);
    await socket.end();
    await this.assertAlone();
    assertEquals(this.endings.slice(before), [reason], shorten(messages));
    assertEquals(this.io.sockets.sockets.size, 1);
  }

  protected async closeServer(): Promise<void> {
    await this.io.close();
  }
}

/** An Engine that echoes, with a clock moved by hand. */
export class EngineStage extends Stage {
  readonly engine: Engine;
  readonly clock: ManualClock;
  /** How the strangers' sessions ended, in order. */
  readonly endings: string[] = [];
  /** What the strangers sent. */
  readonly heard: (string | Uint8Array)[] = [];

  private constructor(engine: Engine, clock: ManualClock, reports: string[]) {
    super(`${engine.settings.path}/`, reports, engine.handler);
    this.engine = engine;
    this.clock = clock;
  }

  static async open(options: EngineOptions = {}): Promise<EngineStage> {
    const reports: string[] = [];
    const clock = new ManualClock(Date.now());
    const engine = new Engine(
      { onError: (error, where) => reports.push(`${where}: ${error}`), ...options },
      { clock },
    );
    const stage = new EngineStage(engine, clock, reports);
    let isBystander = true;
    engine.on("connection", (socket) => {
      if (!isBystander) {
        socket.on("close", (reason) => stage.endings.push(reason));
        socket.on("message", (data) => stage.heard.push(data));
      }
      isBystander = false;
      socket.on("message", (data) => socket.send(data));
    });
    await stage.admitBystander();
    return stage;
  }

  async echo(): Promise<void> {
    this.bystander.send("4undisturbed");
    assertEquals(await this.heardByBystander(), "4undisturbed");
  }

  /** Asserts that the polling session, which nothing waits for, still takes and answers. */
  async assertLives(sid: string): Promise<void> {
    assertEquals(await this.post(sid, "4still"), [200, "ok"]);
    assertEquals(await this.poll(sid), [200, "4still"]);
  }

  /** Moves the clock; the bystander's pong, where a ping is due, is taken before this resolves. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.echo(); // the ping, sent before, has reached the bystander
    await this.echo(); // and its pong, sent before, has reached the server
  }

  protected async closeServer(): Promise<void> {
    await this.engine.close();
  }
}

function serveEcho(socket: Socket): void {
  socket.on("echo", (...args) => {
    const ack = args.at(-1);
    if (typeof ack === "function") ack(...args.slice(0, -1));
    else socket.emit("echo", ...args);
  });
}

/** A long message, cut for a test's own message. */
function shorten(messages: readonly (string | Uint8Array)[]): string {
  return messages.map((message) => String(message).slice(0, 60)).join(", ").slice(0, 200);
}
