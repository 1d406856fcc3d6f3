/**
 * What must be true of a packet from a peer, and of a parser's limits, whatever the wire format.
 * @module
 */
import { ProtocolError } from "./protocol_error.ts";
import { type Packet, PacketType, RESERVED_EVENTS } from "./socket_packet.ts";

/** The most arguments of an event or ack: a listener is called with them, and a call has room for so many. */
export const MAX_ARGUMENTS = 16_384;

/** Throws unless it is a name: a text that is not reserved, or a finite number (CVE-2023-32695: never an object). */
export function checkEventName(name: unknown): void {
  if (typeof name === "string") {
    if (RESERVED_EVENTS.has(name)) throw fault(`the event name "${name}" is reserved`);
  } else if (!Number.isFinite(name)) { // JSON.parse reads 1e999 as Infinity
    throw fault("an event name must be a text or a finite number");
  }
}

/** Throws where an event or ack has more arguments than a call can take. */
export function checkArguments(data: readonly unknown[]): void {
  if (data.length > MAX_ARGUMENTS) throw fault(`more than ${MAX_ARGUMENTS} arguments`);
}

/** The packet that a decoder of another wire format made, checked from scratch. */
export function checkPacket(given: unknown): Packet {
  if (typeof given !== "object" || given === null) throw fault("not a packet");
  const { type, nsp, data, id } = given as { type?: unknown; nsp?: unknown; data?: unknown; id?: unknown };
  if (typeof nsp !== "string" || !nsp.startsWith("/")) throw fault("the namespace is not a path");
  if (id !== undefined && id !== null && !(Number.isSafeInteger(id) && (id as number) >= 0)) {
    throw fault("the ack id is not a whole number");
  }
  const isRecord = Object.prototype.toString.call(data) === "[object Object]"; // as official: no bytes, no date
  const isAbsent = data === undefined || data === null;
  switch (type) {
    case PacketType.CONNECT:
      if (!isAbsent && !isRecord) throw fault("data of CONNECT is no object");
      return isAbsent ? { type, nsp } : { type, nsp, data: data as Record<string, unknown> };
    case PacketType.DISCONNECT:
      if (!isAbsent) throw fault("DISCONNECT with data");
      return { type, nsp };
    case PacketType.EVENT:
    case PacketType.ACK:
      if (!Array.isArray(data)) throw fault("data of an event or ack is no list");
      checkArguments(data);
      if (type === PacketType.EVENT) checkEventName(data[0]);
      return typeof id === "number" ? { type, nsp, id, data } : { type, nsp, data };
    case PacketType.CONNECT_ERROR:
      if (!isRecord && typeof data !== "string") {
        throw fault("data of CONNECT_ERROR is neither object nor text");
      }
      return { type, nsp, data: data as Record<string, unknown> | string };
    default:
      throw fault("unknown type");
  }
}

/** Throws a TypeError unless the limit of a parser is an integer above 0, Infinity, or not given. */
export function checkLimit(name: string, limit: number | undefined): void {
  if (limit === undefined || limit === Infinity || (Number.isInteger(limit) && limit > 0)) return;
  throw new TypeError(`Cannot make a parser: ${name} is ${limit}, expected an integer above 0`);
}

function fault(what: string): ProtocolError {
  return new ProtocolError(`Cannot decode packet: ${what}`);
}
