/**
 * The handshake request as it is kept for as long as its session lives: one text instead of the runtime's objects,
 * since most programs look at it once, or never.
 * @module
 */
import type { PeerInfo } from "./ports.ts";

/** A pair of a header. */
export type HeaderPair = readonly [name: string, value: string];

/** No header can hold one. Source: RFC 9110, 5.5. */
const SEPARATOR = "\n";

/** What is kept. */
export class HandshakeRequest implements PeerInfo {
  readonly url: string;
  readonly address: string;
  /** Names and values in turn. */
  readonly #lines: string;
  #headers: Headers | undefined;

  constructor(url: string, address: string, headers: Iterable<HeaderPair>) {
    this.url = url;
    this.address = address;
    const lines: string[] = [];
    for (const [name, value] of headers) lines.push(name, value);
    this.#lines = lines.join(SEPARATOR);
  }

  get method(): string {
    return "GET";
  }

  get headers(): Headers {
    return this.#headers ??= new Headers(this.pairs() as [string, string][]);
  }

  /** The headers, as pairs. */
  pairs(): HeaderPair[] {
    if (this.#headers !== undefined) return [...this.#headers];
    const lines = this.#lines === "" ? [] : this.#lines.split(SEPARATOR);
    return Array.from({ length: lines.length / 2 }, (_, i) => [lines[2 * i]!, lines[2 * i + 1]!]);
  }
}
