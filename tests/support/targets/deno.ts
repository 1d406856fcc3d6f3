/**
 * Target "deno": our Engine and Server on Deno.serve.
 * @module
 */
import { Engine, type EngineOptions } from "../../../src/server/engine.ts";
import { Server } from "../../../mod.ts";
import { type AppEngine, type AppServer, engineApp, type Log, socketApp } from "./apps.ts";
import { type Listening, runHost } from "./host.ts";

/** Named hooks, since a function does not survive JSON; targets/official.ts has the same names. */
const ALLOW: Record<string, NonNullable<EngineOptions["allowRequest"]>> = {
  allow: () => true,
  refuse: () => Promise.resolve(false),
  "refuse with text": (_request, answer) => answer("Not today", false),
  "by header": (request, answer) => answer(null, request.headers.get("x-key") === "let me in"),
  throw: () => {
    throw new Error("allowRequest threw");
  },
  reject: () => Promise.reject(new Error("allowRequest rejected")),
};

const GENERATE: Record<string, NonNullable<EngineOptions["generateId"]>> = {
  throw: () => Promise.reject(new Error("no id left")),
  fixed: () => "my-own-id",
};

function withHooks(options: Record<string, unknown>): Record<string, unknown> {
  // An option of the official server that is about sockets of Node: Deno.serve has its own answer.
  const { allowRequest, generateId, corsDelegate, destroyUpgradeTimeout: _, ...rest } = options;
  if (allowRequest) rest.allowRequest = ALLOW[String(allowRequest)];
  if (generateId) rest.generateId = GENERATE[String(generateId)];
  if (corsDelegate) {
    rest.cors = (request: Request) => ({
      origin: request.headers.get("x-tenant") === "a" ? "https://a.example" : false,
    });
  }
  return rest;
}

function start(app: string, given: Record<string, unknown>, log: Log): Promise<Listening> {
  const { port, echo, ...options } = withHooks(given);
  // What a hook of the app throws is expected in some tests, so it goes to the log instead of the console.
  const onError = (error: unknown, where: string): void => log("onError", { where, error: String(error) });
  let io: Server | Engine;
  let actions;
  if (app === "engine") {
    io = new Engine({ ...options, onError });
    actions = engineApp(io as unknown as AppEngine, { echo: echo !== false }, log);
  } else {
    io = new Server({ ...options, onError });
    actions = socketApp(io as unknown as AppServer, log);
  }
  const http = Deno.serve({
    port: (port as number | undefined) ?? 0,
    hostname: "127.0.0.1",
    onListen: () => {},
  }, io.handler);
  return Promise.resolve({
    port: http.addr.port,
    actions,
    close: async () => {
      await io.close();
      // Graceful first, so that answers under way leave; kept-alive connections of clients must not hold it up.
      const graceful = http.shutdown();
      const timer = new Promise((resolve) => setTimeout(resolve, 200));
      await Promise.race([graceful, timer]);
    },
  });
}

runHost(start);
