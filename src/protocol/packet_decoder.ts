/**
 * Frames of one connection to packets: holds at most one packet, while its attachments arrive.
 * No time here: who waits for the rest, and how long, is the connection's business.
 *
 * Source: Socket.IO protocol v5, "Packet encoding": attachments follow their packet, nothing in between.
 * @module
 */
import { insertAttachments } from "./attachments.ts";
import type { Frame } from "./frame.ts";
import { decodePacketText, readAttachmentCount } from "./packet_text.ts";
import type { PacketDecoder } from "./parser.ts";
import { ProtocolError } from "./protocol_error.ts";
import type { Packet } from "./socket_packet.ts";

/** What one packet of a peer may cost. */
export interface DecoderLimits {
  /** Attachments of one packet, at least 1. Default 10. */
  readonly maxAttachments?: number | undefined;
  /** Bytes of all attachments of one packet together. Default: no limit. */
  readonly maxAttachmentBytes?: number | undefined;
  /** Levels of arrays and objects in the JSON, the list of arguments counted. Default 2,048. */
  readonly maxDepth?: number | undefined;
}

/** Default of {@linkcode DecoderLimits.maxAttachments}, as official. */
export const DEFAULT_MAX_ATTACHMENTS = 10;
/** Default of {@linkcode DecoderLimits.maxDepth}; see `MAX_SENT_DEPTH` for the measurements behind it. */
export const DEFAULT_MAX_DEPTH = 2048;

/** A packet whose attachments have not all come. */
interface Partial {
  readonly packet: Packet & { readonly data: unknown[] };
  /** Attachments to come, at least 1. */
  missing: number;
  readonly parts: Uint8Array[];
  /** Bytes of `parts`. */
  bytes: number;
}

/** The decoder of the default wire format. After an error it holds nothing. */
export class DefaultPacketDecoder implements PacketDecoder {
  readonly #limits: DecoderLimits;
  #partial: Partial | undefined;

  constructor(limits: DecoderLimits = {}) {
    this.#limits = limits;
  }

  get isPartial(): boolean {
    return this.#partial !== undefined;
  }

  push(frame: Frame): Packet | undefined {
    return typeof frame === "string" ? this.#pushText(frame) : this.#pushBytes(frame);
  }

  #pushText(text: string): Packet | undefined {
    if (this.#partial !== undefined) {
      this.#partial = undefined;
      throw new ProtocolError("Cannot decode packet: text where an attachment was expected");
    }
    const { maxAttachments = DEFAULT_MAX_ATTACHMENTS, maxDepth = DEFAULT_MAX_DEPTH } = this.#limits;
    const missing = readAttachmentCount(text, maxAttachments);
    const packet = decodePacketText(text, missing, maxDepth);
    if (missing === 0) return packet;
    this.#partial = { packet: packet as Partial["packet"], missing, parts: [], bytes: 0 };
    return undefined;
  }

  #pushBytes(bytes: Uint8Array): Packet | undefined {
    const partial = this.#partial;
    if (partial === undefined) {
      throw new ProtocolError("Cannot decode packet: bytes that no packet announced");
    }
    partial.bytes += bytes.byteLength;
    const { maxAttachmentBytes = Infinity } = this.#limits;
    if (partial.bytes > maxAttachmentBytes) {
      this.#partial = undefined;
      throw new ProtocolError(
        `Cannot decode packet: attachments of ${partial.bytes} bytes, limit ${maxAttachmentBytes}`,
      );
    }
    partial.parts.push(bytes);
    if (--partial.missing > 0) return undefined;
    this.#partial = undefined; // before the insertion, which may throw
    insertAttachments(partial.packet.data, partial.parts);
    return partial.packet;
  }
}
