/**
 * The error for bytes that break a protocol. It is always the peer's fault: whoever catches it ends the
 * peer's session ("parse error") and nobody else's.
 * @module
 */

/** What was read does not follow the Engine.IO or Socket.IO protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}
