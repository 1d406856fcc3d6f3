/**
 * Rooms, and who is chosen by them. Parts 2.4 and 2.5 of the reference.
 * @module
 */
import { type Client, type Harness, type Script, script, type Socket } from "../harness.ts";

/** Three clients: a in r1, b in r1 and r2, c in none. */
async function three(h: Harness): Promise<{ clients: Client[]; a: Socket; b: Socket; c: Socket }> {
  const [a, b, c] = [await h.join("a"), await h.join("b"), await h.join("c")];
  await a.socket.join("r1");
  await b.socket.join(["r1", "r2"]);
  return { clients: [a.client, b.client, c.client], a: a.socket, b: b.socket, c: c.socket };
}

async function syncAll(clients: readonly Client[]): Promise<void> {
  for (const client of clients) await client.sync();
}

/** See the module. */
export const rooms: readonly Script[] = [
  script("io.to, in and except choose rooms; each socket gets it once", async (io, h) => {
    const { clients } = await three(h);
    io.to("r1").emit("to r1");
    io.in("r2").emit("in r2");
    io.to("r1").to("r2").emit("to both");
    io.to(["r1", "r2"]).emit("to list");
    io.except("r2").emit("except r2");
    io.to("r1").except("r2").emit("r1 but r2");
    io.except(["r1", "r2"]).emit("except list");
    io.to("nobody").emit("to nobody");
    io.to([]).emit("to an empty list");
    io.emit("to all");
    await syncAll(clients);
  }),

  script("socket.to, in, except and broadcast leave the sender out", async (_io, h) => {
    const { clients, a, c } = await three(h);
    a.to("r1").emit("to r1");
    a.in("r1").emit("in r1");
    a.to(a.id).emit("to self");
    a.broadcast.emit("broadcast");
    a.broadcast.to("r1").emit("broadcast to r1");
    a.except("r2").emit("except r2");
    a.to("r1").except("r2").emit("r1 but r2");
    c.to(["r1", "r2"]).emit("from outside");
    c.broadcast.except("r2").emit("from outside but r2");
    await syncAll(clients);
  }),

  script("a socket is reached by its id as a room", async (io, h) => {
    const { clients, a, b } = await three(h);
    io.to(a.id).emit("by server");
    b.to(a.id).emit("by other");
    io.in([a.id, b.id]).except(b.id).emit("a only");
    await syncAll(clients);
  }),

  script("operators are values: one that is kept does not change", async (io, h) => {
    const { clients } = await three(h);
    const r1 = io.to("r1");
    const both = r1.to("r2");
    const butR2 = r1.except("r2");
    r1.emit("r1");
    both.emit("both");
    butR2.emit("r1 but r2");
    r1.emit("r1 again");
    h.log(r1 === both as unknown, r1.volatile === r1);
    await syncAll(clients);
  }),

  script("join and leave, also twice, and what they return", async (io, h) => {
    const { socket } = await h.join("a");
    const show = (label: string): void =>
      h.log(label, [...socket.rooms].filter((room) => room !== socket.id));
    h.log("join returns", socket.join("r"));
    h.log("again", socket.join("r"));
    h.log("list", socket.join(["s", "t", "s"]));
    show("joined");
    h.log("leave returns", socket.leave("s"), socket.leave("unknown"));
    show("left");
    h.log("empty list", socket.join([]));
    h.log("own room", socket.rooms.has(socket.id), socket.rooms instanceof Set);
    socket.leave(socket.id);
    h.log("without own room", socket.rooms.has(socket.id), io.sockets.adapter.sids.has(socket.id));
  }),

  script(
    "the Set that socket.rooms returns",
    async (io, h) => {
      const { socket } = await h.join("a");
      socket.join("r");
      const before = socket.rooms;
      socket.leave("r");
      h.log("kept", before.has("r"), "fresh", socket.rooms.has("r"));
      socket.rooms.add("by hand");
      h.log("by hand", socket.rooms.has("by hand"), io.sockets.adapter.rooms.has("by hand"));
    },
    {
      difference: {
        why: "a copy: what is written into it cannot corrupt the index of rooms",
        official: ['server: ["kept",false,"fresh",false]', 'server: ["by hand",true,false]'],
        skein: ['server: ["kept",true,"fresh",false]', 'server: ["by hand",false,false]'],
      },
    },
  ),

  script("rooms of one name in two namespaces are two rooms", async (io, h) => {
    const main = await h.join("a");
    io.of("/x");
    const x = await h.join("ax", { nsp: "/x", via: main.client });
    main.socket.join("r");
    x.socket.join("r");
    io.to("r").emit("main");
    io.of("/x").to("r").emit("x");
    await syncAll([main.client, x.client]);
  }),

  script(
    "rooms are there while disconnecting and gone on disconnect; join after that does nothing",
    async (io, h) => {
      const { client, socket } = await h.join("a");
      const other = await h.join("b");
      socket.join("r");
      socket.on("disconnecting", (reason) => {
        h.log(
          "disconnecting",
          reason,
          socket.connected,
          socket.rooms.size,
          io.sockets.sockets.has(socket.id),
        );
        socket.to("r").emit("goodbye");
        io.emit("someone leaves");
      });
      socket.on("disconnect", (reason) => {
        h.log("disconnect", reason, socket.connected, socket.rooms.size, io.sockets.sockets.has(socket.id));
      });
      other.socket.join("r");
      const gone = h.heard(socket, "disconnect");
      await client.leave();
      await gone;
      socket.join("late");
      h.log("late", io.sockets.adapter.rooms.has("late"), socket.rooms.size);
      await other.client.sync();
    },
  ),

  script("local, volatile and compress choose the same sockets", async (io, h) => {
    const { clients, a } = await three(h);
    io.local.emit("io.local");
    io.local.to("r2").emit("io.local.to");
    await syncAll(clients); // a volatile event may be dropped when another one is still being written
    io.volatile.to("r2").emit("io.volatile.to");
    await syncAll(clients);
    io.compress(false).to("r2").emit("io.compress.to");
    a.local.emit("socket.local");
    a.local.to("r1").emit("socket.local.to");
    a.compress(true).emit("socket.compress");
    a.compress(false).broadcast.emit("socket.compress.broadcast");
    await syncAll(clients);
    a.volatile.emit("socket.volatile");
    await syncAll(clients);
    a.volatile.to("r1").emit("socket.volatile.to");
    await syncAll(clients);
    a.volatile.broadcast.emit("socket.volatile.broadcast");
    await syncAll(clients);
  }),

  script(
    "a volatile event right behind another one",
    async (_io, h) => {
      const { client, socket } = await h.join("a");
      socket.emit("plain");
      socket.volatile.emit("volatile");
      await client.sync();
    },
    {
      difference: {
        why:
          "Skein drops a volatile event when the WebSocket holds more than 128 KiB, not whenever a frame " +
          "left in the same turn: two updates in a row do not need a pause between them",
        official: [],
        skein: ['a: ["event","volatile"]'],
      },
    },
  ),

  script("rooms may be named like anything", async (io, h) => {
    const { clients, a } = await three(h);
    for (const room of ["__proto__", "constructor", "", "r,1", "ü"]) {
      a.join(room);
      io.to(room).emit("named", room);
    }
    await syncAll(clients);
  }),

  script("a broadcast after leave and after disconnect does not reach", async (io, h) => {
    const { clients, a, b } = await three(h);
    a.leave("r1");
    io.to("r1").emit("after leave");
    b.disconnect();
    io.to("r1").emit("after disconnect");
    io.emit("to all");
    await clients[0]!.sync();
    await clients[2]!.sync();
    await clients[1]!.next("disconnect");
    h.log(io.sockets.adapter.rooms.has("r1"), io.sockets.adapter.rooms.has("r2"));
  }),
];
