/**
 * Reads the protocol's own keys from a URL's query. Every polling request passes here, and a URL object with its
 * search parameters costs more than the rest of the decision.
 * @module
 */

/** The keys of Engine.IO protocol v4, "HTTP long-polling"; the last of equal keys wins. */
export interface ProtocolQuery {
  EIO?: string;
  transport?: string;
  sid?: string;
  b64?: string;
}

const KEYS = ["sid", "EIO", "transport", "b64"] as const;

/** The keys that are there, decoded; an undecodable value is taken as it stands. */
export function readQuery(url: string): ProtocolQuery {
  const query: ProtocolQuery = {};
  const hash = url.indexOf("#");
  const end = hash < 0 ? url.length : hash;
  let start = url.indexOf("?") + 1;
  if (start === 0) return query;
  while (start < end) {
    let next = url.indexOf("&", start);
    if (next < 0 || next > end) next = end;
    const equals = url.indexOf("=", start);
    const keyEnd = equals < 0 || equals > next ? next : equals;
    const key = keyAt(url, start, keyEnd);
    if (key !== undefined) query[key] = decode(url.slice(Math.min(keyEnd + 1, next), next));
    start = next + 1;
  }
  return query;
}

/** Compared in place: a text for each key would be most of the work. */
function keyAt(url: string, start: number, end: number): keyof ProtocolQuery | undefined {
  for (const key of KEYS) {
    if (key.length === end - start && url.startsWith(key, start)) return key;
  }
  return undefined;
}

function decode(value: string): string {
  if (!value.includes("%") && !value.includes("+")) return value;
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    return value; // no name or sid looks like this: it will be refused as unknown
  }
}
