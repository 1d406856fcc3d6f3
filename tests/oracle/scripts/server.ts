/**
 * The members of Server. Part 2.2 of the reference.
 * @module
 */
import { type Script, script } from "../harness.ts";

/** See the module. */
export const server: readonly Script[] = [
  script("io is its main namespace", async (io, h) => {
    h.log("sockets", io.sockets === io.of("/"), io.of("") === io.of("/"), io.sockets.name);
    h.log("of", io.of("x") === io.of("/x"), io.of("/x") === io.of("/x"), io.of("x").name);
    h.log("names", [...io._nsps.keys()].sort(), io._nsps.get("/x") === io.of("/x"));
    io.on("connection", () => h.log("on io"));
    io.sockets.on("connection", () => h.log("on io.sockets"));
    io.of("/").once("connection", () => h.log("on io.of"));
    await h.client("a");
    await h.client("b");
  }),

  script("what listeners of io and its namespaces are and return", async (io, h) => {
    const listener = (): void => h.log("listener");
    h.log("on", io.on("connection", listener) as unknown === io);
    h.log("use", io.use((_socket, next) => next()) === io);
    h.log("namespace", io.sockets.on("connection", listener) === io.sockets);
    h.log("use of a namespace", io.sockets.use((_socket, next) => next()) === io.sockets);
    h.log("count", io.listenerCount("connection"), io.sockets.listenerCount("connection"));
    h.log("listeners", io.listeners("connection").every((one) => one === listener), io.eventNames());
    io.prependListener("connection", () => h.log("first"));
    io.prependOnceListener("connection", () => h.log("first of all, once"));
    io.addListener("connection", () => h.log("last"));
    await h.client("a");
    io.off("connection", listener);
    io.removeListener("connection", listener);
    await h.client("b");
    io.removeAllListeners("connection");
    h.log("count", io.listenerCount("connection"), io.rawListeners("connection").length);
    await h.client("c");
  }, {
    difference: {
      why: "io.on() returns io, as its type says; officially it returns the main namespace",
      official: ['server: ["on",false]'],
      skein: ['server: ["on",true]'],
    },
  }),

  script("emit, send and write of io, and what they return", async (io, h) => {
    io.of("/x");
    const { client } = await h.join("a");
    const x = await h.join("ax", { nsp: "/x", via: client });
    h.log("emit", io.emit("e", 1, "two", { three: [3] }, null, true));
    h.log("send", io.send("s", 1) as unknown === io, io.write("w") as unknown === io);
    h.log("namespace", io.of("/x").emit("e"), io.of("/x").send("s") === io.of("/x"));
    h.log("write", io.of("/x").write("w") === io.of("/x"));
    h.log("operator", io.to(client.id).emit("o"));
    await client.sync();
    await x.client.sync();
  }),

  script("path, connectTimeout and adapter say their defaults and take new ones", async (io, h) => {
    h.log("path", io.path());
    h.log("connectTimeout", io.connectTimeout());
    h.log("adapter", typeof io.adapter());
    h.log("set", io.connectTimeout(1000) === io, io.connectTimeout());
    const { client } = await h.join("a");
    await client.sync();
  }),

  script("a client that joins nothing is closed after connectTimeout", async (io, h) => {
    const wire = await h.wire("wire");
    const before = performance.now();
    await wire.end();
    h.log("in time", performance.now() - before > 30, performance.now() - before < 4000);
    await h.until(() => io.engine.clientsCount === 0, "the end of the session");
  }, { options: { connectTimeout: 60 } }),

  script("new_namespace tells of namespaces, on io and its main namespace", async (io, h) => {
    io.on("new_namespace", (nsp) => h.log("io", nsp.name, io._nsps.has(nsp.name)));
    io.sockets.on("new_namespace", (nsp) => h.log("main", nsp.name));
    io.of("/x");
    io.of("/x");
    io.of("y", (socket) => h.log("listener of y", socket.nsp.name));
    io.of(/^\/dynamic-\d+$/);
    await h.client("a", { nsp: "/y" });
    await h.client("b", { nsp: "/dynamic-1" });
    h.log(io._nsps.size);
  }),

  script("fetchSockets gives the sockets themselves", async (io, h) => {
    const a = await h.join("a");
    const b = await h.join("b");
    b.socket.join("r");
    b.socket.data.user = "u";
    const all = await io.fetchSockets();
    h.log("all", all.length, all.includes(a.socket as never), all.includes(b.socket as never));
    h.log("in r", (await io.in("r").fetchSockets()).map(({ data, rooms }) => [data, rooms.size]));
    h.log("but r", (await io.except("r").fetchSockets()).map(({ id }) => id === a.socket.id));
    h.log(
      "by id",
      (await io.in(a.socket.id).fetchSockets()).length,
      (await io.in("no").fetchSockets()).length,
    );
    h.log("namespace", (await io.of("/x").fetchSockets()).length, (await io.local.fetchSockets()).length);
    h.log("others", (await a.socket.broadcast.fetchSockets()).map(({ id }) => id === b.socket.id));
    h.log("promise", io.fetchSockets() instanceof Promise);
    for (const socket of await io.in("r").fetchSockets()) {
      socket.emit("hello", socket.handshake.auth);
      socket.join("s");
      socket.leave("r");
      h.log("rooms", [...b.socket.rooms].filter((room) => room !== socket.id));
      h.log(
        "timeout",
        await socket.timeout(20).emitWithAck("question").catch((error: Error) => error.message),
      );
    }
  }),

  script("allSockets gives ids", async (io, h) => {
    const a = await h.join("a");
    const b = await h.join("b");
    b.socket.join("r");
    h.log("all", (await io.allSockets()).size, (await io.of("/x").allSockets()).size);
    h.log(
      "in r",
      [...await io.in("r").allSockets()].map((id) => id === b.socket.id),
      a.socket.id !== b.socket.id,
    );
  }, {}),

  script("socketsJoin and socketsLeave move many sockets", async (io, h) => {
    const a = await h.join("a");
    const b = await h.join("b");
    const show = (label: string): void =>
      h.log(label, ...[a, b].map(({ socket }) => [...socket.rooms].filter((room) => room !== socket.id)));
    h.log("returns", io.socketsJoin("r1"));
    show("all join r1");
    io.in(a.socket.id).socketsJoin(["r2", "r3"]);
    show("a joins r2 and r3");
    io.except("r2").socketsJoin("r4");
    show("who is not in r2 joins r4");
    h.log("returns", io.socketsLeave("r1"));
    show("all leave r1");
    io.in("r2").socketsLeave(["r3", "unknown"]);
    show("who is in r2 leaves r3");
    a.socket.broadcast.socketsJoin("r5");
    show("all but a join r5");
    io.of("/x").socketsJoin("r6");
    show("another namespace");
  }),

  script("disconnectSockets disconnects from the namespace, or with the connection", async (io, h) => {
    io.of("/x");
    const a = await h.join("a");
    const b = await h.join("b");
    const bx = await h.join("bx", { nsp: "/x", via: b.client });
    for (const { socket } of [a, b, bx]) {
      socket.on("disconnect", (reason) => h.log("disconnect", socket.nsp.name, reason));
    }
    a.socket.join("r");
    h.log("returns", io.in("r").disconnectSockets());
    await a.client.next("disconnect");
    h.log("a's connection", a.socket.conn.readyState, b.socket.connected);
    h.log("returns", io.disconnectSockets(true));
    await b.client.next("disconnect");
    await bx.client.next("disconnect");
    h.log("left", io.sockets.sockets.size, io.of("/x").sockets.size);
  }),

  script("close ends every socket, and the engine; a later client is refused", async (io, h) => {
    io.of("/x");
    const a = await h.join("a");
    const ax = await h.join("ax", { nsp: "/x", via: a.client });
    for (const { socket } of [a, ax]) {
      socket.on(
        "disconnecting",
        (reason) => h.log("disconnecting", socket.nsp.name, reason, socket.rooms.size),
      );
      socket.on("disconnect", (reason) => h.log("disconnect", socket.nsp.name, reason));
    }
    const done = Promise.withResolvers<unknown>();
    const closing = io.close((error) => done.resolve(error));
    h.log("promise", closing instanceof Promise);
    await a.client.next("disconnect");
    await ax.client.next("disconnect");
    await closing;
    h.log("callback", await done.promise);
    h.log("left", io.sockets.sockets.size, io.of("/x").sockets.size, io.engine.clientsCount);
  }),

  script(
    "serverSideEmit alone",
    async (io, h) => {
      io.on("hello" as never, (() => h.log("heard by itself")) as never);
      h.attempt("plain", () => io.serverSideEmit("hello" as never, 1 as never));
      for (const name of ["connect", "connection", "new_namespace"]) {
        h.attempt(name, () => io.serverSideEmit(name as never));
      }
      await h.settle("connection with ack", () => io.serverSideEmitWithAck("connection" as never));
      await h.client("a");
    },
    {
      difference: {
        why: "a server that is alone has nobody to tell, which is no reason for a warning",
        official: [
          'errors: ["warning","Error","this adapter does not support the serverSideEmit() functionality"]',
        ],
        skein: [],
      },
    },
  ),

  script("serverSideEmitWithAck alone", async (io, h) => {
    const { client } = await h.join("a");
    const callback = (...args: unknown[]): void => h.log("callback", ...args);
    h.attempt("with callback", () => io.serverSideEmit("hello" as never, callback as never));
    io.of("/x").serverSideEmitWithAck("hello" as never, 1 as never).then((answers) =>
      h.log("promise", answers)
    );
    await client.sync();
  }, {
    difference: {
      why: "a server that is alone gets no answers at once; officially callback and promise wait for ever",
      official: [
        'errors: ["warning","Error","this adapter does not support the serverSideEmit() functionality"]',
        'errors: ["warning","Error","this adapter does not support the serverSideEmit() functionality"]',
      ],
      skein: ['server: ["callback",null,[]]', 'server: ["promise",[]]'],
    },
  }),

  script("of() with the flags of a regular expression", async (io, h) => {
    for (const flags of ["g", "y", "i"]) {
      h.attempt(`flag ${flags}`, () => void io.of(new RegExp("^/f", flags)));
    }
    await h.client("a");
  }, {
    difference: {
      why: "a wrong argument is a TypeError, which is an Error too",
      official: ['server: ["flag g","threw","Error"]', 'server: ["flag y","threw","Error"]'],
      skein: ['server: ["flag g","threw","TypeError"]', 'server: ["flag y","threw","TypeError"]'],
    },
  }),

  script("an error that a listener throws or rejects with", async (io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("throw", () => {
      throw new RangeError("thrown");
    });
    socket.on("reject", async () => {
      await Promise.resolve();
      throw new RangeError("rejected");
    });
    client.emit("throw");
    await client.sync();
    client.emit("reject");
    await client.sync();
    h.log("alive", socket.connected, io.sockets.sockets.size);
  }, {
    difference: {
      why: "an error of a listener goes to onError and never ends the process",
      official: [
        'errors: ["uncaught","RangeError","thrown"]',
        'errors: ["rejection","RangeError","rejected"]',
      ],
      skein: ['errors: ["onError","RangeError","thrown"]', 'errors: ["onError","RangeError","rejected"]'],
    },
  }),
];
