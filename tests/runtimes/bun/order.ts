/**
 * Sends to its clients by all ways there are, in a random order, while rooms change; says to each at the end what it
 * must have got.
 * @module
 */
import process from "node:process";
import { Server } from "../../../mod.ts";
import { Bun, obey, say } from "./talk.ts";

const io = new Server();
const expected = new Map<string, number[]>();
const rooms = ["a", "b", "c"];

io.on("connection", (socket) => {
  expected.set(socket.id, []);
  say("joined");
  // A broadcast between two sends of its own, while its own message is handled.
  socket.on("poke", () => {
    own(socket.id);
    broadcast("a");
    own(socket.id);
  });
});

let numbers = 0;
let random = Number(process.argv[2]);

/** From 0 to `below` - 1; the same row for the same seed. */
function pick(below: number): number {
  random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
  return Math.floor(random / 65_536) % below;
}

function own(id: string): void {
  const n = numbers++;
  expected.get(id)!.push(n);
  io.sockets.sockets.get(id)!.emit("event", n);
}

function broadcast(room: string | undefined): void {
  const n = numbers++;
  const to = room === undefined ? io : io.to(room);
  for (const id of room === undefined ? expected.keys() : io.sockets.adapter.rooms.get(room) ?? []) {
    expected.get(id)!.push(n);
  }
  if (pick(4) === 0) to.emit("event", n, new Uint8Array(pick(1_000)));
  else to.emit("event", n, "x".repeat(pick(50) === 0 ? 100_000 : pick(200)));
}

async function go(steps: number): Promise<void> {
  for (let n = 0; n < steps; n++) {
    const ids = [...expected.keys()];
    const socket = io.sockets.sockets.get(ids[pick(ids.length)]!)!;
    switch (pick(9)) {
      case 0:
      case 1:
        own(socket.id);
        break;
      case 2:
        socket.join(rooms[pick(3)]!);
        break;
      case 3:
        socket.leave(rooms[pick(3)]!);
        break;
      case 4:
        broadcast(undefined);
        break;
      case 5:
        if (pick(4) === 0) await new Promise((resolve) => setTimeout(resolve, 0));
        else if (pick(2) === 0) await undefined;
        break;
      default:
        broadcast(rooms[pick(3)]);
    }
  }
  for (const [id, numbers] of expected) io.sockets.sockets.get(id)!.emit("done", numbers);
}

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: io.handler, websocket: io.websocket });
say("listening", { port: server.port });
const { publish } = server;
let published = 0;
server.publish = (...args) => {
  published++;
  return publish.apply(server, args);
};
obey({
  go: async (steps) => {
    io.socketsJoin(rooms);
    await go(Number(steps));
    say("published", { published });
  },
});
