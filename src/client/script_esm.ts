/**
 * What `socket.io.esm.min.js` is: the client as a module, with the official one's default export.
 * @module
 */
export { connect, io, io as default, Manager, protocol } from "./client.ts";
export { polling } from "./polling.ts";
export { Socket } from "./socket.ts";
export { websocket } from "./websocket.ts";
