/**
 * A server on `Bun.serve`, on all addresses; with its own answer to what is not Socket.IO, which takes its time.
 * @module
 */
import { Server } from "../../../mod.ts";
import { Bun, obey, say, serveClients } from "./talk.ts";

const io = new Server({
  maxHttpBufferSize: 1_000,
  fallback: () => new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 30_000)),
});
serveClients(io);
const server = Bun.serve({ port: 0, fetch: io.handler, websocket: io.websocket });
say("listening", { port: server.port });

obey({
  emit: (text) => io.emit("text", text),
  close: async () => {
    // Polls that are on their way, and not parked, would meet a closed port.
    const isReady = (): boolean => [...io.of("/").sockets.values()].every(({ conn }) => conn.writable);
    while (!isReady()) await new Promise((resolve) => setTimeout(resolve, 5));
    await io.close();
    await server.stop();
    say("stopped");
  },
});
