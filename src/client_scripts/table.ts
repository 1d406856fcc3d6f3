/**
 * The files by name.
 * @module
 */
import type { ClientScripts } from "./client_script.ts";

/** All files; each is loaded when it is first asked for. */
export const clientScripts: ClientScripts = {
  "socket.io.js.map": () => import("./socket_io_js_map.ts"),
  "socket.io.js": () => import("./socket_io_js.ts"),
  "socket.io.min.js.map": () => import("./socket_io_min_js_map.ts"),
  "socket.io.min.js": () => import("./socket_io_min_js.ts"),
  "socket.io.esm.min.js.map": () => import("./socket_io_esm_min_js_map.ts"),
  "socket.io.esm.min.js": () => import("./socket_io_esm_min_js.ts"),
  "socket.io.msgpack.min.js.map": () => import("./socket_io_msgpack_min_js_map.ts"),
  "socket.io.msgpack.min.js": () => import("./socket_io_msgpack_min_js.ts"),
};
