/**
 * Which names an event may have when it leaves.
 * @module
 */
import { RESERVED_EVENTS } from "../protocol/socket_packet.ts";

/**
 * Returns the name; throws an Error on a reserved one (life-cycle events cannot be sent: the peer would take them
 * for its own), and a TypeError on what is neither text nor a finite number, since no peer accepts it.
 */
export function checkEventName(name: unknown): string | number {
  if (typeof name === "string") {
    if (RESERVED_EVENTS.has(name)) throw new Error(`Cannot emit "${name}": it is a reserved event name`);
    return name;
  }
  if (typeof name === "number" && Number.isFinite(name)) return name;
  throw new TypeError(`Cannot emit ${String(name)}: the name of an event is a text or a finite number`);
}
