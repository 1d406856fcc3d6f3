/**
 * The wire format that every Socket.IO peer speaks unless told otherwise: JSON text, binary as attachments.
 * Source: Socket.IO protocol v5, "Packet encoding".
 * @module
 */
import { extractAttachments, needsExtraction } from "./attachments.ts";
import { type Frame, toBytes } from "./frame.ts";
import { checkLimit } from "./packet_check.ts";
import { type DecoderLimits, DefaultPacketDecoder } from "./packet_decoder.ts";
import { encodePacketText } from "./packet_text.ts";
import type { PacketDecoder, Parser } from "./parser.ts";
import { type Packet, PacketType } from "./socket_packet.ts";

/** The default wire format, with limits of one's own. Throws a TypeError on a limit that is none. */
export function createDefaultParser(limits: DecoderLimits = {}): Parser {
  checkLimit("maxAttachments", limits.maxAttachments);
  checkLimit("maxAttachmentBytes", limits.maxAttachmentBytes);
  checkLimit("maxDepth", limits.maxDepth);
  const own = { ...limits };
  return { encode, decoder: (): PacketDecoder => new DefaultPacketDecoder(own) };
}

/** The default wire format with the default limits. */
export const defaultParser: Parser = createDefaultParser();

function encode(packet: Packet): Frame[] | Promise<Frame[]> {
  if (packet.type === PacketType.DISCONNECT || packet.data === undefined) {
    return [encodePacketText(packet, "", 0)];
  }
  // As official: only events and acks carry attachments. Elsewhere JSON shows what it can of a binary value.
  const mayCarryBinary = packet.type === PacketType.EVENT || packet.type === PacketType.ACK;
  if (!mayCarryBinary || !needsExtraction(packet.data)) {
    return [encodePacketText(packet, stringify(packet.data), 0)];
  }
  const { args, found } = extractAttachments(packet.data);
  const text = encodePacketText(packet, stringify(args), found.length);
  return found.some((part) => part instanceof Blob)
    ? readBlobs(text, found)
    : [text, ...found as Uint8Array[]];
}

async function readBlobs(text: string, found: (Uint8Array | Blob)[]): Promise<Frame[]> {
  const parts = found.map(async (part) => part instanceof Blob ? toBytes(await part.arrayBuffer()) : part);
  return [text, ...await Promise.all(parts)];
}

/** JSON.stringify fails on what cannot be sent; the one RangeError among its errors becomes a TypeError too. */
function stringify(data: unknown): string {
  try {
    return JSON.stringify(data) ?? "";
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TypeError(`Cannot encode packet: ${error.message}`, { cause: error });
  }
}
