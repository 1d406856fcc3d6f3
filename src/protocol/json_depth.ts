/**
 * How deeply JSON is nested, told from its text: so that no packet of a peer can exhaust the stack of whoever walks
 * through what it parses to.
 * @module
 */
import { DEFAULT_MAX_DEPTH } from "./packet_decoder.ts";
import type { JsonGuard } from "./packet_text.ts";
import { ProtocolError } from "./protocol_error.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** A guard that throws on more than `maxDepth` levels of arrays and objects. */
export function guardDepth(maxDepth: number = DEFAULT_MAX_DEPTH): JsonGuard {
  return (text, at) => {
    if (!isDeeper(text, at, maxDepth)) return;
    throw new ProtocolError(`Cannot decode packet: data nested deeper than ${maxDepth} levels`);
  };
}

/**
 * Whether JSON is nested deeper than `max`. Costs nothing on a short text, which has no room for it: each
 * level takes two characters.
 */
function isDeeper(text: string, from: number, max: number): boolean {
  if ((text.length - from) / 2 <= max) return false;
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
      if (i === -1) return false; // not JSON: the parser will say so
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > max) return true;
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      depth--;
    }
  }
  return false;
}

/** The index of the quote that closes the string opened at `start`; -1 if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end; // an even number of backslashes: the quote is not escaped
  }
  return -1;
}
