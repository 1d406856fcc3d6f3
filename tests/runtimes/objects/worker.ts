/**
 * The Worker of shards_test.ts: a server over `SETTINGS.shards` objects. Clients join rooms, speak to them, and ask
 * the server about everybody.
 * @module
 */
import {
  type ObjectOptions,
  type Router,
  router,
  type Server,
  SkeinObject,
} from "../../../src/server/workers.ts";

interface Env {
  readonly SETTINGS: { readonly shards: number };
}

type Ack = (...args: unknown[]) => void;

/** One shard, or hub. */
export class Shard extends SkeinObject<Env> {
  // Before the platform calls anything: how many shards there are is said to the Worker, not in code.
  override readonly options: ObjectOptions = { shards: this.env.SETTINGS.shards, binding: "OBJECTS" };

  override setup(io: Server): void {
    io.on("who", (ack: Ack) => ack(this.ctx.id.name));
    io.onEvent("join", async (socket, room: string, ack: Ack) => {
      await socket.join(room);
      ack();
    });
    io.onEvent("say", (_socket, room: string, ...what: unknown[]) => void io.to(room).emit("said", ...what));
    io.onEvent("count", async (_socket, ack: Ack) => ack((await io.fetchSockets()).length));
    io.onEvent("ask", async (_socket, room: string, ack: Ack) => {
      const answers = await io.to(room).timeout(5_000).emitWithAck("question") as unknown as unknown[];
      ack(answers);
    });
    io.onEvent("servers", async (_socket, ack: Ack) => ack(await io.serverSideEmitWithAck("who")));
  }
}

const routers = new Map<number, Router>();

const worker: Router = {
  fetch(request, env, ctx) {
    const { shards } = (env as Env).SETTINGS;
    let known = routers.get(shards);
    if (known === undefined) routers.set(shards, known = router({ binding: "OBJECTS", shards }));
    return known.fetch(request, env, ctx);
  },
};
export default worker;
