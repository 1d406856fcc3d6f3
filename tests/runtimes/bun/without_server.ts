/**
 * A server whose author forgot to pass Bun's server on.
 * @module
 */
import { Server } from "../../../mod.ts";
import { Bun, say } from "./talk.ts";

const io = new Server();
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    try {
      return await io.handler(request);
    } catch (error) {
      say("thrown", { name: (error as Error).name, message: (error as Error).message });
      return new Response("thrown", { status: 500 });
    }
  },
  websocket: io.websocket,
});
say("listening", { port: server.port });
