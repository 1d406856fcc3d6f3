/**
 * Parsers that were written for the official client: the entry point `./client/foreign-parser`.
 *
 * @example
 * ```ts ignore
 * import { io } from "@skein/io/client";
 * import { adoptParser } from "@skein/io/client/foreign-parser";
 * import * as custom from "socket.io-msgpack-parser";
 *
 * const socket = io("https://example.com", { parser: adoptParser(custom) });
 * ```
 * @module
 */
export {
  adoptParser,
  type ForeignDecoder,
  type ForeignEncoder,
  type ForeignParser,
} from "../protocol/foreign_parser.ts";
export type { Frame } from "../protocol/frame.ts";
export type { PacketDecoder, Parser } from "../protocol/parser.ts";
