/**
 * About how much memory a value keeps alive, for limits; not for accounting to the byte.
 *
 * Counted: texts at 2 bytes per unit, a slot for each item and property, and what plain objects, arrays, maps, sets
 * and binary hold; each object once, however often it is met, so cycles end. Any other object counts flat: an instance of a class is more
 * often shared (a game's room, a model, a connection) than the value's own. Only the root is looked into in any case.
 * @module
 */

/** What a reference or a number takes. */
const SLOT_BYTES = 8;
/** What any object, and any text, takes beside what it holds. */
const HEADER_BYTES = 24;
/** Items and properties looked at; what lies beyond counts a slot each. About 1 ms. */
export const MAX_VALUES_SIZED = 10_000;

/** An estimate of the memory that `root` keeps alive, in bytes. Never throws: what cannot be read is not counted. */
export function estimateSize(root: unknown): number {
  if (typeof root !== "object" || root === null) return SLOT_BYTES + leafSize(root);
  const size = { bytes: SLOT_BYTES, left: MAX_VALUES_SIZED, seen: new Set<object>([root]), queue: [root] };
  // A queue, not recursion: depth costs no stack, and where the walk stops early the upper levels were counted.
  for (let i = 0; i < size.queue.length && size.left > 0; i++) {
    try {
      addContents(size, size.queue[i]!);
    } catch {
      // A getter or a proxy of the user's threw. Whoever reads the value will notice; its size is not the place.
    }
  }
  return size.bytes;
}

interface Size {
  bytes: number;
  /** How many more values may be looked at. */
  left: number;
  readonly seen: Set<object>;
  readonly queue: object[];
}

function addContents(size: Size, value: object): void {
  size.bytes += HEADER_BYTES;
  if (Array.isArray(value)) {
    size.bytes += value.length * SLOT_BYTES;
    for (let i = 0; i < value.length && size.left > 0; i++) addValue(size, value[i]);
  } else if (isPlain(value)) {
    addProperties(size, value);
  } else if (ArrayBuffer.isView(value)) {
    addOnce(size, value.buffer); // a view of three bytes keeps its whole buffer
  } else if (isBuffer(value)) {
    size.bytes += value.byteLength;
  } else if (value instanceof Blob) {
    size.bytes += value.size;
  } else if (value instanceof Map) {
    size.bytes += value.size * 3 * SLOT_BYTES;
    for (const [key, item] of value) {
      if (size.left <= 0) break;
      addValue(size, key);
      addValue(size, item);
    }
  } else if (value instanceof Set) {
    size.bytes += value.size * 2 * SLOT_BYTES;
    for (const item of value) {
      if (size.left <= 0) break;
      addValue(size, item);
    }
  } else if (value === size.queue[0]) {
    addProperties(size, value);
  }
}

function addProperties(size: Size, value: object): void {
  const names = Object.keys(value);
  size.bytes += names.length * SLOT_BYTES;
  for (let i = 0; i < names.length && size.left > 0; i++) {
    const name = names[i]!;
    size.bytes += 2 * name.length;
    addValue(size, (value as Record<string, unknown>)[name]);
  }
}

function addValue(size: Size, value: unknown): void {
  size.left--;
  if (typeof value === "object" && value !== null) addOnce(size, value);
  else size.bytes += leafSize(value);
}

function addOnce(size: Size, value: object): void {
  if (size.seen.has(value)) return;
  size.seen.add(value);
  size.queue.push(value);
}

/** What a value that is no object takes beside its slot. */
function leafSize(value: unknown): number {
  if (typeof value === "string") return HEADER_BYTES + 2 * value.length;
  return typeof value === "function" ? HEADER_BYTES : 0;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  if (value instanceof ArrayBuffer) return true;
  return typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer; // hidden by some browsers
}
