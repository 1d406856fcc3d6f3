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
import { type HubAnswer, type HubCall, hubOf, isKeyable, roomKey } from "./hub.ts";

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
  /** Whether a socket is in the room now. */
  isHere(nsp: string, room: Room): boolean;
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
  report(error: unknown, where: string): void;
}

/** The most messages in one call. */
const MAX_BATCH = 1_000;
/** The most messages that wait for a shard; beyond it the oldest are lost, which is reported. */
const MAX_WAITING = 100_000;

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
  readonly #shards = new Map<number, ClusterMessage[]>();
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
    return this.#ask({ do: isWanted ? "enter" : "exit", key, shard }).then(() => {});
  }

  async servers(nsp: string): Promise<ServerId[]> {
    return this.#others(await this.#find(roomKey(nsp, undefined))).map(idOf);
  }

  /** Says good-bye and leaves all rooms; what was published before is still sent. */
  async close(): Promise<void> {
    await this.publish({ type: "bye", from: this.id });
    await this.#isRouting;
    const { members, shard } = this.#options;
    const exits = [...members.all()].map(([nsp, room]) =>
      this.#ask({ do: "exit", key: roomKey(nsp, room), shard })
    );
    await Promise.allSettled(exits);
  }

  /** Messages came from another shard. */
  received({ from, life, number, messages }: ShardBatch): void {
    const last = this.#last.get(from);
    if (last?.life === life && number <= last.number) return; // the call was repeated
    this.#last.set(from, { life, number });
    for (const message of messages) {
      this.#deliver?.(message);
      this.#leaveIfVain(message);
    }
  }

  /** Tells the hubs that this shard is still there, and whatever they have forgotten. */
  async renew(): Promise<void> {
    const { members, shard, hubs } = this.#options;
    const rooms = [...members.all()].filter(([, room]) =>
      room === undefined || this.#options.shardOf(room) !== shard
    );
    const keys = Map.groupBy(rooms.map(([nsp, room]) => roomKey(nsp, room)), (key) => hubOf(key, hubs));
    await Promise.all([...keys].map(async ([hub, known]) => {
      if (await this.#askHub(hub, { do: "renew", shard }) === true) return;
      await Promise.all(known.map((key) => this.#askHub(hub, { do: "enter", key, shard })));
    }));
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
    for (const shard of shards) {
      this.#ask({ do: "enter", key, shard }).catch((error) =>
        this.#options.report(error, "entering of a hub")
      );
    }
  }

  /**
   * What a message must be looked up by. The own room of a socket that is here is nowhere else; that of another one is
   * where its name says, unless the socket was recovered on another shard.
   */
  #keysOf(message: ClusterMessage): string[] {
    const { shardOf, members } = this.#options;
    if (!("nsp" in message)) { // about this shard: for all with whom it shares a namespace
      return [...members.all()].filter(([, room]) => room === undefined).map(([nsp]) =>
        roomKey(nsp, undefined)
      );
    }
    const rooms = roomsOf(message);
    if (rooms.length === 0) return [roomKey(message.nsp, undefined)];
    return rooms.filter((room) => shardOf(room) === undefined || !members.isHere(message.nsp, room))
      .map((room) => roomKey(message.nsp, room)).filter(isKeyable);
  }

  #others(shards: Iterable<number | undefined>): number[] {
    return [...shards].filter((shard) => shard !== undefined && shard !== this.#options.shard) as number[];
  }

  async #find(key: string): Promise<readonly number[]> {
    return await this.#ask({ do: "find", key }) as readonly number[];
  }

  #ask(call: Exclude<HubCall, { do: "renew" }>): Promise<HubAnswer> {
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
    for (let all = this.#hubs.get(hub)!; all.length > 0; all = this.#hubs.get(hub)!) {
      this.#hubs.set(hub, []);
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
    const waiting = this.#shards.get(shard);
    if (waiting === undefined) {
      this.#shards.set(shard, [message]);
      this.#sendAll(shard);
    } else {
      waiting.push(message);
      if (waiting.length > MAX_WAITING) {
        waiting.shift();
        this.#options.report(new Error(`Shard ${shard} does not take messages; the oldest is lost`), "bus");
      }
    }
  }

  async #sendAll(shard: number): Promise<void> {
    await undefined; // what is said in one turn goes together
    const { net, report, shard: from } = this.#options;
    const life = this.#life ??= randomId();
    for (let all = this.#shards.get(shard)!; all.length > 0; all = this.#shards.get(shard)!) {
      const messages = all.splice(0, MAX_BATCH);
      const batch: ShardBatch = { from, life, number: ++this.#number, messages };
      try {
        await twice(() => net.deliver(shard, batch));
      } catch (error) {
        report(error, `messages to shard ${shard}`);
        this.#deliver?.({ type: "bye", from: idOf(shard) }); // nobody need wait for its answers
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
