/**
 * Namespaces of several servers, joined by buses in memory: with a network that knows its servers and rooms, and with
 * one that knows nothing.
 */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { clusterAdapter } from "../../src/adapters/cluster_adapter.ts";
import type { ClusterBus } from "../../src/adapters/cluster_bus.ts";
import type { ClusterMessage, ServerId } from "../../src/adapters/cluster_messages.ts";
import type { SilentServersError } from "../../src/adapters/cluster_requests.ts";
import { heartbeats } from "../../src/adapters/membership.ts";
import type { BroadcastAckError } from "../../src/core/broadcast_target.ts";
import type { Adapter } from "../../src/core/adapter.ts";
import type { Room, SocketId } from "../../src/core/ids.ts";
import type { FakeClient } from "../support/fake_engine.ts";
import { type Cluster, cluster, type ClusterServer, turns } from "../support/cluster.ts";
import { testCore } from "../support/fake_engine.ts";
import { MemoryNetwork } from "../support/memory_bus.ts";

type Three = readonly [ClusterServer, ClusterServer, ClusterServer];

/** Registers a test for both kinds of network. Three servers, and no error reported at the end. */
function both(behaviour: string, run: (on: Cluster, three: Three) => Promise<void>): void {
  for (const knows of [true, false]) {
    Deno.test(`ClusterAdapter ${behaviour} (bus ${knows ? "with" : "without"} knowledge)`, async () => {
      const on = await cluster(3, { knows });
      await run(on, on.servers as unknown as Three);
      assertEquals(on.servers.flatMap(({ errors }) => errors), []);
      for (const server of on.servers) await server.close();
      assertEquals(on.servers.map(({ clock }) => clock.pending), on.servers.map(() => 0), "timers are left");
    });
  }
}

function heard(clients: readonly FakeClient[]): unknown[] {
  return clients.map((client) => client.heard());
}

/** The outcome of a promise: `["value", …]`, `["error", message]` or undefined. */
function watch(promise: Promise<unknown>): { readonly outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: undefined };
  promise.then(
    (value) => watched.outcome = ["value", value],
    (error) => watched.outcome = ["error", error.message, error.responses],
  );
  return watched;
}

// Broadcasts.

both(
  "broadcasts to all servers: to rooms, without exceptions, each socket once",
  async (on, [one, two, three]) => {
    const clients = [
      one.enter("a").client,
      two.enter("a", "b").client,
      two.enter().client,
      three.enter("a", "c").client,
    ];
    await on.settle();
    one.main.emit("all", 1);
    one.main.to("a").to("b").emit("a or b");
    one.main.to("a").except("c").emit("a not c");
    two.main.to("nobody").emit("nobody");
    three.main.local.emit("local");
    await on.settle();
    assertEquals(heard(clients), [
      ['2["all",1]', '2["a or b"]', '2["a not c"]'],
      ['2["all",1]', '2["a or b"]', '2["a not c"]'],
      ['2["all",1]'],
      // Its own comes first: local sockets do not wait for what is on its way.
      ['2["local"]', '2["all",1]', '2["a or b"]'],
    ]);
  },
);

both("serves local sockets at once, in the caller's turn", async (_on, [one]) => {
  const { client, socket } = one.enter("a");
  const other = one.enter("a").client;
  socket.to("a").emit("x");
  one.main.emit("y");
  assertEquals(heard([client, other]), [['2["y"]'], ['2["x"]', '2["y"]']]);
  await Promise.resolve();
});

both("sends binary events and flags as they are", async (on, [one, two]) => {
  const { client } = two.enter();
  await on.settle();
  one.main.compress(false).emit("x", Uint8Array.of(1, 2), { deep: Uint8Array.of(3) });
  client.writable = true;
  await on.settle();
  assertEquals(client.heard(), [
    '52-["x",{"_placeholder":true,"num":0},{"deep":{"_placeholder":true,"num":1}}]',
    Uint8Array.of(1, 2),
    Uint8Array.of(3),
  ]);
  assertEquals(client.options.at(-1), { volatile: undefined, compress: false });
  client.writable = false;
  one.main.volatile.emit("dropped");
  await on.settle();
  assertEquals(client.heard(), []);
});

both("reaches one socket elsewhere by its id", async (on, [one, two, three]) => {
  const [near, far] = [two.enter(), three.enter()];
  await on.settle();
  one.main.to(far.socket.id).emit("x");
  near.socket.to(far.socket.id).emit("y");
  await on.settle();
  assertEquals(heard([near.client, far.client]), [[], ['2["x"]', '2["y"]']]);
});

both("lets a broadcast whose Blob is read later keep its place", async (on, [one, two]) => {
  const clients = [one.enter().client, two.enter().client];
  await on.settle();
  one.main.emit("blob", new Blob(["hi"]));
  one.main.emit("after");
  one.main.serverSideEmit("told");
  one.main.socketsJoin("r");
  one.main.to("r").emit("to r");
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0)); // the platform reads Blobs in its own time
    await on.settle();
  }
  const all = [
    '51-["blob",{"_placeholder":true,"num":0}]',
    new TextEncoder().encode("hi"),
    '2["after"]',
    '2["to r"]',
  ];
  assertEquals(heard(clients), [all, all]);
  assertEquals(on.published().map(({ type }) => type), [
    "broadcast",
    "broadcast",
    "tell",
    "command",
    "broadcast",
  ]);
});

both("sends what listeners emit meanwhile after what set them off", async (on, [one, two]) => {
  const { socket, client } = one.enter();
  const far = two.enter().client;
  await on.settle();
  socket.onAnyOutgoing((event) => {
    if (event === "first") one.main.emit("second");
  });
  one.main.adapter.on("join-room", (room) => {
    if (room === "r") one.main.emit("third");
  });
  one.main.emit("first");
  one.main.socketsJoin("r");
  await on.settle();
  const all = ['2["first"]', '2["second"]', '2["third"]'];
  assertEquals(heard([client, far]), [all, all]);
  assertEquals(on.published().map(({ type }) => type), ["broadcast", "broadcast", "command", "broadcast"]);
});

both("shows what came from elsewhere to listeners to outgoing events, decoded", async (on, [one, two]) => {
  const { socket } = two.enter();
  two.enter();
  const log: unknown[] = [];
  socket.onAnyOutgoing((...args) => log.push(args));
  await on.settle();
  one.main.emit("x", { n: 1 }, Uint8Array.of(1));
  await on.settle();
  assertEquals(log, [["x", { n: 1 }, Uint8Array.of(1)]]);
});

both("throws at the caller what cannot be sent, and publishes nothing of it", async (on, [one]) => {
  one.enter();
  await on.settle();
  assertThrows(() => one.main.emit("x", 1n), TypeError);
  assertThrows(() => one.main.timeout(5).emit("x", 1n, () => {}), TypeError);
  await assertRejects(() => one.main.emitWithAck("x", 1n), TypeError);
  assertEquals(on.published(), []);
  one.main.emit("fine");
  assertEquals(on.published().length, 1);
});

both("keeps namespaces apart, and is not troubled by one that is not here", async (on, [one, two, three]) => {
  for (const server of [one, two]) server.namespaces.of("/a");
  const clients = [one.join("/a"), two.join("/", "/a"), three.join("/")];
  await on.settle();
  one.namespaces.of("/a").emit("x");
  one.namespaces.of("/a").serverSideEmit("x");
  one.namespaces.of("/a").socketsJoin("r");
  one.main.emit("main");
  await on.settle();
  assertEquals(heard(clients), [['2/a,["x"]'], ['2/a,["x"]', '2["main"]'], ['2["main"]']]);
  assertEquals((await settled(on, one.namespaces.of("/a").fetchSockets())).length, 2);
  assertEquals(
    await settled(on, one.namespaces.of("/a").serverSideEmitWithAck("x", 1).catch(() => "waits")),
    "waits",
  );
});

/** Lets everything happen until the promise has settled; time passes if need be. */
async function settled<T>(on: Cluster, promise: Promise<T>): Promise<T> {
  const watched = watch(promise);
  await on.settle();
  for (let second = 0; second < 7 && watched.outcome === undefined; second++) await on.advance(1_000);
  return await promise;
}

// Commands.

both("has commands done everywhere, and at once where they were given", async (on, [one, two, three]) => {
  const [near, far, other] = [one.enter("a"), two.enter("a"), three.enter("b")];
  await on.settle();
  one.main.in("a").socketsJoin(["x", "y"]);
  assert(near.socket.rooms.has("x"));
  one.main.socketsLeave("y");
  one.main.to("x").emit("to x");
  await on.settle();
  assertEquals([...far.socket.rooms].slice(1), ["a", "x"]);
  assertEquals([...other.socket.rooms].slice(1), ["b"]);
  assertEquals(heard([near.client, far.client, other.client]), [['2["to x"]'], ['2["to x"]'], []]);
  three.main.in("a").disconnectSockets(true);
  await on.settle();
  assertEquals([near, far, other].map(({ socket }) => socket.connected), [false, false, true]);
  assertEquals([near, far].map(({ client }) => client.readyState), ["closed", "closed"]);
  one.main.local.disconnectSockets();
  await on.settle();
  assert(other.socket.connected);
});

// Questions.

both("fetches sockets of all servers with their handshake, rooms and data", async (on, [one, two, three]) => {
  const near = one.enter("a");
  const far = two.enter("a", "b");
  three.enter("c");
  far.socket.data.name = "far";
  await on.settle();
  const sockets = await settled(on, one.main.in("a").fetchSockets());
  assertStrictEquals(sockets[0] as unknown, near.socket);
  assertEquals(sockets.map(({ id }) => id), [near.socket.id, far.socket.id]);
  const [, image] = sockets;
  assertEquals([image!.data, image!.rooms], [{ name: "far" }, new Set([far.socket.id, "a", "b"])]);
  assertEquals(image!.handshake.url, far.socket.handshake.url);
  assertEquals({ ...image!.handshake.query }, { ...far.socket.handshake.query });
  assertEquals((await one.main.local.fetchSockets()).length, 1);
  assertEquals((await settled(on, three.main.fetchSockets())).length, 3);
});

both("lets the image of a socket elsewhere be spoken to", async (on, [one, two]) => {
  const far = two.enter();
  await on.settle();
  const [image] = await settled(on, one.main.fetchSockets());
  image!.emit("x", 1);
  image!.join("r");
  await on.settle();
  assertEquals(far.client.heard(), ['2["x",1]']);
  assert(far.socket.rooms.has("r"));
  const answer = watch(image!.timeout(100).emitWithAck("ask"));
  await on.settle();
  assertEquals(far.client.heard(), ['20["ask"]']);
  far.client.say('30["yes"]');
  await on.settle();
  assertEquals(answer.outcome, ["value", "yes"]);
  image!.disconnect(true);
  await on.settle();
  assertEquals(far.socket.connected, false);
});

both("collects acks of all servers, and leaves no timer behind", async (on, [one, two, three]) => {
  const clients = [
    one.enter("a").client,
    two.enter("a").client,
    two.enter("a").client,
    three.enter("b").client,
  ];
  await on.settle();
  const timers = on.servers.map(({ clock }) => clock.pending);
  const answers = watch(one.main.to("a").timeout(1_000).emitWithAck("x", Uint8Array.of(1)));
  await on.settle();
  assertEquals(clients.map((client) => client.heard().length), [2, 2, 2, 0]);
  clients[1]!.say("30[2]");
  clients[2]!.say("30[3]");
  clients[0]!.say("30[1]");
  await on.settle();
  assertEquals(answers.outcome, ["value", [1, 2, 3]]);
  assertEquals(on.servers.map(({ clock }) => clock.pending), timers);
});

both("answers a broadcast with acks to nobody at once", async (on, [one]) => {
  const answers = watch(one.main.to("none").timeout(1_000).emitWithAck("x"));
  await on.settle();
  assertEquals(answers.outcome, ["value", []]);
});

both("tells which acks came where some are missing, as a single server does", async (on, [one, two]) => {
  const clients = [one.enter().client, two.enter().client, two.enter().client];
  await on.settle();
  const answers = watch(one.main.timeout(1_000).emitWithAck("x"));
  await on.settle();
  clients[0]!.say("30[1]");
  clients[2]!.say("30[3]");
  await on.advance(999);
  assertEquals(answers.outcome, undefined);
  await on.advance(1); // the others answer now, and are waited for
  assertEquals(answers.outcome, ["error", "operation has timed out", [1, 3]]);
});

both("tells that a client of its own is gone, though all others have answered", async (on, [one, two]) => {
  const [near, far] = [one.enter().client, two.enter().client];
  await on.settle();
  const answers = watch(one.main.timeout(1_000).emitWithAck("x"));
  await on.settle();
  far.say("30[2]");
  near.lose("transport close");
  await on.settle();
  assertEquals(answers.outcome, ["error", "socket has been disconnected", [2]]);
});

both(
  "waits for acks of sockets elsewhere, not without end, where no time was set",
  async (on, [one, two]) => {
    const client = two.enter().client;
    await on.settle();
    const first = watch(one.main.emitWithAck("x"));
    await on.advance(59_000);
    client.say("30[1]");
    await on.settle();
    assertEquals(first.outcome, ["value", [1]]);
    const second = watch(one.main.emitWithAck("x"));
    await on.advance(59_999);
    assertEquals(second.outcome, undefined);
    await on.advance(1);
    assertEquals(second.outcome, ["error", "operation has timed out", []]);
  },
);

both(
  "waits for no server longer than the timeout and half a second, and names the silent one",
  async (on, three) => {
    const [one, two] = three;
    const clients = [one.enter().client, two.enter().client];
    three[2].enter();
    await on.settle();
    const promise = one.main.timeout(1_000).emitWithAck("x");
    const answers = watch(promise);
    // s2 is stuck: nothing reaches it.
    for (const way of on.network.busy) if (way[1] === "s2") on.network.lose(way);
    await on.settle();
    clients[0]!.lose("transport close"); // the error tells of the server, which is worse
    clients[1]!.say("30[2]");
    for (const { clock } of [one, two]) clock.advance(1_499);
    await on.settle();
    assertEquals(answers.outcome, undefined);
    one.clock.advance(1);
    await turns();
    assertEquals(answers.outcome, ["error", "operation has timed out: no answer of server s2", [2]]);
    const error: BroadcastAckError & SilentServersError = await promise.catch((error) => error);
    assertEquals(error.servers as readonly string[], ["s2"]);
  },
);

both("does not wait for a server that goes away while it is asked", async (on, [one, two, three]) => {
  const client = two.enter().client;
  three.enter();
  await on.settle();
  const fetched = watch(one.main.fetchSockets().then((sockets) => sockets.length));
  const acks = watch(one.main.timeout(20_000).emitWithAck("x"));
  for (const way of on.network.busy) if (way[1] === "s2") on.network.lose(way), on.network.lose(way);
  await on.settle();
  client.say("30[2]");
  await on.settle();
  assertEquals([fetched.outcome, acks.outcome], [undefined, undefined]);
  on.network.crash("s2");
  on.servers.pop();
  for (let second = 0; second < 11 && acks.outcome === undefined; second++) await on.advance(1_000);
  if (on.network.knows) assertEquals(fetched.outcome, ["value", 1]);
  assertEquals(acks.outcome, ["error", "server s2 left before it answered", [2]]);
  assertEquals((await settled(on, one.main.fetchSockets())).length, 1);
  assertEquals(await one.main.adapter.serverCount(), 2);
  await three.namespaces.close();
});

both(
  "tells other servers of events between servers, and collects their answers",
  async (on, [one, two, three]) => {
    const log: unknown[] = [];
    for (const server of on.servers) {
      server.main.on("hello", (...args) => void log.push([server.id, ...args]));
      server.main.on("ask", (value, answer) => {
        answer(`${value} of ${server.id}`);
        answer("again");
      });
    }
    assertEquals(one.main.serverSideEmit("hello", { bytes: Uint8Array.of(1) }), true);
    await on.settle();
    assertEquals(log, [["s1", { bytes: Uint8Array.of(1) }], ["s2", { bytes: Uint8Array.of(1) }]]);
    const answers = await settled(on, two.main.serverSideEmitWithAck("ask", "x")) as unknown[];
    assertEquals(new Set(answers), new Set(["x of s0", "x of s2"]));
    assertEquals(on.published().filter(({ type }) => type === "answer").length, 2, "each answers once");

    const called = Promise.withResolvers<unknown[]>();
    three.main.serverSideEmit(
      "ask",
      "y",
      (error: unknown, values: unknown[]) => called.resolve([error, values.length]),
    );
    assertEquals(await settled(on, called.promise), [null, 2]);
  },
);

both(
  "waits in vain, and not for ever, for a server where nobody answers an event",
  async (on, [one, two]) => {
    two.main.on("ask", (answer) => answer("yes"));
    const answers = watch(one.main.serverSideEmitWithAck("ask"));
    await on.advance(4_999);
    assertEquals(answers.outcome, undefined);
    await on.advance(1);
    assertEquals(answers.outcome, ["error", "operation has timed out: no answer of server s2", ["yes"]]);
  },
);

both("does not wait for servers that do not have the namespace", async (on, [one, two]) => {
  for (const server of [one, two]) server.namespaces.of("/a");
  two.namespaces.of("/a").on("ask", (answer) => answer("yes"));
  two.join("/a");
  await on.settle();
  const answers = watch(one.namespaces.of("/a").serverSideEmitWithAck("ask"));
  await on.settle();
  assertEquals(answers.outcome, ["value", ["yes"]]);
});

both("says why where an answer cannot travel", async (on, [one, two]) => {
  const { socket } = two.enter();
  socket.data.callback = () => {};
  await on.settle();
  const watched = watch(one.main.fetchSockets());
  await on.settle();
  const [kind, text] = watched.outcome as string[];
  assertEquals(kind, "error");
  assert(text!.startsWith("Cannot answer: "), text);
  assertEquals(two.errors.splice(0).length, 1);
});

both("reports what the bus fails with, fails open questions, and goes on", async (on, [one, two]) => {
  const near = one.enter().client;
  const far = two.enter().client;
  await on.settle();
  on.network.failure = new Error("no bus today");
  one.main.emit("lost");
  const answers = watch(one.main.serverSideEmitWithAck("ask"));
  await on.settle();
  assertEquals(answers.outcome, ["error", "no bus today", []]);
  assertEquals(one.errors.splice(0).map(([error, where]) => [String(error), where]), [
    ["Error: no bus today", 'publishing of "broadcast" by the cluster adapter'],
    ["Error: no bus today", 'publishing of "ask" by the cluster adapter'],
  ]);
  on.network.failure = undefined;
  one.main.emit("back");
  await on.settle();
  assertEquals(heard([near, far]), [['2["lost"]', '2["back"]'], ['2["back"]']]);
});

both("counts the servers, and greets one that comes late", async (on, [one]) => {
  assertEquals(await one.main.adapter.serverCount(), 3);
  const late = on.add();
  const { client } = late.enter();
  await on.settle();
  one.main.emit("x");
  await on.settle();
  assertEquals(client.heard(), ['2["x"]']);
  assertEquals([await one.main.adapter.serverCount(), await late.main.adapter.serverCount()], [4, 4]);
  assertEquals((await settled(on, one.main.fetchSockets())).length, 1);
  await late.close();
  await on.settle();
  assertEquals(await one.main.adapter.serverCount(), 3);
  on.servers.pop();
});

both("ends open questions when it is closed, and publishes no more", async (on, [one]) => {
  const answers = watch(one.main.serverSideEmitWithAck("ask"));
  await turns();
  const closed = one.namespaces.close();
  await turns();
  assertEquals(answers.outcome, ["error", "Cannot wait for answers: the namespace is closed", []]);
  await on.settle();
  await closed;
  on.published();
  one.main.emit("x");
  one.main.serverSideEmit("x");
  await on.settle();
  assertEquals(on.published(), []);
});

// Interest.

Deno.test("ClusterAdapter tells the bus of the first and of the last member of each room", async () => {
  const calls: unknown[] = [];
  const network = new MemoryNetwork({ knows: true });
  const bus: ClusterBus = {
    ...network.bus("me"),
    interest: (...args) => void calls.push(args),
  };
  const core = testCore({ makeAdapter: clusterAdapter(bus) });
  const { main } = core.namespaces;
  const one = core.join();
  const [first] = [...main.sockets.values()];
  assertEquals(calls.splice(0), [["/", undefined, true], ["/", first!.id, true]]);
  const two = core.join();
  const second = [...main.sockets.values()].at(-1)!;
  assertEquals(calls.splice(0), [["/", second.id, true]]);
  first!.join(["r", "r", "s"]);
  assertEquals(second.join("r"), undefined); // nobody has to be waited for
  assertEquals(calls.splice(0), [["/", "r", true], ["/", "s", true]]);
  first!.leave("r");
  first!.leave("none");
  first!.leave("s");
  assertEquals(calls.splice(0), [["/", "s", false]]);
  one.lose("transport close");
  assertEquals(calls.splice(0), [["/", first!.id, false]]);
  two.lose("transport close");
  assertEquals(calls.splice(0), [["/", second.id, false], ["/", "r", false], ["/", undefined, false]]);
  await core.namespaces.close();
  assertEquals([calls, core.errors], [[], []]);
});

Deno.test("ClusterAdapter lets join wait for the bus, and reports an interest that fails", async () => {
  const told = Promise.withResolvers<void>();
  const bus: ClusterBus = {
    ...new MemoryNetwork({ knows: true }).bus("me"),
    interest: (_nsp, room) => {
      if (room === "refused") throw new Error("no");
      return room === "slow" ? told.promise : Promise.resolve();
    },
  };
  const core = testCore({ makeAdapter: clusterAdapter(bus) });
  core.join();
  const [socket] = [...core.namespaces.main.sockets.values()];
  let isJoined = false;
  const joined = Promise.resolve(socket!.join(["slow", "fast"])).then(() => isJoined = true);
  assert(socket!.rooms.has("slow"));
  await turns();
  assertEquals(isJoined, false);
  told.resolve();
  await joined;
  await assertRejects(() => socket!.join("refused") as Promise<void>, Error, "no");
  await turns();
  assert(socket!.rooms.has("refused"));
  assertEquals(core.errors.map(([error]) => String(error)), ["Error: no"]);
});

Deno.test("ClusterAdapter is not confused by listeners to rooms that undo what is done", async () => {
  const network = new MemoryNetwork({ knows: true });
  const core = testCore({ makeAdapter: clusterAdapter(network.bus("me")) });
  const { main } = core.namespaces;
  core.join();
  const [socket] = [...main.sockets.values()];
  main.adapter.on("join-room", (room) => {
    if (room === "fleeting") socket!.leave(room);
  });
  main.adapter.on("delete-room", (room) => {
    if (room === "sticky") socket!.join(room);
  });
  socket!.join(["fleeting", "sticky"]);
  socket!.leave("sticky");
  assertEquals(network.interests("me"), [undefined, socket!.id, "sticky"] as unknown[]);
  await core.namespaces.close();
});

Deno.test("ClusterAdapter wakes those who sleep before it calls a room empty, and before it chooses for others", async () => {
  const calls: unknown[] = [];
  const relayed: unknown[] = [];
  let deliver: (message: ClusterMessage) => void = () => {};
  const bus: ClusterBus = {
    id: "me" as ServerId,
    subscribe: (given) => void (deliver = given),
    publish: () => Promise.resolve([]),
    servers: () => [],
    interest: (...args) => void calls.push(args),
  };
  let sleeping: string[] = [];
  const core = testCore({
    makeAdapter: (nsp, local) => {
      const adapter = clusterAdapter(bus)(nsp, {
        clock: local.clock,
        report: local.report,
        deliver: (...args) => local.deliver(...args),
        askAcks: (...args) => local.askAcks(...args),
        describe: (ids) => local.describe(ids),
        run: (...args) => local.run(...args),
        heard: (...args) => local.heard(...args),
        encode: (packet) => local.encode(packet),
        decode: (frames) => local.decode(frames),
        relay: (ids) => void relayed.push([...ids]),
        awaken: () => sleeping.splice(0).forEach((id) => adapter.rooms.join(id as SocketId, "r" as Room)),
      });
      return adapter;
    },
  });
  core.join();
  const [socket] = [...core.namespaces.main.sockets.values()];
  socket!.join("r");
  calls.length = 0;
  sleeping = ["sleeper"];
  socket!.leave("r");
  assertEquals(calls, []);
  sleeping = ["another"];
  const selector = { rooms: ["r" as Room], except: [], flags: {} };
  deliver({ type: "broadcast", from: "you" as ServerId, nsp: "/", selector, frames: ['42["x"]'] });
  assertEquals(relayed, [["sleeper", "another"]]);
  sleeping = ["third"];
  socket!.disconnect(true);
  assertEquals(calls, [["/", socket!.id, false]]); // somebody is still there
  assertEquals(core.errors, []);
  await core.namespaces.close();
});

Deno.test("ClusterAdapter does not speak of a socket that is gone before it has joined", async () => {
  const network = new MemoryNetwork({ knows: true });
  const core = testCore({ makeAdapter: clusterAdapter(network.bus("me")) });
  const { adapter } = core.namespaces.main;
  adapter.on("join-room", (_room, id) => adapter.delAll(id));
  core.join();
  assertEquals(network.interests("me"), []);
  await core.namespaces.close();
});

Deno.test("ClusterAdapter holds no timer while no question is open, where the bus knows who is there", async () => {
  const on = await cluster(2, { knows: true });
  on.servers[0]!.enter("a");
  on.servers[1]!.enter("a");
  on.servers[0]!.main.to("a").emit("x");
  on.servers[0]!.main.serverSideEmit("x");
  on.servers[0]!.main.socketsJoin("b");
  await on.settle();
  assertEquals(on.servers.map(({ clock }) => clock.pending), [0, 0]);
  const fetched = watch(on.servers[0]!.main.fetchSockets());
  assertEquals(on.servers.map(({ clock }) => clock.pending), [1, 0]);
  await on.settle();
  assert(fetched.outcome !== undefined);
  assertEquals(on.servers.map(({ clock }) => clock.pending), [0, 0]);
  assertEquals(on.published().filter(({ type }) => type === "broadcast").length, 1);
});

// Recovery.

both("logs what comes from elsewhere, so that its clients recover", async (on, [one]) => {
  const there = on.add({ recovery: { maxDisconnectionDuration: 60_000 } });
  const client = there.open().say("0");
  const [connect] = client.heard() as [string];
  const { pid, sid } = JSON.parse(connect.slice(1)) as { pid: string; sid: string };
  const stays = there.enter("room").client;
  there.main.sockets.get(sid)!.join("room");
  await on.settle();
  one.main.to("room").emit("x", "before");
  await on.settle();
  const [, before, offset] = JSON.parse(String(client.heard()[0]).slice(1)) as string[];
  assertEquals(before, "before");
  client.lose("transport close");
  one.main.to("room").emit("x", "missed", Uint8Array.of(1));
  one.main.to("other").emit("x", "not for it");
  one.main.volatile.emit("x", "volatile");
  await on.settle();
  const again = there.open().say(`0${JSON.stringify({ pid, offset })}`);
  const [missed, bytes, answer, ...rest] = again.heard() as string[];
  assert(missed!.startsWith('51-["x","missed",{"_placeholder":true,"num":0},"'), missed);
  assertEquals(bytes as unknown, Uint8Array.of(1));
  assertEquals(JSON.parse(answer!.slice(1)), { sid, pid });
  assertEquals(rest, []);
  assertEquals(stays.heard().length, 4);
});

both("lets a quiet client recover after volatile events, which are not logged", async (on, [one]) => {
  const there = on.add({ recovery: { maxDisconnectionDuration: 60_000, maxEvents: 2 } });
  const client = there.open().say("0");
  const { pid, sid } = JSON.parse(String(client.heard()[0]).slice(1)) as { pid: string; sid: string };
  there.main.to(sid).emit("x");
  const [, offset] = JSON.parse(String(client.heard()[0]).slice(1)) as string[];
  for (let n = 0; n < 5; n++) there.main.to("others").emit("y");
  there.main.volatile.emit("here", 1);
  one.main.volatile.emit("elsewhere", 1);
  await on.settle();
  assertEquals(client.heard(), ['2["here",1]', '2["elsewhere",1]']);
  client.lose("transport close");
  const again = there.open().say(`0${JSON.stringify({ pid, offset })}`);
  assertEquals(JSON.parse(String(again.heard()[0]).slice(1)), { sid, pid });
});

Deno.test("ClusterAdapter sends to others without an offset, which is of this server's log", async () => {
  const on = await cluster(2, { knows: true });
  const here = on.add({ recovery: {} });
  const near = here.enter().client;
  const far = on.servers[0]!.enter().client;
  await on.settle();
  here.main.emit("x", 1);
  await on.settle();
  assertEquals(JSON.parse(String(near.heard()[0]).slice(1)).length, 3);
  assertEquals(far.heard(), ['2["x",1]']);
});

// Faults of others.

Deno.test("ClusterAdapter ignores what it does not understand, its own echo and what is for others; throws nothing", async () => {
  let deliver: (message: ClusterMessage) => void = () => {};
  const published: ClusterMessage[] = [];
  const bus: ClusterBus = {
    id: "me" as ServerId,
    subscribe: (given) => void (deliver = given),
    publish: (message) => {
      published.push(message);
      return [];
    },
    servers: () => [],
  };
  const core = testCore({ makeAdapter: clusterAdapter(bus) });
  const client = core.join();
  const from = "you" as ServerId;
  const selector = { rooms: [], except: [], flags: {} };
  const good: ClusterMessage = { type: "broadcast", from, nsp: "/", selector, frames: ['42["x"]'] };
  deliver({ ...good, from: "me" as ServerId });
  deliver({ ...good, to: "they" as ServerId });
  deliver({ ...good, nsp: "/none" });
  deliver({ type: "answer", from, to: "me" as ServerId, nsp: "/", id: "none", values: [] });
  deliver({ type: "hello", from });
  assertEquals([client.heard(), core.errors], [[], []]);
  deliver({ type: "gossip", from, nsp: "/" } as unknown as ClusterMessage);
  deliver(undefined as unknown as ClusterMessage);
  deliver({ ...good, selector: undefined } as unknown as ClusterMessage);
  assertEquals(core.errors.splice(0).length, 3);
  published.length = 0;

  deliver({
    type: "ask",
    from,
    nsp: "/",
    id: "q",
    selector,
    question: { type: "ack", frames: ["bad"], timeout: 5 },
  });
  assertEquals(core.errors.splice(0).map(([, where]) => where), ["question of another server"]);
  const [answer] = published;
  assert(answer?.type === "answer" && answer.to === from && answer.error?.startsWith("Cannot decode"));

  deliver({ ...good, to: "me" as ServerId });
  assertEquals(client.heard(), ['2["x"]']);
  await core.namespaces.close();
});

Deno.test("ClusterAdapter holds back what is said until the subscription stands", async () => {
  const subscribed = Promise.withResolvers<void>();
  const said: string[] = [];
  const bus: ClusterBus = {
    id: "me" as ServerId,
    subscribe: () => subscribed.promise,
    publish: ({ type }) => void said.push(type),
    close: () => void said.push("closed"),
  };
  const core = testCore({ makeAdapter: clusterAdapter(bus, { membership: heartbeats() }) });
  const client = core.join();
  core.namespaces.main.emit("x");
  core.namespaces.main.serverSideEmit("x");
  await turns();
  assertEquals([said, client.heard()], [[], ['2["x"]']]);
  subscribed.resolve();
  await turns();
  core.namespaces.main.emit("y");
  assertEquals(said, ["hello", "broadcast", "tell", "broadcast"]);
  await core.namespaces.close();
  assertEquals(said.slice(4), ["bye", "closed"]);
});

Deno.test("ClusterAdapter that is closed before its subscription stands still says what was said", async () => {
  const subscribed = Promise.withResolvers<void>();
  const said: string[] = [];
  const bus: ClusterBus = {
    id: "me" as ServerId,
    subscribe: () => subscribed.promise,
    publish: ({ type }) => void said.push(type),
    servers: () => [],
    close: () => void said.push("closed"),
  };
  const core = testCore({ makeAdapter: clusterAdapter(bus) });
  core.namespaces.main.emit("x");
  const closed = core.namespaces.close();
  await turns();
  assertEquals(said, []);
  subscribed.resolve();
  await closed;
  assertEquals(said, ["broadcast", "closed"]);
  assertEquals(core.errors, []);
});

Deno.test("ClusterAdapter reports a subscription that fails, and does not hold back for ever", async () => {
  const said: string[] = [];
  const bus: ClusterBus = {
    id: "me" as ServerId,
    subscribe: () => Promise.reject(new Error("no")),
    publish: ({ type }) => void said.push(type),
    servers: () => [],
  };
  const core = testCore({ makeAdapter: clusterAdapter(bus) });
  core.namespaces.main.emit("x");
  await turns();
  assertEquals(said, ["broadcast"]);
  assertEquals(core.errors.map(([, where]) => where), ["subscribing of the cluster adapter"]);
  await core.namespaces.close();
});

Deno.test("ClusterAdapter shares one subscription among namespaces, and leaves with the last", async () => {
  const log: string[] = [];
  const bus: ClusterBus = {
    id: "me" as ServerId,
    subscribe: () => void log.push("subscribe"),
    publish: () => undefined,
    servers: () => [],
    close: () => void log.push("close"),
  };
  const adapter = clusterAdapter(bus);
  const made: Adapter[] = [];
  const core = testCore({
    makeAdapter: (...args) => {
      made.push(adapter(...args));
      return made.at(-1)!;
    },
  });
  core.namespaces.of("/a");
  core.namespaces.of("/b");
  await made[1]!.close();
  assertEquals(log, ["subscribe"]);
  await core.namespaces.close();

  assertEquals(log, ["subscribe", "close"]);
  assertThrows(() => testCore({ makeAdapter: adapter }), Error, "closed");
});

Deno.test("ClusterAdapter refuses a second server on its bus, wrong options, and a bus without knowledge alone", () => {
  const network = new MemoryNetwork();
  const adapter = clusterAdapter(network.bus("me"), { membership: heartbeats() });
  const core = testCore({ makeAdapter: adapter });
  assertThrows(() => testCore({ makeAdapter: adapter }), Error, "every server needs its own bus");
  assertThrows(() => clusterAdapter(network.bus("you")), TypeError, "membership");
  for (const wrong of [-1, NaN, Infinity, "5"]) {
    const bus = new MemoryNetwork({ knows: true }).bus("you");
    assertThrows(() => clusterAdapter(bus, { ackGrace: wrong as never }), TypeError, "ackGrace");
    assertThrows(() => clusterAdapter(bus, { requestTimeout: wrong as never }), TypeError, "requestTimeout");
  }
  core.namespaces.close();
});
