/**
 * Which requests are the engine's.
 * @module
 */

/** Compares whole path segments: `/socket.iofoo/` is not under `/socket.io`. */
export function isUnder(url: string, path: string, needsSlash: boolean): boolean {
  // The path of an absolute URL, without building a URL object: this runs for every request of the application.
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0 || !url.startsWith(path, start)) return false;
  const next = url.charCodeAt(start + path.length);
  const isSlash = next === 0x2f;
  const isEnd = Number.isNaN(next) || next === 0x3f || next === 0x23;
  return isSlash || (isEnd && !needsSlash);
}
