/**
 * The layer below core, in memory: sessions that a test opens, speaks on and listens to, and a core on a manual
 * clock above them. No network, no time.
 * @module
 */
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import type { AdapterFactory } from "../../src/core/adapter.ts";
import { Connections } from "../../src/core/connections.ts";
import { Namespaces } from "../../src/core/namespaces.ts";
import type { RateLimitOptions } from "../../src/core/rate_limit.ts";
import { Recovery } from "../../src/core/recovery.ts";
import { rateLimits } from "../../src/server/rate_limit_options.ts";
import { type RecoveryOptions, recoverySettings } from "../../src/server/recovery_options.ts";
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
  recovered = false;
  readonly bufferedAmount = 0;
  readonly remoteAddress = "192.0.2.1";
  readonly request: PeerInfo;
  readyState: "open" | "closing" | "closed" = "open";
  /** Whether volatile frames are taken. */
  writable = true;
  /** The options of each batch that was sent. */
  readonly options: (SendOptions | undefined)[] = [];
  /** Each batch as it was given to the session, for identity checks. */
  readonly batches: (readonly Frame[])[] = [];
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
    listener?.closed(reason, description);
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
  readonly on: () => never = notNeeded;
  readonly once: () => never = notNeeded;
  readonly off: () => never = notNeeded;
  readonly addListener: () => never = notNeeded;
  readonly removeListener: () => never = notNeeded;
  readonly removeAllListeners: () => never = notNeeded;
  readonly listeners: () => never = notNeeded;
  readonly listenerCount: () => never = notNeeded;
}

function notNeeded(): never {
  throw new Error("Not needed by core");
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

/** How a core differs from the default. */
export interface CoreOptions {
  readonly recovery?: RecoveryOptions;
  readonly rateLimit?: RateLimitOptions;
  /** ms until it shows that a client is gone. Default 0. */
  readonly silence?: number;
  readonly cleanupEmptyChildNamespaces?: boolean;
  readonly validateOutgoing?: boolean;
  readonly makeAdapter?: AdapterFactory;
}

/** Makes a core. `connectTimeout` is 45 000 ms. */
export function testCore(options: CoreOptions = {}): TestCore {
  const clock = new ManualClock(START);
  const errors: [unknown, string][] = [];
  const report = (error: unknown, where: string): void => {
    errors.push([error, where]);
  };
  const ports = { clock, parser: defaultParser, report };
  const settings = recoverySettings(options.recovery)?.(clock, options.silence ?? 0);
  const recovery = settings && new Recovery({
    ...settings,
    report,
    clock,
    emptied: (nsp) => namespaces.endIfEmpty(nsp),
    expired: (nsp, session) => namespaces.tellExpired(nsp, session),
  });
  const namespaces: Namespaces = new Namespaces({
    ...ports,
    recovery,
    validateOutgoing: options.validateOutgoing ?? false,
    cleanupEmptyChildNamespaces: options.cleanupEmptyChildNamespaces ?? false,
    makeAdapter: options.makeAdapter ?? ((_, local) => new LocalAdapter(local)),
  });
  const connections = new Connections({
    ...ports,
    connectTimeout: 45_000,
    rateLimits: rateLimits(options.rateLimit),
    skipMiddlewares: recovery?.skipMiddlewares ?? false,
    find: (name, auth) => namespaces.find(name, auth),
    revive: (name, pattern) => namespaces.revive(name, pattern),
    patternOf: (namespace) => namespaces.patternOf(namespace),
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
