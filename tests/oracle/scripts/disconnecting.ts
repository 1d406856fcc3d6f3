/**
 * How sockets end, and what each side is told. Part 3.1 of the reference.
 * @module
 */
import { type Difference, type Harness, type Io, type Script, script, type Socket } from "../harness.ts";

/** Logs the life's end of a socket; resolves when it has ended. */
async function watched(h: Harness, label: string, socket: Socket): Promise<void> {
  socket.on(
    "disconnecting",
    (reason) => h.log(label, "disconnecting", reason, socket.connected, socket.rooms.size),
  );
  const [reason] = await h.heard(socket, "disconnect");
  h.log(label, "disconnect", reason, socket.connected, socket.rooms.size);
}

/** A raw WebSocket in the main namespace, what it sends, and what the server says of its end. */
async function ended(io: Io, h: Harness, name: string, ...frames: string[]): Promise<void> {
  const wire = await h.wire(name);
  wire.send("40");
  await wire.next();
  const socket = [...io.sockets.sockets.values()].at(-1)!;
  const end = watched(h, name, socket);
  wire.send(...frames);
  await end;
  await wire.end();
}

/** The lines of `ended` with this reason. */
function closes(reason: string, ...names: string[]): string[] {
  return names.flatMap((name) => [
    `server: ["${name}","disconnecting","${reason}",true,1]`,
    `server: ["${name}","disconnect","${reason}",false,0]`,
  ]);
}

/** A difference in the reason of all these. */
function parseError(...names: string[]): Difference {
  return {
    why: "what is Engine.IO but not Socket.IO is a parse error, too, not the wish of the server",
    official: closes("forced close", ...names),
    skein: closes("parse error", ...names),
  };
}

const NOT_SOCKET_IO = {
  "type 7": ["47"],
  "bad JSON": ["42["],
  "not a list": ["42{}"],
  "CONNECT twice": ["40"],
  "CONNECT_ERROR": ['44{"message":"x"}'],
  "reserved name": ['42["disconnect"]'],
  "attachments missing": ['451-["x",{"_placeholder":true,"num":0}]', '42["y"]'],
};

/** See the module. */
export const disconnecting: readonly Script[] = [
  script("the client leaves", async (io, h) => {
    const { client, socket } = await h.join("a");
    const end = watched(h, "socket", socket);
    await client.leave();
    await end;
    h.log(io.sockets.sockets.size, client.socket.active);
  }),

  script("the server disconnects a socket", async (io, h) => {
    const { client, socket } = await h.join("a");
    const end = watched(h, "socket", socket);
    socket.disconnect();
    h.log("at once", socket.connected, socket.disconnected, io.sockets.sockets.size, socket.conn.readyState);
    await end;
    await client.next("disconnect");
    socket.disconnect();
    client.socket.connect();
    await client.next("connect");
    h.log(io.engine.clientsCount, io.sockets.sockets.size);
  }),

  script("disconnect() leaves the other namespaces of the connection alone", async (io, h) => {
    io.of("/x");
    const { client, socket } = await h.join("a");
    const x = await h.join("ax", { nsp: "/x", via: client });
    const end = watched(h, "main", socket);
    socket.disconnect();
    await end;
    await client.next("disconnect");
    await x.client.sync();
    h.log(x.socket.connected, socket.conn.readyState);
  }),

  script("disconnect(true) ends all sockets of the connection", async (io, h) => {
    io.of("/x");
    const { client, socket } = await h.join("a");
    const x = await h.join("ax", { nsp: "/x", via: client });
    const ends = [watched(h, "main", socket), watched(h, "x", x.socket)];
    x.socket.disconnect(true);
    h.log("at once", socket.connected, x.socket.connected);
    await Promise.all(ends);
    await client.next("disconnect");
    await x.client.next("disconnect");
    await h.until(() => io.engine.clientsCount === 0, "the end of the session");
  }),

  script("disconnect and disconnect(true) on the wire", async (io, h) => {
    io.of("/x");
    const one = await h.wire("one");
    one.send("40", "40/x,");
    await one.take(2);
    const [socket] = [...io.sockets.sockets.values()];
    socket!.emit("last words");
    socket!.disconnect();
    await one.take(2);
    one.send("40");
    await one.next();
    [...io.of("/x").sockets.values()][0]!.disconnect(true);
    await one.take(2);
    await one.end();
  }),

  script("disconnect in the connection listener", async (io, h) => {
    io.on("connection", (socket) => {
      socket.on("disconnect", (reason) => h.log("disconnect", reason));
      socket.emit("first");
      h.log(socket.disconnect(socket.handshake.auth.close).connected);
    });
    io.on("connection", (socket) => h.log("second listener", socket.connected));
    for (const close of [false, true]) {
      const client = await h.client(String(close), { auth: { close } });
      await client.next("first");
      await client.next("disconnect");
    }
    h.log(io.sockets.sockets.size);
  }),

  script("the connection breaks", async (io, h) => {
    const { client, socket } = await h.join("a");
    const end = watched(h, "socket", socket);
    await client.cut();
    await end;
    h.log(io.sockets.sockets.size, io.engine.clientsCount);
  }),

  script("the connection breaks, HTTP long-polling", async (_io, h) => {
    const { client, socket } = await h.join("a", { transports: ["polling"] });
    const end = watched(h, "socket", socket);
    await client.cut();
    await end;
  }),

  script("the server closes the engine socket", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const end = watched(h, "socket", socket);
    socket.conn.close();
    await end;
    await client.next("disconnect");
  }),

  script("no pong in time", async (_io, h) => {
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.next();
    const [socket] = [..._io.sockets.sockets.values()];
    const end = watched(h, "socket", socket!);
    await wire.next();
    await end;
    await wire.end();
  }, { options: { pingInterval: 30, pingTimeout: 30 } }),

  script("what is not Engine.IO", async (io, h) => {
    await ended(io, h, "type 9", "9");
    await ended(io, h, "empty", "");
  }),

  script("what is Engine.IO but not Socket.IO", async (io, h) => {
    for (const [name, frames] of Object.entries(NOT_SOCKET_IO)) await ended(io, h, name, ...frames);
  }, { difference: parseError(...Object.keys(NOT_SOCKET_IO)) }),

  script("an event before CONNECT", async (_io, h) => {
    const wire = await h.wire("wire");
    wire.send('42["x"]');
    await wire.end();
  }),

  script("an event for a namespace that was not joined", async (io, h) => {
    io.of("/x").on("connection", () => h.log("x"));
    await ended(io, h, "wire", '42/x,["e"]');
  }, { difference: parseError("wire") }),

  script("a message that is too large", async (io, h) => {
    await ended(io, h, "wire", `42["x","${"y".repeat(2000)}"]`);
  }, { options: { maxHttpBufferSize: 1000 } }),

  script(
    "what is emitted after the end",
    async (_io, h) => {
      const wire = await h.wire("wire");
      wire.send("40", "40/x,");
      await wire.take(2);
      const [socket] = [..._io.sockets.sockets.values()];
      socket!.disconnect();
      h.attempt("emit", () => socket!.emit("after", 1));
      h.attempt("broadcast", () => socket!.broadcast.emit("after", 2));
      h.attempt("join", () => socket!.join("r"));
      h.attempt("leave", () => socket!.leave("r"));
      h.log("rooms", socket!.rooms.size);
      socket!.to("r").emit("after", 3);
      await h.client("b");
      wire.send("40");
      await wire.until("40");
    },
    {
      difference: {
        why:
          "after the end nothing is sent: the client would take it for a packet of a namespace it is not in",
        official: ['wire: ["in","42[\\"after\\",1]"]'],
        skein: [],
      },
    },
  ),

  script("an ack that the server sends after the client left the namespace", async (io, h) => {
    const answer = Promise.withResolvers<(n: number) => void>();
    io.on("connection", (socket) => socket.on("q", answer.resolve));
    const wire = await h.wire("wire");
    wire.send("40", '421["q"]');
    await wire.next();
    const ack = await answer.promise;
    const [socket] = [...io.sockets.sockets.values()];
    const gone = h.heard(socket!, "disconnect");
    wire.send("41");
    await gone;
    h.attempt("ack", () => ack(1));
    wire.send("40/none,");
    await wire.until("44");
  }, {
    difference: {
      why: "the socket it belongs to is gone; the client would take it for an ack of its next one",
      official: ['wire: ["in","431[1]"]'],
      skein: [],
    },
  }),

  script("disconnecting listeners may still reach rooms and the client", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const other = await h.join("b");
    socket.join("r");
    other.socket.join("r");
    socket.on("disconnecting", () => {
      socket.emit("to itself");
      socket.to("r").emit("to the room", [...socket.rooms].length);
    });
    socket.on("disconnect", () => socket.to("r").emit("gone"));
    socket.disconnect();
    await client.next("disconnect");
    await other.client.next("gone");
  }),

  script("the client's reasons, and whether it will come back by itself", async (io, h) => {
    io.on("connection", (socket) => {
      socket.on("kick", () => socket.disconnect());
      socket.on("kick out", () => socket.disconnect(true));
      socket.on("break", () => socket.conn.close());
    });
    for (const how of ["kick", "kick out", "break"]) {
      const client = await h.client(how);
      client.emit(how);
      await client.next("disconnect");
      h.transcript.add(how, ["active", client.socket.active]);
    }
  }),
];
