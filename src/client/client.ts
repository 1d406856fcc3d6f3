/**
 * The client with all transports.
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
    const isUri = typeof uri !== "object";
    super(isUri ? uri : undefined, isUri ? options : uri, TRANSPORTS);
  }
}

/** The revision of the Socket.IO protocol. */
export const protocol = 5;
