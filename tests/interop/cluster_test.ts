/**
 * Three servers with official clients, joined in memory: once ours, once the official ones with the official
 * ClusterAdapter. What clients and programs see must be the same.
 */
import { assertEquals } from "@std/assert";
import { ClusterAdapterWithHeartbeat } from "npm:socket.io-adapter@2.5.8";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as OfficialServer } from "socket.io";
import { io as connectTo, type Socket as ClientSocket } from "socket.io-client";
import { Server as SkeinServer } from "../../mod.ts";
import { clusterAdapter } from "../../src/adapters/cluster_adapter.ts";
import { heartbeats } from "../../src/adapters/membership.ts";
import { MemoryNetwork } from "../support/memory_bus.ts";
import { closed, next } from "../support/client.ts";
import { within } from "../support/within.ts";

const COUNT = 3;

/** The public API by the official types: that ours is one too is what is shown. */
type Io = OfficialServer;

interface Node {
  readonly io: Io;
  readonly origin: string;
  close(): Promise<void>;
}

/** What the official adapter is given to publish with. */
// deno-lint-ignore no-explicit-any -- the official types are
type OfficialMessage = any;

/** Three official servers whose adapters hand messages to each other, a turn later. */
async function official(): Promise<Node[]> {
  const adapters: MemoryAdapter[] = [];
  class MemoryAdapter extends ClusterAdapterWithHeartbeat {
    constructor(nsp: unknown) {
      super(nsp, {});
      adapters.push(this);
    }
    get id(): string {
      return this.uid as unknown as string;
    }
    override doPublish(message: OfficialMessage): Promise<string> {
      for (const other of adapters) {
        if (other !== this) queueMicrotask(() => other.onMessage(structuredClone(message)));
      }
      return Promise.resolve("");
    }
    override doPublishResponse(uid: unknown, response: OfficialMessage): Promise<void> {
      const asker = adapters.find(({ id }) => id === uid);
      queueMicrotask(() => asker?.onMessage(structuredClone(response)));
      return Promise.resolve();
    }
  }
  return await Promise.all(Array.from({ length: COUNT }, async () => {
    const http = createServer();
    const io = new OfficialServer(http, { serveClient: false, adapter: MemoryAdapter as OfficialMessage });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return {
      io,
      origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
      close: async () => {
        const closing = io.close();
        http.closeAllConnections();
        await closing;
      },
    };
  }));
}

function skein(knows: boolean): Node[] {
  const network = new MemoryNetwork({ knows, isLive: true });
  return Array.from({ length: COUNT }, (_, n) => {
    const adapter = clusterAdapter(network.bus(`s${n}`), knows ? {} : { membership: heartbeats() });
    const io = new SkeinServer({ adapter });
    const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, io.handler);
    return {
      io: io as unknown as Io,
      origin: `http://127.0.0.1:${http.addr.port}`,
      close: async () => {
        await io.close();
        await http.shutdown();
      },
    };
  });
}

/** What a program and its clients see of a cluster. */
async function play(nodes: readonly Node[]): Promise<unknown[]> {
  const log: unknown[] = [];
  const ios = nodes.map(({ io }) => io) as [Io, Io, Io];
  ios.forEach((io, n) => {
    io.on("connection", (socket) => {
      socket.data.server = n;
      socket.join(`room${n}`);
      socket.on("say", (to: string, text: string) => socket.to(to).emit("said", text));
    });
    io.on("hello", (...args: unknown[]) => log.push([`server ${n}`, ...args]));
    io.on("ask", (answer: (value: string) => void) => answer(`server ${n}`));
  });
  const clients: ClientSocket[] = [];
  const heard: unknown[][] = [];
  for (const [n, { origin }] of [...nodes, nodes[0]!].entries()) {
    const client = connectTo(origin, {
      forceNew: true,
      reconnection: false,
      ...(n % 2 === 0 && { transports: ["websocket"] }),
    });
    const mine: unknown[] = [];
    heard.push(mine);
    client.onAny((...args) => mine.push(args.filter((one) => typeof one !== "function")));
    client.on("question", (answer) => answer(`client ${n}`));
    client.on("mute", () => {});
    client.on("bytes", (bytes: Uint8Array, answer) => answer([...bytes]));
    clients.push(client);
    await next(client, "connect");
  }
  /** Everything that is on its way arrives: a mark goes from each server to all clients. */
  const marks = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const waiting = clients.filter((client) => client.connected).map((client) => next(client, "mark"));
    ios[0].emit("mark");
    await Promise.all(waiting);
    heard.forEach((mine, n) => log.push([`client ${n}`, ...mine.splice(0)]));
  };
  const outcome = async (what: string, promise: Promise<unknown>): Promise<void> => {
    const value = await within(
      promise.then((value) => value, (error) => [error.message, error.responses]),
      what,
      10_000,
    );
    log.push([what, value]);
  };
  const sorted = (values: unknown): unknown => (values as string[]).toSorted();

  log.push("broadcasts");
  // One at a time: in which order those of several servers come is nobody's promise.
  ios[1].emit("all", 1, { a: [true] });
  await marks();
  ios[2].to("room0").to("room1").except("none").emit("rooms 0 and 1");
  ios[2].except("room2").emit("not room 2");
  ios[2].emit("binary", new Uint8Array([1, 2]));
  await marks();
  ios[1].local.emit("local");
  clients[0]!.emit("say", "room2", "from client 0");
  await marks();

  log.push("one client");
  ios[0].to(clients[2]!.id!).emit("you");
  await marks();

  log.push("commands");
  ios[2].in("room0").socketsJoin(["x", "y"]);
  ios[2].in("room1").socketsJoin("x");
  await marks();
  ios[0].in("y").socketsLeave("x");
  ios[0].to("x").emit("x");
  await marks();

  log.push("fetchSockets");
  const details = (await ios[1].fetchSockets()).map(({ id, rooms, data, handshake }) => [
    clients.findIndex((client) => client.id === id),
    [...rooms].filter((room) => room !== id).toSorted(),
    data,
    handshake.query["transport"],
  ]);
  log.push(details.toSorted());
  log.push((await ios[1].in("room0").fetchSockets()).length);
  const [far] = await ios[1].in("room2").fetchSockets();
  far!.emit("from far");
  far!.join("z");
  await marks();
  ios[0].to("z").emit("z");
  await marks();
  await outcome("an ack of one", far!.timeout(2_000).emitWithAck("question"));
  await marks();

  log.push("acks");
  await outcome("acks", ios[1].timeout(5_000).emitWithAck("question").then(sorted));
  await outcome(
    "acks of a room",
    ios[1].to("room2").timeout(5_000).emitWithAck("bytes", new Uint8Array([5])),
  );
  await outcome("acks of nobody", ios[1].to("none").timeout(100).emitWithAck("question"));
  const partial = clients.slice(0, 1);
  partial[0]!.off("question").on("question", () => {});
  const failed = ios[2].timeout(300).emitWithAck("question").catch((
    { message, responses },
  ) => [message, sorted(responses)]);
  await outcome("acks with one missing", failed);
  await marks();

  log.push("servers");
  log.push(ios[0].serverSideEmit("hello", 1, { b: new Uint8Array([1]) }));
  await marks();
  await outcome("their answers", ios[0].serverSideEmitWithAck("ask").then(sorted));
  log.push(await (ios[0].sockets.adapter as unknown as { serverCount(): Promise<number> }).serverCount());

  log.push("disconnect");
  const gone = [clients[1]!, clients[2]!].map((client) => next(client, "disconnect"));
  ios[0].in("room1").disconnectSockets();
  ios[1].in("room2").disconnectSockets(true);
  log.push((await Promise.all(gone)).map(([reason]) => reason));
  log.push((await ios[1].fetchSockets()).length);
  for (const client of clients) await closed({ socket: client });
  return log;
}

async function transcript(nodes: readonly Node[]): Promise<unknown[]> {
  try {
    return await play(nodes);
  } finally {
    for (const node of nodes) await node.close();
  }
}

Deno.test("A cluster of three servers behaves as one of official servers", async () => {
  const expected = await transcript(await official());
  for (const knows of [true, false]) assertEquals(await transcript(skein(knows)), expected);
});
