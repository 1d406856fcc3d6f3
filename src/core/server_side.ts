/**
 * Events between servers: which names they may have, and how one leaves.
 * @module
 */
import { runCallback } from "../events/emitter.ts";
import type { AnyListener } from "../events/event_types.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";

/** Names that other servers may not fake. Source: Socket.IO 4.8, `RESERVED_EVENTS` of Namespace, and our own. */
const RESERVED: ReadonlySet<unknown> = new Set([
  "connect",
  "connection",
  "new_namespace",
  "session_expired",
  "invalid",
  "rate_limited",
]);

/** Returns the name; throws an Error on a reserved one. */
export function checkServerEvent(name: unknown): string {
  if (RESERVED.has(name)) throw new Error(`Cannot emit "${name}" to servers: it is a reserved event name`);
  return String(name);
}

/** Emits to the other servers, with or without a callback at the end of `data`. */
export function serverSideEmit(target: BroadcastTarget, data: unknown[]): true {
  const event = checkServerEvent(data[0]);
  const ack = data[data.length - 1];
  if (typeof ack !== "function") {
    target.tellServers(data);
    return true;
  }
  const where = `ack of "${event}" between servers`;
  target.askServers(data.slice(0, -1)).then(
    ({ values, error }) => runCallback(ack as AnyListener, undefined, [error, values], target.report, where),
    (error) => target.report(error, where),
  );
  return true;
}
