/**
 * Which runtime this is. The only place that chooses.
 * @module
 */
import type { Runtime } from "../engine/runtime.ts";
import { denoContext, isDeno } from "./deno.ts";

/** The runtime this code runs on; without a known one, polling works and upgrades are refused. */
export function currentRuntime(): Runtime {
  return isDeno() ? denoContext : plainContext;
}

const plainContext: Runtime = () => ({
  address: "",
  upgrade: () => {
    throw new TypeError("Cannot upgrade to WebSocket: unknown runtime, expected Deno");
  },
});
