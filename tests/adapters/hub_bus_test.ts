import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ClusterBus } from "../../src/adapters/cluster_bus.ts";
import type { BroadcastMessage, ClusterMessage, ServerId } from "../../src/adapters/cluster_messages.ts";
import { Hub, type HubCall, LEASE, roomKey } from "../../src/adapters/hub.ts";
import { HubBus, type ShardBatch } from "../../src/adapters/hub_bus.ts";
import type { Room } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { testClusterBus } from "../ports/cluster_bus.ts";
import { FakeKv } from "../support/fake_kv.ts";

interface Shard {
  readonly bus: HubBus;
  readonly members: Set<string>;
  readonly heard: ClusterMessage[];
}

/** Shards and hubs in memory. Each call takes some turns, of which later ones may take fewer. */
class Net {
  readonly hubs: Hub[];
  readonly shards: Shard[] = [];
  readonly errors: string[] = [];
  /** In how many ms shards want to be renewed. */
  readonly renewals: number[] = [];
  /** Calls to hubs, and batches to shards. */
  readonly calls: (readonly HubCall[])[] = [];
  readonly batches: ShardBatch[] = [];
  /** May throw instead of a call. */
  fault: (kind: "hub" | "deliver", times: number) => void = () => {};
  /** May throw after a call was done. */
  lateFault: () => void = () => {};
  #turns = 7;
  #under = 0;

  constructor(hubs = 3) {
    this.hubs = Array.from({ length: hubs }, () => new Hub(new FakeKv(), new ManualClock(1)));
  }

  add(): Shard {
    const shard = this.shards.length;
    const members = new Set<string>();
    const heard: ClusterMessage[] = [];
    const bus = new HubBus({
      shard,
      hubs: this.hubs.length,
      net: {
        hub: (hub, calls) =>
          this.#call(() => {
            this.fault("hub", this.calls.push(calls));
            return this.hubs[hub]!.perform(structuredClone(calls));
          }),
        deliver: (to, batch) =>
          this.#call(() => {
            this.fault("deliver", this.batches.push(batch));
            this.shards[to]!.bus.received(structuredClone(batch));
            this.lateFault();
          }),
      },
      members: {
        has: (nsp, room) => members.has(roomKey(nsp, room)),
        all: function* () {
          for (const key of members) {
            const [, length, rest] = /^(\d+):(.*)$/s.exec(key)!;
            const nsp = rest!.slice(0, Number(length));
            yield [nsp, rest!.length > nsp.length ? rest!.slice(nsp.length + 1) as Room : undefined];
          }
        },
      },
      renewIn: (ms) => this.renewals.push(ms),
      shardOf: (room) => /^s\d~/.test(room) ? Number(room[1]) : undefined,
      report: (error, where) => this.errors.push(`${where}: ${(error as Error).message}`),
    });
    bus.subscribe((message) => heard.push(message));
    const added = { bus, members, heard };
    this.shards.push(added);
    return added;
  }

  /** A member more or less, as the adapter tells of it. */
  async enter(
    { bus, members }: Shard,
    nsp: string,
    room: string | undefined,
    isWanted = true,
  ): Promise<void> {
    const key = roomKey(nsp, room);
    if (isWanted) members.add(key);
    else members.delete(key);
    await bus.interest(nsp, room as Room | undefined, isWanted);
  }

  async settle(): Promise<void> {
    do await turns(30); while (this.#under > 0);
  }

  async #call<T>(perform: () => T): Promise<T> {
    this.#under++;
    try {
      this.#turns = this.#turns * 5 % 11;
      await turns(this.#turns);
      const result = perform();
      await turns(this.#turns);
      return result;
    } finally {
      this.#under--;
    }
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

function said(from: ServerId, text: string, ...rooms: string[]): BroadcastMessage {
  return {
    type: "broadcast",
    from,
    nsp: "/",
    selector: { rooms: rooms as Room[], except: [], flags: {} },
    frames: [text],
  };
}

function texts({ heard }: Shard): unknown[] {
  return heard.flatMap((message) => message.type === "broadcast" ? message.frames : []);
}

testClusterBus("HubBus", () => {
  const net = new Net();
  return {
    bus(): ClusterBus {
      const shard = net.add();
      const { bus } = shard;
      return {
        id: bus.id,
        subscribe: (deliver) => bus.subscribe(deliver),
        publish: (message) => bus.publish(message),
        interest: (nsp, room, isWanted) => net.enter(shard, nsp, room, isWanted),
        servers: (nsp) => bus.servers(nsp),
        close: async () => {
          const all = [...shard.members];
          await bus.close();
          for (const key of all) shard.members.delete(key);
        },
      };
    },
    settle: () => net.settle(),
  };
}, { routes: true, knowsServers: true });

Deno.test("HubBus keeps the order of one shard over rooms of different hubs", async () => {
  const net = new Net(5);
  const [one, two] = [net.add(), net.add()];
  const rooms = Array.from({ length: 20 }, (_, n) => `room ${n}`);
  for (const room of rooms) await net.enter(two, "/", room);
  const expected: string[] = [];
  for (let n = 0; n < 200; n++) {
    expected.push(String(n));
    one.bus.publish(said(one.bus.id, String(n), rooms[n * 7 % 20]!));
    if (n % 9 === 0) await turns(n % 13);
  }
  await net.settle();
  assertEquals(texts(two), expected);
});

Deno.test("HubBus looks up and sends together what was said in one turn", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  const before = net.calls.length;
  for (let n = 0; n < 1_000; n++) one.bus.publish(said(one.bus.id, String(n), "a"));
  await net.settle();
  assertEquals([texts(two).length, net.calls.length - before, net.batches.length], [1_000, 1, 1]);
});

Deno.test("HubBus tells no hub of the own room of a socket: its name says where it is", async () => {
  const net = new Net();
  const [one, two] = [net.add(), net.add()];
  await net.enter(one, "/", "s0~here");
  assertEquals(net.calls, []);
  await one.bus.publish(said(one.bus.id, "x", "s0~here"));
  await two.bus.publish(said(two.bus.id, "to its shard", "s0~here"));
  await net.settle();
  assertEquals([texts(one), texts(two)], [["to its shard"], []]);
});

Deno.test("HubBus takes what is for a room that is named like an id to all who are in it", async () => {
  const net = new Net();
  const shards = [net.add(), net.add(), net.add(), net.add()];
  for (const shard of shards.slice(0, 3)) await net.enter(shard, "/", "s2~lobby");
  for (const { bus } of shards) await bus.publish(said(bus.id, bus.id, "s2~lobby"));
  await net.settle();
  assertEquals(shards.map((shard) => texts(shard).sort()), [
    ["s1", "s2", "s3"],
    ["s0", "s2", "s3"],
    ["s0", "s1", "s3"],
    [],
  ]);
});

Deno.test("HubBus finds a socket whose name says another shard, where it was recovered", async () => {
  const net = new Net();
  const [one, two, three] = [net.add(), net.add(), net.add()];
  await net.enter(two, "/", "s0~moved");
  await three.bus.publish(said(three.bus.id, "found", "s0~moved"));
  await one.bus.publish(said(one.bus.id, "from home", "s0~moved"));
  await net.settle();
  assertEquals(new Set(texts(two)), new Set(["found", "from home"]));
});

Deno.test("HubBus whose members went without a word tells the hub at the first vain message", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  two.members.clear(); // a deployment
  for (const text of ["first", "second", "third"]) {
    await one.bus.publish(said(one.bus.id, text, "a"));
    await net.settle();
  }
  assertEquals(texts(two), ["first"]);
});

Deno.test("HubBus repeats a call that the platform calls retryable, and it counts once", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  let faults = 1;
  net.lateFault = () => {
    if (faults-- > 0) throw Object.assign(new Error("lost"), { retryable: true });
  };
  await one.bus.publish(said(one.bus.id, "once", "a"));
  await net.settle();
  assertEquals([texts(two), net.batches.length, net.errors], [["once"], 2, []]);
});

Deno.test("HubBus repeats nothing for an overloaded shard: it is reported, and questions have an error for an answer", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  net.fault = (kind) => {
    if (kind === "deliver") throw Object.assign(new Error("busy"), { retryable: true, overloaded: true });
  };
  const ask = {
    type: "ask",
    from: one.bus.id,
    nsp: "/",
    id: "q",
    question: { type: "sockets", timeout: 1 },
  } as const;
  one.bus.publish({ ...ask, selector: { rooms: ["a" as Room], except: [], flags: {} } });
  assertEquals(await one.bus.publish(said(one.bus.id, "lost", "a")), ["s1" as ServerId]);
  await net.settle();
  assertEquals([texts(two), net.batches.length, net.errors], [[], 1, ["messages to shard 1: busy"]]);
  const { id: from } = two.bus;
  const error = "Cannot reach server s1: busy";
  assertEquals(one.heard, [{ type: "answer", from, to: one.bus.id, nsp: "/", id: "q", values: [], error }]);
  net.fault = () => {};
  await one.bus.publish(said(one.bus.id, "next", "a"));
  await net.settle();
  assertEquals(texts(two), ["next"]);
});

Deno.test("HubBus gives answers to a server that is not ready yet, and the rest when it is", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  const heard = (): string[] => two.heard.map((message) => "id" in message ? message.id : texts(two).join());
  const answer = {
    type: "answer",
    from: one.bus.id,
    to: two.bus.id,
    nsp: "/",
    id: "answer",
    values: [],
  } as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  const batch = (number: number, ...messages: ClusterMessage[]): ShardBatch => ({
    from: 0,
    life: "a",
    number,
    messages,
  });
  const all = [
    two.bus.received(batch(1, said(one.bus.id, "first"), answer), () => promise),
    two.bus.received(batch(2, said(one.bus.id, "second")), () => promise),
  ];
  await turns(10);
  assertEquals(heard(), ["answer"]);
  resolve();
  await Promise.all(all);
  assertEquals(texts(two), ["first", "second"]);
});

Deno.test("HubBus rejects what a hub that fails should have looked up, and goes on", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  net.fault = (kind) => {
    if (kind === "hub") throw new Error("no hub");
  };
  await assertRejects(() => one.bus.publish(said(one.bus.id, "lost", "a")), Error, "no hub");
  await assertRejects(() => net.enter(two, "/", "b"), Error, "no hub");
  net.fault = () => {};
  await one.bus.publish(said(one.bus.id, "next", "a"));
  await net.settle();
  assertEquals(texts(two), ["next"]);
});

Deno.test("HubBus refuses a room with too long a name for it alone", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  const long = "x".repeat(5_000);
  const joined = net.enter(two, "/", "a");
  await assertRejects(() => net.enter(two, "/", long), RangeError, "so long a name");
  await joined;
  one.bus.publish(said(one.bus.id, "to both", long, "a"));
  await net.settle();
  assertEquals(texts(two), ["to both"]);
});

Deno.test("HubBus tells hubs that have forgotten it all its rooms, when it renews its lease", async () => {
  const net = new Net(2);
  const [one, two] = [net.add(), net.add()];
  const rooms = ["a", "b", "c", "d", "s1~own", "s0~elsewhere"];
  for (const room of rooms) two.members.add(roomKey("/", room));
  two.members.add(roomKey("/", undefined));
  two.members.add(roomKey("/", "x".repeat(5_000)));
  const before = net.calls.length;
  await two.bus.renew();
  assertEquals(net.calls.length - before, 2); // one for each hub
  for (const room of rooms) await one.bus.publish(said(one.bus.id, room, room));
  await one.bus.publish(said(one.bus.id, "all"));
  await net.settle();
  assertEquals(texts(two), [...rooms, "all"]);
});

Deno.test("HubBus that could not tell a hub of a room says so, and does with the next renewal", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  let faults = 1;
  net.fault = (kind) => {
    if (kind === "hub" && faults-- > 0) throw new Error("lost");
  };
  await assertRejects(() => net.enter(two, "/", "a"), Error, "lost");
  assertEquals(net.renewals, [LEASE / 4, 5_000]);
  await two.bus.renew();
  await one.bus.publish(said(one.bus.id, "heard", "a"));
  await net.settle();
  assertEquals([texts(two), net.renewals.slice(2)], [["heard"], [LEASE / 4]]);
});

Deno.test("HubBus that is forgotten is sent nothing of its former life", async () => {
  const net = new Net(2);
  const [one, two] = [net.add(), net.add()];
  for (const room of ["a", "b", "c"]) await net.enter(two, "/", room);
  two.members.clear();
  two.members.add(roomKey("/", "b"));
  await Promise.all([two.bus.forget(), two.bus.renew()]);
  for (const room of ["a", "b", "c"]) await one.bus.publish(said(one.bus.id, room, room));
  await net.settle();
  assertEquals([texts(two), net.batches.length], [["b"], 1]);
});

Deno.test("HubBus lets others join a room with too long a name at nobody's cost", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", undefined);
  one.bus.publish({
    type: "command",
    from: one.bus.id,
    nsp: "/",
    selector: { rooms: [], except: [], flags: {} },
    command: { type: "join", rooms: ["x".repeat(5_000) as Room, "a" as Room] },
  });
  const joined = net.enter(one, "/", "b");
  one.bus.publish(said(one.bus.id, "next", "a"));
  await joined;
  await net.settle();
  assertEquals([net.errors, texts(two)], [[], ["next"]]);
});

Deno.test("HubBus sends what is large in several calls, in order", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  const large = Array.from({ length: 20 }, (_, n) => `${n} ${"x".repeat(1_000_000)}`);
  for (const text of large) one.bus.publish(said(one.bus.id, text, "a"));
  await net.settle();
  assertEquals(texts(two), large);
  const sizes = net.batches.map(({ messages }) => messages.length);
  assert(sizes.length === 3 && sizes.every((size) => size <= 8), String(sizes));
});
