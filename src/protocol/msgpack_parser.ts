/**
 * The wire format of the npm package `socket.io-msgpack-parser`: each packet is one binary frame, a MessagePack map
 * with the fields of the packet. Binary values are in it, so no attachments follow.
 *
 * Stricter than that package, whose decoder checks neither event names nor numbers: what the default parser refuses
 * is refused here too.
 * Source: socket.io-msgpack-parser 3.0.2.
 * @module
 */
import { MAX_SENT_DEPTH } from "./attachments.ts";
import type { Frame } from "./frame.ts";
import { decodeMsgpack, type MsgpackBounds } from "./msgpack_decode.ts";
import { encodeMsgpack } from "./msgpack_encode.ts";
import { checkLimit, checkPacket } from "./packet_check.ts";
import { DEFAULT_MAX_DEPTH } from "./packet_decoder.ts";
import type { PacketDecoder, Parser } from "./parser.ts";
import { ProtocolError } from "./protocol_error.ts";
import type { Packet } from "./socket_packet.ts";

/** What one packet of a peer may cost. Its size is limited by the engine's `maxHttpBufferSize`. */
export interface MsgpackLimits {
  /**
   * Binary values in one packet, at least 1. Default 16,384: they cost no frames here, so more than the 10
   * attachments of the default format, but some memory even where they are empty.
   */
  readonly maxBinaryValues?: number | undefined;
  /** Levels of arrays and objects, the list of arguments counted. Default 2,048. */
  readonly maxDepth?: number | undefined;
}

/** Default of {@linkcode MsgpackLimits.maxBinaryValues}. */
export const DEFAULT_MAX_BINARY_VALUES = 16_384;

/**
 * The MessagePack format, with limits of one's own. `asBuffers`: binary values come as `ArrayBuffer`s, as in clients.
 * Throws a TypeError on a limit that is none.
 */
export function createMsgpackParser(limits: MsgpackLimits = {}, asBuffers: boolean = false): Parser {
  const { maxBinaryValues = DEFAULT_MAX_BINARY_VALUES, maxDepth = DEFAULT_MAX_DEPTH } = limits;
  checkLimit("maxBinaryValues", maxBinaryValues);
  checkLimit("maxDepth", maxDepth);
  const bounds: MsgpackBounds = { maxBinaryValues, maxDepth: maxDepth + 1, asBuffers }; // the packet is a level too
  // Holds nothing between two frames, so that all connections share one.
  const decoder: PacketDecoder = { isPartial: false, push: (frame) => decode(frame, bounds) };
  return { encode, decoder: (): PacketDecoder => decoder };
}

/** The MessagePack format with the default limits. */
export const msgpackParser: Parser = /* @__PURE__ */ createMsgpackParser();

function encode(packet: Packet): Frame[] | Promise<Frame[]> {
  const { type, nsp, id, data } = packet as { type: number; nsp: string; id?: number; data?: unknown };
  // Absent fields are left out: the official encoder would send `undefined`, which other languages do not know.
  const fields: Record<string, unknown> = { type, nsp };
  if (data !== undefined) fields["data"] = data;
  if (id !== undefined) fields["id"] = id;
  const bytes = encodeMsgpack(fields, MAX_SENT_DEPTH + 1);
  return bytes instanceof Promise ? bytes.then((read) => [read]) : [bytes];
}

function decode(frame: Frame, bounds: MsgpackBounds): Packet {
  if (typeof frame === "string") {
    throw new ProtocolError("Cannot decode packet: text where bytes were expected");
  }
  return checkPacket(decodeMsgpack(frame, bounds));
}
