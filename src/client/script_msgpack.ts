/**
 * What `socket.io.msgpack.min.js` is: the global `io` of a client that speaks MessagePack unless told otherwise.
 * @module
 */
import type { ClientOptions, ManagerOptions } from "./options.ts";
import { io as plainIo, Manager as PlainManager, protocol } from "./client.ts";
import { msgpackParser as parser } from "./msgpack.ts";
import { Socket } from "./socket.ts";

class Manager extends PlainManager {
  constructor(uri?: string | ManagerOptions, options?: ManagerOptions) {
    const isUri = typeof uri !== "object";
    super(isUri ? uri : undefined, { parser, ...isUri ? options : uri });
  }
}

const io = (uri?: string | ClientOptions, options?: ClientOptions): Socket =>
  typeof uri === "object" ? plainIo({ parser, ...uri }) : plainIo(uri, { parser, ...options });

Object.assign(globalThis, { io: Object.assign(io, { io, connect: io, Manager, Socket, protocol }) });
