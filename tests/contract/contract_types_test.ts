// Compile-time tests: they fail in `deno check`. What must not compile carries a @ts-expect-error.
import { assertType, type IsExact } from "@std/testing/types";
import { z } from "zod";
import { Server } from "../../mod.ts";
import {
  type ClientEmitEvents,
  type ClientListenEvents,
  type ContractSpec,
  defineContract,
  type EmitEventsOf,
  type ListenEventsOf,
} from "../../src/contract/mod.ts";
import type { DefaultEventsMap, EventNamesWithAck } from "../../src/events/event_types.ts";

const contract = defineContract({
  clientToServer: {
    add: { args: z.tuple([z.number(), z.string().transform(Number)]), ack: z.number().transform(String) },
    plain: { args: z.tuple([z.string()]) },
    bare: {},
  },
  serverToClient: {
    said: { args: z.tuple([z.string(), z.string().transform((text) => text.length)]) },
    ask: { args: z.tuple([z.string()]), ack: z.string().transform((text) => text.length) },
    tick: {},
    onlyAck: { ack: z.boolean() },
  },
});
type C = typeof contract;

// Never called: only its types are looked at.
export function inferred(): void {
  const io = new Server({ contract });
  io.on("connection", (socket) => {
    socket.on("add", (a, b, ack) => {
      assertType<IsExact<typeof a, number>>(true);
      assertType<IsExact<typeof b, number>>(true); // what the schema made
      assertType<IsExact<typeof ack, (value: number) => void>>(true); // what the ack's schema takes
    });
    socket.on("bare", (...args) => assertType<IsExact<typeof args, []>>(true));
    // @ts-expect-error not in the contract
    socket.on("said", () => {});
    socket.emit("said", "me", "text"); // what the schema takes
    // @ts-expect-error an argument is missing
    socket.emit("said", "me");
    // @ts-expect-error what the schema makes is not what it takes
    socket.emit("said", "me", 5);
    // @ts-expect-error not in this direction
    socket.emit("add", 1, "2");
    socket.emit("tick");
    const answer = socket.emitWithAck("ask", "?");
    assertType<IsExact<typeof answer, Promise<number>>>(true); // what the ack's schema makes
    const bare = socket.emitWithAck("onlyAck");
    assertType<IsExact<typeof bare, Promise<boolean>>>(true);
    // @ts-expect-error it takes no ack
    socket.emitWithAck("said", "me", "text");
    socket.timeout(5).emit("ask", "?", (error, value) => {
      assertType<IsExact<typeof error, Error>>(true);
      assertType<IsExact<typeof value, number>>(true);
    });
  });
  io.onEvent("plain", (socket, text) => {
    assertType<IsExact<typeof text, string>>(true);
    socket.emit("tick");
  });
  // @ts-expect-error not in the contract
  io.onEvent("nope", () => {});
  io.emit("said", "me", "text");
  // @ts-expect-error an ack of many needs a timeout
  io.emit("ask", "?", () => {});
  const answers = io.timeout(5).emitWithAck("ask", "?");
  assertType<IsExact<typeof answers, Promise<number[]>>>(true);
  io.on("invalid", (socket, { event, issues }) => {
    socket.emit("tick");
    assertType<IsExact<typeof event, string>>(true);
    issues[0]?.path satisfies readonly (string | number)[] | undefined;
  });
}

export function namespaces(io: Server): void {
  const chat = io.of("/chat").contract(contract);
  chat.on("connection", (socket) => {
    socket.on("plain", (text) => assertType<IsExact<typeof text, string>>(true));
    // @ts-expect-error not in the contract
    socket.emit("nope");
  });
  const rooms = io.of(/^\/room-/).contract(contract);
  rooms.onEvent("plain", (_socket, text) => assertType<IsExact<typeof text, string>>(true));
  // @ts-expect-error wrong type
  rooms.emit("said", 1, "x");
}

export function withoutContract(): void {
  const io = new Server({ pingInterval: 5 });
  assertType<IsExact<typeof io, Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap>>>(true);
  io.on("connection", (socket) => socket.on("anything", (a, b) => socket.emit("whatever", a, b)));
}

export function bothSides(): void {
  assertType<IsExact<EventNamesWithAck<ListenEventsOf<C>>, "add">>(true);
  assertType<IsExact<EventNamesWithAck<EmitEventsOf<C>>, "ask" | "onlyAck">>(true);
  assertType<IsExact<EventNamesWithAck<ClientEmitEvents<C>>, "add">>(true);
  assertType<
    IsExact<EmitEventsOf<C>["said"], (...args: [string, string]) => void>
  >(true);
  assertType<
    IsExact<ClientListenEvents<C>["said"], (...args: [string, number]) => void>
  >(true);
  assertType<
    IsExact<
      ClientEmitEvents<C>["add"],
      (...args: [number, string, ack: (value: string) => void]) => void
    >
  >(true);
  assertType<
    IsExact<
      ListenEventsOf<C>["add"],
      (...args: [number, number, ack: (value: number) => void]) => void
    >
  >(true);
}

export function optionalAndOpenArguments(): void {
  const odd = defineContract({
    clientToServer: {
      maybe: { args: z.tuple([z.string(), z.number().optional()]), ack: z.number() },
      many: { args: z.array(z.number()) },
    },
    serverToClient: {},
  });
  type Odd = ListenEventsOf<typeof odd>;
  // The ack is last, so what comes before it has its place.
  assertType<
    IsExact<
      Odd["maybe"],
      (...args: [string, number | undefined, ack: (value: number) => void]) => void
    >
  >(true);
  assertType<IsExact<Odd["many"], (...args: number[]) => void>>(true);
  assertType<IsExact<keyof EmitEventsOf<typeof odd>, never>>(true);
}

export function oneDirectionOnly(): void {
  const oneWay = defineContract({ clientToServer: { hi: {} } });
  new Server({ contract: oneWay }).on("connection", (socket) => {
    socket.on("hi", () => {});
    // @ts-expect-error the server has no events to send
    socket.emit("hi");
  });
}

export function refused(): void {
  // @ts-expect-error no schema
  defineContract({ clientToServer: { x: { args: "text" } } });
  // @ts-expect-error no direction
  defineContract({ clientToServer: {}, sideways: 5 } satisfies ContractSpec);
}
