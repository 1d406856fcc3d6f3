/**
 * Values that JSON cannot carry, on their way to a target and back: bytes as `{ $bytes: [...] }`, regular
 * expressions as `{ $regexp: "source" }`. Runs under Deno, Node and Bun alike.
 * @module
 */

/** Replaces bytes and regular expressions, deeply. */
export function bytesOut(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    return { $bytes: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
  }
  if (value instanceof ArrayBuffer) return { $bytes: [...new Uint8Array(value)] };
  if (value instanceof RegExp) return { $regexp: value.source };
  if (Array.isArray(value)) return value.map(bytesOut);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, bytesOut(inner)]));
  }
  return value;
}

/** The opposite of {@linkcode bytesOut}. */
export function bytesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bytesIn);
  if (typeof value === "object" && value !== null) {
    const record = value as Record<string, unknown>;
    if (Array.isArray(record.$bytes)) return new Uint8Array(record.$bytes as number[]);
    if (typeof record.$regexp === "string") return new RegExp(record.$regexp);
    return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, bytesIn(inner)]));
  }
  return value;
}
