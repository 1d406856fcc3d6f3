/**
 * Our server in a Durable Object that hibernates, under the contract of load/README.md: what the load generator talks
 * to. `GET /gc` collects garbage, so that memory per connection can be told. worker_config.ts makes it a program.
 * @module
 */
import { type Router, router, type Server, SkeinObject } from "../../../src/server/workers.ts";

/** The object; there is one. */
export class Bench extends SkeinObject {
  override setup(io: Server): void {
    io.on("connection", (socket) => {
      socket.join("room");
      socket.on("echo", (data, ack) => ack(data));
      socket.on("msg", (data) => void socket.emit("msg", data));
      socket.on("pub", (data) => void io.to("room").emit("tick", data));
    });
  }
}

const worker: Router = router({
  binding: "BENCH",
  fallback: () => {
    (globalThis as { gc?: () => void }).gc?.();
    return new Response("gcok");
  },
});
export default worker;
