/**
 * Acks and timeouts, of one socket and of many. Parts 2.4, 2.5 and 3.3 of the reference.
 * @module
 */
import { type Client, type Script, script, type Socket } from "../harness.ts";

/** Lets a client answer "q" with `values`. */
function answering(client: Client, ...values: unknown[]): void {
  client.socket.on("q", (...args: unknown[]) => (args.at(-1) as (...values: unknown[]) => void)(...values));
}

/** A callback that logs its arguments, and a promise of its being called. */
function callback(
  log: (...args: unknown[]) => void,
): { done: Promise<void>; call: (...args: unknown[]) => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    done: promise,
    call: (...args: unknown[]) => {
      log(...args.map((arg) => arg instanceof Error ? [arg.name, arg.message] : arg));
      resolve();
    },
  };
}

/** What a rejected promise says. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return await promise.catch((
    error: Error & { responses?: unknown },
  ) => [error.name, error.message, error.responses]);
}

/** See the module. */
export const acks: readonly Script[] = [
  script("a client's ack: once, with any number of values", async (_io, h) => {
    const { client, socket } = await h.join("a");
    socket.on("none", (ack: () => void) => ack());
    socket.on(
      "many",
      (a: number, b: number, ack: (...values: unknown[]) => void) => ack(a, b, { sum: a + b }),
    );
    socket.on("twice", (ack: (n: number) => void) => (ack(1), ack(2)));
    socket.on("never", (ack: unknown) => h.log("never", typeof ack));
    socket.on("later", (ack: (n: number) => void) => void setTimeout(ack, 1, 7));
    for (
      const [event, ...args] of [["none"], ["many", 1, 2], ["twice"], ["later"]] as [string, ...unknown[]][]
    ) {
      await new Promise<void>((resolve) =>
        client.emit(
          event,
          ...args,
          (...values: unknown[]) => (h.transcript.add("acks", [event, ...values]), resolve()),
        )
      );
    }
    client.emit("never", () => h.transcript.add("acks", ["never"]));
    client.emit("no ack asked", 1);
    socket.once("no ack asked", (...args) => h.log("no ack asked", ...args));
    await client.sync();
  }),

  script("acks on the wire, both ways", async (io, h) => {
    io.on("connection", (socket) => {
      socket.on("q", (x: unknown, ack: (...values: unknown[]) => void) => ack(x, undefined, null));
      socket.on("bin", (ack: (...values: unknown[]) => void) => ack(new Uint8Array([1, 2])));
      socket.on("twice", (ack: (n: number) => void) => (ack(1), ack(2)));
      socket.on("go", () => {
        socket.emit("one", (...values: unknown[]) => h.log("one", ...values));
        socket.emit("two", 2, (...values: unknown[]) => h.log("two", ...values));
      });
    });
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.next();
    wire.send('4212["q","x"]');
    await wire.next();
    wire.send('42999999999999["q",null]');
    await wire.next();
    wire.send('420["bin"]');
    await wire.take(2);
    wire.send('425["twice"]');
    await wire.next();
    wire.send('42["go"]');
    await wire.take(2);
    wire.send('431["answer to two"]', '430["answer",["to","one"]]', '430["again"]', '4377["unknown"]');
    wire.send('4213["q","end"]');
    await wire.next();
  }),

  script("ack ids are counted in the namespace, broadcasts included", async (io, h) => {
    io.on("connection", (socket) => {
      socket.on("go", () => {
        socket.emit("a", () => {});
        io.timeout(1000).emit("b", () => {});
        socket.emit("c", () => {});
      });
    });
    const wire = await h.wire("wire");
    wire.send("40");
    await wire.next();
    wire.send('42["go"]');
    await wire.take(3);
    wire.send("431[]");
  }),

  script("socket.emit with a callback gets what the client answers", async (_io, h) => {
    const { client, socket } = await h.join("a");
    answering(client, "first", { second: 2 }, null);
    const plain = callback((...args) => h.log("plain", ...args));
    h.log("returns", socket.emit("q", 1, plain.call));
    await plain.done;
    const timed = callback((...args) => h.log("timed", ...args));
    socket.timeout(5000).emit("q", timed.call);
    await timed.done;
    h.log("promise", await socket.emitWithAck("q", 1));
    h.log("promise with timeout", await socket.timeout(5000).emitWithAck("q"));
  }),

  script("no answer in time: an error, and a later answer is ignored", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const pending: (() => void)[] = [];
    client.socket.on("slow", (ack: () => void) => pending.push(ack));
    const timed = callback((...args) => h.log("timed", ...args));
    h.log("emit", socket.timeout(20).emit("slow", timed.call));
    await timed.done;
    h.log("promise", await outcome(socket.timeout(20).emitWithAck("slow")));
    for (const ack of pending) ack();
    await client.sync();
  }),

  script("timeout(0) and a timeout without a callback", async (_io, h) => {
    const { client, socket } = await h.join("a");
    const timed = callback((...args) => h.log("zero", ...args));
    socket.timeout(0).emit("slow", timed.call);
    await timed.done;
    socket.timeout(1).emit("no callback", 1);
    await client.sync();
  }),

  script(
    "a timeout that is kept",
    async (_io, h) => {
      const { client, socket } = await h.join("a");
      const kept = socket.timeout(15) as unknown as Socket;
      const plain = callback((...args) => h.log("plain emit", ...args));
      socket.emit("unanswered", plain.call);
      const timed = callback((...args) => h.log("kept", ...args));
      kept.timeout(20).emit("unanswered", timed.call);
      await timed.done;
      await client.sync();
    },
    {
      difference: {
        why:
          "timeout() returns a value of its own; officially it marks the socket, and the next emit, whichever, takes the mark",
        official: ['server: ["plain emit",["Error","operation has timed out"]]'],
        skein: [],
      },
    },
  ),

  script(
    "an ack that is awaited when the client leaves",
    async (_io, h) => {
      const { client, socket } = await h.join("a");
      const other = await h.join("b");
      socket.emit("q", () => h.log("plain"));
      const timed = callback((...args) => h.log("timed", ...args));
      socket.timeout(60).emit("q", timed.call);
      const promise = socket.emitWithAck("q").catch((error) => h.log("promise", error.message));
      await client.sync();
      await client.leave();
      await timed.done;
      await other.client.sync();
      await Promise.race([promise, other.client.sync()]);
    },
    {
      difference: {
        why:
          "no answer can come any more, so nobody is kept waiting, as on the official client; officially the promise stays open for ever",
        official: ['server: ["timed",["Error","operation has timed out"]]'],
        skein: [
          'server: ["timed",["Error","socket has been disconnected"]]',
          'server: ["promise","socket has been disconnected"]',
        ],
      },
    },
  ),

  script("a broadcast with acks collects one answer of each", async (io, h) => {
    const [a, b, c] = [await h.join("a"), await h.join("b"), await h.join("c")];
    answering(a.client, "from a", "ignored");
    answering(b.client, "from b");
    answering(c.client);
    b.socket.join("r");
    const sorted = (values: unknown): unknown => Array.isArray(values) ? values.map(String).sort() : values;
    const all = callback((error, values) => h.log("all", error, sorted(values)));
    h.log("returns", io.timeout(5000).emit("q", 1, all.call));
    await all.done;
    h.log("promise", sorted(await io.timeout(5000).emitWithAck("q", 1)));
    h.log("room", await io.in("r").timeout(5000).emitWithAck("q"));
    h.log("but r", sorted(await io.except("r").timeout(5000).emitWithAck("q")));
    h.log("by socket", sorted(await a.socket.broadcast.timeout(5000).emitWithAck("q")));
    h.log("to", await a.socket.to("r").timeout(5000).emitWithAck("q"));
    h.log("namespace", sorted(await io.of("/").timeout(5000).emitWithAck("q")));
  }),

  script("a broadcast with acks to nobody", async (io, h) => {
    const call = callback((...args) => h.log("callback", ...args));
    io.to("nobody").timeout(1000).emit("q", call.call);
    await call.done;
    h.log("promise", await io.to("nobody").timeout(1000).emitWithAck("q"));
    h.log("namespace", await io.of("/x").timeout(1000).emitWithAck("q"));
  }),

  script("a broadcast that not all answer in time: an error with the answers there are", async (io, h) => {
    const [a, b] = [await h.join("a"), await h.join("b")];
    answering(a.client, "from a");
    const call = callback((...args) => h.log("callback", ...args));
    io.timeout(60).emit("q", call.call);
    await call.done;
    h.log("promise", await outcome(io.timeout(60).emitWithAck("q")));
    await b.client.sync();
  }),

  script(
    "a broadcast with acks without a timeout",
    async (io, h) => {
      const { client } = await h.join("a");
      answering(client, "from a");
      h.log("promise", await outcome(io.to([]).emitWithAck("q")));
      const call = callback((...args) => h.log("callback", ...args));
      io.emit("q", call.call as never);
      await call.done;
    },
  ),

  script("answers to a broadcast that come after the time, or twice, are ignored", async (io, h) => {
    const { client } = await h.join("a");
    const pending: (() => void)[] = [];
    client.socket.on("slow", (ack: () => void) => pending.push(ack));
    h.log(await outcome(io.timeout(20).emitWithAck("slow")));
    for (const ack of pending) ack();
    await client.sync();
  }),

  script(
    "a client that leaves before it has answered a broadcast",
    async (io, h) => {
      const [a, b] = [await h.join("a"), await h.join("b")];
      answering(a.client, "from a");
      const promise = outcome(io.timeout(100).emitWithAck("q"));
      await b.client.next("q");
      await b.client.leave();
      h.log(await promise);
    },
    {
      difference: {
        why: "no answer can come any more, so the others' are handed over at once instead of at the timeout",
        official: ['server: [["Error","operation has timed out",["from a"]]]'],
        skein: ['server: [["Error","socket has been disconnected",["from a"]]]'],
      },
    },
  ),

  script("acks with bytes", async (io, h) => {
    const { client, socket } = await h.join("a");
    client.socket.on("q", (bytes: unknown, ack: (value: unknown) => void) => ack({ back: bytes }));
    h.log("socket", await socket.timeout(5000).emitWithAck("q", new Uint8Array([1, 2, 3])));
    h.log("broadcast", await io.timeout(5000).emitWithAck("q", new Uint8Array([4])));
    socket.on("p", (bytes: unknown, ack: (...values: unknown[]) => void) => ack(bytes, [bytes]));
    h.log("client", await client.ask("p", new Uint8Array([5])));
  }),
];
