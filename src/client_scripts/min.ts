/**
 * The client as one script for pages, `socket.io.min.js`, for Workers that are to stay small: the entry point
 * `./client-scripts/min`.
 * @module
 */
import type { ClientScript, ClientScripts } from "./client_script.ts";

export type { ClientScript, ClientScripts };

/** The one file. */
export const clientScripts: ClientScripts = {
  "socket.io.min.js": () => import("./socket_io_min_js.ts"),
};
