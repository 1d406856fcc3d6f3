/**
 * The layer below core, in memory: sessions that a test opens, speaks on and listens to, and a core on a manual
 * clock above them. No network, no time.
 * @module
 */
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import { Connections } from "../../src/core/connections.ts";
import { Namespaces } from "../../src/core/namespaces.ts";
import type {
  CloseReason,
  EngineHandler,
  EngineListener,
  EngineSocket,
  PeerInfo,
  SendOptions,
  TransportInfo,
} from "../../src/engine/ports.ts";
import { defaultParser } from "../../src/protocol/default_parser.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

let sids = 0;

/** One session and its client: what the client says and hears is text without Engine.IO's digit, or bytes. */
export class FakeClient implements EngineSocket {
  readonly id: string = `sid${sids++}`;
  readonly protocol = 4;
  readonly upgrading = false;
  readonly upgraded = false;
  bufferedAmount = 0;
  readonly remoteAddress = "192.0.2.1";
  readonly request: PeerInfo;
  readyState: "open" | "closing" | "closed" = "open";
  /** Whether volatile frames are taken. */
  writable = true;
  /** The options of each batch that was sent. */
  readonly options: (SendOptions | undefined)[] = [];
  /** Each batch as it was given to the session, for identity checks. */
  readonly batches: (readonly Frame[])[] = [];
  /** What core listens for on the session. */
  readonly listeners: [event: string, listener: () => void][] = [];
  #heard: Frame[] = [];
  #listener: EngineListener | undefined;

  constructor(request: Partial<PeerInfo> = {}) {
    this.request = {
      url: "http://localhost/socket.io/?EIO=4&transport=websocket",
      method: "GET",
      headers: new Headers(),
      address: this.remoteAddress,
      ...request,
    };
  }

  get transport(): TransportInfo {
    return { name: "websocket", writable: this.writable };
  }

  /** Begins the session. */
  open(handler: EngineHandler): this {
    this.#listener = handler.opened(this);
    return this;
  }

  /** The client sends messages. */
  say(...frames: Frame[]): this {
    for (const frame of frames) this.#listener?.receive(typeof frame === "string" ? `4${frame}` : frame);
    return this;
  }

  /** What the client got since the last call. */
  heard(): Frame[] {
    const frames = this.#heard;
    this.#heard = [];
    return frames;
  }

  /** The session ends by the hand of the engine. */
  lose(reason: CloseReason, description?: unknown): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    const listener = this.#listener;
    this.#listener = undefined;
    this.#tell("close");
    listener?.closed(reason, description);
  }

  /** The client took what waited. */
  drain(): void {
    this.bufferedAmount = 0;
    this.#tell("drain");
  }

  #tell(event: string): void {
    for (const [name, listener] of [...this.listeners]) if (name === event) listener();
  }

  sendFrames(frames: readonly Frame[], options?: SendOptions): void {
    if (this.readyState !== "open" || (options?.volatile === true && !this.writable)) return;
    this.options.push(options);
    this.batches.push(frames);
    for (const frame of frames) this.#heard.push(typeof frame === "string" ? frame.slice(1) : frame);
  }

  close(): this {
    this.lose("forced close");
    return this;
  }

  send(): this {
    return this;
  }
  write(): this {
    return this;
  }
  on(event: string, listener: () => void): this {
    this.listeners.push([event, listener]);
    return this;
  }
  once(): this {
    throw new Error("Not needed by core");
  }
  off(event: string, listener?: () => void): this {
    const index = this.listeners.findIndex(([name, one]) => name === event && one === listener);
    if (index >= 0) this.listeners.splice(index, 1);
    return this;
  }
}

/** A core without engine and server. */
export interface TestCore {
  readonly clock: ManualClock;
  readonly namespaces: Namespaces;
  readonly connections: Connections;
  /** What was reported: `[error, where]`. */
  readonly errors: [unknown, string][];
  /** A client with an open session that has joined nothing. */
  open(request?: Partial<PeerInfo>): FakeClient;
  /** A client that has joined namespaces (default: the main one); its CONNECT answers are taken from `heard`. */
  join(...names: string[]): FakeClient;
}

/** Time at the beginning: not 0, so that a forgotten `now` shows. */
const START = 1_000_000;

/** Makes a core. `connectTimeout` is 45 000 ms. */
export function testCore(): TestCore {
  const clock = new ManualClock(START);
  const errors: [unknown, string][] = [];
  const report = (error: unknown, where: string): void => {
    errors.push([error, where]);
  };
  const ports = { clock, parser: defaultParser, report };
  const namespaces = new Namespaces({ ...ports, makeAdapter: (_, local) => new LocalAdapter(local) });
  const connections = new Connections({
    ...ports,
    connectTimeout: 45_000,
    find: (name) => namespaces.find(name),
  });
  const open = (request?: Partial<PeerInfo>): FakeClient => new FakeClient(request).open(connections);
  const join = (...names: string[]): FakeClient => {
    const client = open();
    for (const name of names.length > 0 ? names : ["/"]) client.say(name === "/" ? "0" : `0${name},`);
    client.heard();
    return client;
  };
  return { clock, namespaces, connections, errors, open, join };
}
