/**
 * The Worker of tests/bench/objects/objects.ts: it counts what is paid for. `SETTINGS` say how many shards there are,
 * whether recovery is on, and whether `connection` listeners run again after waking.
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

interface Env {
  readonly SETTINGS: { readonly shards: number; readonly recovery: boolean; readonly announceAll: boolean };
  readonly OBJECTS: { idFromName(name: string): unknown; get(id: unknown): { snapshot(): Promise<unknown> } };
}

type Ack = (...args: unknown[]) => void;

let counts: Record<string, number> = {};

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** Counts calls of some methods of one object. */
function watch(object: unknown, prefix: string, names: readonly string[]): void {
  for (const name of names) {
    const original = (object as Record<string, (...args: unknown[]) => unknown>)[name]!.bind(object);
    Object.defineProperty(object, name, {
      value: (...args: unknown[]) => {
        count(prefix + name);
        return original(...args);
      },
    });
  }
}

/** One object. */
export class Bench extends SkeinObject<Env> {
  override readonly options: ObjectOptions = {
    ...this.env.SETTINGS.shards > 1 && { shards: this.env.SETTINGS.shards, binding: "OBJECTS" },
    ...this.env.SETTINGS.recovery && { connectionStateRecovery: true },
    announceAll: this.env.SETTINGS.announceAll,
  };

  constructor(...args: ConstructorParameters<typeof SkeinObject<Env>>) {
    super(...args);
    count("lives");
    watch(this.ctx.storage.kv, "row ", ["get", "list", "put", "delete"]);
    watch(this.ctx.storage, "", ["setAlarm"]);
  }

  override setup(io: Server): void {
    const echo = (what: unknown, ack: Ack): void => ack(what);
    if (this.env.SETTINGS.announceAll) io.on("connection", (socket) => socket.on("echo", echo));
    else io.onEvent("echo", (_socket, what, ack: Ack) => echo(what, ack));
    io.onEvent("join", async (socket, rooms: string[], ack: Ack) => {
      await socket.join(rooms);
      ack();
    });
    io.of("/second").onEvent("echo", (_socket, what, ack: Ack) => echo(what, ack));
    // With a pause between them, or all in one turn.
    io.onEvent("broadcast", async (_socket, times: number, pause: number, ack: Ack) => {
      for (let n = 0; n < times; n++) {
        io.emit("news", n);
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      }
      ack();
    });
  }

  override fetch(request: Request): Promise<Response> {
    count("requests");
    return super.fetch(request);
  }

  override webSocketMessage(...args: Parameters<SkeinObject["webSocketMessage"]>): void | Promise<void> {
    count("messages");
    return super.webSocketMessage(...args);
  }

  override alarm(): Promise<void> {
    count("alarms");
    return super.alarm();
  }

  override skeinHub(calls: unknown): unknown {
    count("calls to hubs");
    return super.skeinHub(calls);
  }

  override skeinDeliver(batch: unknown): Promise<void> {
    count("calls to shards");
    return super.skeinDeliver(batch);
  }

  snapshot(): unknown {
    return this.ctx.getWebSockets()[0]?.deserializeAttachment();
  }
}

function namesOf(shards: number): string[] {
  return shards === 1 ? ["main"] : Array.from({ length: shards }, (_, shard) => `main/${shard}`);
}

const worker: Router = {
  async fetch(request, given, ctx) {
    const env = given as Env;
    const { shards } = env.SETTINGS;
    const object = (name: string): { snapshot(): Promise<unknown> } =>
      env.OBJECTS.get(env.OBJECTS.idFromName(name));
    switch (new URL(request.url).pathname) {
      case "/counts": {
        const counted = counts;
        counts = {};
        return Response.json(counted);
      }
      case "/snapshot":
        return Response.json(await object("main").snapshot());
      case "/evict":
        for (const name of namesOf(shards)) await unsafe.evict(object(name), { webSockets: "hibernate" });
        return new Response();
    }
    return router({ binding: "OBJECTS", shards }).fetch(request, given, ctx);
  },
};
export default worker;
