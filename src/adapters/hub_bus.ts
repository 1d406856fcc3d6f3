/**
 * A bus between the shards of one server: hubs know where members are, shards send to shards.
 *
 * One shard's messages are kept in order: they are looked up together, batch by batch, and go from queue to queue; a
 * queue has one call under way, and what comes meanwhile goes with the next. No timers: a shard may sleep as soon as
 * its calls are answered.
 * @module
 */
import type { Room } from "../core/ids.ts";
import { randomId } from "../protocol/random_id.ts";
import type { ClusterBus } from "./cluster_bus.ts";
import { type ClusterMessage, roomsOf, type ServerId } from "./cluster_messages.ts";
import { type HubAnswer, type HubCall, hubOf, isKeyable, LEASE, roomKey } from "./hub.ts";
import { ShardQueue } from "./shard_queue.ts";

/** Messages of one shard for another, numbered so that a call that is repeated counts once. */
export interface ShardBatch {
  readonly from: number;
  /** Another one each time the shard wakes. */
  readonly life: string;
  readonly number: number;
  readonly messages: readonly ClusterMessage[];
}

/** How calls reach hubs and shards. A rejection with `retryable` is tried once more. */
export interface ShardNet {
  hub(hub: number, calls: readonly HubCall[]): Promise<readonly HubAnswer[]>;
  deliver(shard: number, batch: ShardBatch): Promise<void>;
}

/** What the bus asks of its own server. */
export interface ShardMembers {
  /** Whether this shard has a member of the room (undefined: a socket of the namespace), or keeps a place for one. */
  has(nsp: string, room: Room | undefined): boolean;
  /** All of them. */
  all(): Iterable<readonly [nsp: string, room: Room | undefined]>;
}

/** What a {@linkcode HubBus} works with. */
export interface HubBusOptions {
  /** Which shard this is, from 0. */
  readonly shard: number;
  readonly hubs: number;
  readonly net: ShardNet;
  readonly members: ShardMembers;
  /** The shard in whose id a room is named: that of a socket's own room. */
  shardOf(room: string): number | undefined;
  /** {@linkcode HubBus.renew} is to be called in so many ms at the latest. */
  renewIn(ms: number): void;
  report(error: unknown, where: string): void;
}

/** ms after which the hubs are told again what they know: well before a lease is over. */
const RENEWAL = LEASE / 4;
/** ms after which they are told what they could not be told. */
const SOON = 5_000;
/** The most calls of a hub in one. */
const MAX_CALLS = 1_000;

interface Waiting {
  readonly call: HubCall;
  readonly answered: (answer: HubAnswer) => void;
  readonly failed: (error: unknown) => void;
}

interface Unrouted {
  readonly message: ClusterMessage;
  /** What it is looked up by. */
  readonly keys: readonly string[];
  readonly reached: (shards: ServerId[]) => void;
  readonly failed: (error: unknown) => void;
}

/** The bus of one shard. */
export class HubBus implements ClusterBus {
  readonly id: ServerId;
  readonly #options: HubBusOptions;
  readonly #hubs = new Map<number, Waiting[]>();
  readonly #shards = new Map<number, ShardQueue>();
  /** By shard: the last batch that came from it. */
  readonly #last = new Map<number, { readonly life: string; readonly number: number }>();
  #unrouted: Unrouted[] = [];
  #isRouting: Promise<void> | undefined;
  #deliver: ((message: ClusterMessage) => void) | undefined;
  #life: string | undefined;
  #number = 0;

  constructor(options: HubBusOptions) {
    this.#options = options;
    this.id = idOf(options.shard);
  }

  subscribe(deliver: (message: ClusterMessage) => void): void {
    this.#deliver = deliver;
  }

  publish(message: ClusterMessage): Promise<ServerId[]> {
    // What the program gave away is its own, and it may change it. Frames, selectors and commands nobody changes.
    const copy = message.type === "broadcast" || message.type === "command"
      ? message
      : structuredClone(message);
    if (message.to !== undefined) {
      this.#send(numberOf(message.to), copy);
      return Promise.resolve([message.to]);
    }
    return new Promise((reached, failed) => {
      this.#unrouted.push({ message: copy, keys: this.#keysOf(copy), reached, failed });
      this.#isRouting ??= this.#route();
    });
  }

  interest(nsp: string, room: Room | undefined, isWanted: boolean): void | Promise<void> {
    const { members, shard } = this.#options;
    // Where it is, its name says; but not of a socket that was recovered here.
    if (room !== undefined && this.#options.shardOf(room) === shard) return;
    if (!isWanted && members.has(nsp, room)) return;
    const key = roomKey(nsp, room);
    if (!isKeyable(key)) { // it would fail what others say in the same call
      return Promise.reject(new RangeError(`Cannot join a room with so long a name: ${room?.slice(0, 50)}…`));
    }
    return isWanted ? this.#enter(key, shard) : this.#ask({ do: "exit", key, shard }).then(() => {});
  }

  async servers(nsp: string): Promise<ServerId[]> {
    return this.#others(await this.#find(roomKey(nsp, undefined))).map(idOf);
  }

  /** Says good-bye and leaves all rooms; what was published before is still sent. */
  async close(): Promise<void> {
    await this.publish({ type: "bye", from: this.id });
    await this.#isRouting;
    await this.forget().catch(() => {}); // the hubs' patience ends it as well
  }

  /** Tells the hubs that nothing of what they know of this shard is true any more. */
  async forget(): Promise<void> {
    const { hubs, shard } = this.#options;
    await Promise.all(Array.from({ length: hubs }, (_, hub) => this.#askHub(hub, { do: "forget", shard })));
  }

  /**
   * Messages came from another shard. `prepare` makes the server ready for them; but not for answers, for which it may
   * be waiting.
   */
  async received(
    { from, life, number, messages }: ShardBatch,
    prepare?: () => Promise<void> | undefined,
  ): Promise<void> {
    const last = this.#last.get(from);
    if (last?.life === life && number <= last.number) return; // the call was repeated
    this.#last.set(from, { life, number });
    const isAnswer = ({ type }: ClusterMessage): boolean => type === "answer";
    for (const message of messages.filter(isAnswer)) this.#deliver?.(message);
    const others = messages.filter((message) => !isAnswer(message));
    if (others.length === 0) return;
    const preparing = prepare?.();
    if (preparing !== undefined) await preparing;
    for (const message of others) {
      this.#deliver?.(message);
      this.#leaveIfVain(message);
    }
  }

  /** Tells the hubs all rooms once more: they may have forgotten some, or never have heard of them. */
  async renew(): Promise<void> {
    const { members, shard, shardOf } = this.#options;
    const rooms = [...members.all()].filter(([, room]) => room === undefined || shardOf(room) !== shard);
    const keys = new Set(rooms.map(([nsp, room]) => roomKey(nsp, room)).filter(isKeyable));
    await Promise.all([...keys].map((key) => this.#enter(key, shard)));
  }

  async #enter(key: string, shard: number): Promise<void> {
    const { renewIn } = this.#options;
    renewIn(RENEWAL);
    try {
      await this.#ask({ do: "enter", key, shard });
    } catch (error) {
      renewIn(SOON); // later joins say nothing: the room is there already
      throw error;
    }
  }

  /** A message came for rooms in which nobody is any more: a deployment ended the sockets without a word. */
  #leaveIfVain(message: ClusterMessage): void {
    if (message.to !== undefined || !("nsp" in message)) return;
    const { members, report } = this.#options;
    const { nsp } = message;
    const rooms: readonly (Room | undefined)[] = roomsOf(message).length > 0 ? roomsOf(message) : [undefined];
    if (rooms.some((room) => members.has(nsp, room))) return;
    for (const room of rooms) {
      this.interest(nsp, room, false)?.catch((error) => report(error, "leaving of a hub"));
    }
  }

  async #route(): Promise<void> {
    await undefined; // what is said in one turn is looked up together
    while (this.#unrouted.length > 0) {
      const batch = this.#unrouted;
      this.#unrouted = [];
      const keys = new Set(batch.flatMap((one) => one.keys));
      const found = new Map<string, number[]>();
      const failed = new Map<string, unknown>();
      await Promise.all([...keys].map(async (key) => {
        try {
          found.set(key, [...await this.#find(key)]);
        } catch (error) {
          failed.set(key, error);
        }
      }));
      for (const one of batch) this.#routeOne(one, found, failed);
    }
    this.#isRouting = undefined;
  }

  #routeOne(
    { message, keys, reached, failed }: Unrouted,
    found: Map<string, number[]>,
    failures: ReadonlyMap<string, unknown>,
  ): void {
    const failure = keys.find((key) => failures.has(key));
    if (failure !== undefined) return failed(failures.get(failure));
    const named = roomsOf(message).map((room) => this.#options.shardOf(room));
    const shards = this.#others(new Set([...named, ...keys.flatMap((key) => found.get(key)!)]));
    for (const shard of shards) this.#send(shard, message);
    if (message.type === "command" && message.command.type === "join") {
      // What is said next to these rooms must reach whom this lets join, before they have told the hub themselves.
      for (const room of message.command.rooms) this.#expect(roomKey(message.nsp, room), shards, found);
    }
    reached(shards.map(idOf));
  }

  #expect(key: string, shards: readonly number[], found: Map<string, number[]>): void {
    found.get(key)?.push(...shards);
    if (!isKeyable(key)) return; // whom this lets join will be told so
    for (const shard of shards) {
      this.#ask({ do: "enter", key, shard }).catch((error) =>
        this.#options.report(error, "entering of a hub")
      );
    }
  }

  /**
   * What a message must be looked up by. Also where a room is named as the own room of a socket: whoever knows its id
   * may have joined it, and the socket may have been recovered on another shard.
   */
  #keysOf(message: ClusterMessage): string[] {
    if (!("nsp" in message)) { // about this shard: for all with whom it shares a namespace
      return [...this.#options.members.all()].filter(([, room]) => room === undefined)
        .map(([nsp]) => roomKey(nsp, undefined));
    }
    const rooms = roomsOf(message);
    if (rooms.length === 0) return [roomKey(message.nsp, undefined)];
    return rooms.map((room) => roomKey(message.nsp, room)).filter(isKeyable);
  }

  #others(shards: Iterable<number | undefined>): number[] {
    return [...shards].filter((shard) => shard !== undefined && shard !== this.#options.shard) as number[];
  }

  async #find(key: string): Promise<readonly number[]> {
    return await this.#ask({ do: "find", key }) as readonly number[];
  }

  #ask(call: Exclude<HubCall, { do: "forget" }>): Promise<HubAnswer> {
    return this.#askHub(hubOf(call.key, this.#options.hubs), call);
  }

  #askHub(hub: number, call: HubCall): Promise<HubAnswer> {
    return new Promise((answered, failed) => {
      const waiting = this.#hubs.get(hub);
      const one = { call, answered, failed };
      if (waiting !== undefined) return void waiting.push(one);
      this.#hubs.set(hub, [one]);
      this.#askAll(hub);
    });
  }

  async #askAll(hub: number): Promise<void> {
    await undefined; // what is said in one turn goes together
    const { net } = this.#options;
    for (let waiting = this.#hubs.get(hub)!; waiting.length > 0; waiting = this.#hubs.get(hub)!) {
      const all = waiting.splice(0, MAX_CALLS);
      try {
        const answers = await twice(() => net.hub(hub, all.map(({ call }) => call)));
        all.forEach(({ answered }, index) => answered(answers[index]!));
      } catch (error) {
        for (const { failed } of all) failed(error);
      }
    }
    this.#hubs.delete(hub);
  }

  #send(shard: number, message: ClusterMessage): void {
    const queue = this.#shards.get(shard);
    if (queue !== undefined) return this.#push(shard, queue, message);
    const made = new ShardQueue();
    this.#shards.set(shard, made);
    this.#push(shard, made, message);
    this.#sendAll(shard, made);
  }

  /** Nobody need wait for the answers to what did not reach a shard. */
  #fail(messages: readonly ClusterMessage[], from: ServerId, reason: unknown): void {
    const error = `Cannot reach server ${from}: ${(reason as Error | undefined)?.message ?? String(reason)}`;
    for (const message of messages) {
      if (message.type !== "ask") continue;
      const { nsp, id } = message;
      this.#deliver?.({ type: "answer", from, to: this.id, nsp, id, values: [], error });
    }
  }

  #push(shard: number, queue: ShardQueue, message: ClusterMessage): void {
    const lost = queue.push(message);
    if (lost === 0) return;
    const error = new Error(`Shard ${shard} does not take messages; the oldest ${lost} are lost`);
    this.#options.report(error, `messages to shard ${shard}`);
  }

  async #sendAll(shard: number, queue: ShardQueue): Promise<void> {
    await undefined; // what is said in one turn goes together
    const { net, report, shard: from } = this.#options;
    const life = this.#life ??= randomId();
    while (!queue.isEmpty) {
      const batch: ShardBatch = { from, life, number: ++this.#number, messages: queue.take() };
      try {
        await twice(() => net.deliver(shard, batch));
      } catch (error) {
        report(error, `messages to shard ${shard}`);
        this.#fail(batch.messages, idOf(shard), error);
      }
    }
    this.#shards.delete(shard);
  }
}

/** Calls again where the platform says that this makes sense. */
async function twice<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown };
    if (retryable !== true || overloaded === true) throw error;
    return await call();
  }
}

function idOf(shard: number): ServerId {
  return `s${shard}` as ServerId;
}

function numberOf(id: ServerId): number {
  return Number(id.slice(1));
}
