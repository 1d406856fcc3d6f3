/**
 * The default wire format as clients read it: binary comes as `ArrayBuffer`s.
 * @module
 */
import { encode } from "../protocol/default_parser.ts";
import { DefaultPacketDecoder } from "../protocol/packet_decoder.ts";
import type { Parser } from "../protocol/parser.ts";
import { toArrayBuffer } from "../protocol/frame.ts";

/** The wire format that every Socket.IO server speaks unless told otherwise. */
export const clientParser: Parser = {
  encode,
  decoder: () => new DefaultPacketDecoder({ maxAttachments: Infinity, toValue: toArrayBuffer }),
};
