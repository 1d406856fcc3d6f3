// Compile-time tests: they fail in `deno check`. What must not compile carries a @ts-expect-error.
import { assertType, type IsExact } from "@std/testing/types";
import { z } from "zod";
import { useContract } from "../../src/client/contract.ts";
import { io, Manager, type Socket } from "../../src/client/mod.ts";
import { defineContract } from "../../src/contract/mod.ts";

interface ServerToClient {
  chat: (from: string, text: string) => void;
  ask: (question: string, ack: (answer: boolean) => void) => void;
}
interface ClientToServer {
  noArgs: () => void;
  chat: (text: string, at: number) => void;
  save: (text: string, ack: (id: number) => void) => void;
  message: (text: string) => void;
}

// Never called: only its types are looked at.
export function typed(): void {
  const socket: Socket<ServerToClient, ClientToServer> = io("https://example.com");
  assertType<IsExact<typeof socket.id, string | undefined>>(true);
  socket.on("connect", () => {});
  socket.on("disconnect", (reason, description) => {
    assertType<IsExact<typeof description, unknown>>(true);
    // @ts-expect-error no such reason
    if (reason === "gone") return;
  });
  socket.on("connect_error", (error) => assertType<IsExact<typeof error.message, string>>(true));
  socket.on("chat", (from, text) => {
    assertType<IsExact<typeof from, string>>(true);
    assertType<IsExact<typeof text, string>>(true);
  });
  socket.once("ask", (_question, ack) => ack(true));
  // @ts-expect-error not an event of the server
  socket.on("save", () => {});
  socket.emit("noArgs").emit("chat", "text", 1);
  // @ts-expect-error a number is missing
  socket.emit("chat", "text");
  // @ts-expect-error not an event of the client
  socket.emit("ask");
  socket.send("text");
  socket.volatile.emit("chat", "text", 1);
  socket.emit("save", "text", (id) => assertType<IsExact<typeof id, number>>(true));
  socket.timeout(5).emit("save", "text", (error, id) => {
    assertType<IsExact<typeof error, Error>>(true);
    assertType<IsExact<typeof id, number>>(true);
  });
  const saved = socket.emitWithAck("save", "text");
  assertType<IsExact<typeof saved, Promise<number>>>(true);
  const late = socket.timeout(5).emitWithAck("save", "text");
  assertType<IsExact<typeof late, Promise<number>>>(true);
  // @ts-expect-error it takes no ack
  socket.emitWithAck("chat", "text", 1);
  const { engine } = socket.io;
  engine?.on("upgrade", ({ name }) => assertType<IsExact<typeof name, string>>(true));
  socket.io.on("reconnect_attempt", (attempt) => assertType<IsExact<typeof attempt, number>>(true));
  const other = socket.io.socket<ServerToClient, ClientToServer>("/other", { auth: { token: 1 } });
  assertType<IsExact<typeof other, Socket<ServerToClient, ClientToServer>>>(true);
}

// Never called: only its types are looked at.
export function untyped(): void {
  const socket = io();
  socket.on("anything", (...args) => void args);
  socket.emit("anything", 1, "two", () => {});
  const manager = new Manager("https://example.com", { reconnectionDelayMax: 10_000 });
  const delay = manager.reconnectionDelay();
  assertType<IsExact<typeof delay, number>>(true);
  manager.reconnectionDelay(5).timeout(false).open();
}

const contract = defineContract({
  clientToServer: {
    add: { args: z.tuple([z.number(), z.string().transform(Number)]), ack: z.number().transform(String) },
  },
  serverToClient: { said: { args: z.tuple([z.string().transform((text) => text.length)]) } },
});

// Never called: only its types are looked at.
export function contracted(): void {
  const socket = io("https://example.com", { checks: useContract(contract) });
  socket.on("said", (length) => assertType<IsExact<typeof length, number>>(true)); // what the schema made
  socket.emit("add", 1, "2", (sum) => assertType<IsExact<typeof sum, string>>(true)); // what the schema takes
  // @ts-expect-error what the schema makes is not what it takes
  socket.emit("add", 1, 2);
  // @ts-expect-error not in this direction
  socket.emit("said", "x");
}
