/**
 * The official socket.io-client with the official msgpack parser against a server with ours, over each transport.
 * In this process, not against a target: a parser does not survive JSON.
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { io as connectTo, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import * as official from "socket.io-msgpack-parser";
import * as jsonParser from "npm:socket.io-parser@4.2.7";
import { Server } from "../../mod.ts";
import { createMsgpackParser, msgpackParser } from "../../src/server/msgpack.ts";
import { closed, next, TRANSPORTS } from "../support/client.ts";
import { within } from "../support/within.ts";

interface Stage extends AsyncDisposable {
  readonly io: Server;
  /** A client of a namespace, which connects at once. */
  client(namespace: string, options?: Partial<ManagerOptions & SocketOptions>): Socket;
}

function stage(parser = msgpackParser): Stage {
  const io = new Server({ parser });
  const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, io.handler);
  const clients: Socket[] = [];
  return {
    io,
    client(namespace, options = {}) {
      const socket = connectTo(`http://127.0.0.1:${http.addr.port}${namespace}`, {
        forceNew: true,
        reconnection: false,
        parser: official,
        ...options,
      });
      clients.push(socket);
      return socket;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((socket) => closed({ socket })));
      await io.close();
      await http.shutdown();
    },
  };
}

/** What a server socket hears, with the types that bytes came in. */
function bytesOf(value: unknown): number[] {
  assertInstanceOf(value, Uint8Array);
  assertStrictEquals(value.constructor, Uint8Array);
  return [...value];
}

for (const [name, transports] of TRANSPORTS) {
  Deno.test(`msgpack over ${name}: the client's values arrive, and go back, as they were`, async () => {
    await using on = stage();
    const heard = Promise.withResolvers<unknown[]>();
    on.io.on("connection", (socket) => {
      socket.on("values", (...args) => {
        heard.resolve(args);
        socket.emit("back", ...args);
      });
    });
    const socket = on.client("/", { transports });
    await next(socket, "connect");
    const values = [
      1,
      -1.5,
      "é\u{1F600}",
      null,
      undefined,
      { three: [true, { a: undefined }] },
      new Date(1e12),
    ];
    const back = next(socket, "back");
    // Node sends a Buffer as bin, any other view as an extension.
    socket.emit("values", ...values, Buffer.from([1, 2]), {
      deep: [new Uint8Array([3]), new ArrayBuffer(1)],
    });
    const args = await within(heard.promise, "the values");
    assertEquals(args.slice(0, 7), values);
    const { deep } = args[8] as { deep: unknown[] };
    assertEquals([args[7], ...deep].map(bytesOf), [[1, 2], [3], [0]]);
    const returned = await back;
    assertEquals(returned.slice(0, 7), values);
    assertEquals([...returned[7] as Uint8Array], [1, 2]);
  });

  Deno.test(`msgpack over ${name}: acks both ways, with bytes in them`, async () => {
    await using on = stage();
    const answered = Promise.withResolvers<unknown[]>();
    on.io.on("connection", (socket) => {
      socket.on("echo", (value, answer) => answer(value));
      socket.emit("question", "why", (...args: unknown[]) => answered.resolve(args));
    });
    const socket = on.client("/", { transports });
    socket.on("question", (text: string, answer: (...args: unknown[]) => void) => {
      answer(`${text}?`, Buffer.from([1]));
    });
    await next(socket, "connect");
    const [text, bytes] = await within(answered.promise, "the answer");
    assertEquals([text, bytesOf(bytes)], ["why?", [1]]);
    assertEquals(await socket.timeout(5_000).emitWithAck("echo", { a: [1] }), { a: [1] });
    const echo: Uint8Array = await socket.timeout(5_000).emitWithAck("echo", Buffer.from([5, 6]));
    assertEquals([...echo], [5, 6]);
  });

  Deno.test(`msgpack over ${name}: namespaces with auth, refusals, and goodbyes`, async () => {
    await using on = stage();
    const left = Promise.withResolvers<string>();
    on.io.of("/guarded").use((socket, go) => {
      if (socket.handshake.auth["token"] === "open sesame") return go();
      go(Object.assign(new Error("not authorized"), { data: { hint: Uint8Array.of(1) } }));
    });
    on.io.of("/guarded").on("connection", (socket) => {
      socket.on("disconnect", (reason) => left.resolve(reason));
    });
    on.io.of("/bye").on("connection", (socket) => socket.disconnect());
    const main = on.client("/", { transports });
    await next(main, "connect");

    const guarded = main.io.socket("/guarded", { auth: { token: "no" } });
    const [error] = await next(guarded, "connect_error") as [Error & { data: { hint: Uint8Array } }];
    assertEquals([error.message, [...error.data.hint]], ["not authorized", [1]]);
    guarded.auth = { token: "open sesame" };
    guarded.connect();
    await next(guarded, "connect");
    guarded.disconnect();
    assertEquals(await within(left.promise, "the goodbye"), "client namespace disconnect");

    const unknown = main.io.socket("/nope");
    assertEquals((await next(unknown, "connect_error") as [Error])[0].message, "Invalid namespace");
    const bye = main.io.socket("/bye");
    assertEquals((await next(bye, "disconnect"))[0], "io server disconnect");
    assert(main.connected);
  });

  Deno.test(`msgpack over ${name}: a broadcast with a Blob and views, in order`, async () => {
    await using on = stage();
    const a = on.client("/", { transports });
    const b = on.client("/", { transports });
    await Promise.all([next(a, "connect"), next(b, "connect")]);
    const heard = [next(a, "last"), next(b, "last"), next(a, "first"), next(b, "first")];
    const order: string[] = [];
    a.onAny((event) => order.push(event));
    const whole = Uint8Array.of(0, 1, 2, 3);
    on.io.emit("first", new Blob(["hi"]), whole.subarray(1, 3), new Uint16Array(whole.buffer, 2, 1));
    on.io.emit("last");
    const [, , first, second] = await Promise.all(heard);
    for (const args of [first!, second!]) {
      assertEquals(args.map((bytes) => [...bytes as Uint8Array]), [[0x68, 0x69], [1, 2], [2, 3]]);
    }
    assertEquals(order, ["first", "last"]);
  });
}

Deno.test("msgpack: a reserved event name ends the connection, and no listener hears it", async () => {
  await using on = stage();
  const reasons: string[] = [];
  on.io.on("connection", (socket) => socket.on("disconnect", (reason) => reasons.push(reason)));
  const socket = on.client("/");
  await next(socket, "connect");
  const lost = next(socket, "disconnect");
  // Past the client's own check, as one who means harm would send it.
  const [frame] = new official.Encoder().encode({
    type: 2,
    nsp: "/",
    data: ["disconnect", "forged"],
  }) as unknown as [
    Uint8Array,
  ];
  socket.io.engine.send(frame);
  assertEquals((await lost)[0], "transport close");
  assertEquals(reasons, ["parse error"]);
});

Deno.test("msgpack: limits of one's own hold, and a client with the default parser is refused", async () => {
  await using on = stage(createMsgpackParser({ maxBinaryValues: 1 }));
  const reasons: string[] = [];
  on.io.on("connection", (socket) => {
    socket.on("bytes", (_bytes, answer) => answer("ok"));
    socket.on("disconnect", (reason) => reasons.push(reason));
  });
  const socket = on.client("/", { transports: ["websocket"] });
  await next(socket, "connect");
  assertEquals(await socket.timeout(5_000).emitWithAck("bytes", Buffer.from([1])), "ok");
  const lost = next(socket, "disconnect");
  socket.emit("bytes", [Buffer.from([1]), Buffer.from([2])]);
  await lost;
  assertEquals(reasons, ["parse error"]);

  const json = on.client("/", { transports: ["websocket"], parser: jsonParser });
  await within(new Promise<void>((resolve) => json.io.on("close", () => resolve())), "the refusal");
  assertEquals(json.connected, false);
});

Deno.test("msgpack over WebSocket: a large binary value both ways", async () => {
  await using on = stage();
  on.io.on("connection", (socket) => socket.on("echo", (value, answer) => answer(value)));
  const socket = on.client("/", { transports: ["websocket"] });
  await next(socket, "connect");
  const large = Buffer.from(new Uint8Array(900_000).map((_, n) => n * 7));
  const back: Uint8Array = await socket.timeout(8_000).emitWithAck("echo", large);
  assertEquals(Buffer.compare(Buffer.from(back), large), 0);
});
