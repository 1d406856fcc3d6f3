/**
 * What the targets that run our Engine and Server have in common; each adds how its runtime listens.
 * @module
 */
import { Server } from "../../../mod.ts";
import { Engine, type EngineOptions } from "../../../src/server/engine.ts";
import { type AppEngine, type AppServer, engineApp, type Log, socketApp } from "./apps.ts";
import type { Actions } from "./apps.ts";
import type { Listening, Start } from "./host.ts";

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

/** The options with the named hooks put in. */
export function withHooks(options: Record<string, unknown>): Record<string, unknown> {
  // An option of the official server that is about sockets of Node: our runtimes have their own answer.
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

/** A server that listens, as its runtime sees it. */
export interface Listener {
  readonly port: number;
  /** Stops listening; resolves when the answers under way have left, or soon after. */
  close(): Promise<void>;
}

/** Makes a target of `listen`, which serves on 127.0.0.1; `port` 0 means any free one. */
export function startWith(listen: (io: Server | Engine, port: number) => Listener): Start {
  return (app: string, given: Record<string, unknown>, log: Log): Promise<Listening> => {
    const { port, echo, ...options } = withHooks(given);
    // What a hook of the app throws is expected in some tests, so it goes to the log instead of the console.
    const onError = (error: unknown, where: string): void => log("onError", { where, error: String(error) });
    let io: Server | Engine;
    let actions: Actions;
    if (app === "engine") {
      io = new Engine({ ...options, onError });
      actions = engineApp(io as unknown as AppEngine, { echo: echo !== false }, log);
    } else {
      io = new Server({ ...options, onError });
      actions = socketApp(io as unknown as AppServer, log);
    }
    const listener = listen(io, (port as number | undefined) ?? 0);
    return Promise.resolve({
      port: listener.port,
      actions,
      close: async () => {
        await io.close();
        // Graceful first, so that answers under way leave; kept-alive connections of clients must not hold it up.
        const timer = new Promise((resolve) => setTimeout(resolve, 200));
        await Promise.race([listener.close(), timer]);
      },
    });
  };
}
