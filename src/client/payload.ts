/**
 * The body of a polling request as clients need it: in few bytes. `protocol/engine_payload.ts` is the server's, which
 * counts and bounds what strangers send.
 * Source: Engine.IO protocol v4, "HTTP long-polling".
 * @module
 */
import type { Frame } from "../protocol/frame.ts";

const SEPARATOR = "\x1e";

/** Frames to body, in order; bytes as `b` and base64. */
export function encodePayload(frames: readonly Frame[]): string {
  return frames.map((frame) => typeof frame === "string" ? frame : "b" + base64(frame)).join(SEPARATOR);
}

/** Body to frames. Throws on what is no base64 where it should be. */
export function decodePayload(body: string): Frame[] {
  return body.split(SEPARATOR).map((text) =>
    text[0] === "b" ? Uint8Array.from(atob(text.slice(1)), (char) => char.charCodeAt(0)) : text
  );
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  // In chunks: the arguments of one call must fit on the stack.
  for (let i = 0; i < bytes.length; i += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  }
  return btoa(binary);
}
