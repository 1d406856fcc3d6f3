/**
 * `io.engine` and its sockets. Part 2.7 of the reference.
 * @module
 */
import { type Script, script } from "../harness.ts";

/** The id of a session; the official type hides it. */
function idOf(conn: unknown): string {
  return (conn as { id: string }).id;
}

/** See the module. */
export const engine: readonly Script[] = [
  script("the engine counts sessions and tells of each", async (io, h) => {
    h.log("count", io.engine.clientsCount);
    io.engine.on("connection", (socket: { id: string; protocol: number; readyState: string }) => {
      h.log("connection", socket.id, socket.protocol, socket.readyState, io.engine.clientsCount);
    });
    const { client } = await h.join("a");
    await h.join("b");
    h.log("count", io.engine.clientsCount);
    await client.cut();
    await h.until(() => io.engine.clientsCount === 1, "the end of a session");
    h.log("count", io.engine.clientsCount);
  }),

  script("a session shows what it is", async (_io, h) => {
    const { socket } = await h.join("a");
    const { conn } = socket;
    h.log(idOf(conn).length, idOf(conn) !== socket.id, conn.protocol, conn.readyState, conn.transport.name);
    h.log("upgraded", (conn as unknown as { upgraded: boolean }).upgraded);
  }),

  script("a session that begins on polling and moves on", async (io, h) => {
    const log: unknown[] = [];
    io.engine.on("connection", (conn: {
      transport: { name: string };
      on(event: string, listener: (transport: { name: string }) => void): void;
    }) => {
      log.push(conn.transport.name);
      conn.on("upgrading", ({ name }) => log.push(`upgrading ${name}`));
      conn.on("upgrade", ({ name }) => log.push(`upgrade ${name}`));
    });
    const { socket } = await h.join("a", { transports: ["polling", "websocket"] });
    await h.until(() => (socket.conn as unknown as { upgraded: boolean }).upgraded, "the upgrade");
    h.log(...log, socket.conn.transport.name);
  }),

  script("packets of a session", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const { conn } = socket;
    const named = conn as unknown as { on(event: string, listener: (value: { type: string }) => void): void };
    named.on("packet", ({ type }) => h.log("packet", type));
    named.on("packetCreate", ({ type }) => h.log("packetCreate", type));
    conn.on("data", (data: unknown) => h.log("data", data));
    conn.on("message", (data: unknown) => h.log("message", data));
    await client.ask("sync");
  }),

  script("the end of a session and its reason", async (_io, h) => {
    for (const how of ["client", "server"]) {
      const { client, socket } = await h.join(how);
      const closed = h.heard(socket.conn, "close");
      if (how === "client") client.socket.io.engine.close();
      else socket.conn.close();
      const [reason] = await closed;
      h.log(how, reason, socket.conn.readyState);
      await client.next("disconnect");
    }
  }),

  script("a refused request is told", async (io, h) => {
    io.engine.on("connection_error", (error: { code: number; message: string; context: unknown }) => {
      h.log(error.code, error.message, error.context);
    });
    for (
      const query of ["EIO=4&transport=nope", "EIO=4&transport=polling&sid=nope", "EIO=3&transport=polling"]
    ) {
      const answer = await fetch(`${h.origin}/socket.io/?${query}`);
      h.transcript.add("http", [query, answer.status, await answer.json()]);
    }
    const answer = await fetch(`${h.origin}/socket.io/?EIO=4&transport=polling`, { method: "POST" });
    h.transcript.add("http", ["POST", answer.status, await answer.json()]);
  }),

  script("headers may be added to the first answer, and to all", async (io, h) => {
    io.engine.on("initial_headers", (headers: Record<string, string>) => {
      headers["x-first"] = "1";
    });
    io.engine.on("headers", (headers: Record<string, string>) => {
      headers["x-all"] = "2";
    });
    const url = `${h.origin}/socket.io/?EIO=4&transport=polling`;
    const first = await fetch(url);
    h.transcript.add("http", [first.headers.get("x-first"), first.headers.get("x-all")]);
    const { sid } = JSON.parse((await first.text()).slice(1));
    const post = await fetch(`${url}&sid=${sid}`, { method: "POST", body: "40" });
    await post.text();
    const second = await fetch(`${url}&sid=${sid}`);
    await second.text();
    h.transcript.add("http", [second.headers.get("x-first"), second.headers.get("x-all")]);
  }),

  script("generateId makes the ids of sessions", async (io, h) => {
    let count = 0;
    io.engine.generateId = () => `session-${++count}`;
    const { socket } = await h.join("a");
    h.log(idOf(socket.conn), idOf(socket.client.conn));
    io.engine.generateId = () => Promise.resolve("promised");
    h.log(idOf((await h.join("b")).socket.conn));
  }),

  script("flush and drain tell of what leaves, heartbeat of a pong", async (io, h) => {
    const { client, socket } = await h.join("a");
    const seen = new Set<string>();
    for (const event of ["flush", "drain"]) {
      io.engine.on(event, (conn: unknown) => seen.add(`engine ${event} ${conn === socket.conn}`));
      (socket.conn as unknown as { on(event: string, listener: () => void): void }).on(
        event,
        () => seen.add(event),
      );
    }
    await h.heard(socket.conn, "heartbeat");
    socket.emit("x");
    await client.sync();
    await h.until(() => seen.has("drain"), "drain");
    h.log([...seen].sort());
  }, { options: { pingInterval: 20, pingTimeout: 5000 } }),

  script("an initial packet follows the open packet", async (_io, h) => {
    const wire = await h.wire("wire");
    await wire.next();
    wire.send("40");
    await wire.next();
  }, { options: { initialPacket: "hello" } }),

  script("allowRequest decides about handshakes", async (_io, h) => {
    const url = `${h.origin}/socket.io/?EIO=4&transport=polling`;
    const answer = await fetch(url, { headers: { "x-no": "1" } });
    h.transcript.add("http", [answer.status, await answer.json()]);
    const client = await h.client("a", { transports: ["polling"], extraHeaders: { "x-no": "1" } });
    h.log(client.socket.active);
  }, { options: { allowRequest: (_request, answer) => answer("not today", false) } }),

  script("the options that the open packet tells", async (_io, h) => {
    const url = `${h.origin}/socket.io/?EIO=4&transport=polling`;
    const open = JSON.parse((await (await fetch(url)).text()).slice(1));
    h.transcript.add("http", [open]);
  }, { options: { pingInterval: 1234, pingTimeout: 567, maxHttpBufferSize: 4321, allowUpgrades: false } }),

  script("conn.send is a message of the engine, below Socket.IO", async (_io, h) => {
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.next();
    const [socket] = [..._io.sockets.sockets.values()];
    h.log(socket!.conn.send("raw") === socket!.conn, socket!.conn.write("written") === socket!.conn);
    socket!.conn.send(new Uint8Array([1, 2]) as never);
    await wire.take(3);
  }),
];
