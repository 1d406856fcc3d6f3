/**
 * A hub keeps which shards of a server have members of a room: the rooms of all namespaces are spread over a few
 * hubs by their keys. What a shard has said counts for as long as its lease, which it renews now and then, so that
 * one that never comes back is forgotten.
 * @module
 */
import { utf8Length } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";
import type { KeyValueStore } from "./key_value.ts";

/** What a shard says to a hub, or asks it. */
export type HubCall =
  /** The shard has its first member of a room, or lost its last. */
  | { readonly do: "enter" | "exit"; readonly key: string; readonly shard: number }
  /** The shard is still there. */
  | { readonly do: "renew"; readonly shard: number }
  /** Which shards have members? */
  | { readonly do: "find"; readonly key: string };

/** The shards found; for other calls whether the hub still knew the shard: else it must enter again. */
export type HubAnswer = readonly number[] | boolean;

/** ms that a shard is believed without having renewed its lease. */
export const LEASE = 7_200_000;

const ROOMS = "skein/hub/";
const LEASES = "skein/lease/";

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

  constructor(kv: KeyValueStore, clock: Clock) {
    this.#kv = kv;
    this.#clock = clock;
  }

  /** Performs calls in order. */
  perform(calls: readonly HubCall[]): HubAnswer[] {
    return calls.map((call) => this.#perform(call));
  }

  #perform(call: HubCall): HubAnswer {
    if (call.do === "find") return this.#find(call.key);
    const wasKnown = this.#isKnown(call.shard);
    if (call.do !== "exit") this.#renew(call.shard);
    if (call.do === "enter") this.#change(call.key, (shards) => shards.add(call.shard));
    else if (call.do === "exit") this.#change(call.key, (shards) => shards.delete(call.shard));
    return wasKnown;
  }

  #find(key: string): number[] {
    const shards = this.#shardsOf(key);
    const living = [...shards].filter((shard) => this.#isKnown(shard));
    if (living.length < shards.size) this.#write(key, new Set(living));
    return living;
  }

  #change(key: string, change: (shards: Set<number>) => unknown): void {
    const shards = this.#shardsOf(key);
    const before = shards.size;
    change(shards);
    if (shards.size !== before) this.#write(key, shards); // a row that is written is a row that is paid for
  }

  #shardsOf(key: string): Set<number> {
    return new Set(this.#kv.get(ROOMS + key) as number[] | undefined);
  }

  #write(key: string, shards: ReadonlySet<number>): void {
    if (shards.size === 0) this.#kv.delete(ROOMS + key);
    else this.#kv.put(ROOMS + key, [...shards]);
  }

  #isKnown(shard: number): boolean {
    const until = this.#kv.get(LEASES + shard) as number | undefined;
    return until !== undefined && until > this.#clock.now();
  }

  /** Written when half of the lease is over. */
  #renew(shard: number): void {
    const until = this.#clock.now() + LEASE;
    const known = this.#kv.get(LEASES + shard) as number | undefined;
    if (known === undefined || until - known > LEASE / 2) this.#kv.put(LEASES + shard, until);
  }
}
