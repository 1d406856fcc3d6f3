/**
 * Which runtime this is. The only place that chooses.
 * @module
 */
import type { Runtime } from "../engine/runtime.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { bunContext, bunEnvironment, isBun } from "./bun.ts";
import { denoContext, denoEnvironment, isDeno } from "./deno.ts";
import { isWorkers, workersClock, workersContext } from "./workers.ts";

/** What a runtime brings. */
export interface Platform {
  readonly context: Runtime;
  readonly clock: Clock;
  /** Whether its WebSockets have topics. */
  readonly hasTopics?: boolean;
}

/** The runtime this code runs on; without a known one, polling works and upgrades are refused. */
export function currentPlatform(): Platform {
  if (isDeno()) return { context: denoContext, clock: systemClock };
  if (isBun()) return { context: bunContext, clock: systemClock, hasTopics: true };
  if (isWorkers()) return { context: workersContext, clock: workersClock };
  return { context: plainContext, clock: systemClock };
}

/** Whether the environment says `NODE_ENV=development`. Nobody is asked for permission to look. */
export function isDevelopment(): boolean {
  if (isBun()) return bunEnvironment("NODE_ENV") === "development";
  return isDeno() && denoEnvironment("NODE_ENV") === "development";
}

const plainContext: Runtime = () => ({
  address: "",
  upgrade: () => {
    throw new TypeError("Cannot upgrade to WebSocket: unknown runtime, expected Deno, Bun or Workers");
  },
});
