/**
 * The options of a server in a Durable Object.
 * @module
 */
import { flag, refuse, wholeNumber } from "../engine/check.ts";
import { MAX_DELAY } from "../time/clock.ts";
import type { ServerOptions } from "./options.ts";

/** Options of a server in a Durable Object. `pingTimeout` is 60 000 by default: an alarm may be late. */
export interface ObjectOptions extends ServerOptions {
  /**
   * ms that an ack is waited for where `timeout()` says nothing. A server that waits for one stays awake. Default
   * 30 000.
   */
  readonly ackTimeout?: number;
  /**
   * Whether the `connection` listeners run again for all sockets before the first event after waking is handled, so
   * that what they put into variables is there again; else for each socket when something comes from it. Counts only
   * where there are such listeners. Default true.
   */
  readonly announceAll?: boolean;
  /** Over how many objects the server is spread; the same as the router's. Default 1. */
  readonly shards?: number;
  /** The name of the binding of the object class, as told to the router. Needed where there are shards. */
  readonly binding?: string;
}

/** The options after their checks. */
export interface ObjectSettings {
  readonly ackTimeout: number;
  readonly announceAll: boolean;
  readonly shards: number;
  readonly binding: string | undefined;
  readonly pingInterval: number;
  readonly pingTimeout: number;
  /** Those of the server. */
  readonly server: ServerOptions;
}

/** ms; clients wait for `pingInterval` and this. */
const PING_TIMEOUT = 60_000;

/** The most objects of one server. */
export const MAX_SHARDS = 10_000;

/** Checks the options of the object, and sets those of the server apart, which checks its own. */
export function objectSettings(options: ObjectOptions): ObjectSettings {
  const { ackTimeout, announceAll, shards, binding, ...rest } = options;
  const { pingInterval = 25_000, pingTimeout = PING_TIMEOUT } = rest;
  if (binding !== undefined && typeof binding !== "string") refuse("binding", binding, "a name");
  return {
    ackTimeout: wholeNumber("ackTimeout", ackTimeout, 30_000, 1, MAX_DELAY),
    announceAll: flag("announceAll", announceAll, true),
    shards: wholeNumber("shards", shards, 1, 1, MAX_SHARDS),
    binding,
    pingInterval,
    pingTimeout,
    server: { ...rest, pingTimeout },
  };
}
