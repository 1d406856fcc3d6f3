/**
 * Connection state recovery, on the wire and by the official client. Part 3.5 of the reference.
 * @module
 */
import { type Harness, type Script, script, type Wire } from "../harness.ts";
import type { Io } from "../servers.ts";

const options = { connectionStateRecovery: {} };

/** What a client remembers. */
interface Memory {
  readonly sid: string;
  readonly pid: string;
}

/** Takes the answer to CONNECT; private id and session id are masked in what is logged. */
async function answered(wire: Wire): Promise<Memory> {
  return JSON.parse((await wire.text()).slice(2));
}

/** Takes an event and returns its offset, which is masked. */
async function offsetOf(wire: Wire, h: Harness): Promise<string> {
  const text = await wire.text();
  const offset = JSON.parse(text.slice(text.indexOf("["))).at(-1);
  h.transcript.mask(offset, "offset");
  return offset;
}

/** Loses the connection and waits until the server knows. */
async function lose(io: Io, h: Harness, wire: Wire): Promise<void> {
  await wire.close();
  await h.until(() => io.sockets.sockets.size === 0, "the end of the socket");
}

/** A client that has connected, received one event and lost its connection: what it needs to come back. */
async function lostAfterOne(io: Io, h: Harness): Promise<{ pid: string; offset: string }> {
  const wire = await h.wire("wire");
  wire.send("40");
  const { pid } = await answered(wire);
  io.emit("first");
  const offset = await offsetOf(wire, h);
  await lose(io, h, wire);
  return { pid, offset };
}

/** Comes back on a new WebSocket, quietly: the frame sent has secrets of this run. */
async function comeBack(h: Harness, name: string, memory: object): Promise<Wire> {
  const wire = await h.wire(name);
  h.transcript.add(name, ["out", Object.keys(memory)]);
  wire.sendQuietly(`40${JSON.stringify(memory)}`);
  return wire;
}

/** See the module. */
export const recovery: readonly Script[] = [
  script("recovery gives id, rooms, data and what was missed, before the answer", async (io, h) => {
    io.on("connection", (socket) => {
      h.log("connection", socket.recovered, [...socket.rooms].length, socket.data);
      if (socket.recovered) return;
      socket.join("r");
      socket.data = { n: 1 };
    });
    const wire = await h.wire("wire");
    wire.send("40");
    const { pid, sid } = await answered(wire);
    io.emit("first", 1);
    const offset = await offsetOf(wire, h);
    await lose(io, h, wire);
    io.emit("to all", "text", { a: [1] });
    io.to("r").emit("to the room");
    io.to("other").emit("to another room");
    io.except("r").emit("but the room");
    io.volatile.emit("volatile");
    const back = await comeBack(h, "back", { pid, offset });
    await offsetOf(back, h);
    await offsetOf(back, h);
    const again = await answered(back);
    h.log("same", again.sid === sid, again.pid === pid);
    io.to("r").emit("live");
    await offsetOf(back, h);
  }, { options }),

  script("recovery stamps events, binary too, and no acks", async (io, h) => {
    const wire = await h.wire("wire");
    wire.send("40");
    await answered(wire);
    const [socket] = [...io.sockets.sockets.values()];
    socket!.emit("own", 1);
    await offsetOf(wire, h);
    socket!.emit("bytes", new Uint8Array([1, 2]));
    await offsetOf(wire, h);
    await wire.next();
    socket!.emit("ask", () => {});
    await wire.next();
    io.timeout(1_000).emit("ask all", () => {});
    await wire.next();
    io.volatile.emit("volatile", 1);
    await wire.next();
  }, { options }),

  script("recovery is for connections that were lost", async (io, h) => {
    io.on("connection", (socket) => h.log("connection", socket.recovered));
    const ends: Record<string, (wire: Wire) => void> = {
      "the client leaves": (wire) => wire.send("41"),
      "the server disconnects": () => void [...io.sockets.sockets.values()][0]!.disconnect(),
      "the server closes": () => void [...io.sockets.sockets.values()][0]!.conn.close(),
    };
    for (const [how, end] of Object.entries(ends)) {
      h.log(how);
      const wire = await h.wire(how);
      wire.send("40");
      const { pid } = await answered(wire);
      io.emit("first");
      const offset = await offsetOf(wire, h);
      end(wire);
      await h.until(() => io.sockets.sockets.size === 0, "the end of the socket");
      await lose(io, h, wire);
      const back = await comeBack(h, `${how}, back`, { pid, offset });
      await answered(back);
      await lose(io, h, back);
    }
  }, { options }),

  script("recovery with a wrong pid or offset begins anew", async (io, h) => {
    io.on("connection", (socket) => h.log("connection", socket.recovered));
    for (const [name, wrong] of Object.entries({ pid: { pid: "nobody" }, offset: { offset: "nonsense" } })) {
      const wire = await h.wire(name);
      wire.send("40");
      const { pid } = await answered(wire);
      io.emit("first");
      const offset = await offsetOf(wire, h);
      await lose(io, h, wire);
      const back = await comeBack(h, `${name}, back`, { pid, offset, ...wrong });
      await answered(back);
      await lose(io, h, back);
    }
  }, { options }),

  script("recovery happens once with a session", async (io, h) => {
    io.on("connection", (socket) => h.log("connection", socket.recovered));
    const { pid, offset } = await lostAfterOne(io, h);
    const back = await comeBack(h, "back", { pid, offset });
    await answered(back);
    back.send("41"); // it leaves of its own will
    await h.until(() => io.sockets.sockets.size === 0, "the end of the socket");
    const replay = await comeBack(h, "replay", { pid, offset });
    await replay.quietText();
  }, {
    options,
    difference: {
      why: "a session is taken out when it is used: it cannot be replayed (socket.io#4880)",
      official: ['server: ["connection",true]'],
      skein: ['server: ["connection",false]'],
    },
  }),

  script("recovery of a client that had received nothing", async (io, h) => {
    io.on("connection", (socket) => h.log("connection", socket.recovered));
    const wire = await h.wire("wire");
    wire.send("40");
    const { pid } = await answered(wire);
    await lose(io, h, wire);
    io.emit("missed");
    const back = await comeBack(h, "back", { pid });
    const first = await back.quietText();
    h.log("got what it missed", first.startsWith("42"));
  }, {
    options,
    difference: {
      why: "where to go on is known without an offset; officially such a client never recovers",
      official: ['server: ["connection",false]', 'server: ["got what it missed",false]'],
      skein: ['server: ["connection",true]', 'server: ["got what it missed",true]'],
    },
  }),

  script("recovery skips the middlewares unless told otherwise", async (io, h) => {
    io.use((socket, next) => {
      h.log("middleware", socket.recovered);
      next();
    });
    const { pid, offset } = await lostAfterOne(io, h);
    await answered(await comeBack(h, "back", { pid, offset }));
  }, { options }),

  script("recovery asks the middlewares where told so", async (io, h) => {
    io.use((socket, next) => {
      h.log("middleware", socket.recovered);
      next();
    });
    const { pid, offset } = await lostAfterOne(io, h);
    await answered(await comeBack(h, "back", { pid, offset }));
  }, { options: { connectionStateRecovery: { skipMiddlewares: false } } }),

  script("recovery that a middleware refuses delivers nothing", async (io, h) => {
    let refuses = false;
    io.use((_socket, next) => next(refuses ? new Error("no") : undefined));
    const { pid, offset } = await lostAfterOne(io, h);
    io.emit("secret");
    refuses = true;
    const back = await comeBack(h, "back", { pid, offset });
    h.log("first frame", (await back.quietText()).slice(0, 2));
  }, {
    options: { connectionStateRecovery: { skipMiddlewares: false } },
    difference: {
      why: "middlewares run before anything is delivered; officially what was missed is on the wire by then",
      official: ['server: ["first frame","42"]'],
      skein: ['server: ["first frame","44"]'],
    },
  }),

  script("the official client recovers by itself", async (io, h) => {
    const client = await h.client("a", { reconnection: true });
    io.emit("hello");
    const [offset] = (await client.next("hello")).slice(-1);
    h.transcript.mask(String(offset), "offset");
    const { id } = client;
    io.once("connection", (socket) => h.log("again", socket.recovered, socket.id === id));
    await client.cut();
    await client.next("connect");
    h.log("same id", client.id === id);
  }, { options }),

  script("recovery is too late after maxDisconnectionDuration", async (io, h) => {
    const wire = await h.wire("wire");
    wire.send("40");
    const { pid, sid } = await answered(wire);
    io.emit("first");
    const offset = await offsetOf(wire, h);
    await lose(io, h, wire);
    const late = performance.now() + 25;
    await h.until(() => performance.now() > late, "the time to pass"); // it is what is tested
    const back = await comeBack(h, "back", { pid, offset });
    const again = await answered(back);
    h.log("same", again.sid === sid, again.pid === pid, [...io.sockets.sockets.values()][0]!.recovered);
  }, { options: { connectionStateRecovery: { maxDisconnectionDuration: 5 } } }),

  script("recovery in a namespace of a pattern, and the main one stays as it is", async (io, h) => {
    io.of(/^\/p-/).on("connection", (socket) => h.log("pattern", socket.nsp.name, socket.recovered));
    io.on("connection", (socket) => h.log("main", socket.recovered));
    const wire = await h.wire("wire");
    wire.send("40/p-1,");
    const { pid } = JSON.parse((await wire.text()).slice("40/p-1,".length));
    io.of("/p-1").emit("first");
    const offset = await offsetOf(wire, h);
    await wire.close();
    await h.until(() => io.of("/p-1").sockets.size === 0, "the end of the socket");
    io.of("/p-1").emit("missed");
    const back = await h.wire("back");
    back.sendQuietly(`40/p-1,${JSON.stringify({ pid, offset })}`);
    await offsetOf(back, h);
    await back.next();
    back.send("40");
    await back.next();
  }, { options }),

  script("without the option there is no pid, and a foreign one is ignored", async (io, h) => {
    io.on("connection", (socket) => h.log("connection", socket.recovered, socket.handshake.auth));
    const wire = await h.wire("wire");
    wire.send('40{"pid":"x","offset":"y"}');
    await wire.next();
    io.emit("first", 1);
    await wire.next();
  }),
];
