/**
 * Target "official": engine.io 6.6.12 and socket.io 4.8.4 from npm on node:http. The oracle of the suites.
 * @module
 */
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as EngineServer } from "npm:engine.io@6.6.12";
import { Server } from "socket.io";
import { type AppEngine, type AppServer, engineApp, type Log, socketApp } from "./apps.ts";
import { type Listening, runHost } from "./host.ts";

type Hook = (request: IncomingMessage, answer: (error: string | null, allowed: boolean) => void) => void;

/** Named hooks, since a function does not survive JSON; targets/deno.ts has the same names. */
const ALLOW: Record<string, Hook> = {
  allow: (_request, answer) => answer(null, true),
  refuse: (_request, answer) => answer(null, false),
  "refuse with text": (_request, answer) => answer("Not today", false),
  "by header": (request, answer) => answer(null, request.headers["x-key"] === "let me in"),
};

function withHooks(options: Record<string, unknown>): Record<string, unknown> {
  const { allowRequest, corsDelegate, ...rest } = options;
  if (allowRequest) rest.allowRequest = ALLOW[String(allowRequest)];
  if (corsDelegate) {
    rest.cors = (request: IncomingMessage, answer: (error: null, options: unknown) => void) =>
      answer(null, { origin: request.headers["x-tenant"] === "a" ? "https://a.example" : false });
  }
  return rest;
}

async function start(app: string, given: Record<string, unknown>, log: Log): Promise<Listening> {
  const { port, echo, generateId, ...options } = withHooks(given);
  const http = createServer((_request, response) => response.writeHead(404).end("not the server's path"));
  let close: () => unknown;
  let actions;
  if (app === "engine") {
    const engine = new EngineServer(options);
    if (generateId === "throw") engine.generateId = () => Promise.reject(new Error("no id left"));
    if (generateId === "fixed") engine.generateId = () => "my-own-id" as unknown as Promise<string>;
    engine.attach(http, options);
    actions = engineApp(engine as unknown as AppEngine, { echo: echo !== false }, log);
    close = () => engine.close();
  } else {
    const io = new Server(http, { serveClient: false, ...options });
    actions = socketApp(io as unknown as AppServer, log);
    close = () => void io.close();
  }
  await new Promise<void>((resolve) => http.listen((port as number | undefined) ?? 0, "127.0.0.1", resolve));
  return {
    port: (http.address() as AddressInfo).port,
    actions,
    close: () => {
      close();
      http.close();
      // Not at once: the answers that say goodbye must still leave.
      setTimeout(() => http.closeAllConnections(), 200);
    },
  };
}

runHost(start);
