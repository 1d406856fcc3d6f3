/**
 * MessagePack instead of JSON on the wire, for servers with the same parser: the entry point `./client/msgpack`.
 *
 * @example
 * ```ts ignore
 * import { io } from "@skein/io/client";
 * import { msgpackParser } from "@skein/io/client/msgpack";
 *
 * const socket = io("https://example.com", { parser: msgpackParser });
 * ```
 * @module
 */
import { createMsgpackParser } from "../protocol/msgpack_parser.ts";
import type { Parser } from "../protocol/parser.ts";

/** The MessagePack format. Binary comes as `ArrayBuffer`s. */
export const msgpackParser: Parser = /* @__PURE__ */ createMsgpackParser({}, true);
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
