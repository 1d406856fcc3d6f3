/**
 * Sleep that nobody notices: the server's objects are evicted between any two steps, and clients see exactly what
 * they see of a server that never sleeps. Pongs wake nobody.
 *
 * Polling sessions are not for this: they live in memory, which their parked polls keep awake.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { bytesOf, type Client, closed, connect, isBytes } from "../../support/client.ts";
import { connected, expectText } from "../../support/socket_wire.ts";
import { serve, type TargetServer, test } from "../../support/target.ts";
import { pause, within } from "../../support/within.ts";
import { WireSocket } from "../../support/wire.ts";

/** How often each entry point of the objects was called, all objects together. */
async function lives(server: TargetServer): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const calls of Object.values(await server.act("lives") as Record<string, Record<string, number>>)) {
    for (const [name, count] of Object.entries(calls)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

async function pings(client: Client, count: number): Promise<void> {
  let seen = 0;
  await within(
    new Promise<void>((resolve) =>
      client.socket.io.on("ping", () => ++seen === count ? resolve() : undefined)
    ),
    `${count} pings`,
  );
}

test("Pongs reach no code of ours, and pings come by one alarm for all", async () => {
  await using server = await serve("socketio", { pingInterval: 250 });
  const clients = await Promise.all(
    Array.from({ length: 10 }, () => connect(server, "/", { transports: ["websocket"] })),
  );
  try {
    await pings(clients[0]!, 1);
    const before = await lives(server);
    await Promise.all(clients.map((client) => pings(client, 4)));
    const after = await lives(server);
    assertEquals(after.webSocketMessage, before.webSocketMessage);
    const objects = Object.keys(await server.act("lives") as object).length;
    const alarms = after.alarm! - before.alarm!;
    assert(alarms >= 3 && alarms <= 6 * objects, `${alarms} alarms in ${objects} objects for 4 pings`);
    for (const { socket } of clients) {
      assertEquals(await socket.timeout(5_000).emitWithAck("message-with-ack", 1), 1);
    }
  } finally {
    await Promise.all(clients.map(closed));
  }
}, "hibernates");

test("Pings go on from objects that were evicted, and sockets stay who they are", async () => {
  await using server = await serve("socketio", { pingInterval: 250 });
  await using client = await connect(server, "/", { transports: ["websocket"], auth: { token: "mine" } });
  const { socket } = client;
  await socket.timeout(5_000).emitWithAck("join", "red");
  await socket.timeout(5_000).emitWithAck("remember", new Map([["deep", [1]]]).size);
  const { id } = await server.logged("connect", { recovered: false });
  assertEquals(id, socket.id);
  for (let round = 0; round < 3; round++) {
    const before = await lives(server);
    await server.act("evict");
    await pings(client, 2);
    const [data, rooms] = await new Promise<unknown[]>((resolve) =>
      socket.emit("recall", (...args: unknown[]) => resolve(args))
    );
    assertEquals([data, rooms], [1, [id, "red"].sort()]);
    const { made } = await lives(server);
    assert(made! > before.made!, "it was not evicted");
    // The listeners of "connection" ran again, and could tell.
    const again = await server.logged("connect", { id });
    assertEquals([again.recovered, (again.handshake as { auth: unknown }).auth], [true, { token: "mine" }]);
  }
  assert(socket.connected && !socket.recovered, "the client noticed");
  assertEquals(await server.clientsCount(), 1);
}, "hibernates");

test("Packet whose attachments are missing keeps its object awake until they came", async () => {
  await using server = await serve("socketio");
  const { ws } = await WireSocket.start(server);
  await using _ws = ws;
  await connected(ws, "/");
  const parts = [new Uint8Array([1]), new Uint8Array([2, 2])];
  ws.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
  ws.send(parts[0]!);
  await pause(50); // it is there, and nothing tells
  const evicted = server.act("evict"); // waits for what is under way
  ws.send(parts[1]!);
  await expectText(ws, '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
  assertEquals([await ws.next(), await ws.next()], parts);
  await evicted;
  ws.send('42["message","awake again"]');
  await expectText(ws, '42["message-back","awake again"]');
}, "hibernates");

test("Client that leaves while the server sleeps is gone when it wakes", async () => {
  await using server = await serve("socketio");
  await using stays = await connect(server, "/", { transports: ["websocket"] });
  const leaves = await connect(server, "/", { transports: ["websocket"] });
  const { id } = leaves.socket;
  await server.act("evict");
  await closed(leaves);
  assertEquals((await server.logged("disconnect", { id })).reason, "client namespace disconnect");
  await server.act("evict");
  assertEquals(await server.act("sockets"), 1);
  assertEquals(await stays.socket.timeout(5_000).emitWithAck("message-with-ack", 1), 1);
}, "hibernates");

/** A number from 0 up to 1, again and again the same for the same seed (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ["a", "b", "c"];
const SPACES = ["/", "/custom", "/many-x"];
const ROOMS = ["red", "blue"];

/** What each client saw of a script, which is the same for the same seed. */
async function play(seed: number, steps: number, isSleepy: boolean): Promise<Record<string, unknown[]>> {
  await using server = await serve("socketio");
  const seen: Record<string, unknown[]> = {};
  const clients: Record<string, Client> = {};
  const sockets = new Map<string, Client["socket"]>();
  const roll = dice(seed);
  const naps = dice(seed + 1);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(roll() * from.length)]!;
  const watch = (name: string, space: string, socket: Client["socket"]): void => {
    const mine = seen[name + space] = [] as unknown[];
    sockets.set(name + space, socket);
    socket.onAny((event: string, ...args: unknown[]) => {
      if (event === "settle" || event === "auth") return;
      if (event === "question") (args.pop() as (...args: unknown[]) => void)(`${name} says`, ...args);
      mine.push([event, ...args.map((arg) => isBytes(arg) ? [...bytesOf(arg)] : arg)]);
    });
    for (const event of ["disconnect", "connect_error"]) {
      socket.on(event, (why) => mine.push([event, String(why)]));
    }
  };
  const nap = async (): Promise<void> => {
    if (isSleepy && naps() < 0.5) await server.act("evict");
  };
  /** Until all have heard everything so far. */
  const settle = async (): Promise<void> => {
    for (const space of SPACES) {
      const all = NAMES.map((name) => sockets.get(name + space)).filter((socket) => socket?.connected);
      const heard = Promise.all(
        all.map((socket) => new Promise((resolve) => socket!.once("settle", resolve))),
      );
      await server.act("broadcast", { nsp: space, ev: "settle", args: [] });
      await within(heard, "everybody to settle");
    }
  };
  try {
    for (const name of NAMES) {
      clients[name] = await connect(server, "/", { transports: ["websocket"] });
      watch(name, "/", clients[name].socket);
    }
    for (let step = 0; step < steps; step++) {
      await nap();
      const name = pick(NAMES);
      const space = pick(SPACES);
      const room = pick(ROOMS);
      const socket = sockets.get(name + space);
      const action = Math.floor(roll() * 10);
      if (socket === undefined) {
        const joining = clients[name]!.socket.io.socket(space);
        await within(new Promise<void>((resolve) => joining.once("connect", () => resolve())), "a namespace");
        watch(name, space, joining);
        continue;
      }
      const ask = (event: string, ...args: unknown[]): Promise<unknown> =>
        socket.timeout(8_000).emitWithAck(event, ...args);
      if (action === 0) await ask("join", room);
      else if (action === 1) await ask("leave", room);
      else if (action === 2) await ask("remember", { step, bytes: new Uint8Array([step]) });
      else if (action === 3) {
        const [data, rooms] = await new Promise<unknown[]>((resolve) =>
          socket.emit("recall", (...args: unknown[]) => resolve(args))
        );
        const { step = null } = (data ?? {}) as { step?: number };
        seen[name + space]!.push([
          "recalled",
          step,
          (rooms as string[]).filter((one) => ROOMS.includes(one)),
        ]);
      } else if (action === 4) socket.emit("message", step, new Uint8Array([1, step]));
      else if (action === 5) socket.emit("ask", step);
      else if (action === 6) socket.emit("to-room", room, `${name} ${step}`);
      else if (action === 7) {
        await server.act("broadcast", {
          nsp: space,
          to: [room],
          ev: "news",
          args: [step, new Uint8Array([step])],
        });
      } else if (action === 8) {
        const other = pick(ROOMS);
        await server.act("broadcast", { nsp: space, except: [other], ev: "rest", args: [step] });
      } else if (space === "/") seen[name + space]!.push(["echoed", await ask("message-with-ack", step)]);
      else {
        sockets.delete(name + space);
        socket.disconnect();
        await pause(20);
        socket.offAny();
      }
      await settle();
    }
    const { made } = await lives(server);
    if (isSleepy) assert(made! >= steps / 4, `evicted only ${made} times`);
  } finally {
    await Promise.all(Object.values(clients).map(closed));
  }
  return seen;
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`Evictions between any two of 40 steps change nothing that clients see (script ${seed})`, async () => {
    const [awake, sleepy] = [await play(seed, 40, false), await play(seed, 40, true)];
    const events = Object.values(awake).flat().length;
    assert(events > 20, `only ${events} events: the script says nothing`);
    assertEquals(sleepy, awake);
  }, "hibernates");
}
