import { assertEquals, assertStrictEquals } from "@std/assert";
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import type { Answers, LocalSockets, Question } from "../../src/core/adapter.ts";
import type { Room, SocketId } from "../../src/core/ids.ts";
import { EVERYONE, withExcept, withFlags, withRooms } from "../../src/core/selector.ts";
import type { EventPacket } from "../../src/protocol/socket_packet.ts";

const A = "a" as SocketId;
const B = "b" as SocketId;
const PACKET: EventPacket = { type: 2, nsp: "/", data: ["x"] };

function setup(): { adapter: LocalAdapter; calls: unknown[]; answers: Promise<Answers> } {
  const calls: unknown[] = [];
  const answers = Promise.resolve({ values: [1], error: null });
  const local: LocalSockets = {
    deliver: (ids, packet, flags) => void calls.push([[...ids], packet, flags]),
    ask(ids, question, flags) {
      calls.push([[...ids], question, flags]);
      return answers;
    },
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
  assertEquals([...adapter.roomsOf(A)], ["s" as Room]);
  adapter.leave(A);
  assertEquals([...adapter.roomsOf(A)], []);
  adapter.broadcast(PACKET, EVERYONE);
  assertEquals(calls, [[[], PACKET, {}]]);
  assertEquals(adapter.close(), undefined);
});
