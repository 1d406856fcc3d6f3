import { assertEquals } from "@std/assert";
import type { BroadcastMessage, ClusterMessage, ServerId } from "../../src/adapters/cluster_messages.ts";
import { ShardQueue } from "../../src/adapters/shard_queue.ts";

const MIB = "x".repeat(1_048_576);

function said(number: number, ...frames: (string | Uint8Array)[]): BroadcastMessage {
  const selector = { rooms: [], except: [], flags: {} };
  return { type: "broadcast", from: `s${number}` as ServerId, nsp: "/", selector, frames };
}

function numbers(messages: readonly ClusterMessage[]): number[] {
  return messages.map(({ from }) => Number(from.slice(1)));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

Deno.test("ShardQueue gives messages in order, at most a thousand in one call", () => {
  const queue = new ShardQueue();
  for (let n = 0; n < 2_300; n++) queue.push(said(n, "short"));
  assertEquals([1, 2, 3].map(() => numbers(queue.take())), [
    range(0, 1_000),
    range(1_000, 2_000),
    range(2_000, 2_300),
  ]);
  assertEquals([queue.isEmpty, queue.take()], [true, []]);
});

Deno.test("ShardQueue gives no more bytes in one call than the platform takes, but always a message", () => {
  const queue = new ShardQueue();
  queue.push(said(0, ...Array<string>(20).fill(MIB)));
  for (let n = 1; n < 12; n++) queue.push(said(n, MIB, new Uint8Array(100_000)));
  assertEquals([1, 2, 3].map(() => numbers(queue.take())), [[0], range(1, 8), range(8, 12)]);
  queue.push(
    { type: "answer", from: "s1", to: "s2", nsp: "/", id: "q", values: [MIB + MIB + MIB + MIB] } as never,
  );
  queue.push(said(2, MIB));
  assertEquals(numbers(queue.take()), [1]); // 8 MiB as UTF-16
});

Deno.test("ShardQueue loses the oldest messages where too many bytes wait, and says how many", () => {
  const queue = new ShardQueue();
  const lost = range(0, 70).map((n) => queue.push(said(n, MIB)));
  assertEquals(lost, [...Array<number>(63).fill(0), ...Array<number>(7).fill(1)]);
  assertEquals(queue.push(said(70, ...Array<string>(100).fill(MIB))), 63);
  assertEquals([numbers(queue.take()), queue.isEmpty], [[70], true]);
});
