/**
 * Namespaces, and those that patterns make. Part 2.3 of the reference.
 * @module
 */
import { type Script, script } from "../harness.ts";

/** See the module. */
export const namespaces: readonly Script[] = [
  script("a namespace is a channel of its own", async (io, h) => {
    const chat = io.of("/chat");
    chat.on(
      "connection",
      (socket) => h.log("chat", socket.nsp === chat, chat.sockets.get(socket.id) === socket),
    );
    io.on("connection", () => h.log("main"));
    const a = await h.join("a", { nsp: "/chat" });
    h.log(chat.name, chat.sockets.size, io.sockets.sockets.size, chat.server === io as unknown);
    io.emit("not for chat");
    chat.emit("for chat", 1);
    chat.to("r").emit("nobody there");
    await a.client.sync();
  }),

  script("a regular expression makes namespaces as clients ask", async (io, h) => {
    io.of(/^\/room-\d+$/).on("connection", (socket) => h.log("connection", socket.nsp.name));
    await h.client("a", { nsp: "/room-1" });
    await h.client("b", { nsp: "/room-2" });
    await h.client("c", { nsp: "/room-x" });
    await h.client("d", { nsp: "/room-1" });
    h.log([...io._nsps.keys()], io.of("/room-1").sockets.size);
  }),

  script("a function decides about namespaces, by name and auth", async (io, h) => {
    io.of((name, auth, next) => {
      h.log("asked", name, auth);
      next(null, auth.token === "x");
    }).on("connection", (socket) => h.log("connection", socket.nsp.name));
    await h.client("a", { nsp: "/any", auth: { token: "x" } });
    await h.client("b", { nsp: "/other", auth: { token: "y" } });
    await h.client("c", { nsp: "/any", auth: { token: "y" } });
    h.log([...io._nsps.keys()]);
  }),

  script("a function may take its time, and fail", async (io, h) => {
    io.of((name, _auth, next) => {
      setTimeout(() => name === "/fails" ? next(new Error("no"), true) : next(null, true), 1);
    });
    await h.client("a", { nsp: "/fails" });
    await h.client("b", { nsp: "/later" });
    h.log([...io._nsps.keys()]);
  }),

  script("patterns are asked in the order of adding; the first that accepts wins", async (io, h) => {
    const one = io.of((name, _auth, next) => (h.log("first", name), next(null, name === "/one")));
    const two = io.of(/^\/(one|two)$/);
    io.of((name, _auth, next) => (h.log("third", name), next(null, true)));
    one.on("connection", () => h.log("connection by the first"));
    two.on("connection", () => h.log("connection by the second"));
    await h.client("a", { nsp: "/one" });
    await h.client("b", { nsp: "/two" });
    await h.client("c", { nsp: "/three" });
  }),

  script("a namespace that exists is not asked about", async (io, h) => {
    io.of("/known").on("connection", () => h.log("known"));
    io.of((name, _auth, next) => (h.log("asked", name), next(null, true)));
    await h.client("a", { nsp: "/known" });
    await h.client("b", { nsp: "/new" });
    await h.client("c", { nsp: "/new" });
  }),

  script("middlewares and listeners of a pattern count for its namespaces", async (io, h) => {
    const parent = io.of(/^\/p-/);
    parent.use((socket, next) => {
      h.log("use", socket.nsp.name);
      next(socket.handshake.auth.bad ? new Error("bad") : undefined);
    });
    parent.on("connect", () => h.log("connect"));
    parent.on("connection", () => h.log("connection"));
    await h.client("a", { nsp: "/p-1" });
    await h.client("b", { nsp: "/p-1", auth: { bad: true } });
    const child = io.of("/p-1");
    child.use((_socket, next) => (h.log("own use"), next()));
    child.on("connection", () => h.log("own connection"));
    await h.client("c", { nsp: "/p-1" });
    await h.client("d", { nsp: "/p-2" });
  }),

  script(
    "what is set up on a pattern after a namespace was made",
    async (io, h) => {
      const parent = io.of(/^\/p-/);
      await h.client("a", { nsp: "/p-1" });
      parent.use((_socket, next) => (h.log("late use"), next()));
      parent.on("connection", (socket) => h.log("late connection", socket.nsp.name));
      await h.client("b", { nsp: "/p-1" });
      await h.client("c", { nsp: "/p-2" });
    },
    {
      difference: {
        why:
          "what is set up on a pattern counts for the namespaces it has made already; officially they keep a copy",
        official: [],
        skein: ['server: ["late connection","/p-1"]', 'server: ["late use"]'],
      },
    },
  ),

  script("of with a name that a pattern matches makes a child of it", async (io, h) => {
    const parent = io.of(/^\/p-/);
    parent.on("connection", (socket) => h.log("connection", socket.nsp.name));
    const child = io.of("/p-9");
    h.log("same", child === io.of("/p-9"), io._nsps.get("/p-9") === child);
    const { client } = await h.join("a", { nsp: "/p-9" });
    parent.emit("to all children", 1);
    await client.sync();
  }),

  script("what a pattern emits reaches all its namespaces", async (io, h) => {
    const parent = io.of(/^\/p-/);
    io.of("/q");
    const a = await h.join("a", { nsp: "/p-1" });
    const b = await h.join("b", { nsp: "/p-2" });
    const q = await h.join("q", { nsp: "/q" });
    a.socket.join("r");
    h.log("emit", parent.emit("all", 1));
    h.log("send", parent.send("sent") === parent, parent.write("written") === parent);
    parent.to("r").emit("room r");
    parent.except("r").emit("not room r");
    parent.local.emit("local");
    for (const { client } of [a, b, q]) await client.sync();
  }),

  script("a socket of a pattern's namespace sends within it", async (io, h) => {
    io.of(/^\/p-/).on("connection", (socket) => {
      socket.on("say", (text: string) => socket.broadcast.emit("said", text));
      socket.on("all", () => socket.nsp.emit("all", socket.nsp.name));
    });
    const a = await h.join("a", { nsp: "/p-1" });
    const b = await h.join("b", { nsp: "/p-1" });
    const c = await h.join("c", { nsp: "/p-2" });
    a.client.emit("say", "hi");
    c.client.emit("all");
    for (const { client } of [a, c, b]) await client.sync();
  }),

  script(
    "a pattern's fetchSockets",
    async (io, h) => {
      const parent = io.of(/^\/p-/);
      await h.join("a", { nsp: "/p-1" });
      await h.join("b", { nsp: "/p-2" });
      await h.settle("fetchSockets", async () => (await parent.fetchSockets()).length);
    },
    {
      difference: {
        why: "a pattern knows the namespaces it has made, so it can be asked for their sockets",
        official: ['server: ["fetchSockets","rejected","Error"]'],
        skein: ['server: ["fetchSockets","resolved",2]'],
      },
    },
  ),

  script(
    "a pattern's socketsJoin, disconnectSockets and timeout",
    async (io, h) => {
      const parent = io.of(/^\/p-/);
      const main = await h.join("main");
      const a = await h.join("a", { nsp: "/p-1", via: main.client });
      const b = await h.join("b", { nsp: "/p-2", via: main.client });
      h.attempt("socketsJoin", () => parent.socketsJoin("r"));
      h.log("rooms", a.socket.rooms.has("r"), b.socket.rooms.has("r"));
      a.client.socket.on("q", (ack: (n: number) => void) => ack(1));
      b.client.socket.on("q", (ack: (n: number) => void) => ack(2));
      await h.settle("emitWithAck", () => parent.timeout(100).emitWithAck("q"));
      h.attempt("disconnectSockets", () => parent.disconnectSockets());
      await main.client.sync();
      h.log("left", a.socket.connected, b.socket.connected);
    },
    {
      difference: {
        why: "a pattern knows the namespaces it has made; officially these members do nothing there",
        official: [
          'server: ["rooms",false,false]',
          'server: ["emitWithAck","resolved",[]]',
          'server: ["left",true,true]',
        ],
        skein: [
          'a: ["event","q","‹function›"]',
          'a: ["disconnected","io server disconnect"]',
          'b: ["event","q","‹function›"]',
          'b: ["disconnected","io server disconnect"]',
          'server: ["rooms",true,true]',
          'server: ["emitWithAck","resolved",[1,2]]',
          'server: ["left",false,false]',
        ],
      },
    },
  ),

  script("without cleanupEmptyChildNamespaces an empty namespace stays", async (io, h) => {
    io.of(/^\/p-/);
    const { client, socket } = await h.join("a", { nsp: "/p-1" });
    const gone = h.heard(socket, "disconnect");
    await client.leave();
    await gone;
    h.log(io._nsps.has("/p-1"));
  }),

  script("cleanupEmptyChildNamespaces ends a pattern's namespace with its last socket", async (io, h) => {
    const parent = io.of(/^\/p-/);
    parent.use((socket, next) => next(socket.handshake.auth.bad ? new Error("bad") : undefined));
    io.of("/fixed");
    const a = await h.join("a", { nsp: "/p-1" });
    const b = await h.join("b", { nsp: "/p-1" });
    const fixed = await h.join("f", { nsp: "/fixed" });
    const first = h.heard(a.socket, "disconnect");
    await a.client.leave();
    await first;
    h.log("one left", io._nsps.has("/p-1"));
    const last = h.heard(b.socket, "disconnect");
    const end = h.heard(fixed.socket, "disconnect");
    await b.client.leave();
    await last;
    await fixed.client.leave();
    await end;
    h.log("none left", io._nsps.has("/p-1"), io._nsps.has("/fixed"));
    await h.client("c", { nsp: "/p-2", auth: { bad: true } });
    h.log("refused", io._nsps.has("/p-2"));
    await h.client("d", { nsp: "/p-1" });
    h.log("again", io._nsps.has("/p-1"));
  }, { options: { cleanupEmptyChildNamespaces: true } }),

  script("names of namespaces on the wire", async (io, h) => {
    io.of("/a-b/c.d_1");
    io.of("/ü");
    const wire = await h.wire("wire");
    for (const name of ["/a-b/c.d_1", "/ü", "/a-b"]) {
      wire.send(`40${name},`);
      await wire.next();
    }
  }),
];
