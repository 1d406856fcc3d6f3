/**
 * MessagePack to values, in the dialect of notepack.io 2, which the official parser uses.
 *
 * Extensions of type 0: of 1 byte `undefined`, of 8 bytes a date (ms as an int64), those that state their length
 * are bytes, as `bin` is. Nothing is believed: a length is compared with what is there before memory is taken.
 * Source: MessagePack specification; lib/ of notepack.io 2.2.0.
 * @module
 */
import { ProtocolError } from "./protocol_error.ts";

/** What decoding may cost. */
export interface MsgpackBounds {
  /** Levels of arrays and maps. */
  readonly maxDepth: number;
  /** Binary values. Each takes memory beside its own bytes, of which it may have none. */
  readonly maxBinaryValues: number;
  /** Whether binary values are `ArrayBuffer`s, as in clients. Default false: `Uint8Array`s. */
  readonly asBuffers?: boolean | undefined;
}

const TWO_32 = 2 ** 32;
/** Bytes of a text from which the platform's coder is worth its call. */
const LONG_TEXT = 32;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The value that is all of `bytes`. Binary is a `Uint8Array` with a buffer of its own, so that it neither holds the
 * frame in memory nor begins anywhere but at 0. Extensions that are none of notepack's become `[type, bytes]`.
 * Throws a ProtocolError on anything else than one value, and before memory is taken for what is not there.
 */
export function decodeMsgpack(bytes: Uint8Array, bounds: MsgpackBounds): unknown {
  const reader = new Reader(bytes, bounds);
  let value: unknown;
  try {
    value = reader.read(1);
  } catch (error) {
    if (error instanceof RangeError) throw fault("nested deeper than the stack"); // by a limit set that high
    throw error;
  }
  if (reader.left > 0) throw fault(`${reader.left} bytes after its end`);
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxDepth: number;
  readonly #maxBinaryValues: number;
  readonly #asBuffers: boolean;
  #at = 0;
  #binaryValues = 0;

  constructor(bytes: Uint8Array, { maxDepth, maxBinaryValues, asBuffers = false }: MsgpackBounds) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxDepth = maxDepth;
    this.#maxBinaryValues = maxBinaryValues;
    this.#asBuffers = asBuffers;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** One call per level of nesting, so that the stack has room for all of them. */
  read(depth: number): unknown {
    const head = this.#bytes[this.#take(1)]!;
    const isContainer = head >= 0xdc ? head < 0xe0 : head >= 0x80 && head < 0xa0;
    if (!isContainer) return this.#scalar(head);
    if (depth > this.#maxDepth) throw fault(`nested deeper than ${this.#maxDepth} levels`);
    const isMap = head < 0x90 || head >= 0xde;
    const count = head < 0xa0 ? head & 0x0f : this.#length(1 + (head & 1));
    // Each item takes a byte at least. Nothing is allocated by the count all the same: arrays in arrays could each
    // announce all that is left.
    if (count * (isMap ? 2 : 1) > this.left) throw truncated();
    if (!isMap) {
      const items: unknown[] = [];
      for (let i = 0; i < count; i++) items.push(this.read(depth + 1));
      return items;
    }
    const fields: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const key = this.#key();
      const item = this.read(depth + 1);
      if (key === "__proto__") { // an own field, as JSON.parse makes it
        Object.defineProperty(fields, key, {
          value: item,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      } else {
        fields[key] = item;
      }
    }
    return fields;
  }

  /** Texts, and numbers for the sake of peers whose language has such maps. */
  #key(): string {
    const key = this.#scalar(this.#bytes[this.#take(1)]!);
    if (typeof key === "string") return key;
    if (typeof key === "number") return String(key);
    throw fault("a key is neither text nor number");
  }

  /** Whatever is no array and no map. */
  #scalar(head: number): unknown {
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head >= 0xa0 && head < 0xc0) return this.#text(head & 0x1f);
    const view = this.#view;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#bin(this.#length(head - 0xc4));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(head, this.#length(head - 0xc7));
      case 0xca:
        return view.getFloat32(this.#take(4));
      case 0xcb:
        return view.getFloat64(this.#take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#length(head - 0xcc);
      case 0xcf:
        return view.getUint32(this.#take(4)) * TWO_32 + view.getUint32(this.#take(4));
      case 0xd0:
        return view.getInt8(this.#take(1));
      case 0xd1:
        return view.getInt16(this.#take(2));
      case 0xd2:
        return view.getInt32(this.#take(4));
      case 0xd3:
        return this.#int64();
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(head, 1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#length(head - 0xd9));
      default:
        throw fault(`no value here can begin with the byte ${head}`);
    }
  }

  #extension(head: number, length: number): unknown {
    const type = this.#view.getInt8(this.#take(1));
    if (type !== 0) return [type, this.#bin(length)];
    if (head === 0xd4) {
      this.#take(1);
      return undefined;
    }
    if (head !== 0xd7) return this.#bin(length);
    const date = new Date(this.#int64());
    if (Number.isNaN(date.getTime())) throw fault("a date out of range");
    return date;
  }

  #bin(length: number): Uint8Array | ArrayBuffer {
    if (++this.#binaryValues > this.#maxBinaryValues) {
      throw fault(`more than ${this.#maxBinaryValues} binary values`);
    }
    const start = this.#take(length);
    // Not `slice`: that of Node's Buffer is a view.
    const copy = new Uint8Array(this.#bytes.subarray(start, start + length));
    return this.#asBuffers ? copy.buffer : copy;
  }

  #text(length: number): string {
    const start = this.#take(length);
    const end = start + length;
    if (length < LONG_TEXT) {
      const bytes = this.#bytes;
      let text = "";
      let i = start;
      for (; i < end && bytes[i]! < 0x80; i++) text += String.fromCharCode(bytes[i]!);
      if (i === end) return text;
    }
    try {
      return decoder.decode(this.#bytes.subarray(start, end));
    } catch {
      throw fault("a text is not UTF-8");
    }
  }

  #int64(): number {
    return this.#view.getInt32(this.#take(4)) * TWO_32 + this.#view.getUint32(this.#take(4));
  }

  /** An unsigned number of 8, 16 or 32 bits, for a `width` of 0, 1 or 2. */
  #length(width: number): number {
    const at = this.#take(1 << width);
    return width === 0
      ? this.#view.getUint8(at)
      : width === 1
      ? this.#view.getUint16(at)
      : this.#view.getUint32(at);
  }

  /** Goes past `length` bytes; returns where they begin. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw truncated();
    this.#at = start + length;
    return start;
  }
}

function truncated(): ProtocolError {
  return fault("it ends too early");
}

function fault(what: string): ProtocolError {
  return new ProtocolError(`Cannot decode packet: ${what}`);
}
