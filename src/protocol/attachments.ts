/**
 * Bytes out of the arguments of a packet, and back in: on the wire a placeholder `{"_placeholder":true,"num":0}`
 * stands for each. Everything else is left as `JSON.stringify` would have it.
 *
 * Depth is bounded in both directions, so that no packet can exhaust the stack of either peer.
 * Source: Socket.IO protocol v5, "Packet encoding".
 * @module
 */
import { toBytes } from "./frame.ts";
import { ProtocolError } from "./protocol_error.ts";

/**
 * Levels of nesting that can be sent. More than what may be received (`DEFAULT_MAX_DEPTH`), so that a handler
 * can wrap and return what it got. Measured on a stack 50 calls deep, the shallowest failure is JSON.stringify
 * on Node 20: 4,081 levels (Deno 5,354 where its fast path does not apply; the walks below 4,717 and more).
 */
export const MAX_SENT_DEPTH = 2560;

/** What stands in the JSON for the attachment number `num`. */
interface Placeholder {
  readonly _placeholder: true;
  readonly num: number;
}

/**
 * Whether a value must go through {@linkcode extractAttachments} before it is stringified: there is binary in
 * it, or an object with a `toJSON` (a Date excepted), which may return binary.
 * Throws a TypeError where it is nested deeper than {@linkcode MAX_SENT_DEPTH}, as a circular one is.
 */
export function needsExtraction(value: object, depth = 1): boolean {
  if (depth > MAX_SENT_DEPTH) throw tooDeep();
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === "object" && item !== null && needsExtraction(item, depth + 1)) return true;
    }
    return false;
  }
  if (isBinary(value)) return true;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return !(value instanceof Date);
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (
      typeof item === "object" && item !== null && Object.hasOwn(value, key) &&
      needsExtraction(item, depth + 1)
    ) return true;
  }
  return false;
}

/** A copy of the arguments with placeholders for what is binary, and that, in the order of the numbers. */
export function extractAttachments(
  args: readonly unknown[],
): { args: unknown[]; found: (Uint8Array | Blob)[] } {
  const found: (Uint8Array | Blob)[] = [];
  return { args: args.map((arg, i) => extract(arg, String(i), found, 2)), found };
}

function extract(given: unknown, key: string, found: (Uint8Array | Blob)[], depth: number): unknown {
  if (typeof given !== "object" || given === null) return given;
  if (isBinary(given)) return placeholder(given, found); // before toJSON: Node's Buffer has one
  let value: object = given;
  const { toJSON } = given as { toJSON?: unknown };
  if (typeof toJSON === "function" && !(given instanceof Date)) {
    const json: unknown = toJSON.call(given, key);
    if (typeof json !== "object" || json === null) return json;
    if (isBinary(json)) return placeholder(json, found);
    value = json;
  }
  if (depth > MAX_SENT_DEPTH) throw tooDeep();
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (let i = 0; i < value.length; i++) items.push(extract(value[i], String(i), found, depth + 1));
    return items;
  }
  if (isLeaf(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const item = extract((value as Record<string, unknown>)[name], name, found, depth + 1);
    // A function is what JSON leaves out; as `toJSON` of the copy it would be called, and must not be.
    if (typeof item === "function") continue;
    if (name === "__proto__") {
      Object.defineProperty(copy, name, { value: item, enumerable: true });
    } else {
      copy[name] = item;
    }
  }
  return copy;
}

/** Objects that JSON.stringify turns into something other than their properties. */
function isLeaf(value: object): boolean {
  return value instanceof Date || value instanceof String || value instanceof Number ||
    value instanceof Boolean || value instanceof BigInt;
}

function isBinary(value: object): value is ArrayBuffer | ArrayBufferView | Blob {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Blob;
}

function placeholder(value: ArrayBuffer | ArrayBufferView | Blob, found: (Uint8Array | Blob)[]): Placeholder {
  const num = found.push(value instanceof Blob ? value : toBytes(value)) - 1;
  return { _placeholder: true, num };
}

function tooDeep(): TypeError {
  return new TypeError(`Cannot encode packet: circular, or nested deeper than ${MAX_SENT_DEPTH} levels`);
}

/**
 * Puts the attachments where their placeholders are. Changes `args`, which must come from JSON.parse. Without
 * recursion. Throws a ProtocolError on a placeholder whose number is none of an attachment (CVE-2022-2421).
 */
export function insertAttachments(args: unknown[], parts: readonly Uint8Array[]): void {
  const open: object[] = [args];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    if (Array.isArray(holder)) {
      for (let i = 0; i < holder.length; i++) {
        const part = resolve(holder[i], parts, open);
        if (part !== undefined) holder[i] = part;
      }
    } else {
      const fields = holder as Record<string, unknown>;
      for (const key of Object.keys(fields)) {
        const part = resolve(fields[key], parts, open);
        // An own `__proto__`, which JSON.parse makes, is overwritten as any field: its setter is not reached.
        if (part !== undefined) fields[key] = part;
      }
    }
  }
}

/** The attachment that a value stands for; any other object is queued to be looked into. */
function resolve(value: unknown, parts: readonly Uint8Array[], open: object[]): Uint8Array | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ((value as { _placeholder?: unknown })._placeholder !== true) {
    open.push(value);
    return undefined;
  }
  const { num } = value as { num?: unknown };
  // Any number that is no index (-1, 0.5, Infinity) finds nothing; a text might find a property.
  const part = typeof num === "number" ? parts[num] : undefined;
  if (part === undefined) {
    throw new ProtocolError(
      `Cannot decode packet: a placeholder names none of its ${parts.length} attachments`,
    );
  }
  return part;
}
