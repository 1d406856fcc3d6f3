/**
 * The client: `import { io } from "@skein/io/client"`. It connects by HTTP long-polling and upgrades to WebSocket; it
 * runs wherever there are `fetch` and `WebSocket`: browsers, Deno, Bun, Node 22, Cloudflare Workers.
 *
 * @example
 * ```ts ignore
 * import { io } from "@skein/io/client";
 *
 * const socket = io("https://example.com");
 * socket.on("connect", () => socket.emit("hello", "world"));
 * ```
 * @module
 */
export { connect, io, Manager, protocol } from "./client.ts";
export { polling, pollingOver } from "./polling.ts";
export { websocket } from "./websocket.ts";
export * from "./types.ts";
