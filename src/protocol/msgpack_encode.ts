/**
 * Values to MessagePack, in the dialect of notepack.io 2, which the official parser uses.
 *
 * Extensions of type 0: of 1 byte `undefined`, of 8 bytes a date (ms as an int64). Bytes leave as `bin`, the one
 * form that the official parser takes for bytes in browsers as well as on Node.
 * Source: MessagePack specification; lib/ and browser/ of notepack.io 2.2.0.
 * @module
 */
import { toBytes, utf8Length } from "./frame.ts";

const TWO_32 = 2 ** 32;
/** Bytes of a buffer that is kept from one encoding to the next. */
const KEPT = 65_536;
/** The shortest text whose length needs a byte of its own; about here the platform's coder begins to be faster. */
const LONG_TEXT = 32;

const encoder = new TextEncoder();

/** Where the bytes of a Blob will be. */
interface Hole {
  readonly blob: Blob;
  readonly at: number;
}

let idle: Writer | undefined;

/**
 * A value as MessagePack. A promise only where a Blob must be read first; all else is as it was when called.
 * An invalid date is sent as null, a function in an object is left out, boxed primitives are unboxed: as JSON does.
 * Throws a TypeError on what cannot be sent: a function elsewhere, a symbol, a BigInt, more than `maxDepth` levels.
 */
export function encodeMsgpack(value: unknown, maxDepth: number): Uint8Array | Promise<Uint8Array> {
  const writer = idle ?? new Writer();
  idle = undefined; // a `toJSON` may encode something itself
  try {
    return writer.encode(value, maxDepth);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TypeError(`Cannot encode packet: ${error.message}`, { cause: error });
  } finally {
    if (writer.size <= KEPT) idle = writer;
  }
}

class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #maxDepth = 0;
  #holes: Hole[] | undefined;

  get size(): number {
    return this.#bytes.length;
  }

  encode(value: unknown, maxDepth: number): Uint8Array | Promise<Uint8Array> {
    this.#at = 0;
    this.#maxDepth = maxDepth;
    this.#holes = undefined;
    this.#write(value, 1);
    const bytes = this.#bytes.slice(0, this.#at);
    return this.#holes === undefined ? bytes : fill(bytes, this.#holes);
  }

  /** One call per level of nesting, so that the stack has room for all of them. */
  #write(value: unknown, depth: number): void {
    if (typeof value !== "object" || value === null) return this.#primitive(value);
    const holder = Array.isArray(value) ? value : this.#resolve(value);
    if (holder === undefined) return;
    if (depth > this.#maxDepth) {
      throw new TypeError(`Cannot encode packet: circular, or nested deeper than ${this.#maxDepth} levels`);
    }
    if (Array.isArray(holder)) {
      this.#count(0x90, 0xdc, holder.length);
      for (let i = 0; i < holder.length; i++) this.#write(holder[i], depth + 1);
      return;
    }
    const keys = Object.keys(holder);
    const start = this.#at;
    this.#count(0x80, 0xde, keys.length);
    let left = keys.length;
    for (let i = 0; i < keys.length; i++) {
      const item = (holder as Record<string, unknown>)[keys[i]!]; // read once: it may be a getter
      if (typeof item === "function") {
        left--;
      } else {
        this.#text(keys[i]!);
        this.#write(item, depth + 1);
      }
    }
    if (left < keys.length) this.#recount(start, left);
  }

  /** What is walked in place of an object; undefined if it was written as a whole. `toJSON` is asked once, as in JSON. */
  #resolve(value: object): object | undefined {
    if (!isPlain(value) && this.#leaf(value)) return undefined;
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON !== "function") return value;
    const json: unknown = toJSON.call(value);
    if (typeof json === "object" && json !== null) {
      return !isPlain(json) && this.#leaf(json) ? undefined : json;
    }
    this.#primitive(json);
    return undefined;
  }

  /** Writes an object that is no collection of fields; false if it is one. */
  #leaf(value: object): boolean {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      const bytes = toBytes(value);
      this.#bin(bytes.length);
      this.#bytes.set(bytes, this.#at);
      this.#at += bytes.length;
    } else if (value instanceof Date) {
      this.#date(value.getTime());
    } else if (value instanceof Blob) {
      this.#bin(value.size);
      (this.#holes ??= []).push({ blob: value, at: this.#at });
      this.#at += value.size;
    } else if (
      value instanceof String || value instanceof Number || value instanceof Boolean ||
      value instanceof BigInt
    ) {
      this.#primitive(value.valueOf());
    } else {
      return false;
    }
    return true;
  }

  #primitive(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        this.#reserve(3);
        this.#view.setUint8(this.#at, 0xd4);
        this.#view.setUint16(this.#at + 1, 0);
        this.#at += 3;
        return;
      case "object": // null
        return this.#byte(0xc0);
      default:
        throw new TypeError(`Cannot encode packet: a ${typeof value} cannot be sent`);
    }
  }

  #text(text: string): void {
    if (text.length < LONG_TEXT && this.#ascii(text)) return;
    const length = utf8Length(text);
    if (length < 0x20) {
      this.#reserve(length + 1);
      this.#bytes[this.#at++] = 0xa0 | length;
    } else {
      this.#length(0xd9, length);
    }
    encoder.encodeInto(text, this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
  }

  /** Writes a text of less than 32 units, as nearly all names of events and fields are; false if it is not ASCII. */
  #ascii(text: string): boolean {
    this.#reserve(LONG_TEXT);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = 0xa0 | text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false; // what was written here is overwritten
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  /** Whole numbers in their shortest form. Beyond 53 bits as doubles, which hold them exactly (officially: garbage). */
  #number(value: number): void {
    this.#reserve(9);
    const view = this.#view;
    const at = this.#at;
    if (value >= -0x20 && value < 0x80 && Number.isInteger(value)) {
      view.setInt8(at, value);
      this.#at = at + 1;
    } else if (!Number.isSafeInteger(value)) {
      view.setUint8(at, 0xcb);
      view.setFloat64(at + 1, value);
      this.#at = at + 9;
    } else if (value >= TWO_32 || value < -(2 ** 31)) {
      view.setUint8(at, value > 0 ? 0xcf : 0xd3);
      this.#int64(at + 1, value);
      this.#at = at + 9;
    } else if (value >= 0x1_0000 || value < -0x8000) {
      view.setUint8(at, value > 0 ? 0xce : 0xd2);
      view.setInt32(at + 1, value);
      this.#at = at + 5;
    } else if (value >= 0x100 || value < -0x80) {
      view.setUint8(at, value > 0 ? 0xcd : 0xd1);
      view.setInt16(at + 1, value);
      this.#at = at + 3;
    } else {
      view.setUint8(at, value > 0 ? 0xcc : 0xd0);
      view.setInt8(at + 1, value);
      this.#at = at + 2;
    }
  }

  #date(time: number): void {
    if (Number.isNaN(time)) return this.#byte(0xc0);
    this.#reserve(10);
    this.#view.setUint16(this.#at, 0xd700);
    this.#int64(this.#at + 2, time);
    this.#at += 10;
  }

  #int64(at: number, value: number): void {
    this.#view.setInt32(at, Math.floor(value / TWO_32));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #bin(length: number): void {
    this.#length(0xc4, length);
  }

  /** The head of a text or of bytes, and room for them. `code` is the one for a length of 8 bits. */
  #length(code: number, length: number): void {
    if (length >= TWO_32) throw new TypeError(`Cannot encode packet: a value of ${length} bytes`);
    this.#reserve(length + 5);
    if (length < 0x100) {
      this.#bytes[this.#at++] = code;
      this.#bytes[this.#at++] = length;
    } else {
      this.#wide(code + 1, length);
    }
  }

  /** The head of an array or a map. `code` is the one for a count of 16 bits. */
  #count(fixed: number, code: number, count: number): void {
    this.#reserve(5);
    if (count < 0x10) this.#bytes[this.#at++] = fixed | count;
    else this.#wide(code, count);
  }

  /** `code` and 16 bits, or the next code and 32. */
  #wide(code: number, size: number): void {
    if (size < 0x1_0000) {
      this.#bytes[this.#at] = code;
      this.#view.setUint16(this.#at + 1, size);
      this.#at += 3;
    } else {
      this.#bytes[this.#at] = code + 1;
      this.#view.setUint32(this.#at + 1, size);
      this.#at += 5;
    }
  }

  /** Corrects the head of the map at `start`, in the form that it has: fields were left out. */
  #recount(start: number, count: number): void {
    const head = this.#bytes[start]!;
    if (head === 0xde) this.#view.setUint16(start + 1, count);
    else if (head === 0xdf) this.#view.setUint32(start + 1, count);
    else this.#bytes[start] = 0x80 | count;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Whether an object is certainly no date, no bytes and nothing boxed. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

/** What a hole held before, bytes of other packets perhaps, never leaves: without its Blob there is no frame. */
async function fill(bytes: Uint8Array, holes: readonly Hole[]): Promise<Uint8Array> {
  await Promise.all(holes.map(async ({ blob, at }) => {
    const { size } = blob;
    const read = new Uint8Array(await blob.arrayBuffer());
    if (read.length !== size) {
      throw new TypeError(`Cannot encode packet: Blob of ${size} bytes has ${read.length}`);
    }
    bytes.set(read, at);
  }));
  return bytes;
}
