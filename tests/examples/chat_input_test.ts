/**
 * The chat against clients that do not behave: wrong shapes, no acks, floods.
 *
 * In this process, with the official client. Its timers outlive `disconnect()` by a moment, hence no sanitizers.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { io, type Socket } from "socket.io-client";
import { chatApp } from "../../examples/chat/app.ts";
import type { Message, Result, RoomView } from "../../examples/chat/events.ts";
import { limits } from "../../examples/chat/limits.ts";

/** Runs a chat for one test. `enter` connects somebody; `auth` as a client may really send it. */
async function withChat(
  use: (enter: (auth: unknown) => Promise<Socket>, url: string) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = Deno.serve({ port: 0, onListen: () => {} }, chatApp().fetch);
  const url = `http://localhost:${server.addr.port}`;
  const enter = async (auth: unknown): Promise<Socket> => {
    const socket = io(url, { auth: auth as object, forceNew: true, reconnection: false });
    sockets.push(socket);
    await new Promise<void>((done, fail) => socket.on("connect", done).on("connect_error", fail));
    return socket;
  };
  try {
    await use(enter, url);
  } finally {
    for (const socket of sockets) socket.disconnect();
    await server.shutdown();
  }
}

function named(nickname: string): { nickname: string; key: string } {
  return { nickname, key: `key of ${nickname} `.padEnd(20, ".") };
}

function ask<T>(socket: Socket, ...event: [name: string, ...args: unknown[]]): Promise<Result<T>> {
  return socket.timeout(5_000).emitWithAck(...event);
}

function draft(text: string): { id: string; room: string; text: string } {
  return { id: crypto.randomUUID(), room: "lobby", text };
}

function chatTest(name: string, fn: Parameters<typeof withChat>[0]): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn: () => withChat(fn) });
}

chatTest("Chat refuses a connection without a proper nickname and key", async (enter) => {
  for (
    const auth of [{}, { nickname: "Ada" }, { nickname: 5, key: "x".repeat(20) }, named(" "), {
      __proto__: 1,
    }]
  ) {
    const error = await enter(auth).then(() => undefined, (error: Error) => error);
    assert(error, JSON.stringify(auth));
    assertEquals((error as Error & { data?: unknown }).data, { field: "nickname" });
  }
});

chatTest("Chat goes on when requests have the wrong shape or no ack", async (enter) => {
  const ada = await enter(named("Ada"));
  for (const event of ["join", "say", "picture", "typing"]) {
    ada.emit(event);
    ada.emit(event, null);
    ada.emit(event, { __proto__: null, id: [], room: {} }, "not a function");
    if (event !== "typing") assertEquals((await ask(ada, event, 1)).ok, false);
  }
  ada.emit("no-such-event", 1);
  const room = await ask<RoomView>(ada, "join", "lobby");
  assert(room.ok);
  assertEquals(room.value.people.map((person) => person.nickname), ["Ada"]);
  assertEquals(room.value.you, room.value.people[0]);
});

chatTest("Chat accepts a repeated message once, and nobody can reuse another's id", async (enter) => {
  const ada = await enter(named("Ada"));
  const mallory = await enter(named("Mallory"));
  await ask(ada, "join", "lobby");
  await ask(mallory, "join", "lobby");
  const seen: Message[] = [];
  mallory.on("message", (message: Message) => seen.push(message));
  const said = draft("once");
  const first = await ask<number>(ada, "say", said);
  const second = await ask<number>(ada, "say", said);
  assertEquals(first, second);
  assert(first.ok);
  assertEquals((await ask(mallory, "say", { ...said, text: "mine" })).ok, false);
  const room = await ask<RoomView>(mallory, "join", "lobby");
  assert(room.ok);
  assertEquals(room.value.history.map((message) => message.text), ["once"]);
  assertEquals(seen.map((message) => message.text), ["once"]);
});

chatTest("Chat slows down a flood and tells the client to try again", async (enter) => {
  const ada = await enter(named("Ada"));
  const results = await Promise.all(
    Array.from({ length: 2 * limits.burst }, (_, n) => ask(ada, "say", draft(`flood ${n}`))),
  );
  const refused = results.filter((result) => !result.ok);
  assert(refused.length > limits.burst / 2, `${refused.length} refused`);
  assert(refused.every((result) => !result.ok && result.retry));
});

chatTest("Chat shows nobody the key of a person", async (enter) => {
  const ada = await enter(named("Ada"));
  const grace = await enter(named("Grace"));
  await ask(ada, "join", "lobby");
  const room = await ask<RoomView>(grace, "join", "lobby");
  assert(!JSON.stringify(room).includes("key of"));
});

chatTest("App serves the page with a policy that lets only its own files run", async (_enter, url) => {
  for (
    const [path, type] of [["/", "text/html"], ["/main.js", "text/javascript"], ["/style.css", "text/css"]]
  ) {
    const response = await fetch(url + path);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), `${type}; charset=utf-8`);
    assert(response.headers.get("content-security-policy")?.startsWith("default-src 'self';"));
    assert((await response.text()).length > 100);
  }
  for (const path of ["/nothing", "/server.ts", "/page/main.js", "/..%2fserver.ts"]) {
    const response = await fetch(url + path);
    await response.body?.cancel();
    assertEquals(response.status, 404, path);
  }
});
