/**
 * What a script has observed, as lines that can be compared: values as plain text, random ones masked, and the
 * lines that only one of two transcripts has.
 *
 * Lines are kept by channel (the server, each client), since the order between two observers is chance.
 * @module
 */

/** A value as JSON can carry it, without what differs by chance or by language of the error texts. */
export function plain(value: unknown, seen: readonly object[] = []): unknown {
  if (value === undefined) return "‹undefined›";
  if (typeof value === "function") return "‹function›";
  if (typeof value === "bigint" || typeof value === "symbol") return `‹${String(value)}›`;
  if (typeof value === "number" && !Number.isFinite(value)) return `‹${value}›`;
  if (typeof value !== "object" || value === null) return value;
  if (seen.includes(value)) return "‹ring›";
  const within = [...seen, value];
  if (value instanceof ArrayBuffer) return `‹bytes ${new Uint8Array(value).join(" ")}›`;
  if (ArrayBuffer.isView(value)) {
    return `‹bytes ${new Uint8Array(value.buffer, value.byteOffset, value.byteLength).join(" ")}›`;
  }
  if (value instanceof Error) return `‹${value.name}›`; // texts are ours; a script that means them logs `message`
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Set) return { "‹Set›": [...value].map((item) => plain(item, within)) };
  if (value instanceof Map) {
    return { "‹Map›": [...value].map(([key, item]) => [plain(key, within), plain(item, within)]) };
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, within));
  // An object of the API: its class is an inner matter, its members are what scripts ask for one by one.
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return "‹object›";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, within)]));
}

/** Ids of sessions and sockets, and private ids: 20 characters of base64url, ours and the official ones. */
const RANDOM_ID = /(?<![\w-])[\w-]{20}(?![\w-])/g;

/** The lines of one run. */
export class Transcript {
  readonly #channels = new Map<string, string[]>();
  readonly #masks = new Map<string, string>();

  /** Adds a line to a channel. */
  add(channel: string, facts: readonly unknown[]): void {
    const lines = this.#channels.get(channel) ?? [];
    lines.push(JSON.stringify(plain(facts)));
    this.#channels.set(channel, lines);
  }

  /** Shows this text, wherever it stands, as `kind1`, `kind2`, … in the order in which the lines show it. */
  mask(text: string, kind: string): void {
    this.#masks.set(text, kind);
  }

  /** All lines, channel after channel by name, with random values masked: the first id seen is `id1`. */
  lines(): string[] {
    const names = new Map<string, string>();
    const counts = new Map<string, number>();
    const nameOf = (text: string, kind: string): string => {
      const known = names.get(text);
      if (known !== undefined) return known;
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      names.set(text, `${kind}${count}`);
      return `${kind}${count}`;
    };
    // The longest first: an offset may begin with another one.
    const masked = [...this.#masks.keys()].sort((a, b) => b.length - a.length).map(RegExp.escape);
    const pattern = new RegExp([RANDOM_ID.source, ...masked].join("|"), "g");
    return [...this.#channels].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([channel, lines]) =>
      lines.map((line) =>
        `${channel}: ${line.replace(pattern, (text) => nameOf(text, this.#masks.get(text) ?? "id"))}`
      )
    );
  }
}

/** The lines that only one of the two has, in order. */
export interface Diff {
  readonly official: string[];
  readonly skein: string[];
}

/** Compares by the longest common subsequence: what moved shows on both sides. */
export function diff(official: readonly string[], skein: readonly string[]): Diff {
  const common: number[][] = Array.from(
    { length: official.length + 1 },
    () => new Array(skein.length + 1).fill(0),
  );
  for (let i = official.length - 1; i >= 0; i--) {
    for (let j = skein.length - 1; j >= 0; j--) {
      common[i]![j] = official[i] === skein[j]
        ? common[i + 1]![j + 1]! + 1
        : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const only: Diff = { official: [], skein: [] };
  let i = 0;
  let j = 0;
  while (i < official.length && j < skein.length) {
    if (official[i] === skein[j]) i++, j++;
    else if (common[i + 1]![j]! >= common[i]![j + 1]!) only.official.push(official[i++]!);
    else only.skein.push(skein[j++]!);
  }
  only.official.push(...official.slice(i));
  only.skein.push(...skein.slice(j));
  return only;
}

/** Whether two transcripts, or two diffs, say the same. */
export function isSame(a: Diff, b: Diff): boolean {
  return JSON.stringify([a.official, a.skein]) === JSON.stringify([b.official, b.skein]);
}
