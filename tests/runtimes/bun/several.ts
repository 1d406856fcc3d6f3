/**
 * On one `Bun.serve`: two Socket.IO servers with different limits, and WebSockets served by hand whose settings and
 * callbacks must stay what they are. With the argument "elysia" the sockets are dispatched as elysia does.
 * @module
 */
import process from "node:process";
import { Server } from "../../../mod.ts";
import { combineWebSocketHandlers } from "../../../src/server/bun.ts";
import { Bun, say, serveClients } from "./talk.ts";

interface Hand {
  readonly data: { readonly name: string };
  send(text: string): number;
  ping(text: string): number;
}

const small = new Server({ path: "/small", maxHttpBufferSize: 1_000 });
const large = new Server({ path: "/large", maxHttpBufferSize: 30_000_000 });
for (const io of [small, large]) serveClients(io);

const hand = {
  perMessageDeflate: true,
  idleTimeout: 30,
  greeting: "welcome",
  open(ws: Hand): void {
    ws.send(`${this.greeting} ${ws.data.name}`);
  },
  message(ws: Hand, message: string): void {
    if (message === "ping") ws.ping("are you there");
    else ws.send(`${ws.data.name}: ${message}`);
  },
  close(ws: Hand, code: number): void {
    say("hand closed", { name: ws.data.name, code });
  },
  pong(ws: Hand): void {
    say("pong", { name: ws.data.name });
  },
};

/** What elysia 1.4 makes of any socket. */
const elysia = {
  open: (ws: { data: { open?(ws: unknown): void } }) => ws.data.open?.(ws),
  message: (ws: { data: { message?(ws: unknown, message: unknown): void } }, message: unknown) =>
    ws.data.message?.(ws, message),
  drain: (ws: { data: { drain?(ws: unknown): void } }) => ws.data.drain?.(ws),
  close: (
    ws: { data: { close?(ws: unknown, code: number, reason: string): void } },
    code: number,
    reason: string,
  ) => ws.data.close?.(ws, code, reason),
};

const websocket = process.argv[2] === "elysia"
  ? elysia
  : combineWebSocketHandlers(combineWebSocketHandlers(small.websocket, large.websocket), hand);
if ("perMessageDeflate" in websocket) {
  const { perMessageDeflate, idleTimeout, sendPings, maxPayloadLength } = websocket;
  say("settings", { perMessageDeflate, idleTimeout, sendPings, maxPayloadLength });
}
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/small")) return small.handler(request, server);
    if (pathname.startsWith("/large")) return large.handler(request, server);
    if (server.upgrade(request, { data: { name: pathname.slice(1) } })) return undefined;
    return new Response("no upgrade", { status: 400 });
  },
  websocket,
});
say("listening", { port: server.port });
