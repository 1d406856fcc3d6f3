/**
 * Engine.IO packets, and how one of them becomes a frame. For the public API, user events and tests: the
 * session looks at the first character code of a frame itself, with the constants below.
 *
 * Source: Engine.IO protocol v4, "Packet types" and "Packet encoding".
 * @module
 */
import { type Frame, fromBase64, toBase64, toBytes } from "./frame.ts";
import { ProtocolError } from "./protocol_error.ts";

/** Character codes of the type digits: the first character of every text frame. */
export const OPEN = 0x30;
/** `"4"`. */
export const MESSAGE = 0x34;
/** `"6"`. */
export const NOOP = 0x36;
/** `"b"`: a binary message as base64, where a transport carries text only. */
export const BASE64 = 0x62;

/** This side ends the session. */
export const CLOSE_FRAME = "1";
/** A heartbeat, from the server. */
export const PING_FRAME = "2";
/** The client tries a new transport. */
export const PROBE_PING_FRAME = "2probe";
/** The answer to {@linkcode PROBE_PING_FRAME}. */
export const PROBE_PONG_FRAME = "3probe";
/** The client moves to the transport that carries this. */
export const UPGRADE_FRAME = "5";
/** Nothing: it ends a pending poll. */
export const NOOP_FRAME = "6";

/** Names of the packet types; the index is the digit on the wire. */
const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"] as const;

/** The type of an Engine.IO packet, by name. */
export type EnginePacketType = (typeof TYPES)[number];

/** One Engine.IO packet. `data` is absent where the frame is a bare digit; only a message carries bytes. */
export interface EnginePacket {
  readonly type: EnginePacketType;
  readonly data?: string | Uint8Array | undefined;
}

/** An Engine.IO packet as it may be given: bytes in any form. */
export interface EnginePacketInput {
  readonly type: EnginePacketType;
  readonly data?: string | ArrayBuffer | ArrayBufferView | undefined;
}

/** Packet to frame. Throws a TypeError on an unknown type, and on bytes in anything but a message. */
export function encodePacket(packet: EnginePacketInput): Frame {
  const digit = TYPES.indexOf(packet.type);
  if (digit === -1) throw new TypeError(`Cannot encode Engine.IO packet: unknown type "${packet.type}"`);
  const data = packet.data ?? "";
  if (typeof data === "string") return digit + data;
  if (packet.type === "message") return toBytes(data);
  throw new TypeError(`Cannot encode Engine.IO packet: "${packet.type}" carries no bytes`);
}

/**
 * Frame to packet; a base64 frame becomes a message of bytes. Bytes are passed on, not copied.
 * Throws a ProtocolError on an empty frame and on an unknown type.
 */
export function decodePacket(frame: Frame): EnginePacket {
  if (typeof frame !== "string") return packetOf(frame);
  const code = frame.charCodeAt(0);
  if (code === BASE64) return { type: "message", data: decodeBase64Frame(frame) };
  if (!isTypeCode(code)) throw malformed(frame);
  return packetOf(frame);
}

/** The packet that a frame without fault is, where base64 has been decoded. */
export function packetOf(frame: Frame): EnginePacket {
  if (typeof frame !== "string") return { type: "message", data: frame };
  const type = TYPES[frame.charCodeAt(0) - OPEN]!;
  return frame.length === 1 ? { type } : { type, data: frame.slice(1) };
}

/** Whether a character code is one of the seven type digits. NaN, of an empty frame, is not. */
export function isTypeCode(code: number): boolean {
  return code >= OPEN && code <= NOOP;
}

/** The frame of a message: what `socket.send(data)` sends. */
export function messageFrame(data: string | ArrayBuffer | ArrayBufferView): Frame {
  return typeof data === "string" ? "4" + data : toBytes(data);
}

/** A frame for a transport that carries text only: bytes become `b` and base64 (no digit). */
export function toTextFrame(frame: Frame): string {
  return typeof frame === "string" ? frame : "b" + toBase64(frame);
}

/** The bytes of a frame that begins with `b`. */
export function decodeBase64Frame(frame: string): Uint8Array {
  return fromBase64(frame.slice(1));
}

/** The error for a frame that is no Engine.IO packet. */
export function malformed(frame: string): ProtocolError {
  const found = frame === "" ? "an empty frame" : `type ${JSON.stringify(frame[0])}`;
  return new ProtocolError(`Cannot decode Engine.IO packet: ${found}, expected 0 to 6 or b`);
}
