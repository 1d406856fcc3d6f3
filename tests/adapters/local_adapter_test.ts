import { assertEquals, assertStrictEquals } from "@std/assert";
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import type { Answers, LocalSockets, Question, SocketDetails } from "../../src/core/adapter.ts";
import type { Room, SocketId } from "../../src/core/ids.ts";
import { EVERYONE, withExcept, withFlags, withRooms } from "../../src/core/selector.ts";
import type { EventPacket } from "../../src/protocol/socket_packet.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

const A = "a" as SocketId;
const B = "b" as SocketId;
const PACKET: EventPacket = { type: 2, nsp: "/", data: ["x"] };

function notNeeded(): never {
  throw new Error("Not needed by an adapter of one process");
}

function setup(): { adapter: LocalAdapter; calls: unknown[]; answers: Promise<Answers> } {
  const calls: unknown[] = [];
  const answers = Promise.resolve({ values: [1], error: null });
  const local: LocalSockets = {
    deliver: (ids, packet, flags) => void calls.push([[...ids], packet, flags]),
    askAcks(ids, question, flags) {
      calls.push([[...ids], question, flags]);
      return answers;
    },
    describe: (ids) => [...ids].map((id) => ({ id } as unknown as SocketDetails)),
    run: (command, ids) => void calls.push([command, [...ids]]),
    heard: () => calls.push("heard"),
    clock: new ManualClock(),
    report: notNeeded,
    encode: notNeeded,
    decode: notNeeded,
    relay: notNeeded,
    awaken: notNeeded,
  };
  return { adapter: new LocalAdapter(local), calls, answers };
}

Deno.test("LocalAdapter gives the chosen sockets, the packet and the flags to the namespace", () => {
  const { adapter, calls } = setup();
  adapter.join(A, ["r" as Room, "s" as Room]);
  adapter.join(B, ["s" as Room]);
  const to = withFlags(withExcept(withRooms(EVERYONE, "s"), "r"), { volatile: true });
  adapter.broadcast(PACKET, to);
  assertEquals(calls, [[[B], PACKET, { volatile: true }]]);
});

Deno.test("LocalAdapter asks the chosen sockets and passes their answers on", () => {
  const { adapter, calls, answers } = setup();
  adapter.join(A, ["r" as Room]);
  const question: Question = { type: "ack", packet: PACKET, timeout: 5 };
  assertStrictEquals(adapter.ask(question, EVERYONE), answers);
  assertEquals(calls, [[[A], question, {}]]);
});

Deno.test("LocalAdapter forgets a socket that leaves everything", () => {
  const { adapter, calls } = setup();
  adapter.join(A, ["r" as Room, "s" as Room]);
  adapter.leave(A, "r" as Room);
  assertEquals([...adapter.rooms.roomsOf(A)], ["s" as Room]);
  adapter.leave(A);
  assertEquals([...adapter.rooms.roomsOf(A)], []);
  adapter.broadcast(PACKET, EVERYONE);
  assertEquals(calls, [[[], PACKET, {}]]);
  assertEquals(adapter.close(), undefined);
});

Deno.test("LocalAdapter has commands done with the chosen sockets, and tells which they are", async () => {
  const { adapter, calls } = setup();
  adapter.join(A, ["r" as Room]);
  adapter.join(B, ["s" as Room]);
  adapter.command({ type: "disconnect", close: true }, withRooms(EVERYONE, "s"));
  assertEquals(calls, [[{ type: "disconnect", close: true }, [B]]]);
  const { values, error } = await adapter.ask({ type: "sockets", timeout: 5 }, withRooms(EVERYONE, "r"));
  assertEquals([values, error], [[{ id: A }], null]);
});

Deno.test("LocalAdapter is the only server: nobody else is told, or asked", async () => {
  const { adapter, calls } = setup();
  adapter.tellServers();
  assertEquals(await adapter.ask({ type: "servers", data: ["x"], timeout: 5 }, EVERYONE), {
    values: [],
    error: null,
  });
  assertEquals([calls, await adapter.serverCount()], [[], 1]);
});
