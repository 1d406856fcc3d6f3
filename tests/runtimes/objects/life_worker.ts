/**
 * The Worker of lives_test.ts: one object for each host's first label, which decides how its program begins.
 * @module
 */
import unsafe from "workerd:unsafe";
import {
  type ObjectOptions,
  type Router,
  router,
  type Server,
  SkeinObject,
} from "../../../src/server/workers.ts";

declare const WebSocketPair: new () => { readonly 0: WebSocket; readonly 1: WebSocket };

type Ack = (...args: unknown[]) => void;

const print = (line: Record<string, unknown>): void => console.log(JSON.stringify(line));

/** What objects whose setup fails have tried; outlives them. */
const tries = new Map<string, number>();

/** The server, and a WebSocket of the program's own beside it. */
export class Life extends SkeinObject {
  override readonly options: ObjectOptions = {
    pingInterval: 500,
    pingTimeout: 5_000,
    connectionStateRecovery: {},
    onError: (error, where) => print({ where, error: String(error) }),
  };

  override async fetch(request: Request): Promise<Response> {
    if (!request.url.includes("/own")) return await super.fetch(request);
    const [client, server] = Object.values(new WebSocketPair()) as [
      unknown,
      Parameters<typeof this.ctx.acceptWebSocket>[0],
    ];
    this.ctx.acceptWebSocket(server, ["own"]);
    return new Response(null, { status: 101, webSocket: client } as ResponseInit);
  }

  override async webSocketMessage(...args: Parameters<SkeinObject["webSocketMessage"]>): Promise<void> {
    const [socket, message] = args;
    if (this.ctx.getTags(socket).includes("own")) socket.send(`own ${message}`);
    else await super.webSocketMessage(...args);
  }

  override async webSocketClose(...args: Parameters<SkeinObject["webSocketClose"]>): Promise<void> {
    const [socket] = args;
    if (this.ctx.getTags(socket).includes("own")) socket.close(1000);
    else await super.webSocketClose(...args);
  }

  override async alarm(): Promise<void> {
    print({ alarm: this.ctx.id.name });
    await super.alarm();
  }

  override async setup(io: Server): Promise<void> {
    const name = this.ctx.id.name!;
    const tried = (tries.get(name) ?? 0) + 1;
    tries.set(name, tried);
    if (name === "slow") await new Promise((resolve) => setTimeout(resolve, 100));
    if (name === "fails" && tried === 1) throw new Error("no luck");
    io.on("connection", (socket) => {
      socket.on("disconnect", (reason: string) => print({ left: socket.id, reason }));
      socket.on("set", (data: unknown, ack: Ack) => {
        socket.data = { data };
        ack(JSON.stringify(data)?.length ?? 0);
      });
      socket.on("fill", (size: number, ack: Ack) => {
        socket.data = { data: "x".repeat(size) };
        ack(size);
      });
      socket.on("function", (ack: Ack) => {
        socket.data = { data: () => {} };
        ack();
      });
      socket.on("get", (ack: Ack) => ack((socket.data as { data?: unknown }).data));
      socket.on("length", (ack: Ack) => ack(((socket.data as { data?: string }).data ?? "").length));
      socket.on("name", (ack: Ack) => ack(name));
      socket.on("all", (what: unknown) => void io.emit("all", what));
    });
  }
}

interface Stub {
  fetch(request: Request): Promise<Response>;
}

const worker: Router = router({
  binding: "OBJECTS",
  name: (request) => new URL(request.url).searchParams.get("object")!,
  fallback: async (request, env) => {
    const { pathname, searchParams } = new URL(request.url);
    const object = (env as { OBJECTS: { getByName(name: string): Stub } }).OBJECTS.getByName(
      searchParams.get("object")!,
    );
    if (pathname === "/own") return await object.fetch(request);
    await unsafe.evict(object, { webSockets: searchParams.get("webSockets") });
    return new Response("evicted");
  },
});

export default worker;
