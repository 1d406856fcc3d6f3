/**
 * `namespace.adapter`: what it knows, tells and does. Part 2.6 of the reference.
 * @module
 */
import { type Harness, type Io, type Script, script } from "../harness.ts";

/** Logs the rooms' events; ids and own rooms are masked as ids. */
function listen(io: Io, h: Harness): void {
  for (const event of ["create-room", "delete-room", "join-room", "leave-room"]) {
    io.sockets.adapter.on(event, (...args: unknown[]) => h.log(event, ...args));
  }
}

type BroadcastOptions = Parameters<Io["sockets"]["adapter"]["fetchSockets"]>[0];

/** Options of the adapter's methods. */
function chosen(rooms: string[], except: string[] = []): BroadcastOptions {
  return { rooms: new Set(rooms), except: new Set(except), flags: {} };
}

/** See the module. */
export const adapter: readonly Script[] = [
  script("rooms and sids are Maps of Sets, and live", async (io, h) => {
    const { adapter } = io.sockets;
    const { rooms, sids } = adapter;
    const { client, socket } = await h.join("a");
    h.log(rooms instanceof Map, sids instanceof Map, rooms.size, sids.size);
    socket.join(["r1", "r2"]);
    h.log([...rooms.keys()], [...sids.get(socket.id)!], rooms.get("r1")!.has(socket.id));
    h.log(rooms.get("r1") instanceof Set, rooms.get("none"), adapter.rooms === rooms);
    socket.leave("r1");
    h.log([...rooms.keys()]);
    const gone = h.heard(socket, "disconnect");
    await client.leave();
    await gone;
    h.log(rooms.size, sids.size, adapter.nsp === io.sockets as unknown);
  }),

  script("events of rooms: created, joined, left, deleted", async (io, h) => {
    listen(io, h);
    const a = await h.join("a");
    const b = await h.join("b");
    h.log("a joins r");
    a.socket.join("r");
    h.log("again");
    a.socket.join("r");
    h.log("b joins r and s");
    b.socket.join(["r", "s"]);
    h.log("a leaves r, and what it is not in");
    a.socket.leave("r");
    a.socket.leave("s");
    a.socket.leave("none");
    h.log("b goes");
    const gone = h.heard(b.socket, "disconnect");
    await b.client.leave();
    await gone;
  }),

  script("an event of rooms comes when the room is as it says", async (io, h) => {
    const { adapter } = io.sockets;
    const { socket } = await h.join("a");
    const show = (event: string) => (room: string, id?: string) =>
      h.log(
        event,
        adapter.rooms.has(room),
        adapter.rooms.get(room)?.size,
        id && adapter.sids.get(id)?.has(room),
      );
    for (const event of ["create-room", "delete-room", "join-room", "leave-room"]) {
      adapter.on(event, show(event));
    }
    socket.join("r");
    socket.leave("r");
  }),

  script("the events of a connection, its middlewares' rooms included", async (io, h) => {
    listen(io, h);
    io.use((socket, next) => (socket.join("early"), next()));
    io.on("connection", (socket) => (h.log("connection"), void socket.join("late")));
    await h.client("a");
  }),

  script("a refused client leaves the rooms its middlewares gave it", async (io, h) => {
    listen(io, h);
    io.use((socket, next) => (socket.join("early"), next(new Error("no"))));
    await h.client("a");
    h.log(io.sockets.adapter.rooms.size, io.sockets.adapter.sids.size);
  }),

  script("sockets and socketRooms", async (io, h) => {
    const { adapter } = io.sockets;
    const [a, b] = [await h.join("a"), await h.join("b")];
    a.socket.join("r");
    b.socket.join(["r", "s"]);
    h.log("r", (await adapter.sockets(new Set(["r"]))).size);
    h.log("s", [...await adapter.sockets(new Set(["s"]))].map((id) => id === b.socket.id));
    h.log("none", (await adapter.sockets(new Set(["none"]))).size, (await adapter.sockets(new Set())).size);
    h.log("of b", [...adapter.socketRooms(b.socket.id)!].filter((room) => room !== b.socket.id));
    h.log("of nobody", adapter.socketRooms("nobody"));
    h.log("servers", await adapter.serverCount());
  }),

  script("fetchSockets, addSockets, delSockets, disconnectSockets of the adapter", async (io, h) => {
    const { adapter } = io.sockets;
    const [a, b] = [await h.join("a"), await h.join("b")];
    a.socket.join("r");
    h.log("all", (await adapter.fetchSockets(chosen([]))).length);
    h.log("r", (await adapter.fetchSockets(chosen(["r"]))).map(({ id }) => id === a.socket.id));
    h.log("but r", (await adapter.fetchSockets(chosen([], ["r"]))).map(({ id }) => id === b.socket.id));
    h.log(
      "returns",
      adapter.addSockets(chosen(["r"]), ["s", "t"]),
      a.socket.rooms.has("s"),
      b.socket.rooms.has("s"),
    );
    h.log("returns", adapter.delSockets(chosen([]), ["s"]), a.socket.rooms.has("s"), a.socket.rooms.has("t"));
    h.log(
      "returns",
      adapter.disconnectSockets(chosen([], ["t"]), false),
      a.socket.connected,
      b.socket.connected,
    );
    await b.client.next("disconnect");
    adapter.disconnectSockets(chosen([]), true);
    await a.client.next("disconnect");
  }),

  script("addAll, del and delAll of the adapter", async (io, h) => {
    listen(io, h);
    const { adapter } = io.sockets;
    const { client, socket } = await h.join("a");
    h.log("addAll", adapter.addAll(socket.id, new Set(["r", "s"])), socket.rooms.size);
    io.to("r").emit("to r");
    h.log("del", adapter.del(socket.id, "r"), adapter.del(socket.id, "none"), socket.rooms.size);
    h.log("delAll", adapter.delAll(socket.id), socket.rooms.size, adapter.sids.has(socket.id));
    adapter.delAll("nobody");
    io.to("s").emit("to s");
    await client.sync();
  }),

  script("broadcast and broadcastWithAck of the adapter", async (io, h) => {
    const { adapter } = io.sockets;
    const [a, b] = [await h.join("a"), await h.join("b")];
    a.socket.join("r");
    a.client.socket.on("q", (ack: (n: number) => void) => ack(1));
    const packet = (event: string) => ({ type: 2, nsp: "/", data: [event, 1] });
    adapter.broadcast(packet("to all"), chosen([]));
    adapter.broadcast(packet("to r"), chosen(["r"]));
    adapter.broadcast(packet("but r"), chosen([], ["r"]));
    const answered = Promise.withResolvers<void>();
    adapter.broadcastWithAck(
      { type: 2, nsp: "/", data: ["q"] },
      { ...chosen(["r"]), flags: { timeout: 5000 } },
      (count) => h.log("asked", count),
      (...args: unknown[]) => (h.log("answer", ...args), answered.resolve()),
    );
    await answered.promise;
    await a.client.sync();
    await b.client.sync();
  }),

  script("each namespace has an adapter of its own", async (io, h) => {
    h.log(io.of("/x").adapter === io.of("/x").adapter, io.of("/x").adapter !== io.sockets.adapter);
    const { socket } = await h.join("a", { nsp: "/x" });
    h.log(io.of("/x").adapter.sids.has(socket.id), io.sockets.adapter.sids.size);
  }),

  script("a socket that leaves its own room", async (io, h) => {
    const [a, b] = [await h.join("a"), await h.join("b")];
    a.socket.leave(a.socket.id);
    io.emit("to all");
    io.to(a.socket.id).emit("by id");
    a.socket.broadcast.emit("broadcast");
    b.socket.join("r");
    io.except("r").emit("but r");
    await a.client.sync();
    await b.client.sync();
    h.log(io.sockets.adapter.sids.has(a.socket.id), (await io.fetchSockets()).length);
  }),
];
