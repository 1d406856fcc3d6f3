/**
 * Compresses answers of HTTP long-polling, as the client's Accept-Encoding allows (RFC 9110, 12.5.3).
 * @module
 */

/** The encoding to use: gzip before deflate, undefined for none. */
export function chooseEncoding(acceptEncoding: string | null): "gzip" | "deflate" | undefined {
  if (!acceptEncoding) return undefined;
  const accepted = new Map<string, boolean>();
  for (const item of acceptEncoding.toLowerCase().split(",")) {
    const [name, ...parameters] = item.split(";").map((part) => part.trim());
    if (name) accepted.set(name, !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter)));
  }
  const accepts = (name: string): boolean => accepted.get(name) ?? accepted.get("*") ?? false;
  return accepts("gzip") ? "gzip" : accepts("deflate") ? "deflate" : undefined;
}

/** A stream of `text` in UTF-8, compressed. */
export function compressText(text: string, encoding: "gzip" | "deflate"): ReadableStream<Uint8Array> {
  return new Blob([text]).stream().pipeThrough(new CompressionStream(encoding));
}
