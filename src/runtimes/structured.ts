/**
 * Compares values that can be structured clones: whether writing one where the other is would change anything.
 * @module
 */

/**
 * Whether two values are the same as structured clones; where that is hard to tell (errors, blobs), they are not.
 * `seen`: what was compared already, and with what.
 */
export function isSame(one: unknown, other: unknown, seen: Map<object, object> = new Map()): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (seen.has(one) || seen.has(other)) return seen.get(one) === other; // held twice by one and once by the other
  seen.set(one, other).set(other, one);
  const kind = Object.prototype.toString.call(one);
  if (kind !== Object.prototype.toString.call(other)) return false;
  if (one instanceof Date) return one.getTime() === (other as Date).getTime();
  if (one instanceof ArrayBuffer) {
    return areSameBytes(new Uint8Array(one), new Uint8Array(other as ArrayBuffer));
  }
  if (ArrayBuffer.isView(one)) return areSameBytes(bytesOf(one), bytesOf(other as ArrayBufferView));
  if (one instanceof Map) return isSame([...one], [...other as Map<unknown, unknown>], seen);
  if (one instanceof Set) return isSame([...one], [...other as Set<unknown>], seen);
  if (kind !== "[object Object]" && kind !== "[object Array]") return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length &&
    keys.every((key) =>
      Object.hasOwn(other, key) &&
      isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key], seen)
    );
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function areSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
