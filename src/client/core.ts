/**
 * The client without transports of its own, for bundles that bring only what they use: the entry point
 * `./client/core`. `transports` must be given.
 *
 * @example
 * ```ts ignore
 * import { io } from "@skein/io/client/core";
 * import { websocket } from "@skein/io/client/websocket";
 *
 * const socket = io("https://example.com", { transports: [websocket] });
 * ```
 * @module
 */
import { type Io, makeIo } from "./io.ts";

/** Connects by the `transports` of its options. */
export const io: Io = /* @__PURE__ */ makeIo([]);
export { Manager } from "./manager.ts";
export * from "./types.ts";
