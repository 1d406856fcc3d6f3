/**
 * The option `rateLimit`: its checks and defaults.
 * @module
 */
import type { RateLimits } from "../core/connection_limits.ts";
import type { RateLimit, RateLimitOptions, RateLimitOutcome, RateLimitSettings } from "../core/rate_limit.ts";
import { knownKeys, refuse, wholeNumber } from "../engine/check.ts";
import { MAX_DELAY } from "../time/clock.ts";

const NAMES = ["events", "bytes", "per", "outcome"];
const OUTCOMES: readonly unknown[] = ["drop", "error", "disconnect"];

/** Checks the option; undefined where nothing is limited. */
export function rateLimits(options: RateLimitOptions | undefined): RateLimits | undefined {
  if (options === undefined) return undefined;
  knownKeys("rateLimit", options, [...NAMES, "connection"]);
  const { connection } = options;
  if (connection !== undefined) knownKeys("rateLimit.connection", connection, NAMES);
  const limits = {
    socket: settings("rateLimit", options),
    connection: connection && settings("rateLimit.connection", connection),
  };
  if (limits.socket === undefined && limits.connection === undefined) {
    refuse("rateLimit", options, "a number of `events` or of `bytes`");
  }
  return limits;
}

function settings(name: string, limit: RateLimit): RateLimitSettings | undefined {
  const { outcome = "drop" } = limit;
  if (!OUTCOMES.includes(outcome)) refuse(`${name}.outcome`, outcome, '"drop", "error" or "disconnect"');
  const checked = {
    events: wholeNumber(`${name}.events`, limit.events, Infinity, 1),
    bytes: wholeNumber(`${name}.bytes`, limit.bytes, Infinity, 1),
    per: wholeNumber(`${name}.per`, limit.per, 1000, 1, MAX_DELAY),
    outcome: outcome as RateLimitOutcome,
  };
  return checked.events === Infinity && checked.bytes === Infinity ? undefined : checked;
}
