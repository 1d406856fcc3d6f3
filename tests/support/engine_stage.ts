/**
 * An engine in memory: requests go to `handleRequest` with a fake context, time is a manual clock.
 * @module
 */
import { assertEquals } from "@std/assert";
import { type ConnectionError, EngineCore, type EnginePorts } from "../../src/engine/engine.ts";
import type { EngineOptions } from "../../src/engine/options.ts";
import type { EngineSocket } from "../../src/engine/ports.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeContext, type FakeSocket } from "./fake_transport.ts";

/** What of a request a test sets. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
  readonly signal?: AbortSignal;
}

const UPGRADE = { upgrade: "websocket", connection: "Upgrade" };

/** One engine and everything it told. */
export class EngineStage {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  readonly engine: EngineCore;
  /** The sockets of `connection`, in order. */
  readonly sockets: EngineSocket[] = [];
  readonly refused: ConnectionError[] = [];
  /** What was reported: `Error: text in where`. */
  readonly errors: string[] = [];
  /** The close reasons of all sockets, in order. */
  readonly closed: string[] = [];

  constructor(options: EngineOptions = {}, ports: EnginePorts = {}) {
    const onError = (error: unknown, where: string): void => {
      this.errors.push(`${error} in ${where}`);
    };
    this.engine = new EngineCore({ onError, ...options }, { clock: this.clock, ...ports });
    this.engine.on("connection", (socket) => {
      this.sockets.push(socket);
      socket.on("close", (reason) => this.closed.push(reason));
    });
    this.engine.on("connection_error", (error) => this.refused.push(error));
  }

  /** Any request with this query; `EIO=4` is added where it is not there. */
  async ask(query: string, asked: Asked = {}, context: FakeContext = new FakeContext()): Promise<Response> {
    const full = query.includes("EIO") ? query : `EIO=4&${query}`;
    return await this.engine.handleRequest(new Request(`http://h/engine.io/?${full}`, asked), context);
  }

  /** A handshake on polling, whose answer is read. */
  async openPolling(query = "transport=polling"): Promise<EngineSocket> {
    const answer = await this.ask(query);
    assertEquals([answer.status, (await answer.text()).slice(0, 8)], [200, '0{"sid":']);
    return this.sockets.at(-1)!;
  }

  poll(sid: string, asked: Asked = {}, context?: FakeContext): Promise<Response> {
    return this.ask(`transport=polling&sid=${sid}`, asked, context);
  }

  async post(sid: string, body: string): Promise<number> {
    const answer = await this.ask(`transport=polling&sid=${sid}`, { method: "POST", body });
    await answer.body?.cancel();
    return answer.status;
  }

  /** A request for a WebSocket that a test opens (`context.open()`) by itself. */
  async askWebSocket(
    query = "",
    asked: Asked = {},
  ): Promise<{ answer: Response; context: FakeContext }> {
    const context = new FakeContext();
    const headers = { ...UPGRADE, ...asked.headers };
    const answer = await this.ask(`transport=websocket${query}`, { ...asked, headers }, context);
    return { answer, context };
  }

  /** A session on WebSocket; the open packet is taken out of what was sent. */
  async openWebSocket(query = ""): Promise<{ socket: EngineSocket; peer: Peer }> {
    const { context } = await this.askWebSocket(query);
    const peer = new Peer(context);
    peer.heard();
    return { socket: this.sockets.at(-1)!, peer };
  }

  /** A second transport for a session, which has sent its probe. */
  async probe(sid: string, query = ""): Promise<Peer> {
    const { context } = await this.askWebSocket(`&sid=${sid}${query}`);
    const peer = new Peer(context);
    peer.say("2probe");
    return peer;
  }

  /** Nothing is left of any session. */
  assertEmpty(): void {
    assertEquals([this.engine.clientsCount, this.clock.pending], [0, 0], "sessions or timers are left");
  }
}

/** The client's end of a WebSocket that was opened. */
export class Peer {
  readonly socket: FakeSocket;
  readonly #context: FakeContext;

  constructor(context: FakeContext) {
    this.#context = context;
    this.socket = context.open();
  }

  say(...frames: Frame[]): void {
    for (const frame of frames) this.#context.events!.message(frame);
  }

  /** What was sent to it since the last call. */
  heard(): Frame[] {
    return this.socket.sent.splice(0);
  }

  /** The connection ends. */
  hangUp(error?: unknown): void {
    this.#context.events!.closed(error);
  }

  get isClosed(): boolean {
    return this.socket.closes.length > 0;
  }
}
