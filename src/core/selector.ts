/**
 * Which sockets of a namespace are meant, and how they are to be sent to: a frozen value that operators copy and
 * adapters read (and, in a cluster, put on the wire).
 * @module
 */
import type { Room } from "./ids.ts";

/** How a broadcast is sent. Absent means no. */
export interface BroadcastFlags {
  /** Clients that cannot take it at once do not get it. */
  readonly volatile?: boolean | undefined;
  /** Whether compression is worth trying. Default true. */
  readonly compress?: boolean | undefined;
  /** Only the sockets of this process. */
  readonly local?: boolean | undefined;
  /** ms to wait for acks. */
  readonly timeout?: number | undefined;
}

/** The sockets in any of `rooms` (in none given: all), without those in any of `except`. */
export interface Selector {
  /** Where to look. */
  readonly rooms: readonly Room[];
  /** Whom to leave out. */
  readonly except: readonly Room[];
  /** How to send. */
  readonly flags: BroadcastFlags;
}

const NO_FLAGS: BroadcastFlags = Object.freeze({});
const NO_ROOMS: readonly Room[] = Object.freeze([]);

/** All sockets of the namespace. */
export const EVERYONE: Selector = Object.freeze({ rooms: NO_ROOMS, except: NO_ROOMS, flags: NO_FLAGS });

/** All sockets but those in `room`. */
export function everyoneBut(room: Room): Selector {
  return { rooms: NO_ROOMS, except: [room], flags: NO_FLAGS };
}

/** The selector with more rooms. */
export function withRooms(selector: Selector, rooms: string | readonly string[]): Selector {
  return { rooms: union(selector.rooms, rooms), except: selector.except, flags: selector.flags };
}

/** The selector with more exceptions. */
export function withExcept(selector: Selector, rooms: string | readonly string[]): Selector {
  return { rooms: selector.rooms, except: union(selector.except, rooms), flags: selector.flags };
}

/** The selector with flags added or changed. */
export function withFlags(selector: Selector, flags: BroadcastFlags): Selector {
  return { rooms: selector.rooms, except: selector.except, flags: { ...selector.flags, ...flags } };
}

/** Checks the ms of a `timeout()`: a number from 0 on. Throws a TypeError. */
export function checkTimeout(ms: unknown): number {
  if (typeof ms === "number" && ms >= 0) return ms; // Infinity: wait for as long as the client is there
  throw new TypeError(`Cannot set timeout: ${String(ms)} is not a number of ms from 0 on`);
}

/** One room or several, as a list of its own. Throws a TypeError on what is no text. */
export function roomList(rooms: string | readonly string[]): Room[] {
  const list = Array.isArray(rooms) ? [...rooms] : [rooms];
  for (const room of list) {
    if (typeof room !== "string") {
      throw new TypeError(`Cannot take ${String(room)} for a room: it is not a text`);
    }
  }
  return list;
}

function union(known: readonly Room[], more: string | readonly string[]): readonly Room[] {
  const added = (Array.isArray(more) ? more : [more]) as Room[];
  return known.length === 0 && added.length < 2 ? added.slice() : [...new Set([...known, ...added])];
}
