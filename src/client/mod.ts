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
import { type Io, makeIo } from "./io.ts";
import { Manager as CoreManager } from "./manager.ts";
import type { ManagerOptions } from "./options.ts";
import { polling } from "./polling.ts";
import { websocket } from "./websocket.ts";

/** By polling first, then by WebSocket. */
const TRANSPORTS = [polling, websocket];

/** Connects to the namespace that the path of the URL names. */
export const io: Io = /* @__PURE__ */ makeIo(TRANSPORTS);

/** The same as {@linkcode io}. */
export { io as connect };

/** One connection to a server, for sockets of several namespaces. */
export class Manager extends CoreManager {
  /** Connects to `uri`, by default the page's server, unless `autoConnect` is false. */
  constructor(uri?: string | ManagerOptions, options: ManagerOptions = {}) {
    if (typeof uri === "object") super(undefined, uri, TRANSPORTS);
    else super(uri, options, TRANSPORTS);
  }
}

/** The revision of the Socket.IO protocol. */
export const protocol = 5;
export { polling, pollingOver } from "./polling.ts";
export { websocket } from "./websocket.ts";
export * from "./types.ts";
