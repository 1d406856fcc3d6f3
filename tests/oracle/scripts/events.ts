/**
 * Events of a socket: values, reserved names, `use`, the `onAny` family, listeners. Parts 2.4 and 3.3.
 * @module
 */
import { type Script, script } from "../harness.ts";

const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/** See the module. */
export const events: readonly Script[] = [
  script("reserved names cannot be emitted", async (io, h) => {
    const { socket } = await h.join("a");
    for (const name of [...RESERVED, "connection", "error", "new_namespace", "message"]) {
      h.attempt(`socket ${name}`, () => socket.emit(name));
      h.attempt(`io ${name}`, () => io.emit(name));
      h.attempt(`to ${name}`, () => io.to("r").emit(name));
      h.attempt(`timeout ${name}`, () => socket.timeout(10).emit(name));
      h.attempt(`namespace ${name}`, () => io.of("/x").emit(name));
      h.attempt(`broadcast ${name}`, () => socket.broadcast.emit(name));
    }
    await h.settle("emitWithAck", () => socket.emitWithAck("connect"));
    await h.settle("broadcast emitWithAck", () => io.timeout(10).emitWithAck("connect"));
  }),

  script("a client that emits a reserved name", async (io, h) => {
    for (const name of RESERVED) {
      const wire = await h.wire(name);
      wire.send("40");
      await wire.next();
      const [socket] = [...io.sockets.sockets.values()];
      const gone = h.heard(socket!, "disconnect");
      wire.send(`42${JSON.stringify([name, "x"])}`);
      await wire.end();
      h.log(name, (await gone).length);
    }
  }),

  script("names that mean something elsewhere are plain events", async (_io, h) => {
    const { client, socket } = await h.join("a");
    for (
      const name of ["error", "connection", "__proto__", "constructor", "toString", "hasOwnProperty", "", "ü"]
    ) {
      socket.on(name, (...args: unknown[]) => h.log("heard", name, ...args));
      client.emit(name, 1);
      socket.emit(name, 2);
    }
    await client.sync();
  }),

  script("error without a listener, and on with a number", async (_io, h) => {
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.next();
    wire.send('42["error","x"]', '42[5,"y"]');
    wire.send("40/nope,");
    await wire.next();
  }),

  script("values of all kinds, to the client and back", async (io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("back", (...args: unknown[]) => h.log("back", ...args));
    const values = [
      1,
      -0.5,
      "text",
      "",
      true,
      null,
      undefined,
      [1, [2]],
      { a: { b: [] } },
      new Date(0),
      NaN,
      Infinity,
      new Set([1]),
      new Map([[1, 2]]),
      { toJSON: () => "as JSON" },
      { u: undefined, f: () => {} },
      Object.create(null),
    ];
    for (const value of values) {
      socket.emit("value", value);
      client.emit("back", value);
    }
    socket.emit("no values");
    client.emit("back");
    io.emit("many", 1, undefined, 2);
    await client.sync();
  }),

  script("bytes of all kinds, to the client and back", async (io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("back", (...args: unknown[]) => h.log("back", ...args));
    const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const values = [
      bytes,
      bytes.buffer,
      new Uint8Array(bytes.buffer, 2, 3),
      { deep: [{ bytes }] },
      new Uint8Array(0),
      [bytes, "between", bytes],
    ];
    for (const value of values) {
      socket.emit("value", value);
      client.emit("back", value);
    }
    io.emit("all", bytes, { bytes });
    socket.broadcast.emit("nobody", bytes);
    await client.sync();
  }),

  script(
    "typed arrays and views other than bytes",
    async (_io, h) => {
      const { client, socket } = await h.join("a");
      const { buffer } = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
      for (const value of [new Uint16Array(buffer), new DataView(buffer, 1, 2), new Float32Array([1.5])]) {
        socket.emit("value", value);
      }
      await client.sync();
    },
  ),

  script("what bytes are on the server", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("bytes", (bytes: unknown) => {
      h.log(bytes instanceof Uint8Array, (bytes as object).constructor.name);
    });
    client.emit("bytes", new Uint8Array([1]));
    await client.sync();
  }, {
    difference: {
      why: "a Uint8Array on every runtime (Node's Buffer is one too)",
      official: ['server: [true,"Buffer"]'],
      skein: ['server: [true,"Uint8Array"]'],
    },
  }),

  script("what cannot be encoded", async (io, h) => {
    const { client, socket } = await h.join("a");
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    h.attempt("ring", () => socket.emit("x", ring));
    h.attempt("bigint", () => socket.emit("x", 1n));
    h.attempt("ring to all", () => io.emit("x", ring));
    h.attempt("bigint to all", () => io.emit("x", 1n));
    socket.emit("after", 1);
    await client.sync();
  }, {
    difference: {
      why:
        "a value that cannot be sent is the caller's mistake, a TypeError like the one for a bigint; officially the stack overflows",
      official: ['server: ["ring","threw","RangeError"]', 'server: ["ring to all","threw","RangeError"]'],
      skein: ['server: ["ring","threw","TypeError"]', 'server: ["ring to all","threw","TypeError"]'],
    },
  }),

  script(
    "names that are no text",
    async (io, h) => {
      const wire = await h.wire("wire");
      wire.send("40");
      await wire.next();
      const [socket] = [...io.sockets.sockets.values()];
      for (const name of [5, undefined, null, {}, true, Symbol("s")] as unknown as string[]) {
        h.attempt(`socket ${String(name)}`, () => socket!.emit(name, 1));
        h.attempt(`io ${String(name)}`, () => io.emit(name, 1));
      }
      socket!.emit("end");
      while (await wire.next() !== '42["end"]');
    },
    {
      difference: {
        why: "official clients close the connection on what the official server sends here",
        official: [
          'server: ["socket undefined","returned",true]',
          'server: ["io undefined","returned",true]',
          'server: ["socket null","returned",true]',
          'server: ["io null","returned",true]',
          'server: ["socket [object Object]","returned",true]',
          'server: ["io [object Object]","returned",true]',
          'server: ["socket true","returned",true]',
          'server: ["io true","returned",true]',
          'server: ["socket Symbol(s)","returned",true]',
          'server: ["io Symbol(s)","returned",true]',
          'wire: ["in","42[null,1]"]',
          'wire: ["in","42[null,1]"]',
          'wire: ["in","42[null,1]"]',
          'wire: ["in","42[null,1]"]',
          'wire: ["in","42[{},1]"]',
          'wire: ["in","42[{},1]"]',
          'wire: ["in","42[true,1]"]',
          'wire: ["in","42[true,1]"]',
          'wire: ["in","42[null,1]"]',
          'wire: ["in","42[null,1]"]',
        ],
        skein: [
          'server: ["socket undefined","threw","TypeError"]',
          'server: ["io undefined","threw","TypeError"]',
          'server: ["socket null","threw","TypeError"]',
          'server: ["io null","threw","TypeError"]',
          'server: ["socket [object Object]","threw","TypeError"]',
          'server: ["io [object Object]","threw","TypeError"]',
          'server: ["socket true","threw","TypeError"]',
          'server: ["io true","threw","TypeError"]',
          'server: ["socket Symbol(s)","threw","TypeError"]',
          'server: ["io Symbol(s)","threw","TypeError"]',
        ],
      },
    },
  ),

  script("send and write are the event message", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const other = await h.join("b");
    h.log("send", socket.send("s", 1) === socket, socket.write("w") === socket);
    socket.on("message", (...args: unknown[]) => h.log("message", ...args));
    client.socket.send("from client", 1);
    socket.broadcast.emit("message", "to others");
    await client.sync();
    await other.client.sync();
  }),

  script("what methods of a socket return", async (_io, h) => {
    const { socket } = await h.join("a");
    const listener = (): void => {};
    h.log("on", socket.on("x", listener) === socket, socket.once("x", listener) === socket);
    h.log("off", socket.off("x", listener) === socket, socket.removeAllListeners("x") === socket);
    h.log("onAny", socket.onAny(listener) === socket, socket.offAny(listener) === socket);
    h.log("prependAny", socket.prependAny(listener) === socket, socket.offAny() === socket);
    h.log(
      "outgoing",
      socket.onAnyOutgoing(listener) === socket,
      socket.prependAnyOutgoing(listener) === socket,
    );
    h.log(
      "offAnyOutgoing",
      socket.offAnyOutgoing() === socket,
      socket.use((_event, next) => next()) === socket,
    );
    h.log("emit", socket.emit("x"), socket.broadcast.emit("x"), socket.to("r").emit("x"));
    h.log(
      "volatile",
      socket.volatile.emit("x"),
      socket.compress(false).emit("x"),
      socket.timeout(5).emit("x"),
    );
    h.log("chain", socket.volatile.compress(true).timeout(5).emit("x"));
    h.log("disconnect", socket.disconnect() === socket, socket.disconnect() === socket);
  }),

  script("properties of a socket", async (io, h) => {
    const { client, socket } = await h.join("a");
    h.log(
      "id",
      socket.id === client.id,
      /^[\w-]{20}$/.test(socket.id),
      socket.id !== client.socket.io.engine.id,
    );
    h.log("state", socket.connected, socket.disconnected, socket.recovered);
    h.log("nsp", socket.nsp === io.sockets, socket.nsp.name);
    const { server, adapter } = socket as unknown as Record<string, unknown>;
    h.log("inner", server === io, adapter === io.sockets.adapter);
    h.log("conn", socket.conn.protocol, socket.conn.transport.name, socket.conn.readyState);
    h.log("client", socket.client.conn === socket.conn, socket.client.request === socket.request);
    h.log("request", typeof socket.request.headers, socket.request.method);
    h.log("data", socket.data);
    socket.data.n = 1;
    h.log("data", io.sockets.sockets.get(socket.id)!.data);
    h.log("address", socket.handshake.address === socket.conn.remoteAddress);
    h.log("listeners", socket.listenersAny(), socket.listenersAnyOutgoing());
  }),

  script("listeners run in their order; once runs once; off takes away", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const one = (n: number): void => h.log("one", n);
    socket.on("x", one);
    socket.once("x", (n) => h.log("once", n));
    socket.prependListener("x", (n) => h.log("first", n));
    socket.on("x", one);
    h.log("count", socket.listenerCount("x"), socket.listeners("x").length);
    client.emit("x", 1);
    await client.sync();
    socket.off("x", one);
    client.emit("x", 2);
    await client.sync();
    socket.removeAllListeners("x");
    client.emit("x", 3);
    await client.sync();
    h.log("names", socket.eventNames().filter((name) => name !== "error" && name !== "sync"));
  }),

  script("this of a listener, and a listener added while one runs", async (io, h) => {
    io.on("connection", function (this: unknown) {
      h.log("connection", this === io.sockets);
    });
    const { client, socket } = await h.join("a");
    socket.on("x", function (this: unknown) {
      h.log("x", this === socket);
      socket.on("x", () => h.log("added"));
    });
    socket.onAny(function (this: unknown, event) {
      if (event === "x") h.log("any", this === socket);
    });
    client.emit("x");
    await client.sync();
    client.emit("x");
    await client.sync();
  }),

  script("socket.use sees every event, may change it, and decides", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.use((event, next) => {
      if (event[0] !== "sync") h.log("use 1", ...event);
      next();
    });
    socket.use((event, next) => {
      if (event[0] === "change") event[1] = "changed";
      if (event[0] === "rename") event[0] = "renamed";
      if (event[0] === "more") event.push("one more");
      if (event[0] === "later") setTimeout(next, 1);
      else if (event[0] === "never") h.log("kept back");
      else next();
    });
    for (const name of ["change", "rename", "renamed", "more", "later", "never"]) {
      socket.on(name, (...args: unknown[]) => h.log("heard", name, ...args));
    }
    for (const name of ["change", "rename", "more", "never"]) {
      client.emit(name, 1);
      await client.sync();
    }
    const later = h.heard(socket, "later");
    client.emit("later", 3);
    await later;
    await client.sync();
  }),

  script("socket.use refuses with an error event, without an ack, and the socket stays", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("error", (error: Error & { data?: unknown }) => h.log("error", error.message, error.data));
    socket.on("bad", () => h.log("heard bad"));
    socket.use((event, next) => {
      next(event[0] === "bad" ? Object.assign(new Error("refused"), { data: { why: 1 } }) : undefined);
    });
    socket.use((event, next) => (event[0] !== "sync" && h.log("second", event[0]), next()));
    client.emit("bad", 1);
    await client.sync();
    client.emit("bad", () => h.log("an ack came"));
    await client.sync();
    h.log(socket.connected);
  }),

  script("socket.use without a listener of error", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.use((event, next) => next(event[0] === "bad" ? new Error("refused") : undefined));
    client.emit("bad");
    await client.sync();
    h.log(socket.connected);
  }, {
    difference: {
      why: "an error that nobody listens to is reported to onError, so that it does not go unnoticed",
      official: [],
      skein: ['errors: ["onError","Error","refused"]'],
    },
  }),

  script("onAny sees events before their listeners and before use, with the ack", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.use((event, next) => (event[0] !== "sync" && h.log("use", ...event), next()));
    const second = (...args: unknown[]): void => void (args[0] !== "sync" && h.log("any 2", ...args));
    socket.onAny((...args) => args[0] !== "sync" && h.log("any 1", ...args));
    socket.onAny(second);
    socket.prependAny((...args) => args[0] !== "sync" && h.log("any 0", ...args));
    socket.on("x", (...args: unknown[]) => h.log("x", ...args));
    h.log("count", socket.listenersAny().length, socket.listenersAny()[2] === second);
    client.emit("x", 1, { two: 2 });
    await client.sync();
    socket.offAny(second);
    client.emit("unheard");
    await client.sync();
    socket.offAny();
    h.log("count", socket.listenersAny().length);
    client.emit("x", 2);
    await client.sync();
  }),

  script("onAnyOutgoing sees what is sent to the socket, broadcasts included", async (io, h) => {
    const { client, socket } = await h.join("a");
    const other = await h.join("b");
    const second = (...args: unknown[]): void => h.log("out 2", ...args);
    socket.onAnyOutgoing((...args) => h.log("out 1", ...args));
    socket.onAnyOutgoing(second);
    socket.prependAnyOutgoing((...args) => h.log("out 0", ...args));
    h.log("count", socket.listenersAnyOutgoing().length);
    socket.emit("own", 1);
    socket.emit("with ack", () => {});
    socket.offAnyOutgoing(second);
    io.emit("all", { a: 1 });
    io.to(other.socket.id).emit("to b");
    other.socket.broadcast.emit("by b");
    socket.send("message");
    socket.broadcast.emit("not to itself");
    io.timeout(1000).emit("all with ack", () => {});
    socket.offAnyOutgoing();
    socket.emit("unseen");
    h.log("count", socket.listenersAnyOutgoing().length);
    await client.sync();
    await other.client.sync();
  }),

  script("catch-all listeners do not see acks, connect and disconnect", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.onAny((event) => h.log("in", event));
    socket.onAnyOutgoing((event) => h.log("out", event));
    client.socket.on("q", (ack: (n: number) => void) => ack(1));
    h.log(await socket.emitWithAck("q"));
    await client.sync();
    const gone = h.heard(socket, "disconnect");
    socket.disconnect();
    await gone;
    await client.next("disconnect");
  }),

  script(
    "two events in one turn: the listeners of the first, the middlewares of the second",
    async (io, h) => {
      io.on("connection", (socket) => {
        socket.onAny((event) => h.log("any", event));
        socket.use(([event], next) => (h.log("use", event), next()));
        for (const event of ["one", "two"]) socket.on(event, () => h.log("heard", event));
      });
      const url = `${h.origin}/socket.io/?EIO=4&transport=polling`;
      const open = await (await fetch(url)).text();
      const { sid } = JSON.parse(open.slice(1));
      for (const body of ["40", '42["one"]\x1e42["two"]']) {
        await (await fetch(`${url}&sid=${sid}`, { method: "POST", body })).text();
      }
      await (await fetch(`${url}&sid=${sid}`, { method: "POST", body: "1" })).text();
      await h.until(() => io.engine.clientsCount === 0, "the end of the session");
    },
    {
      difference: {
        why: "one event after the other: the second is not looked at before the first has been heard",
        official: ['server: ["heard","one"]'],
        skein: ['server: ["heard","one"]'],
      },
    },
  ),

  script("events of one client arrive in order, and so do those to it", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("n", (n: number) => {
      h.log(n);
      socket.emit("back", n);
    });
    for (let n = 0; n < 20; n++) client.emit("n", n % 3 === 0 ? new Uint8Array([n]) : n);
    await client.sync();
  }),

  script("an event sent at once on connect, before listeners that come a turn later", async (io, h) => {
    io.on("connection", async (socket) => {
      socket.on("at once", () => h.log("at once"));
      await Promise.resolve();
      socket.on("sync", (ack: () => void) => ack());
    });
    const client = h.start("a");
    client.emit("at once");
    await client.next("connect");
    await client.sync();
  }),
];
