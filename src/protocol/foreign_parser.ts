/**
 * Parsers written for the official server, `{ Encoder, Decoder }`, behind our {@linkcode Parser} port. What they
 * decode is checked here: they are as trusting as they like.
 * Source: Socket.IO 4.8, "Custom parser".
 * @module
 */
import { extractAttachments, needsExtraction } from "./attachments.ts";
import { type Frame, toBytes } from "./frame.ts";
import { checkPacket } from "./packet_check.ts";
import type { PacketDecoder, Parser } from "./parser.ts";
import { ProtocolError } from "./protocol_error.ts";
import { type Packet, PacketType } from "./socket_packet.ts";

/** Turns packets into what is sent: texts and bytes. */
export interface ForeignEncoder {
  /** The parts of a packet, in order. */
  // deno-lint-ignore no-explicit-any -- the official type
  encode(packet: any): any[];
}

/** Collects what comes and emits "decoded" with each packet. */
export interface ForeignDecoder {
  /** Takes a text or bytes. */
  // deno-lint-ignore no-explicit-any -- the official type
  add(data: any): void;
  /** Listens to "decoded". */
  // deno-lint-ignore no-explicit-any -- the official type
  on(event: "decoded", listener: (packet: any) => void): unknown;
  /** Forgets what is incomplete. */
  destroy?(): void;
}

/** A parser of the official kind. */
export interface ForeignParser {
  /** Made once. */
  readonly Encoder: new () => ForeignEncoder;
  /** Made for each connection. */
  readonly Decoder: new () => ForeignDecoder;
}

/** What decoders may add to the numbers of packets that carry bytes. */
const BINARY_OFFSET = 3;

/** A {@linkcode Parser} that does its work with an official one. */
export function adoptParser({ Encoder, Decoder }: ForeignParser): Parser {
  const encoder = new Encoder();
  return {
    encode: (packet) => encode(encoder, packet),
    decoder: () => new AdoptedDecoder(new Decoder()),
  };
}

function encode(encoder: ForeignEncoder, packet: Packet): Frame[] | Promise<Frame[]> {
  if (packet.type !== PacketType.EVENT && packet.type !== PacketType.ACK) return framesOf(encoder, packet);
  const { data = [] } = packet;
  const hasBlob = needsExtraction(data) &&
    extractAttachments(data).found.some((part) => part instanceof Blob);
  if (!hasBlob) return framesOf(encoder, { ...packet, data });
  return readBlobs(data).then((read) => framesOf(encoder, { ...packet, data: read }));
}

function framesOf(encoder: ForeignEncoder, packet: Packet): Frame[] {
  return encoder.encode({ ...packet, options: {} }).map((part: unknown) => {
    if (typeof part === "string") return "4" + part;
    if (part instanceof ArrayBuffer || ArrayBuffer.isView(part)) return toBytes(part);
    throw new TypeError(`Cannot send what the parser made: ${typeof part} is neither text nor bytes`);
  });
}

/** The data with the bytes of its Blobs in their places. */
async function readBlobs(value: unknown): Promise<unknown[]> {
  const read = async (item: unknown): Promise<unknown> => {
    if (item instanceof Blob) return toBytes(await item.arrayBuffer());
    if (Array.isArray(item)) return await Promise.all(item.map(read));
    const isPlain = typeof item === "object" && item !== null &&
      Object.getPrototypeOf(item) === Object.prototype;
    if (!isPlain) return item;
    return Object.fromEntries(
      await Promise.all(Object.entries(item).map(async ([key, field]) => [key, await read(field)])),
    );
  };
  return await read(value) as unknown[];
}

class AdoptedDecoder implements PacketDecoder {
  readonly #decoder: ForeignDecoder;
  #decoded: Packet | undefined;
  #isPartial = false;

  constructor(decoder: ForeignDecoder) {
    this.#decoder = decoder;
    decoder.on("decoded", (packet) => {
      if (this.#decoded !== undefined) {
        throw new ProtocolError("Cannot decode packet: two packets in one frame");
      }
      const { type } = packet as Packet;
      const isBinary = type as number >= PacketType.EVENT + BINARY_OFFSET;
      this.#decoded = isBinary ? { ...packet, type: type - BINARY_OFFSET } : packet;
    });
  }

  get isPartial(): boolean {
    return this.#isPartial;
  }

  push(frame: Frame): Packet | undefined {
    try {
      this.#decoder.add(typeof frame === "string" ? frame.slice(1) : frame);
      const packet = this.#decoded;
      this.#decoded = undefined;
      this.#isPartial = packet === undefined;
      return packet && checkPacket(packet);
    } catch (error) {
      this.#decoder.destroy?.();
      if (error instanceof ProtocolError) throw error;
      throw new ProtocolError("Cannot decode packet: the parser refused it"); // its message would quote the peer
    }
  }
}
