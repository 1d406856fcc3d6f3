/**
 * The default wire format as clients need it: in few bytes, for one peer, binary as `ArrayBuffer`s.
 * `protocol/default_parser.ts` is the server's: fast, and for peers that may be hostile. Tests hold the two to each
 * other and to the packet vectors.
 * Source: Socket.IO protocol v5, "Packet encoding".
 * @module
 */
import type { Frame } from "../protocol/frame.ts";
import type { PacketDecoder, Parser } from "../protocol/parser.ts";
import { type Packet, PacketType, RESERVED_EVENTS } from "../protocol/socket_packet.ts";

type Binary = ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;

interface AnyPacket {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number | undefined;
  readonly data?: unknown;
}

/** What the types 2 and 3 become on the wire when attachments follow. */
const BINARY_OFFSET = 3;

/** `4<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]` */
const TEXT = /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d+)?([^]*)$/;

/** The wire format that every Socket.IO server speaks unless told otherwise. */
export const clientParser: Parser = {
  encode,
  decoder(): PacketDecoder {
    /** A packet whose attachments have not all come. */
    let partial: RegExpExecArray | undefined;
    let parts: ArrayBuffer[] = [];
    return {
      get isPartial() {
        return partial !== undefined;
      },
      push(frame) {
        if (typeof frame === "string") {
          if (partial) fail();
          partial = TEXT.exec(frame) ?? fail();
          parts = [];
        } else {
          parts.push(bufferOf(frame));
        }
        const [, type, count = 0, nsp = "/", id, json] = partial ?? fail();
        if (parts.length < +count) return undefined;
        partial = undefined;
        const isBinary = +type! > PacketType.CONNECT_ERROR;
        const packet: AnyPacket = {
          type: +type! - (isBinary ? BINARY_OFFSET : 0),
          nsp,
          ...id && { id: +id },
          ...json && { data: JSON.parse(json, isBinary ? filled(parts) : undefined) },
        };
        if (isBinary !== +count > 0 || !isValid(packet)) fail();
        return packet as Packet;
      },
    };
  },
};

function encode(packet: Packet): Frame[] | Promise<Frame[]> {
  const { type, nsp, id = "", data } = packet as AnyPacket;
  const parts: Binary[] = [];
  const isWalked = (type === PacketType.EVENT || type === PacketType.ACK) && mayHoldBinary(data, 0);
  const json = data === undefined ? "" : JSON.stringify(data, isWalked ? extracted(parts) : undefined);
  const count = parts.length;
  const head = count > 0 ? `${type + BINARY_OFFSET}${count}-` : type;
  const text = `4${head}${nsp === "/" ? "" : nsp + ","}${id}${json}`;
  return parts.some((part) => part instanceof Blob)
    ? Promise.all([
      text,
      ...parts.map(async (part) =>
        part instanceof Blob ? new Uint8Array(await part.arrayBuffer()) : bytesOf(part)
      ),
    ])
    : [text, ...parts.map(bytesOf as (part: Binary) => Uint8Array)];
}

/** A replacer that puts what is binary into `parts`, and a placeholder in its place. */
function extracted(parts: Binary[]): (this: Record<string, unknown>, key: string, value: unknown) => unknown {
  return function (key, value) {
    const given = this[key]; // a Buffer of Node has a toJSON, which has been called
    const binary = isBinary(given) ? given : value;
    return isBinary(binary) ? { _placeholder: true, num: parts.push(binary) - 1 } : value;
  };
}

/** A reviver that puts them back. */
function filled(
  parts: readonly ArrayBuffer[],
): (key: string, value: { _placeholder?: unknown; num?: number }) => unknown {
  return (_, value) =>
    value?._placeholder === true ? parts[value.num! >= 0 ? value.num! : -1] ?? fail() : value;
}

/** Also where something may turn into it, and where a circle may be, of which JSON.stringify will tell. */
function mayHoldBinary(value: unknown, depth: number): boolean {
  return typeof value === "object" && value !== null &&
    (depth > 999 || isBinary(value) || "toJSON" in value ||
      Object.values(value).some((one) => mayHoldBinary(one, depth + 1)));
}

function isBinary(value: unknown): value is Binary {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) || value instanceof Blob;
}

function isValid({ type, data }: AnyPacket): boolean {
  const isList = Array.isArray(data);
  if (type === PacketType.DISCONNECT) return data === undefined;
  if (type === PacketType.ACK) return isList;
  if (type === PacketType.EVENT) {
    const name: unknown = isList && data[0];
    return typeof name === "number" || typeof name === "string" && !RESERVED_EVENTS.has(name);
  }
  if (type === PacketType.CONNECT && data === undefined) return true;
  return typeof data === "object"
    ? data !== null && !isList
    : type === PacketType.CONNECT_ERROR && typeof data === "string";
}

function bytesOf(part: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array {
  return ArrayBuffer.isView(part)
    ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
    : new Uint8Array(part);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function fail(): never {
  throw new Error("Cannot decode packet");
}
