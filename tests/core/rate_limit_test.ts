import { assert, assertEquals } from "@std/assert";
import { RateLimiter, type RateLimitSettings } from "../../src/core/rate_limit.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { testCore } from "../support/fake_engine.ts";

function limiter(limit: Partial<RateLimitSettings>): { clock: ManualClock; limiter: RateLimiter } {
  const clock = new ManualClock(5_000);
  const settings = { events: Infinity, bytes: Infinity, per: 1_000, outcome: "drop" as const, ...limit };
  return { clock, limiter: new RateLimiter(settings, clock) };
}

Deno.test("RateLimiter lets a full bucket through at once, and one more each time it has filled up for one", () => {
  const { clock, limiter: one } = limiter({ events: 4 });
  assertEquals([1, 2, 3, 4, 5].map(() => one.take(1)), [0, 0, 0, 0, 250]);
  clock.advance(249);
  assertEquals(one.take(1), 1);
  clock.advance(1);
  assertEquals([one.take(1), one.take(1)], [0, 250]);
  clock.advance(1_000_000);
  assertEquals([1, 2, 3, 4, 5].map(() => one.take(1)), [0, 0, 0, 0, 250]);
});

Deno.test("RateLimiter counts bytes, and says when what is too large now will pass", () => {
  const { clock, limiter: one } = limiter({ bytes: 100 });
  assertEquals([one.take(60), one.take(60), one.take(40)], [0, 200, 0]);
  assertEquals(one.take(101), Infinity);
  clock.advance(600);
  assertEquals([one.take(61), one.take(60)], [10, 0]);
});

Deno.test("RateLimiter takes nothing out for what it refuses", () => {
  const { limiter: one } = limiter({ events: 2, bytes: 100 });
  for (let i = 0; i < 10; i++) assert(one.take(200) > 0);
  assertEquals([one.take(50), one.take(50)], [0, 0]);
});

Deno.test("rateLimit of a socket drops events beyond it, tells the namespace, and no other socket suffers", () => {
  const core = testCore({ rateLimit: { events: 2, per: 1_000 } });
  const heard: unknown[] = [];
  const limited: unknown[] = [];
  for (const name of ["/", "/a"]) {
    core.namespaces.of(name).onEvent("x", (socket, n) => heard.push([socket.nsp.name, n]));
    core.namespaces.of(name).on("rate_limited", (socket, what) => limited.push([socket.nsp.name, what]));
  }
  const client = core.join("/", "/a");
  for (let n = 0; n < 4; n++) client.say(`2["x",${n}]`);
  client.say('2/a,["x",0]');
  assertEquals(heard, [["/", 0], ["/", 1], ["/a", 0]]);
  const event = { event: "x", scope: "socket", outcome: "drop", retryAfter: 500 };
  assertEquals(limited, [["/", event], ["/", event]]);
  core.clock.advance(500);
  client.say('2["x",9]');
  assertEquals(heard.at(-1), ["/", 9]);
});

Deno.test("rateLimit of a connection counts all its sockets together", () => {
  const core = testCore({ rateLimit: { connection: { events: 2 } } });
  let heard = 0;
  for (const name of ["/", "/a"]) core.namespaces.of(name).onEvent("x", () => heard++);
  const [client, other] = [core.join("/", "/a"), core.join("/")];
  core.clock.advance(1_000); // joining counted
  client.say('2["x"]', '2/a,["x"]', '2["x"]', '2/a,["x"]');
  other.say('2["x"]');
  assertEquals(heard, 3);
});

Deno.test("rateLimit answers an ack with an error where that is wanted; without an ack it drops", () => {
  const core = testCore({ rateLimit: { events: 1, outcome: "error" } });
  core.namespaces.main.onEvent("x", (_socket, ack?: (n: number) => void) => ack?.(1));
  const client = core.join();
  client.say('27["x"]', '28["x"]', '2["x"]');
  assertEquals(client.heard(), [
    "37[1]",
    '38[{"error":{"code":"RATE_LIMITED","event":"x","retryAfter":1000}}]',
  ]);
});

Deno.test("rateLimit disconnects the socket, or for its own limit the connection", () => {
  const socket = testCore({ rateLimit: { events: 1, outcome: "disconnect" } });
  socket.namespaces.of("/a");
  const one = socket.join("/", "/a");
  one.say('2["x"]', '2["x"]');
  assertEquals([one.heard(), one.readyState], [["1"], "open"]);
  const connection = testCore({ rateLimit: { connection: { events: 2, outcome: "disconnect" } } });
  connection.namespaces.of("/a");
  const two = connection.join("/", "/a");
  connection.clock.advance(1_000);
  two.say('2["x"]', '2["x"]', '2["x"]');
  assertEquals([two.heard(), two.readyState], [["1", "1/a,"], "closed"]);
});

Deno.test("rateLimit counts the bytes of an event with its attachments, and of nothing else", () => {
  const core = testCore({ rateLimit: { bytes: 1_000, per: 1_000 } });
  let heard = 0;
  core.namespaces.main.onEvent("x", () => heard++);
  const client = core.join();
  const event = '51-["x",{"_placeholder":true,"num":0}]';
  client.say(`39["${"a".repeat(2_000)}"]`); // an ack nobody waits for
  client.say(event, new Uint8Array(900));
  assertEquals(heard, 1);
  client.say(event, new Uint8Array(900));
  assertEquals(heard, 1);
  client.say('2["x"]');
  assertEquals(heard, 2);
});

Deno.test("rateLimit of a socket is not renewed by leaving the namespace and coming back", () => {
  const core = testCore({ rateLimit: { events: 2 } });
  let heard = 0;
  core.namespaces.main.onEvent("x", () => heard++);
  const client = core.join();
  for (let round = 0; round < 5; round++) client.say('2["x"]', "1", "0");
  assertEquals(heard, 2);
});

Deno.test("rateLimit tells no time for an event that is too large for ever", () => {
  const core = testCore({ rateLimit: { bytes: 10, outcome: "error" } });
  const client = core.join();
  client.say('27["much too long"]');
  assertEquals(client.heard(), ['37[{"error":{"code":"RATE_LIMITED","event":"much too long"}}]']);
});

Deno.test("rateLimit of a connection bounds how often it joins", () => {
  for (const outcome of ["drop", "disconnect"] as const) {
    const core = testCore({ rateLimit: { connection: { events: 3, outcome } } });
    let joined = 0;
    core.namespaces.main.on("connection", () => joined++);
    const client = core.open();
    for (let round = 0; round < 10; round++) {
      const before = joined;
      client.say("0");
      if (joined > before) client.say("1");
    }
    assertEquals(joined, 3);
    assertEquals(client.readyState, outcome === "drop" ? "open" : "closed");
    if (outcome === "drop") assertEquals(client.heard().at(-1), '4{"message":"Too many requests"}');
  }
});
