/**
 * One server over several Durable Objects: each is a shard, and a few more are the hubs that know which shards have
 * members of a room. All are objects of one class; an object's name says what it is: `main/3`, `main/hub-0`.
 *
 * Nothing here keeps an object awake: no stub is held, no timer set, calls are answered and over.
 * @module
 */
import type { HubAnswer, HubCall } from "../adapters/hub.ts";
import type { ShardBatch, ShardNet } from "../adapters/hub_bus.ts";
import { refuse } from "../engine/check.ts";
import type { HandoverCall, HandoverNet } from "./session_handover.ts";

/** What an object answers to others of its class. */
export interface ShardStub {
  /** The object's HTTP face. */
  fetch(request: Request): Promise<Response>;
  /** Calls of a shard for a hub. */
  skeinHub(calls: readonly HubCall[]): Promise<readonly HubAnswer[]>;
  /** Messages of one shard for another. */
  skeinDeliver(batch: ShardBatch): Promise<void>;
  /** A client of a session has come to another shard. */
  skeinHandOver(call: HandoverCall): Promise<unknown>;
}

/** A binding of a Durable Object class, as far as it is used. */
export interface ObjectNamespace {
  /** The id of the object with this name. */
  idFromName(name: string): unknown;
  /** The object, to be talked to. */
  get(id: unknown): unknown;
}

/** What the ids of a shard begin with. */
export function idPrefix(shard: number): string {
  return `s${shard}~`;
}

/** The shard, of so many, that is named in an id; undefined where it names none: clients may send us anything. */
export function shardOf(id: string, shards: number): number | undefined {
  const match = /^s(\d{1,5})~/.exec(id);
  const shard = match === null ? shards : Number(match[1]);
  return shard < shards ? shard : undefined;
}

/** The name of a shard's object. */
export function shardName(base: string, shard: number): string {
  return `${base}/${shard}`;
}

/** How many hubs so many shards have. */
export function hubsFor(shards: number): number {
  return Math.ceil(shards / 4);
}

/** Which shard of which server an object is, by its name; an error where it is none. */
export function placeOf(name: string | undefined): { readonly base: string; readonly shard: number } {
  const match = /^(.*)\/(\d+)$/s.exec(name ?? "");
  if (match === null) return refuse("shards", name, "an object that router() with the same shards has named");
  return { base: match[1]!, shard: Number(match[2]) };
}

/** The binding of this name. */
export function bindingIn(env: unknown, name: string | undefined): ObjectNamespace {
  const objects = (env as Record<string, ObjectNamespace | undefined> | undefined)?.[name ?? ""];
  if (typeof objects?.idFromName === "function") return objects;
  return refuse("binding", name, "the name of a Durable Object binding of this Worker");
}

/** Calls to the other objects of a server. A stub is used once: one that failed would go on failing. */
export function shardNet(objects: ObjectNamespace, base: string): ShardNet & HandoverNet {
  const stub = (name: string): ShardStub => objects.get(objects.idFromName(name)) as ShardStub;
  return {
    hub: async (hub, calls) => await stub(`${base}/hub-${hub}`).skeinHub(calls),
    deliver: async (shard, batch) => await stub(shardName(base, shard)).skeinDeliver(batch),
    handOver: async (shard, call) => await stub(shardName(base, shard)).skeinHandOver(call),
  };
}
