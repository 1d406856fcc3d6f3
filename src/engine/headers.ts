/**
 * Headers that the engine adds to an answer: those of CORS, and those that users' listeners of `headers` and
 * `initial_headers` fill in.
 * @module
 */
import type { ReportError } from "./ports.ts";

/** What listeners fill in, as on the official engine: header name to its value, or to several (`set-cookie`). */
export type ResponseHeaders = Record<string, string | string[]>;

/** `vary` and `set-cookie` add up; any other header replaces what the answer has. */
const ADDING: ReadonlySet<string> = new Set(["vary", "set-cookie"]);

/** A list of headers to be written on an answer. */
export class HeaderList {
  /** Values become text when they are written: what listeners filled in may be anything. */
  readonly #entries: readonly (readonly [name: string, value: unknown])[];

  constructor(entries: readonly (readonly [name: string, value: unknown])[] = []) {
    this.#entries = entries;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** A list with what listeners filled in. */
  with(headers: ResponseHeaders | undefined): HeaderList {
    if (headers === undefined) return this;
    const added = Object.entries(headers).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((item) => [name, item] as const)
    );
    return added.length === 0 ? this : new HeaderList([...this.#entries, ...added]);
  }

  /** Writes all on `target`; what is no header is reported and left out. */
  writeTo(target: Headers, report: ReportError): void {
    for (const [name, value] of this.#entries) {
      try {
        if (ADDING.has(name.toLowerCase())) target.append(name, String(value));
        else target.set(name, String(value));
      } catch (error) {
        report(error, `header "${name}"`);
      }
    }
  }
}
