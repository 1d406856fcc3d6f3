import { assertEquals, assertThrows } from "@std/assert";
import { heartbeats, Members, type Membership } from "../../src/adapters/membership.ts";
import type { ClusterMessage, ServerId } from "../../src/adapters/cluster_messages.ts";
import { LateClock } from "../support/late_clock.ts";

const [A, B, C] = ["a", "b", "c"] as ServerId[] as [ServerId, ServerId, ServerId];
const QUIET = { isBeatDue: false, gone: [] };

Deno.test("Members says when a sign of life is due", () => {
  const members = new Members(10, 25, 0);
  assertEquals(members.nextDeadline, 10);
  assertEquals(members.tick(9), QUIET);
  assertEquals(members.tick(10), { isBeatDue: true, gone: [] });
  assertEquals(members.nextDeadline, 20);
  assertEquals(members.tick(23), { isBeatDue: true, gone: [] });
  assertEquals(members.nextDeadline, 33);
});

Deno.test("Members lets go those that have been silent for too long, in the order of their silence", () => {
  const members = new Members(10, 25, 0);
  members.heard(A, true, 1);
  members.heard(B, true, 2);
  members.heard(C, true, 3);
  members.heard(A, false, 4); // any message is a sign of life
  members.tick(10);
  members.tick(20);
  assertEquals(members.nextDeadline, 27);
  assertEquals(members.tick(26), QUIET);
  assertEquals(members.tick(27), { isBeatDue: false, gone: [B] });
  assertEquals(members.tick(29), { isBeatDue: false, gone: [C, A] });
  assertEquals([...members.others], []);
});

Deno.test("Members counts only who says that it is there", () => {
  const members = new Members(10, 25, 0);
  members.heard(A, false, 1); // publishes, but need not be a server
  assertEquals([...members.others], []);
  members.heard(A, true, 1);
  members.heard(A, true, 2);
  assertEquals([...members.others], [A]);
  members.left(A);
  members.left(B);
  assertEquals([...members.others], []);
  members.heard(A, true, 3); // taken for dead by mistake
  assertEquals([...members.others], [A]);
});

Deno.test("Members takes nobody for dead when it was stopped itself", () => {
  const members = new Members(10, 25, 0);
  members.heard(A, true, 5);
  assertEquals(members.tick(60), { isBeatDue: true, gone: [] });
  assertEquals(members.nextDeadline, 70);
  members.tick(70);
  members.tick(80);
  assertEquals(members.tick(85), { isBeatDue: false, gone: [A] }); // silent for a whole timeout since
});

interface Setup {
  readonly clock: LateClock;
  readonly membership: Membership;
  readonly sent: string[];
  hear(type: "hello" | "alive" | "bye", from: ServerId): void;
}

function setup(): Setup {
  const clock = new LateClock(1_000);
  const sent: string[] = [];
  const membership = heartbeats({ heartbeatInterval: 10, heartbeatTimeout: 25 })({
    clock,
    send: (type, to) => sent.push(to === undefined ? type : `${type} to ${to}`),
    gone: (server) => sent.push(`${server} is gone`),
  });
  return {
    clock,
    membership,
    sent,
    hear: (type, from) => membership.heard({ type, from } as ClusterMessage),
  };
}

Deno.test("heartbeats says hello, is alive at every interval, and answers a hello", () => {
  const { clock, membership, sent, hear } = setup();
  clock.advance(25);
  hear("hello", A);
  hear("alive", B);
  assertEquals(sent, ["hello", "alive", "alive", "alive to a"]);
  assertEquals([...membership.others], [A, B]);
  membership.stop();
  assertEquals([clock.pending, membership.others.size], [0, 0]);
});

Deno.test("heartbeats tells who is gone in silence; one that said goodbye is gone without a word", () => {
  const { clock, membership, sent, hear } = setup();
  hear("alive", A);
  clock.advance(5);
  hear("alive", B);
  hear("alive", C);
  hear("bye", C);
  assertEquals([...membership.others], [A, B]);
  clock.advance(19);
  sent.length = 0;
  clock.advance(1);
  assertEquals(sent, ["a is gone"]);
  hear("alive", B);
  clock.advance(24);
  assertEquals(sent.filter((word) => word.endsWith("gone")), ["a is gone"]);
  clock.advance(1);
  assertEquals(sent.filter((word) => word.endsWith("gone")), ["a is gone", "b is gone"]);
  membership.stop();
});

Deno.test("heartbeats whose timer is late says so once, and forgives", () => {
  const { clock, membership, sent, hear } = setup();
  hear("alive", A);
  clock.slip(1_000);
  clock.advance(0);
  assertEquals(sent, ["hello", "alive"]);
  assertEquals([...membership.others], [A]);
  membership.stop();
});

Deno.test("heartbeats refuses wrong options", () => {
  for (const heartbeatInterval of [0, -1, NaN, Infinity, "5"]) {
    assertThrows(() => heartbeats({ heartbeatInterval } as never), TypeError, "heartbeatInterval");
  }
  assertThrows(
    () => heartbeats({ heartbeatInterval: 50, heartbeatTimeout: 50 }),
    TypeError,
    "heartbeatTimeout",
  );
  assertThrows(() => heartbeats({ heartbeatInterval: 20_000 }), TypeError, "heartbeatTimeout");
});
