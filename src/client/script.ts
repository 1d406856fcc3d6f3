/**
 * What `socket.io.js` is: the client as the global `io`, as pages of the official client expect it.
 * @module
 */
import { io, Manager, protocol } from "./client.ts";
import { Socket } from "./socket.ts";

Object.assign(globalThis, { io: Object.assign(io, { io, connect: io, Manager, Socket, protocol }) });
