/**
 * Which runtime this is. The only place that chooses.
 * @module
 */
import type { Runtime } from "../engine/runtime.ts";
import { denoContext, denoEnvironment, isDeno } from "./deno.ts";

/** The runtime this code runs on; without a known one, polling works and upgrades are refused. */
export function currentRuntime(): Runtime {
  return isDeno() ? denoContext : plainContext;
}

/** Whether the environment says `NODE_ENV=development`. Nobody is asked for permission to look. */
export function isDevelopment(): boolean {
  return isDeno() && denoEnvironment("NODE_ENV") === "development";
}

const plainContext: Runtime = () => ({
  address: "",
  upgrade: () => {
    throw new TypeError("Cannot upgrade to WebSocket: unknown runtime, expected Deno");
  },
});
