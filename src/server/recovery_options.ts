/**
 * The option `connectionStateRecovery`: its checks, and what is made of it.
 * @module
 */
import { MemoryEventLog } from "../adapters/memory_event_log.ts";
import { MemorySessionStore } from "../adapters/memory_session_store.ts";
import type { RecoveryPorts } from "../core/recovery.ts";
import type { EventLog, SessionStore } from "../core/session_store.ts";
import { flag, knownKeys, optionalFunction, refuse, wholeNumber } from "../engine/check.ts";
import { type Clock, MAX_DELAY } from "../time/clock.ts";

/**
 * Lets clients that lost their connection come back with the same id, rooms and data, and get the events they
 * missed. What is kept in memory is bounded by age, number and size.
 */
export interface RecoveryOptions {
  /** ms that a client may be away. Default 120 000. */
  readonly maxDisconnectionDuration?: number;
  /** Whether a client that comes back passes the middlewares of its namespace unasked. Default true. */
  readonly skipMiddlewares?: boolean;
  /** Sessions kept in memory, of all clients; beyond it the oldest go. Default 10 000. */
  readonly maxSessions?: number;
  /** Events kept in memory in each namespace; beyond it the oldest go. Default 10 000. */
  readonly maxEvents?: number;
  /**
   * Bytes of events kept in memory in all namespaces together, and of the sessions' data; where events are more, the
   * oldest of the namespace that grows go. Default 16 777 216 (16 MiB).
   */
  readonly maxBytes?: number;
  /** Keeps sessions somewhere else; `maxSessions` is its business then. */
  readonly store?: SessionStore;
  /** Keeps the events of a namespace somewhere else; `maxEvents` is its business then. */
  readonly log?: (namespace: string) => EventLog;
}

const NAMES = [
  "maxDisconnectionDuration",
  "skipMiddlewares",
  "maxSessions",
  "maxEvents",
  "maxBytes",
  "store",
  "log",
];

/** What recovery needs, but for those who are to be told. */
export type RecoverySettings = Omit<RecoveryPorts, "clock" | "report" | "emptied" | "expired">;

/** What may be kept for recovery: ms that an event is kept, numbers, bytes. */
export interface RecoveryLimits {
  readonly maxDisconnectionDuration: number;
  readonly maxAge: number;
  readonly maxSessions: number;
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Makes who keeps sessions and events where the options name nobody. */
export type Keepers = (clock: Clock, limits: RecoveryLimits) => Pick<RecoveryPorts, "store" | "makeLog">;

/** Makes the settings. `silence`: ms that may pass before it shows that a client is gone. Default: in memory. */
export type MakeRecovery = (clock: Clock, silence: number, keepers?: Keepers) => RecoverySettings;

/**
 * Checks the options; what is kept in memory goes by `clock`. Undefined where recovery is off. `silence`: ms that
 * may pass before it shows that a client is gone; what it missed until then is kept as long as what it missed after.
 */
export function recoverySettings(
  options: RecoveryOptions | boolean | undefined,
): MakeRecovery | undefined {
  if (options === undefined || options === false) return undefined;
  const given = options === true ? {} : options;
  knownKeys("connectionStateRecovery", given, NAMES);
  const name = (key: string): string => `connectionStateRecovery.${key}`;
  const maxDisconnectionDuration = wholeNumber(
    name("maxDisconnectionDuration"),
    given.maxDisconnectionDuration,
    120_000,
    1,
    MAX_DELAY,
  );
  const skipMiddlewares = flag(name("skipMiddlewares"), given.skipMiddlewares, true);
  const maxSessions = wholeNumber(name("maxSessions"), given.maxSessions, 10_000, 1);
  const maxEvents = wholeNumber(name("maxEvents"), given.maxEvents, 10_000, 1);
  const maxBytes = wholeNumber(name("maxBytes"), given.maxBytes, 16_777_216, 1);
  const makeLog = optionalFunction(name("log"), given.log);
  const { store } = given;
  if (store !== undefined && typeof store?.take !== "function") {
    refuse(name("store"), store, "a SessionStore");
  }
  return (clock, silence, keepers = inMemory) => {
    const limits = {
      maxDisconnectionDuration,
      maxAge: maxDisconnectionDuration + silence,
      maxSessions,
      maxEvents,
      maxBytes,
    };
    const kept = keepers(clock, limits);
    return {
      maxDisconnectionDuration,
      skipMiddlewares,
      store: store ?? kept.store,
      makeLog: makeLog ?? kept.makeLog,
    };
  };
}

const inMemory: Keepers = (clock, limits) => {
  const budget = { used: 0, max: limits.maxBytes };
  return {
    store: new MemorySessionStore(clock, limits),
    makeLog: () => new MemoryEventLog(clock, { ...limits, budget }),
  };
};
