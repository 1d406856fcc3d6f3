/**
 * MessagePack instead of JSON on the wire, for clients with the npm package `socket.io-msgpack-parser`: the entry
 * point `./msgpack`. Both sides must use it.
 *
 * @example
 * ```ts
 * import { Server } from "@skein/io";
 * import { msgpackParser } from "@skein/io/msgpack";
 *
 * const io = new Server({ parser: msgpackParser });
 * await io.close();
 * ```
 *
 * @example With limits of one's own
 * ```ts
 * import { createMsgpackParser } from "@skein/io/msgpack";
 *
 * const parser = createMsgpackParser({ maxBinaryValues: 100, maxDepth: 32 });
 * ```
 * @module
 */
export { createMsgpackParser, type MsgpackLimits, msgpackParser } from "../protocol/msgpack_parser.ts";
export type { Frame } from "../protocol/frame.ts";
export type { PacketDecoder, Parser } from "../protocol/parser.ts";
export type {
  AckPacket,
  ConnectErrorPacket,
  ConnectPacket,
  DisconnectPacket,
  EventPacket,
  Packet,
} from "../protocol/socket_packet.ts";
