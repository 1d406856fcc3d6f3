/**
 * Ids that cannot be guessed: 120 random bits as 20 characters of base64url, the form of official sids (which
 * load balancers and tools expect).
 * @module
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CODES = Array.from(ALPHABET, (character) => character.charCodeAt(0));
const ID_BYTES = 15;

// One call to the platform's generator serves many ids: under a connection storm the call is what costs.
const pool = new Uint8Array(ID_BYTES * 64);
let used = pool.length;

/** A new id: 20 characters of `A-Za-z0-9-_`, 120 bits from the platform's cryptographic generator. */
export function randomId(): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool); // not at module scope: Workers forbid randomness there
    used = 0;
  }
  const codes = new Array<number>(20);
  for (let at = 0; at < 20; used += 3) {
    const bits = (pool[used]! << 16) | (pool[used + 1]! << 8) | pool[used + 2]!;
    codes[at++] = CODES[bits >> 18]!;
    codes[at++] = CODES[(bits >> 12) & 63]!;
    codes[at++] = CODES[(bits >> 6) & 63]!;
    codes[at++] = CODES[bits & 63]!;
  }
  return String.fromCharCode(...codes); // not piece by piece: engines would keep the pieces
}
