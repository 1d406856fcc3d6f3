/**
 * The values of the vectors, which JSON cannot hold: tagged `{"$": kind, …}` in the files.
 * After `codec.mjs` of the shared vectors. See README.md.
 * @module
 */
import { Buffer } from "node:buffer";

/** One of the five files. */
export function readVectors<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(new URL(name, import.meta.url)));
}

/** The fields of tagged values, by kind. */
interface Tagged {
  readonly $?: string;
  readonly hex: string;
  readonly off: number;
  readonly len: number;
  readonly iso: string;
  readonly v: string;
}

/** A tagged value to what it stands for. */
export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const tagged = value as Tagged;
  switch (tagged.$) {
    case "u8":
    case "bin":
      return fromHex(tagged.hex);
    case "ab":
      return fromHex(tagged.hex).buffer;
    case "buf":
      return Buffer.from(tagged.hex, "hex");
    case "u16":
      return new Uint16Array(fromHex(tagged.hex).buffer);
    case "view":
      return new Uint8Array(fromHex(tagged.hex).buffer, tagged.off, tagged.len);
    case "date":
      return new Date(tagged.iso);
    case "undef":
      return undefined;
    case "num":
      return tagged.v === "-0" ? -0 : Number(tagged.v);
    case "tojson": {
      const json = revive(tagged.v);
      return { toJSON: () => json };
    }
    case "map":
      return new Map([["k", 1]]);
    case "set":
      return new Set([1]);
  }
  return mapFields(value as Record<string, unknown>, revive);
}

/** A value in the form in which two are compared: anything binary is `{"$":"bin","hex":…}`. */
export function canon(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return { $: "bin", hex: toHex(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value)) {
    return { $: "bin", hex: toHex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item) => item === undefined ? { $: "undef" } : canon(item));
  }
  if (typeof value === "object" && value !== null) return mapFields(value as Record<string, unknown>, canon);
  return value;
}

/** Fields that are undefined are left out; an own `__proto__` stays one. */
function mapFields(
  value: Record<string, unknown>,
  map: (value: unknown) => unknown,
): Record<string, unknown> {
  const fields = {};
  for (const key of Object.keys(value)) {
    if (value[key] === undefined) continue;
    Object.defineProperty(fields, key, {
      value: map(value[key]),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return fields;
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
