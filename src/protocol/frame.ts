/**
 * The unit that travels between a session and a transport: one Engine.IO packet, encoded.
 * Source: Engine.IO protocol v4, "Packet encoding".
 * @module
 */

/** Text with its leading type digit (`"4hello"`, `"2"`), or the bytes of a binary message (no digit). */
export type Frame = string | Uint8Array;
