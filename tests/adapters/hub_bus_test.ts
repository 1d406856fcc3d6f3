import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ClusterBus } from "../../src/adapters/cluster_bus.ts";
import type { BroadcastMessage, ClusterMessage, ServerId } from "../../src/adapters/cluster_messages.ts";
import { Hub, type HubCall, roomKey } from "../../src/adapters/hub.ts";
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
        isHere: (nsp, room) => members.has(roomKey(nsp, room)),
        all: function* () {
          for (const key of members) {
            const [, length, rest] = /^(\d+):(.*)$/s.exec(key)!;
            const nsp = rest!.slice(0, Number(length));
            yield [nsp, rest!.length > nsp.length ? rest!.slice(nsp.length + 1) as Room : undefined];
          }
        },
      },
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

Deno.test("HubBus asks no hub about the own room of a socket that is here, and tells none of it", async () => {
  const net = new Net();
  const [one, two] = [net.add(), net.add()];
  await net.enter(one, "/", "s0~here");
  assertEquals(net.calls, []);
  await one.bus.publish(said(one.bus.id, "x", "s0~here"));
  await two.bus.publish(said(two.bus.id, "to its shard", "s0~here"));
  await net.settle();
  assertEquals([net.calls.length, texts(one), texts(two)], [1, ["to its shard"], []]);
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

Deno.test("HubBus repeats nothing for an overloaded shard: it is reported, and nobody waits for its answers", async () => {
  const net = new Net(1);
  const [one, two] = [net.add(), net.add()];
  await net.enter(two, "/", "a");
  net.fault = (kind) => {
    if (kind === "deliver") throw Object.assign(new Error("busy"), { retryable: true, overloaded: true });
  };
  assertEquals(await one.bus.publish(said(one.bus.id, "lost", "a")), ["s1" as ServerId]);
  await net.settle();
  assertEquals([texts(two), net.batches.length, net.errors], [[], 1, ["messages to shard 1: busy"]]);
  assertEquals(one.heard, [{ type: "bye", from: two.bus.id }]);
  net.fault = () => {};
  await one.bus.publish(said(one.bus.id, "next", "a"));
  await net.settle();
  assertEquals(texts(two), ["next"]);
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
  await two.bus.renew();
  for (const room of rooms) await one.bus.publish(said(one.bus.id, room, room));
  await one.bus.publish(said(one.bus.id, "all"));
  await net.settle();
  assertEquals(texts(two), [...rooms, "all"]);
  const before = net.calls.length;
  await two.bus.renew();
  assert(net.calls.slice(before).flat().every((call) => call.do === "renew"));
});
