/**
 * Members of the server that are its own: what is set after it was made, its options for namespaces.
 * @module
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Server } from "../../mod.ts";
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import { HandlerClient } from "../support/handler_client.ts";

Deno.test("Server path is shown and set, for requests to come", async () => {
  const io = new Server({ path: "/a/" });
  assertEquals(io.path(), "/a");
  assertStrictEquals(io.path("/b"), io);
  assertEquals(io.path(), "/b");
  const status = async (path: string): Promise<number> =>
    (await io.handler(new Request(`http://h${path}/?EIO=4&transport=polling`))).status;
  assertEquals([await status("/a"), await status("/b")], [404, 200]);
  assertThrows(() => io.path("b"), TypeError, "path");
  await io.close();
});

Deno.test("Server connectTimeout is shown, set and checked", async () => {
  const io = new Server({ connectTimeout: 5 });
  assertEquals(io.connectTimeout(), 5);
  assertStrictEquals(io.connectTimeout(1_000), io);
  assertEquals(io.connectTimeout(), 1_000);
  assertThrows(() => io.connectTimeout(-1), TypeError, "connectTimeout");
  await io.close();
});

Deno.test("Server adapter makes those of all namespaces, those there are included", async () => {
  const made: string[] = [];
  const io = new Server({
    adapter: (namespace, local) => {
      made.push(namespace);
      return new LocalAdapter(local);
    },
  });
  io.of("/a");
  assertEquals(made, ["/", "/a"]);
  const before = io.of("/").adapter;
  const make = io.adapter();
  assertStrictEquals(io.adapter(make), io);
  assertEquals(made, ["/", "/a", "/", "/a"]);
  assert(io.of("/").adapter !== before);
  await io.close();
});

Deno.test("Server adapter cannot be changed while sockets are connected", async () => {
  const io = new Server();
  const client = await new HandlerClient(io).open();
  await client.say("0");
  assertThrows(() => io.adapter(io.adapter()), Error, '"/": 1 sockets are connected');
  await io.close();
});

Deno.test("Server refuses an adapter of the official server, and says why", () => {
  assertThrows(
    () => new Server({ adapter: (() => ({ addAll() {} })) as never }),
    TypeError,
    "official adapters do not fit",
  );
  assertThrows(() => new Server({ adapter: 5 as never }), TypeError, "adapter");
});

Deno.test("Server shows its namespaces and itself", async () => {
  const io = new Server();
  const a = io.of("a");
  assertEquals([...io._nsps.keys()], ["/", "/a"]);
  assertStrictEquals(a.server as unknown, io);
  let server: unknown;
  io.on("connection", (socket) => void (server = socket.server));
  await (await new HandlerClient(io).open()).say("0");
  assertStrictEquals(server, io);
  await io.close();
});

Deno.test("Server of() makes patterns, with a listener of their connections", async () => {
  const io = new Server();
  const joined: string[] = [];
  const parent = io.of(/^\/room-\d$/, (socket) => void joined.push(socket.nsp.name));
  io.of((name) => name === "/fn").on("connection", (socket) => void joined.push(socket.nsp.name));
  const client = await new HandlerClient(io).open();
  await client.say("0/room-1,", "0/fn,", "0/other,");
  assertEquals(joined, ["/room-1", "/fn"]);
  assertEquals([...parent.children].map(({ name }) => name), ["/room-1"]);
  await io.close();
});

Deno.test("Server options of recovery and of rate limits are checked by name", () => {
  const wrong: [Record<string, unknown>, string][] = [
    [
      { connectionStateRecovery: { maxDisconnectionDuration: 0 } },
      "connectionStateRecovery.maxDisconnectionDuration",
    ],
    [{ connectionStateRecovery: { skipMiddlewares: 1 } }, "connectionStateRecovery.skipMiddlewares"],
    [{ connectionStateRecovery: { maxSessions: 0 } }, "connectionStateRecovery.maxSessions"],
    [{ connectionStateRecovery: { maxEvents: 1.5 } }, "connectionStateRecovery.maxEvents"],
    [{ connectionStateRecovery: { maxBytes: "1" } }, "connectionStateRecovery.maxBytes"],
    [{ connectionStateRecovery: { store: {} } }, "connectionStateRecovery.store"],
    [{ connectionStateRecovery: { log: {} } }, "connectionStateRecovery.log"],
    [{ connectionStateRecovery: { maxAge: 1 } }, 'Unknown option "maxAge" of connectionStateRecovery'],
    [{ connectionStateRecovery: 5 }, "connectionStateRecovery"],
    [{ rateLimit: {} }, "rateLimit"],
    [{ rateLimit: { events: 0 } }, "rateLimit.events"],
    [{ rateLimit: { bytes: -1 } }, "rateLimit.bytes"],
    [{ rateLimit: { events: 1, per: 0 } }, "rateLimit.per"],
    [{ rateLimit: { events: 1, outcome: "ban" } }, "rateLimit.outcome"],
    [{ rateLimit: { connection: { events: 0 } } }, "rateLimit.connection.events"],
    [{ rateLimit: { event: 1 } }, 'Unknown option "event" of rateLimit'],
    [{ cleanupEmptyChildNamespaces: 1 }, "cleanupEmptyChildNamespaces"],
    [{ parser: {} }, "parser"],
    [{ hookTimeout: 0 }, "hookTimeout"],
  ];
  for (const [options, message] of wrong) assertThrows(() => new Server(options), TypeError, message);
});

Deno.test("Server with connectionStateRecovery true or {} gives a pid, with false or without none", async () => {
  for (const option of [true, {}, false, undefined]) {
    const io = new Server(option === undefined ? {} : { connectionStateRecovery: option });
    const client = await new HandlerClient(io).open();
    await client.say("0");
    const [answer] = await client.hear();
    assertEquals("pid" in JSON.parse(answer!.slice(1)), option === true || typeof option === "object");
    await io.close();
  }
});

Deno.test("Server engine tells flush and drain of its sessions, and has the methods of an emitter", async () => {
  const io = new Server();
  const log: string[] = [];
  io.engine.on("flush", (socket) => void log.push(`flush ${socket.id.length}`));
  const drain = (): void => void log.push("drain");
  io.engine.addListener("drain", drain);
  const client = await new HandlerClient(io).open();
  await client.say("0");
  await client.hear();
  assert(log.includes("flush 20"));
  io.engine.removeListener("drain", drain);
  assertEquals(io.engine.listenerCount("drain"), 0);
  assertStrictEquals(io.engine.opts, io.engine.settings);
  await io.close();
});

Deno.test("A socket's conn has the listener methods of an emitter", async () => {
  const io = new Server();
  const log: string[] = [];
  io.on("connection", ({ conn }) => {
    const listener = (data: string | Uint8Array): void => void log.push(String(data));
    conn.addListener("message", listener);
    log.push(String(conn.listenerCount("message")), String(conn.listeners("message")[0] === listener));
    conn.removeListener("message", listener).on("message", listener).removeAllListeners("message");
    conn.on("data", listener).removeAllListeners();
    log.push(String(conn.listenerCount("message")));
  });
  const client = await new HandlerClient(io).open();
  await client.say("0", '2["x"]');
  assertEquals(log, ["1", "true", "0"]);
  await io.close();
});
