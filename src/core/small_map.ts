/**
 * A map that mostly has one entry, which it keeps in itself: a real `Map` takes 200 bytes before it holds anything,
 * and there would be one for each client. Keeps the order in which keys came.
 * @module
 */

/** The part of `Map` that is used. Keys are never undefined. */
export class SmallMap<K extends string, V> {
  /** The oldest entry, unless it was deleted while there were others. */
  #key: K | undefined;
  #value: V | undefined;
  #rest: Map<K, V> | undefined;

  /** How many entries there are. */
  get size(): number {
    return (this.#key === undefined ? 0 : 1) + (this.#rest?.size ?? 0);
  }

  /** The value at `key`. */
  get(key: K): V | undefined {
    return key === this.#key ? this.#value : this.#rest?.get(key);
  }

  /** Whether there is an entry. */
  has(key: K): boolean {
    return key === this.#key || this.#rest?.has(key) === true;
  }

  /** Adds or replaces an entry. */
  set(key: K, value: V): void {
    if (key === this.#key) this.#value = value;
    else if (this.#key === undefined && this.#rest === undefined) {
      this.#key = key;
      this.#value = value;
    } else (this.#rest ??= new Map()).set(key, value);
  }

  /** Removes an entry. Returns whether there was one. */
  delete(key: K): boolean {
    if (key === this.#key) {
      this.#key = this.#value = undefined;
      return true;
    }
    const wasThere = this.#rest?.delete(key) === true;
    if (this.#rest?.size === 0) this.#rest = undefined;
    return wasThere;
  }

  /** A list of the keys. */
  keys(): K[] {
    const rest = [...this.#rest?.keys() ?? []];
    return this.#key === undefined ? rest : [this.#key, ...rest];
  }

  /** A list of the values. */
  values(): V[] {
    const rest = [...this.#rest?.values() ?? []];
    return this.#key === undefined ? rest : [this.#value as V, ...rest];
  }
}
