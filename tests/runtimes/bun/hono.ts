/**
 * Socket.IO and a WebSocket of hono's own in one hono app, which gets Bun's server in either of the two ways that hono
 * knows.
 * @module
 */
import process from "node:process";
import { Hono } from "hono";
import { upgradeWebSocket, websocket } from "hono/bun";
import { Server } from "../../../mod.ts";
import { combineWebSocketHandlers } from "../../../src/server/bun.ts";
import { Bun, say, serveClients } from "./talk.ts";

const io = new Server();
serveClients(io);
const app = new Hono();
app.all("/socket.io/*", (c) => io.handler(c.req.raw, c.env));
app.get("/page", (c) => c.text("a page"));
app.get(
  "/own",
  upgradeWebSocket(() => ({
    onOpen: (_event, ws) => ws.send("welcome"),
    onMessage: (event, ws) => ws.send(`hono: ${event.data}`),
    onClose: () => say("own closed"),
  })),
);
const inObject = process.argv[2] === "object";
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, server) => app.fetch(request, inObject ? { server } : server),
  websocket: combineWebSocketHandlers(io.websocket, websocket),
});
say("listening", { port: server.port });
