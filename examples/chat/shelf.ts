/**
 * Where the chat keeps what was said: by default in memory.
 * @module
 */

/** Keys and values, listed in the order of the keys. The storage of a Durable Object (`ctx.storage.kv`) is one. */
export interface Shelf {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
  delete(key: string): unknown;
  list(options: { readonly prefix: string }): Iterable<[key: string, value: unknown]>;
}

/** Forgotten with the program. */
export class MemoryShelf implements Shelf {
  readonly #kept = new Map<string, unknown>();

  get(key: string): unknown {
    return this.#kept.get(key);
  }

  put(key: string, value: unknown): void {
    this.#kept.set(key, value);
  }

  delete(key: string): void {
    this.#kept.delete(key);
  }

  list({ prefix }: { readonly prefix: string }): [key: string, value: unknown][] {
    const found = [...this.#kept].filter(([key]) => key.startsWith(prefix));
    return found.sort(([one], [other]) => one < other ? -1 : 1);
  }
}
