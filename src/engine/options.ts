/**
 * The options of the engine, with their units and defaults, and their checks. The names and defaults are those
 * of engine.io 6.6 unless the text says otherwise.
 * @module
 */
import { flag, knownKeys, optionalFunction, refuse, wholeNumber } from "./check.ts";
import { type CookieOptions, cookieWriter } from "./cookie.ts";
import { type CorsAnswer, type CorsDelegate, type CorsOptions, corsPolicy } from "./cors.ts";
import { MAX_DELAY } from "../time/clock.ts";
import type { ReportError, TransportKind } from "./ports.ts";

/** Decides about a handshake: by return value (a promise too), or by callback as on the official server. */
export type AllowRequest = (
  request: Request,
  callback: (error: string | null | undefined, success: boolean) => void,
) => void | boolean | Promise<boolean | void>;

/** Answers a request that is not for the engine. `context` is what the runtime passed beside the request. */
export type Fallback = (request: Request, ...context: unknown[]) => Response | Promise<Response>;

/** Options of the engine. */
export interface EngineOptions {
  /** The path under which the engine answers. Default `"/engine.io"`; a Server's default is `"/socket.io"`. */
  readonly path?: string;
  /** Whether the path must be followed by a slash (`/socket.io/`). Default true. */
  readonly addTrailingSlash?: boolean;
  /** ms between a pong and the next ping. Default 25 000. */
  readonly pingInterval?: number;
  /** ms without a pong after which the session ends. Default 20 000. */
  readonly pingTimeout?: number;
  /** ms for an upgrade to finish. Default 10 000. */
  readonly upgradeTimeout?: number;
  /**
   * ms that `allowRequest`, `generateId` and a `cors` function may take to decide; then the request is refused.
   * Default 30 000. No counterpart in engine.io.
   */
  readonly hookTimeout?: number;
  /** The most bytes of one POST body or WebSocket message; told to clients as `maxPayload`. Default 1 000 000. */
  readonly maxHttpBufferSize?: number;
  /**
   * When more is to be sent while more than this many bytes already wait (each waiting frame counts 64 beside its
   * own), the session is closed as a "slow consumer". Default 67 108 864 (64 MiB); Infinity turns it off. No
   * counterpart in engine.io.
   */
  readonly maxBufferedBytes?: number;
  /** Which transports a session may begin with or move to. Default both. */
  readonly transports?: readonly TransportKind[];
  /** Whether a polling session may move to WebSocket. Default true. */
  readonly allowUpgrades?: boolean;
  /** Compression of polling answers from `threshold` bytes on. Default `{ threshold: 1024 }`. */
  readonly httpCompression?: boolean | { readonly threshold?: number };
  /** A message sent to every client right after the handshake. */
  readonly initialPacket?: string | ArrayBuffer | ArrayBufferView;
  /** The session cookie of the polling handshake. Default false. */
  readonly cookie?: boolean | CookieOptions;
  /** Cross-origin access of browsers. Default off. */
  readonly cors?: boolean | CorsOptions | CorsDelegate;
  /** Decides about handshakes. */
  readonly allowRequest?: AllowRequest;
  /** Makes the sid of a handshake: text of `A-Za-z0-9-_.~`, at most 200 characters. Default: 120 random bits. */
  readonly generateId?: (request: Request) => string | Promise<string>;
  /** Answers requests outside `path`. Default: 404. No counterpart in engine.io. */
  readonly fallback?: Fallback;
  /** Receives what listeners and hooks of yours throw. Default: `console.error`. No counterpart in engine.io. */
  readonly onError?: ReportError;
}

/** The names of all {@linkcode EngineOptions}. */
export const ENGINE_OPTION_NAMES: readonly (keyof EngineOptions)[] = [
  "path",
  "addTrailingSlash",
  "pingInterval",
  "pingTimeout",
  "upgradeTimeout",
  "hookTimeout",
  "maxHttpBufferSize",
  "maxBufferedBytes",
  "transports",
  "allowUpgrades",
  "httpCompression",
  "initialPacket",
  "cookie",
  "cors",
  "allowRequest",
  "generateId",
  "fallback",
  "onError",
];

/** Options that the engine uses as they were given. */
export type PlainSettings = Required<
  Pick<
    EngineOptions,
    | "addTrailingSlash"
    | "pingInterval"
    | "pingTimeout"
    | "upgradeTimeout"
    | "hookTimeout"
    | "maxHttpBufferSize"
    | "maxBufferedBytes"
    | "allowUpgrades"
    | "onError"
  >
>;

/** The options after their checks, in the form the engine uses. */
export interface EngineSettings extends PlainSettings {
  /** The path as a URL's pathname, without a slash at its end. */
  readonly path: string;
  /** The names of the transports. */
  readonly transports: ReadonlySet<string>;
  /** Bytes; Infinity where compression is off. */
  readonly compressionThreshold: number;
  /** The option of this name, where it was given; likewise below. */
  readonly initialPacket: string | ArrayBuffer | ArrayBufferView | undefined;
  /** See {@linkcode EngineOptions.allowRequest}. */
  readonly allowRequest: AllowRequest | undefined;
  /** See {@linkcode EngineOptions.generateId}. */
  readonly generateId: ((request: Request) => string | Promise<string>) | undefined;
  /** See {@linkcode EngineOptions.fallback}. */
  readonly fallback: Fallback | undefined;
  /** Makes the `Set-Cookie` value for a sid, where cookies are on. */
  readonly setCookie: ((sid: string) => string) | undefined;
  /** Decides about a request, where CORS is on. */
  readonly cors: ((request: Request) => Promise<CorsAnswer>) | undefined;
}

/** Checks every option. The first wrong one throws a TypeError that names it, its value and what is allowed. */
export function engineSettings(options: EngineOptions): EngineSettings {
  knownKeys("engine options", options, ENGINE_OPTION_NAMES);
  const pingInterval = wholeNumber("pingInterval", options.pingInterval, 25_000, 1, MAX_DELAY);
  const pingTimeout = wholeNumber("pingTimeout", options.pingTimeout, 20_000, 1, MAX_DELAY);
  // A client waits for both together with one timer.
  if (pingInterval + pingTimeout > MAX_DELAY) {
    refuse("pingTimeout", pingTimeout, `with pingInterval at most ${MAX_DELAY} ms together`);
  }
  const maxBufferedBytes = options.maxBufferedBytes === Infinity
    ? Infinity
    : wholeNumber("maxBufferedBytes", options.maxBufferedBytes, 67_108_864, 1);
  return {
    path: pathOption(options.path ?? "/engine.io"),
    addTrailingSlash: flag("addTrailingSlash", options.addTrailingSlash, true),
    pingInterval,
    pingTimeout,
    upgradeTimeout: wholeNumber("upgradeTimeout", options.upgradeTimeout, 10_000, 1, MAX_DELAY),
    hookTimeout: wholeNumber("hookTimeout", options.hookTimeout, 30_000, 1, MAX_DELAY),
    maxHttpBufferSize: wholeNumber("maxHttpBufferSize", options.maxHttpBufferSize, 1_000_000, 1),
    maxBufferedBytes,
    transports: transportsOption(options.transports),
    allowUpgrades: flag("allowUpgrades", options.allowUpgrades, true),
    compressionThreshold: compressionOption(options.httpCompression),
    initialPacket: initialPacketOption(options.initialPacket),
    setCookie: cookieWriter(options.cookie),
    cors: corsPolicy(options.cors),
    allowRequest: optionalFunction("allowRequest", options.allowRequest),
    generateId: optionalFunction("generateId", options.generateId),
    fallback: optionalFunction("fallback", options.fallback),
    onError: reporter(optionalFunction("onError", options.onError)),
  };
}

/** What reports errors must not throw itself: there is nobody left to tell but the console. */
function reporter(onError: ReportError | undefined): ReportError {
  return (error, where) => {
    try {
      if (onError) onError(error, where);
      else console.error(`Error in ${where}:`, error);
    } catch (failure) {
      console.error(`The "onError" option failed with`, failure, `when told about ${where}:`, error);
    }
  };
}

/** The option `path`, checked. */
export function pathOption(path: unknown): string {
  if (typeof path !== "string" || !path.startsWith("/") || /[?#]/.test(path)) {
    return refuse("path", path, 'a path that begins with "/", without "?" or "#"');
  }
  return new URL(`http://localhost${path}`).pathname.replace(/\/+$/, "");
}

function transportsOption(transports: unknown): ReadonlySet<string> {
  if (transports === undefined) return new Set(["polling", "websocket"]);
  const isList = Array.isArray(transports) && transports.length > 0 &&
    transports.every((name) => name === "polling" || name === "websocket");
  if (!isList) refuse("transports", transports, 'a list of "polling" and "websocket"');
  return new Set(transports as string[]);
}

function compressionOption(compression: unknown): number {
  if (compression === undefined || compression === true) return 1024;
  if (compression === false) return Infinity;
  knownKeys("httpCompression", compression, ["threshold"]);
  return wholeNumber(
    "httpCompression.threshold",
    (compression as { threshold?: unknown }).threshold,
    1024,
    0,
  );
}

function initialPacketOption(packet: unknown): EngineSettings["initialPacket"] {
  if (packet === undefined || typeof packet === "string") return packet;
  if (packet instanceof ArrayBuffer || ArrayBuffer.isView(packet)) return packet;
  return refuse("initialPacket", packet, "a string, an ArrayBuffer or a view of one");
}
