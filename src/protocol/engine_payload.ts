/**
 * Many frames as the body of one HTTP long-polling request or response, and back.
 * Separated by U+001E, which is not escaped: JSON never contains it raw, other senders must avoid it.
 *
 * Source: Engine.IO protocol v4, "HTTP long-polling".
 * @module
 */
import { BASE64, decodeBase64Frame, isTypeCode, malformed, toTextFrame } from "./engine_packet.ts";
import { type Frame, utf8Length } from "./frame.ts";
import { ProtocolError } from "./protocol_error.ts";

const SEPARATOR = "\x1e";

/** What a body held. With an `error`, `frames` came before the fault and are delivered before the session ends. */
export interface DecodedPayload {
  readonly frames: Frame[];
  readonly error?: ProtocolError | undefined;
}

/** Frames to body, in order. Bytes become `b` and base64. */
export function encodePayload(frames: readonly Frame[]): string {
  if (frames.length === 1) return toTextFrame(frames[0]!);
  let body = "";
  for (let i = 0; i < frames.length; i++) {
    if (i > 0) body += SEPARATOR;
    body += toTextFrame(frames[i]!);
  }
  return body;
}

/** Bytes that a frame takes in a body, without its separator (1 more between two): 4 per 3 bytes when binary. */
export function payloadByteLength(frame: Frame): number {
  return typeof frame === "string" ? utf8Length(frame) : 1 + 4 * Math.ceil(frame.byteLength / 3);
}

/**
 * Body to frames; `b…` becomes bytes. Stops at the first malformed packet (an empty body is one) and at
 * packet `maxPackets + 1`. Returns the fault instead of throwing it, because what came before it counts.
 */
export function decodePayload(body: string, maxPackets: number = Infinity): DecodedPayload {
  const frames: Frame[] = [];
  for (let start = 0;;) {
    if (frames.length >= maxPackets) {
      return { frames, error: new ProtocolError(`Cannot decode payload: more than ${maxPackets} packets`) };
    }
    const end = body.indexOf(SEPARATOR, start);
    const text = end === -1 ? body.slice(start) : body.slice(start, end);
    const code = text.charCodeAt(0);
    if (code === BASE64) {
      frames.push(decodeBase64Frame(text));
    } else if (isTypeCode(code)) {
      frames.push(text);
    } else {
      return { frames, error: malformed(text) };
    }
    if (end === -1) return { frames };
    start = end + 1;
  }
}
