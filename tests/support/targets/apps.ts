/**
 * What the servers under test do with their clients: one app on the engine, one on Socket.IO. Written against
 * the members that the official server and ours share, so one app runs on all targets.
 *
 * The Socket.IO app contains the contract of the official protocol suite (socketio-behaviour.md part 8, no. 15).
 * @module
 */

/** Writes one line into the server's log, which the test reads. */
export type Log = (event: string, facts: Record<string, unknown>) => void;
/** Something a test asks the server to do. */
export type Action = (args: Record<string, unknown>) => unknown;
/** By name. */
export type Actions = Record<string, Action>;

/**
 * Runs `turn` in a later turn of the event loop. Not setTimeout itself: in a plain Worker that ends with the request
 * whose message set it.
 */
export type Later = (turn: () => void) => void;

const afterTimer: Later = (turn) => void setTimeout(turn, 0);

/** A listener of any event. */
// deno-lint-ignore no-explicit-any
type Listener = (...args: any[]) => void;

/** The members of an engine socket that the app uses. */
export interface AppEngineSocket {
  readonly id: string;
  readonly transport: { readonly name: string; readonly writable: boolean };
  send(data: string | Uint8Array): unknown;
  close(discard?: boolean): unknown;
  on(event: string, listener: Listener): unknown;
}

/** The members of an engine that the app uses. */
export interface AppEngine {
  readonly clientsCount: number;
  on(event: string, listener: Listener): unknown;
}

/** Something to send with. */
export interface AppOperator {
  to(room: string | string[]): AppOperator;
  except(room: string | string[]): AppOperator;
  timeout(ms: number): AppOperator;
  readonly volatile: AppOperator;
  emit(event: string, ...args: unknown[]): unknown;
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>;
  socketsJoin(room: string | string[]): unknown;
  socketsLeave(room: string | string[]): unknown;
  disconnectSockets(close?: boolean): unknown;
  fetchSockets(): Promise<{ readonly id: string; readonly rooms: Set<string>; readonly data: unknown }[]>;
}

/** The members of a Socket.IO socket that the app uses. */
export interface AppSocket {
  readonly id: string;
  readonly nsp: { readonly name: string };
  readonly rooms: Set<string>;
  readonly recovered: boolean;
  readonly data: Record<string, unknown>;
  readonly conn: { readonly id: string; readonly transport: { readonly name: string }; close(): unknown };
  readonly handshake: {
    readonly auth: Record<string, unknown>;
    readonly query: Record<string, unknown>;
    readonly headers: Record<string, unknown>;
    readonly url: string;
    readonly address: string;
    readonly xdomain: boolean;
    readonly secure: boolean;
  };
  emit(event: string, ...args: unknown[]): unknown;
  join(room: string): unknown;
  leave(room: string): unknown;
  to(room: string | string[]): Pick<AppOperator, "emit" | "except">;
  readonly broadcast: Pick<AppOperator, "emit">;
  timeout(ms: number): Pick<AppOperator, "emit">;
  disconnect(close?: boolean): unknown;
  on(event: string, listener: Listener): unknown;
}

/** The members of a namespace that the app uses. */
export interface AppNamespace extends AppOperator {
  use(middleware: (socket: AppSocket, next: (error?: Error) => void) => unknown): unknown;
  on(event: string, listener: Listener): unknown;
  readonly sockets: Map<string, unknown>;
}

/** The members of a Socket.IO server that the app uses. */
export interface AppServer {
  readonly engine: AppEngine;
  of(name: string): AppNamespace;
  of(pattern: RegExp): Pick<AppNamespace, "use" | "on">;
  close(): unknown;
}

function watchEngine(engine: AppEngine, log: Log): Map<string, AppEngineSocket> {
  const sockets = new Map<string, AppEngineSocket>();
  engine.on("connection", (socket: AppEngineSocket) => {
    sockets.set(socket.id, socket);
    log("open", { sid: socket.id, transport: socket.transport.name });
    socket.on("upgrade", () => log("upgrade", { sid: socket.id, transport: socket.transport.name }));
    socket.on("close", (reason: string) => {
      sockets.delete(socket.id);
      log("close", { sid: socket.id, reason });
    });
  });
  engine.on(
    "connection_error",
    (error: { code: number; message: string; context: Record<string, unknown> }) => {
      log("connection_error", { code: error.code, message: error.message, context: error.context });
    },
  );
  return sockets;
}

/** Echoes every message, unless told not to. Actions: send, sendAll, close, count. */
export function engineApp(
  engine: AppEngine,
  options: { echo?: boolean },
  log: Log,
  later: Later = afterTimer,
): Actions {
  const sockets = watchEngine(engine, log);
  engine.on("connection", (socket: AppEngineSocket) => {
    socket.on("message", (data: string | Uint8Array) => {
      if (options.echo !== false) socket.send(data);
      else log("message", { sid: socket.id, data });
    });
  });
  const one = (args: Record<string, unknown>): AppEngineSocket => {
    const socket = sockets.get(String(args.sid));
    if (!socket) throw new Error(`no session "${args.sid}"`);
    return socket;
  };
  return {
    send: (args) => {
      const socket = one(args);
      for (const message of args.messages as (string | Uint8Array)[]) socket.send(message);
    },
    /** Sends, then closes at once: what was sent must still arrive. */
    sendAndClose: (args) => {
      const socket = one(args);
      for (const message of args.messages as (string | Uint8Array)[]) socket.send(message);
      socket.close();
    },
    /** `count` messages "n" (every third as bytes), `perTurn` of them in each turn of the event loop. */
    stream: (args) => {
      const socket = one(args);
      const send = (n: number): void => {
        socket.send(n % 3 === 2 ? new TextEncoder().encode(String(n)) : String(n));
      };
      return inTurns(Number(args.count), Number(args.perTurn), send, later);
    },
    close: (args) => void one(args).close(args.discard === true),
    count: () => engine.clientsCount,
    transport: (args) => one(args).transport.name,
    writable: (args) => one(args).transport.writable,
  };
}

/** Calls `send` for 0 to `count` - 1, some in each turn of the event loop; resolves when it did. */
function inTurns(count: number, perTurn: number, send: (n: number) => void, later: Later): Promise<void> {
  return new Promise((resolve) => {
    let n = 0;
    const turn = (): void => {
      for (let i = 0; i < perTurn && n < count; i++, n++) send(n);
      if (n < count) later(turn);
      else resolve();
    };
    turn();
  });
}

function serveSocket(socket: AppSocket, log: Log, later: Later): void {
  const { handshake } = socket;
  const nsp = socket.nsp.name;
  log("connect", {
    nsp,
    id: socket.id,
    sid: socket.conn.id,
    recovered: socket.recovered,
    handshake: {
      auth: handshake.auth,
      query: { ...handshake.query },
      url: handshake.url,
      address: handshake.address,
      xdomain: handshake.xdomain,
      secure: handshake.secure,
      probe: handshake.headers["x-probe"],
    },
  });
  socket.on("disconnecting", () => log("disconnecting", { nsp, id: socket.id, rooms: [...socket.rooms] }));
  socket.on("disconnect", (reason: string) => log("disconnect", { nsp, id: socket.id, reason }));
  socket.on("error", (error: unknown) => log("error", { nsp, id: socket.id, error: String(error) }));
  if (!socket.recovered) socket.emit("auth", handshake.auth);
  socket.on("message", (...args: unknown[]) => socket.emit("message-back", ...args));
  socket.on("message-with-ack", (...args: unknown[]) => (args.pop() as Listener)(...args));
  socket.on("ack-twice", (ack: Listener) => (ack("first"), ack("second")));
  socket.on("join", (room: string, ack: () => void) => (socket.join(room), ack()));
  socket.on("leave", (room: string, ack: () => void) => (socket.leave(room), ack()));
  socket.on("to-room", (room: string, ...args: unknown[]) => socket.to(room).emit("from-room", ...args));
  socket.on("to-rooms", (rooms: string[], except: string[], ...args: unknown[]) => {
    socket.to(rooms).except(except).emit("from-room", ...args);
  });
  socket.on("remember", (value: unknown, ack: Listener) => (socket.data.value = value, ack()));
  socket.on("recall", (ack: Listener) => ack(socket.data.value ?? null, [...socket.rooms].sort()));
  socket.on("to-all", (...args: unknown[]) => socket.broadcast.emit("from-all", ...args));
  socket.on("bye", (close: boolean) => socket.disconnect(close));
  socket.on("transport", (ack: Listener) => ack(socket.conn.transport.name));
  socket.on("break", () => socket.conn.close());
  socket.on("ask", (...args: unknown[]) => {
    socket.emit("question", ...args, (...answer: unknown[]) => socket.emit("answered", ...answer));
  });
  socket.on("ask-in-vain", (ms: number) => {
    socket.timeout(ms).emit("question", (error: unknown) => {
      socket.emit("unanswered", (error as Error | null)?.message ?? null);
    });
  });
  socket.on("stream", (count: number) => {
    const send = (n: number): void => {
      if (n % 3 === 2) {
        socket.emit("tick", n, new Uint8Array([n & 255, n >> 8]), { deep: new Uint8Array([7]) });
      } else socket.emit("tick", n, `text ${n}`);
    };
    inTurns(count, 25, send, later);
  });
  socket.on(1 as unknown as string, () => socket.emit("got-number"));
  socket.on("throw-later", () => log("reached", { id: socket.id }));
}

/** What `args` choose of a namespace: `nsp`, `to` and `except` (rooms), `volatile`, `timeout` (ms). */
function chosen(io: AppServer, args: Record<string, unknown>): AppOperator {
  let chosen: AppOperator = io.of(String(args.nsp ?? "/"));
  if (args.to !== undefined) chosen = chosen.to(args.to as string[]);
  if (args.except !== undefined) chosen = chosen.except(args.except as string[]);
  if (args.timeout !== undefined) chosen = chosen.timeout(Number(args.timeout));
  return args.volatile === true ? chosen.volatile : chosen;
}

/**
 * Namespaces `/`, `/custom`, `/guarded` (a token is needed), `/slow` (the middleware waits for `release`), and those
 * that begin with `/many-`.
 */
export function socketApp(io: AppServer, log: Log, later: Later = afterTimer): Actions {
  const engineSockets = watchEngine(io.engine, log);
  const waiting: (() => void)[] = [];
  const serve = (socket: AppSocket): void => serveSocket(socket, log, later);
  for (const name of ["/", "/custom", "/guarded", "/slow"]) io.of(name).on("connection", serve);
  io.of(/^\/many-\w+$/).on("connection", serve);
  io.of("/guarded").use((socket, next) => {
    if (socket.handshake.auth.token === "open sesame") return next();
    next(Object.assign(new Error("not authorized"), { data: { hint: "say the words" } }));
  });
  io.of("/slow").use((_socket, next) => {
    waiting.push(next);
    log("waiting", {});
  });
  return {
    release: () => {
      for (const next of waiting.splice(0)) next();
    },
    emit: (args) => void io.of(String(args.nsp ?? "/")).emit(String(args.ev), ...(args.args as unknown[])),
    emitTo: (args) =>
      void io.of("/").to(String(args.room)).emit(String(args.ev), ...(args.args as unknown[])),
    /** Sends `ev` with `args` to what is {@linkcode chosen}. */
    broadcast: (args) => void chosen(io, args).emit(String(args.ev), ...args.args as unknown[]),
    /** The same with acks; `{ answers }`, or `{ error, answers }` with those that came in time. */
    ask: async (args) => {
      try {
        return { answers: await chosen(io, args).emitWithAck(String(args.ev), ...args.args as unknown[]) };
      } catch (error) {
        const { message, responses } = error as Error & { responses?: unknown };
        return { error: message, answers: responses };
      }
    },
    fetch: async (args) =>
      (await chosen(io, args).fetchSockets()).map(({ id, rooms, data }) => ({ id, rooms: [...rooms], data })),
    join: (args) => void chosen(io, args).socketsJoin(args.rooms as string[]),
    leave: (args) => void chosen(io, args).socketsLeave(args.rooms as string[]),
    disconnectAll: (args) => void io.of(String(args.nsp ?? "/")).disconnectSockets(args.close === true),
    closeEngine: (args) => void engineSockets.get(String(args.sid))!.close(args.discard === true),
    writable: (args) => engineSockets.get(String(args.sid))!.transport.writable,
    closeServer: () => {
      io.close();
    },
    sockets: (args) => io.of(String(args.nsp ?? "/")).sockets.size,
    count: () => io.engine.clientsCount,
  };
}
