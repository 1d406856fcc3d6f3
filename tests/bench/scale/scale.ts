/**
 * Whether cost grows with what is not touched: `deno run -A tests/bench/scale/scale.ts` does small things in servers
 * with 10, 1,000 and 100,000 sockets, in memory, and prints what each takes.
 * @module
 */
import type { AnySocket } from "../../../src/core/socket.ts";
import { median } from "../median.ts";
import { type MemoryClient, MemoryServer } from "../memory_server.ts";

const SIZES = [10, 1_000, 100_000] as const;

/** A run that does not count: the engine compiles what is hot. */
const WARM_UP = 200;

/** Sockets in the room that is sent to, and in each of the others. */
const ROOM = 10;

/** Rooms that the socket is in which leaves. */
const MANY_ROOMS = 100;

/** Repetitions, of which the median counts. */
const ROUNDS = 15;

/** A server with `size` sockets, which are in rooms of ten. */
class Stage {
  readonly server: MemoryServer = new MemoryServer();
  readonly sockets: AnySocket[] = [];
  #clients: MemoryClient[] = [];

  async fill(size: number): Promise<void> {
    this.server.io.on("connection", (socket) => {
      socket.join(`room-${Math.floor(this.sockets.length / ROOM)}`);
      socket.on("echo", (data, ack) => ack(data));
      this.sockets.push(socket as unknown as AnySocket);
    });
    this.#clients = await this.server.connectMany(size);
  }

  /** One that does not change from call to call, in the middle. */
  get chosen(): number {
    return this.#clients.length >> 1;
  }

  client(index: number): MemoryClient {
    return this.#clients[index]!;
  }
}

/** Something small. Returns the µs of one of it. */
interface Operation {
  readonly name: string;
  run(stage: Stage): number | Promise<number>;
}

/** Names rooms: see below why none comes twice. */
let rounds = 0;

function timed(times: number, what: () => void): number {
  const from = performance.now();
  for (let i = 0; i < times; i++) what();
  return (performance.now() - from) * 1_000 / times;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: "emit to one socket by its id",
    run({ server: { io }, sockets, chosen }) {
      const { id } = sockets[chosen]!;
      return timed(2_000, () => io.to(id).emit("tick", 1));
    },
  },
  {
    name: `emit to a room of ${ROOM}`,
    run({ server: { io }, chosen }) {
      const room = `room-${Math.floor(chosen / ROOM)}`;
      return timed(500, () => io.to(room).emit("tick", 1));
    },
  },
  {
    name: "event of a client, answered by an ack",
    run(stage) {
      const client = stage.client(stage.chosen);
      return timed(2_000, () => client.receive('420["echo",1]'));
    },
  },
  {
    name: "join and leave a room",
    run({ sockets, chosen }) {
      const socket = sockets[chosen]!;
      let visits = 0;
      rounds++;
      return timed(2_000, () => {
        // Another room each time: V8 keeps what was deleted from a Map in the chain of its bucket until it grows, so
        // that one key that comes and goes among very many becomes slow.
        const room = `round-${rounds}-${visits++}`;
        socket.join(room);
        socket.leave(room);
      });
    },
  },
  {
    name: `fetchSockets of a room of ${ROOM}`,
    async run({ server: { io }, chosen }) {
      const room = `room-${Math.floor(chosen / ROOM)}`;
      const from = performance.now();
      for (let i = 0; i < 200; i++) await io.in(room).fetchSockets();
      return (performance.now() - from) * 1_000 / 200;
    },
  },
  {
    name: `join ${MANY_ROOMS} rooms and disconnect`,
    async run({ server, sockets }) {
      rounds++;
      let spent = 0;
      let visits = 0;
      for (let i = 0; i < 20; i++) {
        const [client] = await server.connectMany(1);
        const socket = sockets.pop()!;
        const from = performance.now();
        for (let room = 0; room < MANY_ROOMS; room++) socket.join(`round-${rounds}-${visits++}`);
        client!.lose();
        spent += performance.now() - from;
      }
      return spent * 1_000 / 20;
    },
  },
];

/** The median of each operation among `size` sockets. */
async function measure(size: number): Promise<number[]> {
  const stage = new Stage();
  await stage.fill(size);
  const medians: number[] = [];
  for (const operation of OPERATIONS) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await operation.run(stage));
    medians.push(median(rounds));
  }
  await stage.server.io.close();
  return medians;
}

/** What each takes, as a table in Markdown with what it means. */
export async function scaleSection(): Promise<string> {
  const figures = OPERATIONS.map((): number[] => []);
  await measure(WARM_UP);
  for (const size of SIZES) {
    for (const [index, figure] of (await measure(size)).entries()) figures[index]!.push(figure);
  }
  const head = SIZES.map((size) => size.toLocaleString("en")).join(" | ");
  const rows = OPERATIONS.map(({ name }, index) => {
    const row = figures[index]!;
    return `| ${name} | ${row.map((us) => us.toFixed(2)).join(" | ")} | ${
      (row.at(-1)! / row[0]!).toFixed(2)
    } |`;
  });
  return [
    "## What is not touched costs nothing",
    "",
    "µs of our own code on Deno, in memory, by the number of sockets (in rooms of ten); medians of " +
    `${ROUNDS} rounds. The last column is the cost among 100,000 divided by that among 10; what is above 1 is ` +
    "memory that no longer fits into the CPU's caches.",
    "",
    `| | ${head} | |`,
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.main) {
  console.log(await scaleSection());
  Deno.exit(0); // the heartbeats of all those sockets
}
