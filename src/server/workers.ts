/**
 * Cloudflare Workers with Durable Objects: the entry point `./workers`. A server lives in an object, whose WebSockets
 * stay open while the object sleeps; a Worker in front of it takes requests to it.
 *
 * @example
 * ```ts ignore
 * import { router, type Server, SkeinObject } from "@skein/io/workers";
 *
 * export class Chat extends SkeinObject {
 *   override setup(io: Server): void {
 *     io.onEvent("chat", (socket, text) => {
 *       io.emit("chat", socket.id, text);
 *     });
 *   }
 * }
 *
 * export default router({ binding: "CHAT" });
 * ```
 * @module
 */
export { SkeinObject } from "./skein_object.ts";
export { DurableObject, type DurableObjectBase } from "../runtimes/durable_object.ts";
export type { KeyValueStore } from "../adapters/key_value.ts";
export type { ObjectOptions } from "./object_options.ts";
export { type Router, router, type RouterOptions } from "./router.ts";
export type { ObjectState, ObjectStorage, ObjectWebSocket } from "../runtimes/object_state.ts";
export { Server } from "./server.ts";
