import { assert, assertEquals } from "@std/assert";
import { Hub, hubOf, isKeyable, LEASE, roomKey } from "../../src/adapters/hub.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeKv } from "../support/fake_kv.ts";

function stage(): { hub: Hub; kv: FakeKv; clock: ManualClock } {
  const clock = new ManualClock(1_000_000);
  const kv = new FakeKv();
  return { hub: new Hub(kv, clock), kv, clock };
}

Deno.test("Hub finds the shards that entered a room and did not exit", () => {
  const { hub } = stage();
  const [found, other] = hub.perform([
    { do: "enter", key: "a", shard: 1 },
    { do: "enter", key: "a", shard: 2 },
    { do: "enter", key: "a", shard: 2 },
    { do: "enter", key: "b", shard: 3 },
    { do: "exit", key: "a", shard: 1 },
    { do: "exit", key: "a", shard: 9 },
    { do: "find", key: "a" },
    { do: "find", key: "nobody's" },
  ]).slice(-2);
  assertEquals([found, other], [[2], []]);
});

Deno.test("Hub keeps what it knows when it is made again", () => {
  const { hub, kv, clock } = stage();
  hub.perform([{ do: "enter", key: "a", shard: 7 }]);
  assertEquals(new Hub(kv, clock).perform([{ do: "find", key: "a" }]), [[7]]);
});

Deno.test("Hub forgets a shard whose lease is over, and what it said under that lease", () => {
  const { hub, clock } = stage();
  const enter = (key: string, shard: number): unknown => hub.perform([{ do: "enter", key, shard }]);
  enter("a", 1);
  enter("a", 2);
  clock.advance(LEASE * 0.75);
  enter("b", 2);
  clock.advance(LEASE * 0.5);
  assertEquals(hub.perform([{ do: "find", key: "a" }]), [[2]]);
  enter("b", 1);
  assertEquals(hub.perform([{ do: "find", key: "a" }, { do: "find", key: "b" }]), [[2], [2, 1]]);
  enter("a", 1);
  assertEquals(hub.perform([{ do: "find", key: "a" }]), [[2, 1]]);
});

Deno.test("Hub believes nothing that a shard said before it asked to be forgotten", () => {
  const { hub, kv } = stage();
  const answers = hub.perform([
    { do: "enter", key: "a", shard: 1 },
    { do: "enter", key: "b", shard: 1 },
    { do: "enter", key: "a", shard: 2 },
    { do: "forget", shard: 1 },
    { do: "find", key: "a" },
    { do: "enter", key: "b", shard: 1 },
    { do: "find", key: "a" },
    { do: "find", key: "b" },
  ]);
  assertEquals(answers, [null, null, null, null, [2], null, [2], [1]]);
  hub.perform([{ do: "forget", shard: 1 }, { do: "forget", shard: 2 }, { do: "forget", shard: 9 }]);
  hub.perform([{ do: "find", key: "a" }, { do: "find", key: "b" }]);
  assertEquals(kv.keys(), []);
});

Deno.test("Hub drops the rooms of shards that never came back, though nobody asks for them", () => {
  const { hub, kv, clock } = stage();
  for (let n = 0; n < 2_500; n++) hub.perform([{ do: "enter", key: `game ${n}`, shard: n % 3 }]);
  clock.advance(LEASE);
  for (let n = 0; n < 4; n++) {
    hub.perform([{ do: "enter", key: "lobby", shard: 7 }]);
    clock.advance(LEASE * 0.6);
  }
  assertEquals(kv.keys("skein/hub/"), ["skein/hub/lobby"]);
});

Deno.test("Hub writes nothing that is written already", () => {
  const { hub, kv, clock } = stage();
  hub.perform([{ do: "enter", key: "a", shard: 1 }]);
  const { written } = kv;
  clock.advance(LEASE / 4);
  hub.perform([{ do: "enter", key: "a", shard: 1 }, { do: "exit", key: "a", shard: 2 }, {
    do: "find",
    key: "a",
  }]);
  assertEquals(kv.written, written);
});

Deno.test("Rooms of different namespaces, and namespaces as a whole, have different keys", () => {
  const keys = [
    roomKey("/", undefined),
    roomKey("/", ""),
    roomKey("/", "a"),
    roomKey("/a", undefined),
    roomKey("/=", "a"),
    roomKey("/", "=a"),
  ];
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("Keys are spread over all hubs, the same way each time", () => {
  const counts = [0, 0, 0, 0, 0];
  for (let n = 0; n < 5_000; n++) counts[hubOf(roomKey("/", `room ${n}`), 5)]!++;
  assert(counts.every((count) => count > 800), String(counts));
  assertEquals(hubOf("1:/", 1), 0);
});

Deno.test("A room whose name is longer than storage takes is told from others", () => {
  assert(isKeyable(roomKey("/", "x".repeat(1_900))));
  assert(!isKeyable(roomKey("/", "x".repeat(2_000))));
  assert(!isKeyable(roomKey("/", "ä".repeat(1_000))));
});
