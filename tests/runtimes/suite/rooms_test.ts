/**
 * Rooms and broadcasts: whom they reach, once and in order. Where a server is spread over several processes or
 * objects, the clients of these tests are too.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { bytesOf, type Client, closed, connect, TRANSPORTS } from "../../support/client.ts";
import { serve, type TargetServer, test } from "../../support/target.ts";
import { pause, within } from "../../support/within.ts";
import { PollingSession } from "../../support/wire.ts";

/** Clients by their names, in the rooms given for each; half of them over polling. */
async function crowd(
  server: TargetServer,
  rooms: Record<string, string[]>,
): Promise<AsyncDisposable & { readonly by: Record<string, Client>; heard(): Record<string, unknown[]> }> {
  const heard: Record<string, unknown[]> = {};
  const by: Record<string, Client> = {};
  await Promise.all(
    Object.entries(rooms).map(async ([name, joined], n) => {
      const client = by[name] = await connect(server, "/", {
        transports: n % 2 ? ["polling"] : ["websocket"],
      });
      heard[name] = [];
      client.socket.on("from-room", (...args: unknown[]) => heard[name]!.push(...args));
      for (const room of joined) await client.socket.timeout(5_000).emitWithAck("join", room);
    }),
  );
  return {
    by,
    /** What each has heard since the last look. */
    heard: () => Object.fromEntries(Object.keys(rooms).map((name) => [name, heard[name]!.splice(0)])),
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(by).map(closed));
    },
  };
}

/** Waits until everything sent so far to any of them has arrived. */
async function settled({ by }: { readonly by: Record<string, Client> }, server: TargetServer): Promise<void> {
  const all = Promise.all(
    Object.values(by).map(({ socket }) => new Promise((resolve) => socket.once("settle", resolve))),
  );
  await server.act("broadcast", { ev: "settle", args: [] });
  await within(all, "a broadcast to reach everybody");
}

const ROOMS = {
  a: ["red"],
  b: ["red", "blue"],
  c: ["blue"],
  d: [],
  e: ["red", "green"],
  f: ["green"],
  g: ["blue"],
  h: ["red", "blue", "green"],
};

test("Broadcast of the server reaches the union of rooms once, without those left out", async () => {
  await using server = await serve("socketio");
  await using all = await crowd(server, ROOMS);
  const send = async (args: Record<string, unknown>): Promise<string> => {
    await server.act("broadcast", { ev: "from-room", args: ["x"], ...args });
    await settled(all, server);
    const heard = Object.entries(all.heard());
    assert(heard.every(([, got]) => got.length <= 1), `twice: ${JSON.stringify(heard)}`);
    return heard.filter(([, got]) => got.length === 1).map(([name]) => name).join("");
  };
  assertEquals(await send({}), "abcdefgh");
  assertEquals(await send({ to: ["red"] }), "abeh");
  assertEquals(await send({ to: ["red", "blue"] }), "abcegh");
  assertEquals(await send({ to: ["red", "blue"], except: ["green"] }), "abcg");
  assertEquals(await send({ except: ["red"] }), "cdfg");
  assertEquals(await send({ to: ["nobody"] }), "");
  assertEquals(await send({ to: [all.by.d!.socket.id!] }), "d"); // everybody's own room
  assertEquals(await send({ to: ["red"], except: [all.by.a!.socket.id!] }), "beh");
});

test("Broadcast of a socket leaves out itself and the rooms that it says", async () => {
  await using server = await serve("socketio");
  await using all = await crowd(server, ROOMS);
  const send = async (name: keyof typeof ROOMS, rooms: string[], except: string[]): Promise<string> => {
    await all.by[name]!.socket.timeout(5_000).emitWithAck("leave", "not joined"); // what follows is in order
    all.by[name]!.socket.emit("to-rooms", rooms, except, "x");
    await all.by[name]!.socket.timeout(5_000).emitWithAck("transport");
    await settled(all, server);
    return Object.entries(all.heard()).flatMap(([who, got]) => got.map(() => who)).join("");
  };
  assertEquals(await send("a", ["red"], []), "beh");
  assertEquals(await send("d", ["red", "blue"], ["green"]), "abcg");
  assertEquals(await send("h", ["green", "blue"], ["red"]), "cfg");
});

test("Broadcasts of one sender arrive in order, nothing lost, on every client", async () => {
  await using server = await serve("socketio");
  await using all = await crowd(server, ROOMS);
  for (let n = 0; n < 300; n += 3) {
    await server.act("broadcast", { ev: "from-room", to: ["red"], args: [n] });
    await server.act("broadcast", { ev: "from-room", args: [n + 1] });
    await server.act("broadcast", { ev: "from-room", to: ["red", "blue"], args: [n + 2] });
  }
  await settled(all, server);
  const heard = all.heard();
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  assertEquals(heard.a, numbers);
  assertEquals(heard.h, numbers);
  assertEquals(heard.c, numbers.filter((n) => n % 3 !== 0));
  assertEquals(heard.f, numbers.filter((n) => n % 3 === 1));
});

test("Sockets join, leave and are described by the server's word", async () => {
  await using server = await serve("socketio");
  await using all = await crowd(server, ROOMS);
  const found = async (args: Record<string, unknown>): Promise<string> => {
    const sockets = await server.act("fetch", args) as { id: string; rooms: string[] }[];
    const name = (id: string): string =>
      Object.keys(all.by).find((name) => all.by[name]!.socket.id === id) ?? "?";
    for (const { id, rooms } of sockets) assert(rooms.includes(id));
    return sockets.map(({ id }) => name(id)).sort().join("");
  };
  assertEquals(await found({}), "abcdefgh");
  assertEquals(await found({ to: ["blue"] }), "bcgh");
  await server.act("join", { to: ["red"], rooms: ["warm", "loud"] });
  await until(async () => await found({ to: ["warm"] }) === "abeh");
  await server.act("leave", { to: ["green"], rooms: ["warm"] });
  await until(async () => await found({ to: ["warm"] }) === "ab");
  assertEquals(await found({ to: ["loud"] }), "abeh");
  const gone = new Promise((resolve) => all.by.a!.socket.once("disconnect", resolve));
  await server.act("disconnectAll", { nsp: "/custom" }); // nobody there
  await all.by.a!.socket.timeout(5_000).emitWithAck("leave", "red");
  all.by.a!.socket.emit("bye", false);
  assertEquals(await within(gone, "the goodbye"), "io server disconnect");
  await until(async () => await found({}) === "bcdefgh");
});

/** Commands to other processes or objects take effect soon, not at once. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!await isSo()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${isSo}`);
    await pause(10);
  }
}

test("Broadcast with acks collects one answer of each, and tells who was silent", async () => {
  await using server = await serve("socketio");
  await using all = await crowd(server, ROOMS);
  for (const [name, { socket }] of Object.entries(all.by)) {
    socket.on("sum", (a: number, b: number, answer: (...args: unknown[]) => void) => answer(name, a + b));
    if (name !== "c") socket.on("who", (answer: (name: string) => void) => answer(name));
  }
  const everybody = await server.act("ask", { ev: "sum", args: [2, 3], timeout: 5_000 }) as {
    answers: unknown[];
  };
  assertEquals(everybody.answers.length, 8);
  const some = await server.act("ask", { ev: "who", args: [], to: ["green"], timeout: 5_000 });
  assertEquals(answersOf(some), "efh");
  const silent = await server.act("ask", { ev: "who", args: [], to: ["blue"], timeout: 600 }) as {
    error: string;
  };
  assertEquals(silent.error, "operation has timed out");
  assertEquals(answersOf(silent), "bgh");
  assertEquals(await server.act("ask", { ev: "who", args: [], to: ["nobody"], timeout: 500 }), {
    answers: [],
  });
});

function answersOf(outcome: unknown): string {
  return [...(outcome as { answers: string[] }).answers].sort().join("");
}

test("Volatile events are dropped while nobody polls, and arrive while somebody does", async () => {
  await using server = await serve("socketio");
  const session = await PollingSession.start(server);
  await session.post("40");
  await session.pollFor(2); // CONNECT and auth
  await server.act("broadcast", { ev: "lost", args: [], volatile: true });
  await server.act("broadcast", { ev: "kept", args: [] });
  assertEquals(await session.poll(), ['42["kept"]']);
  const parked = session.poll();
  await session.untilParked();
  await server.act("broadcast", { ev: "taken", args: [], volatile: true });
  assertEquals(await parked, ['42["taken"]']);
});

for (const [name, transports] of TRANSPORTS) {
  test(`Broadcast with bytes reaches clients over ${name}`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    const got = new Promise<unknown[]>((resolve) => client.socket.once("news", (...args) => resolve(args)));
    await server.act("broadcast", {
      ev: "news",
      args: ["x", new Uint8Array([1, 2, 3]), { y: new Uint8Array(0) }],
    });
    const [text, bytes, { y }] = await within(got, "the news") as [string, unknown, { y: unknown }];
    assertEquals([text, bytesOf(bytes), bytesOf(y).length], ["x", Uint8Array.of(1, 2, 3), 0]);
  });
}
