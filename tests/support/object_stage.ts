/**
 * A Durable Object with a server in it, its clients, and the platform that takes it out of memory: without a network
 * and by a clock that is moved by hand.
 * @module
 */
import type { Frame } from "../../src/protocol/frame.ts";
import type { ObjectOptions } from "../../src/server/object_options.ts";
import { ObjectHost } from "../../src/server/object_host.ts";
import type { Server } from "../../src/server/server.ts";
import type { Clock } from "../../src/time/clock.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeObject, type FakeSocket } from "./fake_object.ts";

/** Time at the beginning: not 0, so that a forgotten `now` shows. */
const START = 1_000_000;

/** The clock of one life: its timers end with it. */
class LifeClock implements Clock {
  readonly #clock: ManualClock;
  readonly #pending = new Set<() => void>();
  #isOver = false;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#clock.now();
  }

  at(time: number, wake: () => void): () => void {
    if (this.#isOver) return () => {};
    const stop = this.#clock.at(time, () => {
      this.#pending.delete(cancel);
      wake();
    });
    const cancel = (): void => {
      this.#pending.delete(cancel);
      stop();
    };
    this.#pending.add(cancel);
    return cancel;
  }

  end(): void {
    this.#isOver = true;
    for (const cancel of [...this.#pending]) cancel();
  }
}

/** How often the platform called the object. */
export interface Calls {
  made: number;
  fetch: number;
  message: number;
  closed: number;
  alarm: number;
}

/** The object and its platform. */
export class ObjectStage {
  readonly clock: ManualClock = new ManualClock(START);
  readonly object: FakeObject = new FakeObject(this.clock);
  readonly calls: Calls = { made: 0, fetch: 0, message: 0, closed: 0, alarm: 0 };
  /** What was reported: `[error, where]`. */
  readonly errors: [error: unknown, where: string][] = [];
  readonly #setup: (io: Server) => void | Promise<void>;
  readonly #options: ObjectOptions;
  #life: { readonly host: ObjectHost; readonly clock: LifeClock } | undefined;
  /** Calls that have not returned. */
  #running = 0;

  constructor(setup: (io: Server) => void | Promise<void>, options: ObjectOptions = {}) {
    this.#setup = setup;
    this.#options = { onError: (error, where) => this.errors.push([error, where]), ...options };
    this.object.onAlarm = () => this.#call("alarm", (host) => host.alarm());
  }

  /** The object in its present life. */
  get host(): ObjectHost {
    if (this.#life === undefined) {
      this.calls.made++;
      const clock = new LifeClock(this.clock);
      const program = { options: this.#options, setup: this.#setup };
      this.#life = { host: new ObjectHost(this.object, {}, program, clock), clock };
    }
    return this.#life.host;
  }

  get io(): Server {
    return this.host.io;
  }

  /** Whether the object is in memory. */
  get isAwake(): boolean {
    return this.#life !== undefined;
  }

  /** What keeps the object in memory; empty: nothing. */
  get pins(): string[] {
    const pins: string[] = [];
    if ((this.#life?.clock.pending ?? 0) > 0) pins.push("timer");
    if (this.object.isWorking) pins.push("work");
    if (this.#running > 0) pins.push("call");
    return pins;
  }

  /** The platform takes the object out of memory if nothing keeps it there. Returns whether it did. */
  evict(): boolean {
    if (this.pins.length > 0) return false;
    this.crash();
    return true;
  }

  /** The memory of the object is gone, whatever it was doing. */
  crash(): void {
    this.#life?.clock.end();
    this.#life = undefined;
    this.#running = 0;
  }

  /** A deployment: all connections end without a word to the object. */
  deploy(): void {
    for (const socket of this.object.sockets) this.object.remove(socket);
    this.crash();
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) await undefined;
  }

  /** Lets time pass, in steps where something is due. */
  async advance(ms: number): Promise<void> {
    const step = Math.max(1, Math.ceil(ms / 20));
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await this.settle();
    }
  }

  /** A request. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    let answer!: Promise<Response>;
    this.#call(
      "fetch",
      (host) => answer = host.fetch(new Request(`http://object/socket.io/?EIO=4${path}`, init)),
    );
    return await answer;
  }

  /** A client with an open session, which it has been told of. */
  async connect(
    { query = "", headers = {} }: { query?: string; headers?: Record<string, string> } = {},
  ): Promise<StageClient> {
    const before = new Set(this.object.sockets);
    const response = await this.fetch(`&transport=websocket${query}`, {
      headers: { upgrade: "websocket", ...headers },
    });
    const socket = this.object.sockets.find((one) => !before.has(one));
    if (response.status !== 101 || socket === undefined) throw new Error(`No WebSocket: ${response.status}`);
    await this.settle();
    return new StageClient(this, socket);
  }

  /** A client that has joined namespaces (default: the main one) and has read the answers. */
  async join(...names: string[]): Promise<StageClient> {
    const client = await this.connect();
    client.hear();
    for (const name of names.length > 0 ? names : ["/"]) client.say(name === "/" ? "0" : `0${name},`);
    await this.settle();
    for (const frame of client.hear()) client.ids.push(JSON.parse(/\{.*/.exec(String(frame))![0]).sid);
    return client;
  }

  /** Something arrives for a WebSocket; what the platform answers itself wakes nobody. */
  deliver(socket: FakeSocket, data: Frame): void {
    const { autoResponse } = this.object;
    if (autoResponse !== undefined && data === autoResponse.request) {
      this.object.answered(socket);
      if (socket.readyState === 1) socket.heard.push(autoResponse.response);
      return;
    }
    const message = typeof data === "string" ? data : data.slice().buffer;
    this.#call("message", async (host) => await host.message(socket, message));
  }

  /** A WebSocket was closed, or (1006) lost. */
  closed(socket: FakeSocket, code: number): void {
    socket.closedByClient = code;
    socket.readyState = socket.closedHere === undefined && code !== 1006 ? 2 : 3;
    this.#call("closed", (host) => host.closed(socket, code));
    if (socket.closedHere !== undefined || code === 1006) this.object.remove(socket);
  }

  #call(kind: Exclude<keyof Calls, "made">, run: (host: ObjectHost) => Promise<unknown>): void {
    const { host } = this;
    const life = this.#life;
    this.calls[kind]++;
    this.#running++;
    const done = (): void => {
      if (life === this.#life) this.#running--;
    };
    run(host).then(done, (error) => {
      if (kind !== "fetch") this.errors.push([error, kind]);
      done();
    });
  }
}

/** The other end of a WebSocket. */
export class StageClient {
  /** Ids of its sockets, where `join` made it, in the order of the names. */
  readonly ids: string[] = [];
  /** Whether it answers pings. */
  pongs = true;
  readonly socket: FakeSocket;
  readonly #stage: ObjectStage;
  #pings = 0;

  constructor(stage: ObjectStage, socket: FakeSocket) {
    this.#stage = stage;
    this.socket = socket;
    socket.told = () => this.#told();
  }

  /** Its first socket's id. */
  get id(): string {
    return this.ids[0]!;
  }

  get isOpen(): boolean {
    return this.socket.readyState === 1;
  }

  /** Pings it got. */
  get pings(): number {
    return this.#pings;
  }

  /** Sends messages: texts without Engine.IO's digit. */
  say(...frames: Frame[]): this {
    for (const frame of frames) this.raw(typeof frame === "string" ? `4${frame}` : frame);
    return this;
  }

  /** Sends frames as they are. */
  raw(...frames: Frame[]): this {
    for (const frame of frames) {
      if (this.isOpen) this.#stage.deliver(this.socket, frame);
    }
    return this;
  }

  /** Messages since the last call, texts without Engine.IO's digit. Heartbeats are not among them. */
  hear(): Frame[] {
    return this.socket.heard.splice(0)
      .filter((frame) => frame !== "2" && frame !== "6")
      .map((frame) => typeof frame === "string" && frame.startsWith("4") ? frame.slice(1) : frame);
  }

  /** Closes the WebSocket. */
  async close(code = 1005): Promise<void> {
    if (this.isOpen) this.#stage.closed(this.socket, code);
    await this.#stage.settle();
  }

  /** Its network is gone. */
  async lose(): Promise<void> {
    await this.close(1006);
  }

  #told(): void {
    const { socket } = this;
    if (socket.closedHere !== undefined) {
      // Ours answers the closing handshake, in another turn.
      if (socket.closedByClient === undefined) {
        queueMicrotask(() => this.#stage.closed(socket, socket.closedHere!));
      } else this.#stage.object.remove(socket);
    } else if (socket.heard.at(-1) === "2") {
      this.#pings++;
      if (this.pongs) queueMicrotask(() => this.raw("3"));
    }
  }
}
