/**
 * Socket.IO on Web standards: the server.
 *
 * @example
 * ```ts
 * import { Server } from "@skein/io";
 *
 * const io = new Server();
 * io.on("connection", (socket) => {
 *   socket.emit("hello", socket.id);
 *   socket.on("echo", (value, ack) => ack(value));
 * });
 * const server = Deno.serve({ port: 0 }, io.handler);
 * await io.close();
 * await server.shutdown();
 * ```
 * @module
 */
import "./src/server/standard_scripts.ts";

export { Server } from "./src/server/server.ts";
export type { ServerOptions } from "./src/server/options.ts";
export type * from "./src/server/public_types.ts";
