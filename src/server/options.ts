/**
 * The options of a Server: those of the engine, and its own. Checked when given: a wrong one throws a TypeError
 * that names it, its value and what is allowed; an unknown one is a slip of the pen and throws as well.
 * @module
 */
import type { ClientScripts } from "../client_scripts/client_script.ts";
import { LocalAdapter } from "../adapters/local_adapter.ts";
import type { AnyContract, Contract } from "../contract/contract.ts";
import type { AdapterFactory } from "../core/adapter.ts";
import type { RateLimits } from "../core/connection_limits.ts";
import type { RateLimitOptions } from "../core/rate_limit.ts";
import { flag, knownKeys, optionalFunction, refuse, wholeNumber } from "../engine/check.ts";
import { ENGINE_OPTION_NAMES, type EngineOptions } from "../engine/options.ts";
import { defaultParser } from "../protocol/default_parser.ts";
import { adoptParser, type ForeignParser } from "../protocol/foreign_parser.ts";
import type { Parser } from "../protocol/parser.ts";
import { isDevelopment } from "../runtimes/current.ts";
import { MAX_DELAY } from "../time/clock.ts";
import { clientScriptsOption } from "./client_files.ts";
import { rateLimits } from "./rate_limit_options.ts";
import type { ServerHost } from "./host.ts";
import { type MakeRecovery, type RecoveryOptions, recoverySettings } from "./recovery_options.ts";

/** Options of a Server. `path` is `"/socket.io"` by default. The parameters are the event maps of a contract. */
// deno-lint-ignore no-explicit-any -- options without a contract fit any server
export interface ServerOptions<ListenEvents = any, EmitEvents = any> extends EngineOptions {
  /**
   * ms that a client may stay in no namespace before its connection is closed. Default 45 000. Counted from its
   * arrival, and again from the moment it leaves its last namespace (the official server counts only once).
   */
  readonly connectTimeout?: number;
  /** Makes the adapter of each namespace. Default: one for a single process. */
  readonly adapter?: AdapterFactory;
  /** The wire format, which clients must share: ours, or one made for the official server. Default: JSON. */
  readonly parser?: Parser | ForeignParser;
  /** Lets clients come back after a lost connection. Default off; `true` and `{}` mean all defaults. */
  readonly connectionStateRecovery?: RecoveryOptions | boolean;
  /** Whether a namespace that a pattern made ends with its last socket. Default false. */
  readonly cleanupEmptyChildNamespaces?: boolean;
  /** What each client may send. Default: whatever it likes. */
  readonly rateLimit?: RateLimitOptions;
  /** Checks the events of the main namespace, and gives them their types. Default: none. */
  readonly contract?: Contract<ListenEvents, EmitEvents>;
  /**
   * Whether contracts are also for what the server sends: an event that is not as agreed then throws a TypeError at
   * its emitter. Default: in development, that is where the environment says `NODE_ENV=development` and may be read.
   */
  readonly validateOutgoing?: boolean;
  /**
   * Whether `<path>/socket.io.js` and its like are answered with our client, for pages that load it by a script tag.
   * Default true, where `@skein/io` itself is imported; with `@skein/io/workers` (and in any bundle that should stay
   * small) only what is given here: `clientScripts` of `@skein/io/client-scripts`.
   */
  readonly serveClient?: boolean | ClientScripts;
}

/** Options of the official server that do not exist here, with the reason a user is told. */
const NOT_HERE: Readonly<Record<string, string>> = {
  perMessageDeflate: "the runtime decides about WebSocket compression",
  wsEngine: "the runtime brings its own WebSocket server",
  allowEIO3: "Engine.IO v3 (socket.io-client 2.x) is not supported",
  destroyUpgrade: "requests outside `path` go to the `fallback` option",
  destroyUpgradeTimeout: "requests outside `path` go to the `fallback` option",
};

const OWN_NAMES = [
  "connectTimeout",
  "adapter",
  "parser",
  "connectionStateRecovery",
  "cleanupEmptyChildNamespaces",
  "rateLimit",
  "contract",
  "validateOutgoing",
  "serveClient",
];

/** The options after their checks, in two parts; the engine checks its own. */
export interface ServerSettings {
  readonly connectTimeout: number;
  readonly makeAdapter: AdapterFactory;
  readonly parser: Parser;
  readonly recovery: MakeRecovery | undefined;
  readonly cleanupEmptyChildNamespaces: boolean;
  readonly rateLimits: RateLimits | undefined;
  readonly contract: AnyContract | undefined;
  readonly validateOutgoing: boolean;
  readonly clientScripts: ClientScripts | undefined;
  readonly engine: EngineOptions;
}

/** Checks the Server's own options and sets the engine's apart. */
export function serverSettings(options: ServerOptions, host: ServerHost = {}): ServerSettings {
  knownKeys("server options", options, [...ENGINE_OPTION_NAMES, ...OWN_NAMES, ...Object.keys(NOT_HERE)]);
  const engine: Record<string, unknown> = { path: "/socket.io" };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (Object.hasOwn(NOT_HERE, name)) {
      // `false` says what is the case anyway, and configurations carried over from the official server say it.
      if (value !== false) throw new TypeError(`Cannot use option "${name}": ${NOT_HERE[name]}`);
    } else if (!OWN_NAMES.includes(name)) {
      engine[name] = value;
    }
  }
  return {
    connectTimeout: checkConnectTimeout(options.connectTimeout),
    makeAdapter: checkAdapter(options.adapter ?? host.adapter),
    parser: parserOption(options.parser),
    recovery: recoverySettings(options.connectionStateRecovery),
    cleanupEmptyChildNamespaces: flag(
      "cleanupEmptyChildNamespaces",
      options.cleanupEmptyChildNamespaces,
      false,
    ),
    rateLimits: rateLimits(options.rateLimit),
    contract: options.contract,
    clientScripts: clientScriptsOption(options.serveClient),
    validateOutgoing: flag("validateOutgoing", options.validateOutgoing, isDevelopment()),
    engine: engine as EngineOptions,
  };
}

/** The option `connectTimeout`, or its default. */
export function checkConnectTimeout(value: unknown): number {
  return wholeNumber("connectTimeout", value, 45_000, 1, MAX_DELAY);
}

/** The option `adapter`, or its default. What it makes is checked too: adapters of the official server fit no port. */
export function checkAdapter(value: AdapterFactory | undefined): AdapterFactory {
  const make = optionalFunction("adapter", value);
  if (make === undefined) return (_, local) => new LocalAdapter(local);
  return (namespace, local) => {
    const adapter = make(namespace, local);
    if (typeof adapter?.command === "function" && typeof adapter.ask === "function") return adapter;
    return refuse("adapter", value, "a function (namespace, local) => Adapter; official adapters do not fit");
  };
}

function parserOption(value: Parser | ForeignParser | undefined): Parser {
  if (value === undefined) return defaultParser;
  if ("decoder" in value && typeof value.decoder === "function") return value;
  if ("Decoder" in value && typeof value.Encoder === "function") return adoptParser(value);
  return refuse("parser", value, "a Parser { encode, decoder } or an official one { Encoder, Decoder }");
}
