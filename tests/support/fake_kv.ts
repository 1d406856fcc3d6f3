/**
 * A key-value store as a Durable Object has it (`ctx.storage.kv`), in memory. Its limits, its order and its errors
 * are those of workerd 2026-07-30, but for the size of values: 2 MiB as documented, of which workerd itself, run
 * locally, knows nothing. Keys are ordered by UTF-16 units here: nobody may depend on what is beyond.
 * @module
 */
import { deserialize, serialize } from "node:v8";
import type { KeyValueStore } from "../../src/adapters/key_value.ts";

/** Bytes of the largest value. */
export const MAX_VALUE = 2_097_152;
/** Bytes of the longest key. */
export const MAX_KEY = 2_048;

const encoder = new TextEncoder();

/** A value as a structured clone, in the bytes of workerd. Throws a DataCloneError where there is none. */
export class Cloned {
  readonly #bytes: ReturnType<typeof serialize>;

  constructor(value: unknown) {
    try {
      this.#bytes = serialize(value);
    } catch (error) {
      structuredClone(value); // its error has the right name
      throw error;
    }
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** A new copy. */
  get value(): unknown {
    return deserialize(this.#bytes);
  }
}

/** Keys and values. */
export class FakeKv implements KeyValueStore {
  /** Rows written so far, deletions included: what is paid for. */
  written = 0;
  readonly #values: Map<string, Cloned>;
  /** In order. */
  readonly #keys: string[];
  #listing = 0;
  #isOver = false;

  /** `former`: goes on with its data, as the next life of a process does. What the former still writes is lost. */
  constructor(former?: FakeKv) {
    this.#values = former === undefined ? new Map() : former.#values;
    this.#keys = former === undefined ? [] : former.#keys;
    if (former !== undefined) former.#isOver = true;
  }

  /** All keys that begin with `prefix`. */
  keys(prefix = ""): string[] {
    return this.#keys.filter((key) => key.startsWith(prefix));
  }

  get(key: string): unknown {
    return this.#values.get(key)?.value;
  }

  put(key: string, value: unknown): void {
    const cloned = new Cloned(value);
    if (encoder.encode(key).length > MAX_KEY) throw new RangeError(`Key of more than ${MAX_KEY} bytes`);
    if (cloned.size > MAX_VALUE) throw new Error("string or blob too big: SQLITE_TOOBIG");
    if (this.#isOver) return;
    this.written++;
    if (!this.#values.has(key)) this.#keys.splice(this.#find(key), 0, key);
    this.#values.set(key, cloned);
  }

  delete(key: string): boolean {
    if (this.#isOver || !this.#values.delete(key)) return false;
    this.written++;
    this.#keys.splice(this.#find(key), 1);
    return true;
  }

  *list(
    { prefix, start = prefix, end, limit = Infinity, reverse = false }: {
      readonly prefix: string;
      readonly start?: string;
      readonly end?: string;
      readonly limit?: number;
      readonly reverse?: boolean;
    },
  ): IterableIterator<[key: string, value: unknown]> {
    if (limit <= 0) throw new TypeError("List limit must be positive.");
    const mine = ++this.#listing;
    const isMeant = (key: string | undefined): key is string =>
      key !== undefined && key.startsWith(prefix) && key >= start && (end === undefined || key < end);
    let key = reverse
      ? this.#keys.findLast(isMeant)
      : [this.#keys[this.#find(start > prefix ? start : prefix)]].find(isMeant);
    for (let count = 0; count < limit && key !== undefined; count++) {
      if (mine !== this.#listing) {
        throw new Error("kv.list() iterator was invalidated by a new call to list()");
      }
      yield [key, this.get(key)];
      const index = this.#find(key);
      const isThere = this.#keys[index] === key; // it may have been deleted meanwhile
      const next: string | undefined = this.#keys[reverse ? index - 1 : index + (isThere ? 1 : 0)];
      key = isMeant(next) ? next : undefined;
    }
  }

  /** Where a key is, or would be. */
  #find(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
