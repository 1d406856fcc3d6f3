/**
 * The options of a Server: those of the engine, and its own. Checked when given: a wrong one throws a TypeError
 * that names it, its value and what is allowed; an unknown one is a slip of the pen and throws as well.
 * @module
 */
import { knownKeys, wholeNumber } from "../engine/check.ts";
import { MAX_DELAY } from "../time/clock.ts";
import { ENGINE_OPTION_NAMES, type EngineOptions } from "../engine/options.ts";

/** Options of a Server. `path` is `"/socket.io"` by default. */
export interface ServerOptions extends EngineOptions {
  /**
   * ms that a client may stay in no namespace before its connection is closed. Default 45 000. Counted from its
   * arrival, and again from the moment it leaves its last namespace (the official server counts only once).
   */
  readonly connectTimeout?: number;
}

/** Options of the official server that do not exist here, with the reason a user is told. */
const NOT_HERE: Readonly<Record<string, string>> = {
  adapter: "adapters cannot be chosen yet",
  parser: "parsers cannot be chosen yet",
  connectionStateRecovery: "connection state recovery does not exist yet",
  cleanupEmptyChildNamespaces: "dynamic namespaces do not exist yet",
  serveClient: "the client script is not served yet; serve it with your application",
  perMessageDeflate: "the runtime decides about WebSocket compression",
  wsEngine: "the runtime brings its own WebSocket server",
  allowEIO3: "Engine.IO v3 (socket.io-client 2.x) is not supported",
  destroyUpgrade: "requests outside `path` go to the `fallback` option",
  destroyUpgradeTimeout: "requests outside `path` go to the `fallback` option",
};

const OWN_NAMES = ["connectTimeout"];

/** The options after their checks, in two parts; the engine checks its own. */
export interface ServerSettings {
  readonly connectTimeout: number;
  readonly engine: EngineOptions;
}

/** Checks the Server's own options and sets the engine's apart. */
export function serverSettings(options: ServerOptions): ServerSettings {
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
    connectTimeout: wholeNumber("connectTimeout", options.connectTimeout, 45_000, 1, MAX_DELAY),
    engine: engine as EngineOptions,
  };
}
