/**
 * For servers on Bun that have other WebSockets beside those of Skein: the entry point `./bun`. A server that has none
 * needs nothing of it: `Bun.serve({ fetch: io.handler, websocket: io.websocket })`.
 *
 * @example
 * ```ts ignore
 * import { Hono } from "hono";
 * import { upgradeWebSocket, websocket } from "hono/bun";
 * import { Server } from "@skein/io";
 * import { combineWebSocketHandlers } from "@skein/io/bun";
 *
 * const io = new Server();
 * const app = new Hono();
 * app.all("/socket.io/*", (c) => io.handler(c.req.raw, c.env));
 * app.get("/other", upgradeWebSocket(() => ({ onMessage: (event, ws) => ws.send(String(event.data)) })));
 *
 * export default { port: 3000, fetch: app.fetch, websocket: combineWebSocketHandlers(io.websocket, websocket) };
 * ```
 * @module
 */
export {
  type BunSocket,
  type BunWebSocketHandler,
  type BunWebSocketSettings,
  combineWebSocketHandlers,
  type OtherWebSocketHandler,
} from "../runtimes/bun_websocket.ts";
