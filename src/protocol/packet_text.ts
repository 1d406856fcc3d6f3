/**
 * The text of a Socket.IO packet, with Engine.IO's digit in front: `4<type>[<n>-][<nsp>,][<id>][<json>]`.
 * Knows how attachments are announced, not how they travel.
 *
 * Strict where the official decoder follows JavaScript's idea of a number: counts and ids are plain digits.
 * Source: Socket.IO protocol v5, "Packet encoding".
 * @module
 */
import { checkArguments, checkEventName } from "./packet_check.ts";
import { ProtocolError } from "./protocol_error.ts";
import { type Packet, PacketType } from "./socket_packet.ts";

const DIGIT_0 = 0x30;
const MESSAGE = 0x34;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What the types 2 and 3 become on the wire when attachments follow. */
const BINARY_OFFSET = 3;

/** "4" and the digit of each type. */
const HEADS = ["40", "41", "42", "43", "44"] as const;

/** Packet to text. `json` is the data as JSON, "" for none; `attachments` is how many binary frames follow. */
export function encodePacketText(packet: Packet, json: string, attachments: number): string {
  const head = attachments === 0 ? HEADS[packet.type] : `4${packet.type + BINARY_OFFSET}${attachments}-`;
  const { nsp } = packet;
  const { id = "" } = packet as { id?: number | undefined };
  // One template, and not one addition after the other: engines make a text of each.
  return nsp === "/" || nsp === "" ? `${head}${id}${json}` : `${head}${nsp},${id}${json}`;
}

/** How many attachments a text announces; 0 if it is not a binary packet. Throws unless it is 1 to `max`. */
export function readAttachmentCount(text: string, max: number): number {
  const type = text.charCodeAt(1) - DIGIT_0 - BINARY_OFFSET;
  if (type !== PacketType.EVENT && type !== PacketType.ACK) return 0;
  let count = 0;
  let i = 2;
  for (; isDigit(text.charCodeAt(i)); i++) {
    count = count * 10 + text.charCodeAt(i) - DIGIT_0;
    if (count === 0) break; // neither 0 nor 01
    if (count > max) throw fault(`more than ${max} attachments`);
  }
  if (count === 0 || text[i] !== "-") throw fault("the number of attachments is missing or malformed");
  return count;
}

/**
 * Text to packet; `attachments` is what {@linkcode readAttachmentCount} found, and its placeholders are still
 * in the data. Throws a ProtocolError on whatever the protocol does not allow.
 */
export function decodePacketText(text: string, attachments: number, maxDepth: number): Packet {
  if (text.charCodeAt(0) !== MESSAGE) throw fault("not an Engine.IO message");
  let type = text.charCodeAt(1) - DIGIT_0;
  let at = 2;
  if (attachments > 0) {
    type -= BINARY_OFFSET;
    at = text.indexOf("-") + 1;
  }
  if (!(type >= PacketType.CONNECT && type <= PacketType.CONNECT_ERROR)) {
    throw fault(`unknown type ${JSON.stringify(text.charAt(1))}`);
  }
  let nsp = "/";
  if (text.charCodeAt(at) === SLASH) {
    const comma = text.indexOf(",", at);
    const end = comma === -1 ? text.length : comma;
    nsp = text.slice(at, end);
    at = end + 1;
  }
  let id: number | undefined;
  for (; isDigit(text.charCodeAt(at)); at++) {
    id = (id ?? 0) * 10 + (text.charCodeAt(at) - DIGIT_0); // in this order: the largest id is still exact
    if (id > Number.MAX_SAFE_INTEGER) throw fault("the ack id is too large");
  }
  if (at >= text.length) {
    if (attachments > 0) throw fault("attachments without data");
    return packetOf(type, nsp, id, undefined);
  }
  return packetOf(type, nsp, id, decodeData(type, text, at, maxDepth));
}

/** The data of a packet, checked. */
function decodeData(type: number, text: string, at: number, maxDepth: number): unknown {
  // The first character decides, so that JSON.parse never meets a leading space, or a type that is refused.
  const first = text.charCodeAt(at);
  const allowed = type === PacketType.EVENT || type === PacketType.ACK
    ? first === OPEN_BRACKET
    : type === PacketType.DISCONNECT
    ? false
    : first === OPEN_BRACE || (type === PacketType.CONNECT_ERROR && first === QUOTE);
  if (!allowed) throw fault(`data of a packet of type ${type} cannot begin with ${JSON.stringify(text[at])}`);
  if (isDeeper(text, at, maxDepth)) throw fault(`data nested deeper than ${maxDepth} levels`);
  let data: unknown;
  try {
    data = JSON.parse(text.slice(at));
  } catch {
    throw fault("the data is not JSON"); // the parser's message would quote the peer's text
  }
  if (Array.isArray(data)) checkArguments(data);
  if (type === PacketType.EVENT) checkEventName((data as unknown[])[0]);
  return data;
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

/** Fields that are absent are left out, as the official decoder does. Literals, so that shapes stay few. */
function packetOf(type: number, nsp: string, id: number | undefined, data: unknown): Packet {
  if (id === undefined) return (data === undefined ? { type, nsp } : { type, nsp, data }) as Packet;
  return (data === undefined ? { type, nsp, id } : { type, nsp, id, data }) as Packet;
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_0 + 9;
}

function fault(what: string): ProtocolError {
  return new ProtocolError(`Cannot decode packet: ${what}`);
}
