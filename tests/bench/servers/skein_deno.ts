/**
 * Our server under the contract of load/README.md: what the load generator talks to. `PORT` says where; with
 * `--v8-flags=--expose-gc`, `GET /gc` collects garbage, so that memory per connection can be told.
 * @module
 */
import { Server } from "../../../mod.ts";

const io = new Server();

io.on("connection", (socket) => {
  socket.join("room");
  socket.on("echo", (data, ack) => ack(data));
  socket.on("msg", (data) => void socket.emit("msg", data));
  socket.on("pub", (data) => void io.to("room").emit("tick", data));
});

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen: () => {} },
  (request, info) => {
    if (request.url.endsWith("/gc")) {
      (globalThis as { gc?: () => void }).gc?.();
      return new Response("gcok");
    }
    return io.handler(request, info);
  },
);
