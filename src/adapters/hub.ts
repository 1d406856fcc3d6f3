/**
 * A hub keeps which shards of a server have members of a room: the rooms of all namespaces are spread over a few
 * hubs by their keys. What a shard has said counts for as long as its lease, which it renews now and then by saying it
 * again, so that one that never comes back is forgotten; and not beyond the life in which it said so.
 * @module
 */
import { utf8Length } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";
import type { KeyValueStore } from "./key_value.ts";

/** What a shard says to a hub, or asks it. */
export type HubCall =
  /** The shard has its first member of a room, or lost its last. */
  | { readonly do: "enter" | "exit"; readonly key: string; readonly shard: number }
  /** Nothing that the shard has said is true any more. */
  | { readonly do: "forget"; readonly shard: number }
  /** Which shards have members? */
  | { readonly do: "find"; readonly key: string };

/** The shards found; null for other calls. */
export type HubAnswer = readonly number[] | null;

/** ms that a shard is believed without having renewed its lease. */
export const LEASE = 7_200_000;

const ROOMS = "skein/hub/";
const LEASES = "skein/lease/";
/** Rooms that are looked through each time a lease is renewed, for shards that are gone. */
const SWEEP = 1_000;

/** As kept: until when a shard is believed, and the name of this lease; ms since the epoch. */
interface Lease {
  readonly until: number;
  readonly since: number;
}

/** As kept: who said that it has members of a room, and under which lease. */
type Entry = readonly [shard: number, since: number];

/** Names a room of a namespace, or (without room) all sockets of it. No two have the same. */
export function roomKey(nsp: string, room: string | undefined): string {
  return room === undefined ? `${nsp.length}:${nsp}` : `${nsp.length}:${nsp}=${room}`;
}

/** The most bytes of a key: what its storage takes, with room for what is put before it. */
const MAX_KEY = 2_000;

/** Whether a room can be kept by a hub at all. */
export function isKeyable(key: string): boolean {
  return key.length <= MAX_KEY && utf8Length(key) <= MAX_KEY;
}

/** The hub of a key: FNV-1a, 32 bits. */
export function hubOf(key: string, hubs: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % hubs;
}

/** One hub. */
export class Hub {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  /** The room with which the next sweep begins. */
  #sweepsFrom = ROOMS;

  constructor(kv: KeyValueStore, clock: Clock) {
    this.#kv = kv;
    this.#clock = clock;
  }

  /** Performs calls in order. */
  perform(calls: readonly HubCall[]): HubAnswer[] {
    return calls.map((call) => this.#perform(call));
  }

  #perform(call: HubCall): HubAnswer {
    switch (call.do) {
      case "find":
        return this.#read(ROOMS + call.key).map(([shard]) => shard);
      case "enter": {
        const { since } = this.#renew(call.shard);
        const entries = this.#read(ROOMS + call.key);
        if (!entries.some(([shard]) => shard === call.shard)) {
          this.#write(ROOMS + call.key, [...entries, [call.shard, since]]);
        }
        return null;
      }
      case "exit": {
        const entries = this.#read(ROOMS + call.key);
        const rest = entries.filter(([shard]) => shard !== call.shard);
        if (rest.length < entries.length) this.#write(ROOMS + call.key, rest);
        return null;
      }
      case "forget":
        this.#kv.delete(LEASES + call.shard);
        return null;
    }
  }

  /** The entries that count; others are dropped. */
  #read(key: string): readonly Entry[] {
    return this.#living(key, this.#kv.get(key) as readonly Entry[] | undefined ?? []);
  }

  #living(key: string, entries: readonly Entry[]): readonly Entry[] {
    const living = entries.filter(([shard, since]) => this.#leaseOf(shard)?.since === since);
    if (living.length < entries.length) this.#write(key, living);
    return living;
  }

  #write(key: string, entries: readonly Entry[]): void {
    if (entries.length === 0) this.#kv.delete(key);
    else this.#kv.put(key, entries);
  }

  #leaseOf(shard: number): Lease | undefined {
    const lease = this.#kv.get(LEASES + shard) as Lease | undefined;
    return lease !== undefined && lease.until > this.#clock.now() ? lease : undefined;
  }

  /** Written when half of the lease is over: a row that is written is a row that is paid for. */
  #renew(shard: number): Lease {
    const now = this.#clock.now();
    const known = this.#leaseOf(shard);
    if (known !== undefined && known.until - now > LEASE / 2) return known;
    // Another name than any before, also where two begin within a ms.
    const since = known?.since ?? now + Math.random();
    const lease: Lease = { until: now + LEASE, since };
    this.#kv.put(LEASES + shard, lease);
    this.#sweep();
    return lease;
  }

  /** Drops what shards said that never came back, some rooms at a time. */
  #sweep(): void {
    const rows = [...this.#kv.list({ prefix: ROOMS, start: this.#sweepsFrom, limit: SWEEP })];
    for (const [key, entries] of rows) this.#living(key, entries as readonly Entry[]);
    this.#sweepsFrom = rows.length < SWEEP ? ROOMS : rows.at(-1)![0];
  }
}
