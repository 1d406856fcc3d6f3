// Compile-time tests: they fail in `deno check`. What must not compile carries a @ts-expect-error.
import { assertType, type IsExact } from "@std/testing/types";
import type {
  BroadcastOperator,
  DecorateAcknowledgementsWithMultipleResponses,
  Namespace,
  RemoteSocket,
  Server,
  Socket,
  SocketOperator,
} from "../../mod.ts";

interface ClientToServer {
  noArgs: () => void;
  chat: (text: string, at: number) => void;
  save: (text: string, ack: (id: number) => void) => void;
}
interface ServerToClient {
  chat: (from: string, text: string) => void;
  ask: (question: string, ack: (answer: boolean) => void) => void;
  askMaybe: (question: string, ack?: (answer: boolean, why: string) => void) => void;
  done: (ack: () => void) => void;
  message: (text: string) => void;
}
interface Between {
  ping: (n: number) => void;
}
interface Data {
  name: string;
}

type S = Server<ClientToServer, ServerToClient, Between, Data>;

// Never called: only its types are looked at.
export function typedServer(io: S): void {
  io.on("connection", (socket) => {
    assertType<IsExact<typeof socket, Socket<ClientToServer, ServerToClient, Between, Data>>>(true);
    assertType<IsExact<typeof socket.data, Data>>(true);
    socket.on("chat", (text, at) => {
      assertType<IsExact<typeof text, string>>(true);
      assertType<IsExact<typeof at, number>>(true);
    });
    socket.on("save", (_text, ack) => {
      assertType<IsExact<typeof ack, (id: number) => void>>(true);
      ack(1);
      // @ts-expect-error the ack takes a number
      ack("1");
    });
    socket.on("save", async (_text, ack) => ack(await Promise.resolve(1)));
    socket.once("noArgs", () => {});
    socket.on("disconnect", (reason) => {
      reason satisfies string;
      // @ts-expect-error no such reason
      if (reason === "no such reason") return;
    });
    socket.on("error", (error) => error satisfies Error);
    // @ts-expect-error not among the events
    socket.on("unknown", () => {});
    // @ts-expect-error wrong listener
    socket.on("chat", (_text: number) => {});

    socket.emit("chat", "me", "hi");
    socket.emit("ask", "?", (answer) => assertType<IsExact<typeof answer, boolean>>(true));
    socket.emit("askMaybe", "?");
    // @ts-expect-error an argument is missing
    socket.emit("chat", "me");
    // @ts-expect-error wrong type
    socket.emit("chat", "me", 1);
    // @ts-expect-error not among the events
    socket.emit("save", "x", () => {});
    socket.send("text");
    // @ts-expect-error wrong type
    socket.send(1);

    socket.timeout(5).emit("ask", "?", (err, answer) => {
      assertType<IsExact<typeof err, Error>>(true);
      assertType<IsExact<typeof answer, boolean>>(true);
    });
    socket.timeout(5).emit("done", (err) => assertType<IsExact<typeof err, Error>>(true));
    // @ts-expect-error the ack takes the error first
    socket.timeout(5).emit("ask", "?", (answer: boolean) => answer);
    socket.volatile.compress(true) satisfies SocketOperator<ServerToClient, Data>;

    const answer = socket.emitWithAck("ask", "?");
    assertType<IsExact<typeof answer, Promise<boolean>>>(true);
    const timed = socket.timeout(5).emitWithAck("ask", "?");
    assertType<IsExact<typeof timed, Promise<boolean>>>(true);
    const maybe = socket.emitWithAck("askMaybe", "?");
    assertType<IsExact<typeof maybe, Promise<boolean>>>(true);
    const nothing = socket.emitWithAck("done");
    assertType<IsExact<typeof nothing, Promise<void>>>(true);
    // @ts-expect-error no ack
    socket.emitWithAck("chat", "me", "hi");
    // @ts-expect-error the ack is not given
    socket.emitWithAck("ask", "?", () => {});

    socket.broadcast.emit("chat", "me", "hi");
    socket.to("a").to(["b", "c"]).except("d").emit("chat", "me", "hi");
    // @ts-expect-error acks of many need a timeout
    socket.broadcast.emit("ask", "?", () => {});
    socket.to("a").timeout(5).emit("ask", "?", (err, answers) => {
      assertType<IsExact<typeof err, Error>>(true);
      assertType<IsExact<typeof answers, boolean[]>>(true);
    });
    socket.timeout(5).to("a").emit("ask", "?", (err, answers) => {
      assertType<IsExact<typeof err, Error>>(true);
      assertType<IsExact<typeof answers, boolean[]>>(true);
    });
    socket.nsp.emit("chat", "me", "hi");
    assertType<IsExact<typeof socket.nsp.name, string>>(true);
    socket.nsp.sockets.get("x")?.emit("chat", "me", "hi");
  });
  // @ts-expect-error not an event of the server
  io.on("chat", () => {});
  io.on("ping", (n) => assertType<IsExact<typeof n, number>>(true));

  io.emit("chat", "me", "hi");
  // @ts-expect-error acks of many need a timeout
  io.emit("ask", "?", () => {});
  // @ts-expect-error an optional ack is an ack
  io.emit("askMaybe", "?");
  // @ts-expect-error wrong type
  io.to("a").emit("chat", 1, "hi");
  // @ts-expect-error acks of many need a timeout
  io.to("a").emit("ask", "?", () => {});
  io.timeout(5).emit("ask", "?", (err, answers) => {
    assertType<IsExact<typeof err, Error>>(true);
    assertType<IsExact<typeof answers, boolean[]>>(true);
  });
  io.to("a").timeout(5).emit("askMaybe", "?", (_err, answers) => {
    assertType<IsExact<typeof answers, boolean[]>>(true);
  });
  const many = io.timeout(5).emitWithAck("ask", "?");
  assertType<IsExact<typeof many, Promise<boolean[]>>>(true);
  const manyTo = io.to("a").volatile.timeout(5).emitWithAck("ask", "?");
  assertType<IsExact<typeof manyTo, Promise<boolean[]>>>(true);
  const all = io.emitWithAck("ask", "?");
  assertType<IsExact<typeof all, Promise<boolean[]>>>(true);

  io.use((socket, next) => {
    socket.data.name = "x";
    // @ts-expect-error wrong type
    socket.data.name = 1;
    next();
  });
  io.use(async (socket) => {
    await Promise.resolve(socket.handshake.auth.token);
  });
  io.of("/a").on("connection", (socket) => socket.on("chat", (text) => text satisfies string));
  io.of("/a") satisfies Namespace<ClientToServer, ServerToClient, Between, Data>;
  assertType<IsExact<Data, ReturnType<typeof io.to> extends BroadcastOperator<infer _, infer D> ? D : never>>(
    true,
  );
}

export function untypedServer(io: Server): void {
  io.on("connection", (socket) => {
    socket.on("anything", (a, b, ack) => ack(a + b));
    socket.emit("anything", 1, "x", (answer: string) => answer);
    socket.timeout(5).emit("anything", (err: Error, answer: string) => [err, answer]);
    const answer = socket.emitWithAck("anything", 1, 2);
    // deno-lint-ignore no-explicit-any -- what is tested
    assertType<IsExact<typeof answer, Promise<any>>>(true);
    socket.data.whatever = 1;
    socket.send(1, 2, 3);
  });
  io.emit("anything", 1, 2, 3);
  io.to("a").timeout(5).emit("anything", 1, (err: Error, answers: unknown[]) => [err, answers]);
  io.of("/b").emit("anything");
}

/** One parameter, as most programs write it: both directions. */
export function oneMap(io: Server<{ tick: (n: number) => void }>): void {
  io.on("connection", (socket) => {
    socket.on("tick", (n) => assertType<IsExact<typeof n, number>>(true));
    socket.emit("tick", 1);
    // deno-lint-ignore no-explicit-any -- the default
    assertType<IsExact<typeof socket.data, any>>(true);
  });
}

/** Typed objects go where untyped ones are expected, as helpers of applications do. */
export function helpers(io: S, socket: Socket<ClientToServer, ServerToClient, Between, Data>): void {
  const takesSocket = (_socket: Socket): void => {};
  const takesServer = (_io: Server): void => {};
  takesSocket(socket);
  takesServer(io);
}

/** A namespace with events of its own is declared as such, as the official documentation does. */
export function typedNamespaces(io: S, untyped: Server): void {
  io.of("/a") satisfies Namespace<{ foo: (text: string) => void }, { bar: (text: string) => void }>;
  untyped.of("/a") satisfies Namespace<ClientToServer, ServerToClient, Between, Data>;
  untyped satisfies S;
  const takesTyped = (_socket: Socket<ClientToServer, ServerToClient, Between, Data>): void => {};
  untyped.on("connection", (socket) => takesTyped(socket));
}

/** Servers, many sockets, patterns. */
export async function manySockets(io: S): Promise<void> {
  for (const socket of await io.in("a").fetchSockets()) {
    assertType<
      IsExact<
        typeof socket,
        RemoteSocket<DecorateAcknowledgementsWithMultipleResponses<ServerToClient>, Data>
      >
    >(
      true,
    );
    assertType<IsExact<typeof socket.data, Data>>(true);
    assertType<IsExact<typeof socket.id, string>>(true);
    assertType<IsExact<typeof socket.rooms, Set<string>>>(true);
    socket.emit("chat", "me", "hi");
    // @ts-expect-error wrong type
    socket.emit("chat", 1, "hi");
    // @ts-expect-error not among the events
    socket.emit("save", "x");
    socket.join(["a", "b"]);
    socket.disconnect(true);
  }
  io.socketsJoin("a");
  io.to("a").socketsLeave(["a"]);
  io.except("a").disconnectSockets(true);
  // @ts-expect-error a room is a text
  io.socketsJoin(5);

  io.serverSideEmit("ping", 1);
  // @ts-expect-error wrong type
  io.serverSideEmit("ping", "1");
  // @ts-expect-error not an event between servers
  io.serverSideEmit("chat", "me", "hi");
  io.of("/x").on("ping", (n) => assertType<IsExact<typeof n, number>>(true));
}

interface Asked {
  count: (room: string, ack: (n: number) => void) => void;
}

export function betweenServers(io: Server<ClientToServer, ServerToClient, Asked>): void {
  io.serverSideEmit("count", "a", (error, counts) => {
    assertType<IsExact<typeof error, Error>>(true);
    assertType<IsExact<typeof counts, number[]>>(true);
  });
  const counts = io.serverSideEmitWithAck("count", "a");
  assertType<IsExact<typeof counts, Promise<number[]>>>(true);
  io.on("count", (room, ack) => ack(room.length));
  // @ts-expect-error an argument is missing
  io.serverSideEmitWithAck("count");
}

export function patterns(io: S): void {
  const parent = io.of(/^\/room-/, (socket) => socket.on("chat", (text) => text satisfies string));
  parent.on("connection", (socket) => {
    assertType<IsExact<typeof socket, Socket<ClientToServer, ServerToClient, Between, Data>>>(true);
  });
  parent.emit("chat", "me", "hi");
  io.of((name, auth, next) => {
    assertType<IsExact<typeof name, string>>(true);
    next(null, auth.token === 1);
  });
  io.of(async (name) => await Promise.resolve(name === "/x"));
  io.of("/x").adapter.on("join-room", (room, id) => {
    assertType<IsExact<[typeof room, typeof id], [string, string]>>(true);
  });
  // @ts-expect-error no such event
  io.of("/x").adapter.on("no-room", () => {});
  io.on("new_namespace", (namespace) => namespace.name satisfies string);
}

export function handlers(io: S): void {
  io.onEvent("chat", (socket, text, at) => {
    assertType<IsExact<typeof text, string>>(true);
    assertType<IsExact<typeof at, number>>(true);
    socket.data.name satisfies string;
  });
  io.onEvent("save", (_socket, _text, ack) => ack(1));
  io.onEvent("disconnect", (socket, reason) => {
    socket.id satisfies string;
    // @ts-expect-error no such reason
    if (reason === "no such reason") return;
  });
  // @ts-expect-error not among the clients' events
  io.onEvent("ask", () => {});
  // @ts-expect-error wrong handler
  io.onEvent("chat", (_socket, _text: number) => {});
  io.on("connection", (socket) => {
    socket.use(([event, ...args], next) => {
      assertType<IsExact<typeof event, string>>(true);
      next(args.length > 5 ? new Error("too many") : undefined);
    });
    socket.use(async ([event]) => await Promise.resolve(void event));
    // @ts-expect-error no such callback
    socket.use("x");
    socket.recovered satisfies boolean;
    socket.server.of("/x").sockets.size satisfies number;
    socket.adapter.rooms.get("a")?.has(socket.id);
  });
  io.on("rate_limited", (socket, { event, retryAfter }) => {
    socket.emit("chat", event, String(retryAfter));
  });
  io.on("session_expired", ({ id, reason }) => {
    id satisfies string;
    // @ts-expect-error no such reason
    if (reason === "bored") return;
  });
}
