/**
 * From CONNECT to the `connection` event: order, middlewares, refusals. Parts 2.3 and 3.2 of the reference.
 * @module
 */
import { within } from "../../support/within.ts";
import { type Script, script } from "../harness.ts";

/** See the module. */
export const connecting: readonly Script[] = [
  script(
    "connect and connection come in this order, after the middlewares, with a connected socket",
    async (io, h) => {
      io.use((socket, next) => {
        h.log("use 1", socket.connected, [...socket.rooms], io.sockets.sockets.size);
        next();
      });
      io.use((socket, next) => {
        h.log("use 2", socket.disconnected);
        setTimeout(next, 1);
      });
      io.on("connection", (socket) => {
        h.log(
          "connection",
          socket.connected,
          [...socket.rooms],
          io.sockets.sockets.get(socket.id) === socket,
        );
        socket.emit("from connection");
      });
      io.on("connect", (socket) => {
        h.log("connect", socket.connected);
        socket.emit("from connect");
      });
      const client = await h.client("a");
      await client.next("from connection");
    },
  ),

  script("the CONNECT answer goes out before whatever the listeners emit", async (io, h) => {
    io.on("connect", (socket) => socket.emit("one", 1));
    io.on("connection", (socket) => socket.emit("two", 2));
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.take(3);
  }),

  script("what a middleware emits goes out before the CONNECT answer or not at all", async (io, h) => {
    io.use((socket, next) => {
      socket.emit("early");
      next();
    });
    io.on("connection", (socket) => socket.emit("late"));
    const client = await h.client("a");
    await client.next("late");
  }),

  script("a middleware refuses with the error's message and data", async (io, h) => {
    io.use((socket, next) => {
      const error = Object.assign(new Error("not authorized"), { data: { retry: [1, 2] } });
      next(socket.handshake.auth.token === "x" ? undefined : error);
    });
    io.use((_socket, next) => (h.log("second middleware"), next()));
    io.on("connection", () => h.log("connection"));
    const refused = await h.client("a", { auth: { token: "y" } });
    h.log("active", refused.socket.active, refused.socket.connected, io.sockets.sockets.size);
    await h.client("b", { auth: { token: "x" } });
    h.log(io.sockets.sockets.size, io.engine.clientsCount);
  }),

  script("a refused client may try again on the same connection", async (io, h) => {
    io.use((socket, next) => {
      h.log("asked", socket.handshake.auth);
      next(socket.handshake.auth.n === 1 ? new Error("once more") : undefined);
    });
    const client = await h.client("a", { auth: { n: 1 } });
    const sid = client.socket.io.engine.id;
    client.socket.auth = { n: 2 };
    client.socket.connect();
    await client.next("connect");
    h.log("same session", client.socket.io.engine.id === sid);
  }),

  script(
    "the error of a middleware on the wire: message, and data only where there is some",
    async (io, h) => {
      io.use((_socket, next) => next(new Error("no data")));
      io.of("/b").use((_socket, next) => next(Object.assign(new Error("null"), { data: null })));
      io.of("/c").use((_socket, next) => next(Object.assign(new TypeError("x"), { data: "text", code: 7 })));
      const wire = await h.wire("wire");
      wire.send("40");
      await wire.next();
      wire.send("40/b,");
      await wire.next();
      wire.send("40/c,{}");
      await wire.next();
    },
  ),

  script(
    "a middleware added later is for clients that come later; order is that of adding",
    async (io, h) => {
      io.use((_socket, next) => (h.log("one"), next()));
      await h.client("a");
      io.use((_socket, next) => (h.log("two"), next()));
      await h.client("b");
    },
  ),

  script("middlewares of the main namespace do not guard others", async (io, h) => {
    io.use((_socket, next) => next(new Error("main is closed")));
    io.of("/other").on("connection", () => h.log("other"));
    await h.client("a", { nsp: "/other" });
    await h.client("b");
  }),

  script("socket.data and socket.join in a middleware are there on connection", async (io, h) => {
    io.use((socket, next) => {
      socket.data.user = "u1";
      socket.join("early");
      next();
    });
    io.on("connection", (socket) => {
      h.log(socket.data, [...socket.rooms].map((room) => room === socket.id ? "own" : room).sort());
    });
    const { client } = await h.join("a");
    io.to("early").emit("hello");
    await client.sync();
  }),

  script("a client that left while the middleware thought is dropped in silence", async (io, h) => {
    const asked = Promise.withResolvers<() => void>();
    io.use((_socket, next) => asked.resolve(next));
    io.on("connection", () => h.log("connection"));
    const client = h.start("a");
    const next = await within(asked.promise, "the middleware");
    client.socket.io._close();
    await h.until(() => io.engine.clientsCount === 0, "the end of the session");
    next();
    h.log("then", io.sockets.sockets.size, io.sockets.adapter.sids.size);
  }),

  script("a client that asks for no known namespace is refused and may ask for another", async (_io, h) => {
    const wire = await h.wire("wire");
    wire.send("40/nope,{}");
    await wire.next();
    wire.send("40/nope?x=1,");
    await wire.next();
    wire.send("40");
    await wire.next();
  }),

  script("the handshake says what the client said", async (io, h) => {
    const { socket } = await h.join("a", { auth: { token: "t", list: [1] }, query: { room: "r 1", n: "2" } });
    const { query, auth, headers, url, time, issued, address, xdomain, secure } = socket.handshake;
    const { t: _t, ...rest } = query;
    h.log("query", { ...rest });
    h.log("auth", auth);
    h.log("headers", typeof headers.host, headers.upgrade, headers.connection);
    h.log("url", url.split("&t=")[0]);
    h.log(
      "time",
      typeof time,
      Number.isNaN(Date.parse(time)),
      typeof issued,
      Math.abs(Date.now() - issued) < 60_000,
    );
    h.log("rest", address, xdomain, secure, Object.keys(socket.handshake).sort());
    h.log("same object", socket.handshake === socket.handshake);
    h.log("client", io.engine.clientsCount);
  }),

  script("two namespaces of one client have their own sockets and share the connection", async (io, h) => {
    io.of("/x").on("connection", (socket) => socket.emit("x"));
    const { client, socket } = await h.join("a");
    const x = await h.join("ax", { nsp: "/x", via: client });
    h.log(x.socket.id !== socket.id, x.socket.conn === socket.conn, x.socket.client === socket.client);
    h.log(x.socket.nsp.name, socket.nsp.name, io.engine.clientsCount);
    h.log(x.socket.request === socket.request);
    await x.client.leave();
    await client.sync();
    h.log(io.of("/x").sockets.size, io.sockets.sockets.size);
  }),

  script("an async middleware of a namespace that goes on, and one that refuses", async (io, h) => {
    io.use(async (_socket, next) => {
      await Promise.resolve();
      next();
    });
    io.of("/x").use(async (_socket, next) => {
      await Promise.resolve();
      next(new Error("refused later"));
    });
    await h.client("a");
    await h.client("b", { nsp: "/x" });
  }),

  script("an async middleware that rejects", async (io, h) => {
    io.of("/x").use(async () => {
      await Promise.resolve();
      throw new RangeError("rejected");
    });
    const wire = await h.wire("wire");
    wire.send("40/x,");
    wire.send("40");
    await wire.until("40");
    wire.send("40/none,");
    await wire.until("44/none");
    h.log(io.of("/x").sockets.size);
  }, {
    difference: {
      why: "a rejection refuses the client; officially it reaches the process, and the client waits for ever",
      official: ['errors: ["rejection","RangeError","rejected"]'],
      skein: ['wire: ["in","44/x,{\\"message\\":\\"rejected\\"}"]'],
    },
  }),

  script("a middleware that throws", async (io, h) => {
    io.of("/x").use(() => {
      throw new RangeError("thrown");
    });
    const wire = await h.wire("wire");
    wire.send("40/x,");
    wire.send("40");
    await wire.until("40");
    h.log(io.of("/x").sockets.size);
  }, {
    difference: {
      why: "a throw refuses the client; officially it reaches the process, and the client waits for ever",
      official: ['errors: ["rejection","RangeError","thrown"]'],
      skein: ['wire: ["in","44/x,{\\"message\\":\\"thrown\\"}"]'],
    },
  }),

  script("a middleware that goes on twice", async (io, h) => {
    io.use((_socket, next) => {
      next();
      next(new Error("too late"));
    });
    io.on("connection", (socket) => h.log("connection", socket.connected));
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.until("40");
    wire.send("40/none,");
    await wire.until("44/none");
    h.log(io.sockets.sockets.size);
  }, {
    difference: {
      why: "the first decision counts; officially the second one throws out the client that was let in",
      official: ["server: [0]", 'wire: ["in","44{\\"message\\":\\"too late\\"}"]'],
      skein: ["server: [1]"],
    },
  }),

  script("an event behind CONNECT while the middleware thinks", async (io, h) => {
    io.use(() => h.log("thinks"));
    const wire = await h.wire("wire");
    wire.send("40", '42["early"]');
    await wire.end();
  }),
];
