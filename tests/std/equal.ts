/**
 * Deep equality as `@std/assert` defines it: same constructor, same own enumerable members, `0` equals `-0`,
 * `NaN` equals `NaN`, sets and maps by content. Stricter in one way: what std sees as memberless (buffers,
 * errors, headers, search parameters) is compared by its content, so that a test can fail.
 * @module
 */

/** Whether `a` and `b` are deeply equal. */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

/** `open` holds the pairs under comparison: meeting one again means a ring, and a ring adds no difference. */
function compare(a: unknown, b: unknown, open: Map<object, object>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (constructorOf(a) !== constructorOf(b)) return false;
  if (open.get(a) === b) return true;
  open.set(a, b);
  const same = compareContent(a, b, open);
  if (!same) open.delete(a);
  return same;
}

/** Objects without a prototype count as plain ones. */
function constructorOf(value: object): unknown {
  return value.constructor ?? Object;
}

function compareContent(a: object, b: object, open: Map<object, object>): boolean {
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`cannot compare ${a.constructor.name} instances`);
  }
  if (a instanceof WeakRef) return compare(a.deref(), (b as WeakRef<object>).deref(), open);
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof ArrayBuffer) return sameBytes(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  if (ArrayBuffer.isView(a)) return sameBytes(bytesOf(a), bytesOf(b as ArrayBufferView));
  if (a instanceof Headers || a instanceof URLSearchParams) {
    return compare([...a], [...(b as Headers | URLSearchParams)], open);
  }
  if (a instanceof Error && (a.message !== (b as Error).message || a.name !== (b as Error).name)) {
    return false;
  }
  if (a instanceof Set) return sameMembers([...a], [...(b as Set<unknown>)], open);
  if (a instanceof Map) return sameMembers([...a], [...(b as Map<unknown, unknown>)], open);
  return sameProperties(a, b, open);
}

function sameProperties(a: object, b: object, open: Map<object, object>): boolean {
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  const keys = enumerableKeys(a);
  if (keys.length !== enumerableKeys(b).length) return false;
  return keys.every((key) =>
    Object.hasOwn(b, key) && compare(Reflect.get(a, key), Reflect.get(b, key), open)
  );
}

function enumerableKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

/** Whether each of `a` has its own equal in `b`, in any order. */
function sameMembers(a: unknown[], b: unknown[], open: Map<object, object>): boolean {
  if (a.length !== b.length) return false;
  const rest = [...b];
  return a.every((one) => {
    const at = rest.findIndex((other) => compare(one, other, open));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
