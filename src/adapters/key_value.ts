/**
 * Where keepers keep what must outlast memory.
 * @module
 */

/**
 * Keys and values, synchronous and in the order of the keys. Values are kept as structured clones of at most 2 MiB;
 * keys are at most 2048 bytes. Source: Cloudflare Durable Objects, key-value API of SQLite storage.
 */
export interface KeyValueStore {
  /** The value; undefined where there is none. */
  get(key: string): unknown;
  /** Keeps a value. Throws where it cannot be cloned, or is too large. */
  put(key: string, value: unknown): void;
  /** Returns whether there was one. */
  delete(key: string): boolean;
  /** Those whose keys begin with `prefix`, from `start` (included) to `end` (excluded). */
  list(options: {
    readonly prefix: string;
    readonly start?: string;
    readonly end?: string;
    readonly limit?: number;
    readonly reverse?: boolean;
  }): Iterable<[key: string, value: unknown]>;
}
