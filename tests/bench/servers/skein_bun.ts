/**
 * Our server on Bun under the contract of load/README.md: what the load generator talks to. `PORT` says where;
 * `GET /gc` collects garbage, so that memory per connection can be told.
 * @module
 */
import process from "node:process";
import { Server } from "../../../mod.ts";

/** The parts of Bun that are used. */
interface BunNamespace {
  gc(force: boolean): void;
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    fetch(request: Request, server: unknown): Response | Promise<Response>;
    readonly websocket: Server["websocket"];
  }): unknown;
}

const { Bun } = globalThis as unknown as { Bun: BunNamespace };
const io = new Server();

io.on("connection", (socket) => {
  socket.join("room");
  socket.on("echo", (data, ack) => ack(data));
  socket.on("msg", (data) => void socket.emit("msg", data));
  socket.on("pub", (data) => void io.to("room").emit("tick", data));
});

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  fetch(request, server) {
    if (request.url.endsWith("/gc")) {
      Bun.gc(true);
      return new Response("gcok");
    }
    return io.handler(request, server);
  },
  websocket: io.websocket,
});
