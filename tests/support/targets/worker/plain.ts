/**
 * A Worker that holds a server in its one isolate: `export default { fetch: io.handler }`, and the control path.
 * @module
 */
import { Server } from "../../../../mod.ts";
import { Engine } from "../../../../src/server/engine.ts";
import { type Actions, type AppEngine, type AppServer, engineApp, socketApp } from "../apps.ts";
import { answerTo, isEchoing, log, obey, orderIn, serverOptions, settings } from "./wiring.ts";

let io: Server | Engine;
let actions: Actions;
/** Work of listeners that goes on; workerd ends what a request began with the request, unless it is told to wait. */
const ongoing = new Set<Promise<void>>();

function later(turn: () => void): void {
  const work = new Promise<void>((resolve) => setTimeout(resolve, 0)).then(turn);
  ongoing.add(work);
  work.finally(() => ongoing.delete(work));
}

async function finished(): Promise<void> {
  while (ongoing.size > 0) await Promise.all(ongoing);
}

/** workerd takes a request that waits for nothing but another one (an ack, a timer there) for hung. */
async function held<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

if (settings.app === "engine") {
  io = new Engine(serverOptions);
  actions = engineApp(io as unknown as AppEngine, { echo: isEchoing }, log, later);
} else {
  io = new Server(serverOptions);
  actions = socketApp(io as unknown as AppServer, log, later);
}

export default {
  async fetch(
    request: Request,
    env: unknown,
    ctx: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response> {
    const order = await orderIn(request);
    const response = order === undefined
      ? await io.handler(request, env, ctx)
      : await answerTo(held(obey({ ...actions, closeServer: () => io.close() }, order)));
    if (ongoing.size > 0) ctx.waitUntil(finished());
    return response;
  },
};
