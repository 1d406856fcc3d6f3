/**
 * The port between Socket.IO packets and frames, so that another wire format can take the default one's place.
 * @module
 */
import type { Frame } from "./frame.ts";
import type { Packet } from "./socket_packet.ts";

/** Encodes packets, and makes one decoder for each connection. Stateless. */
export interface Parser {
  /**
   * The frames of one packet, in order; text frames carry Engine.IO's digit `4`. Frames are shared by all
   * receivers of a broadcast: nobody may change them. A promise only where a Blob must be read first.
   * Throws a TypeError on what cannot be sent (a circular value, a BigInt).
   */
  encode(packet: Packet): Frame[] | Promise<Frame[]>;
  /** A decoder for one connection. */
  decoder(): PacketDecoder;
}

/** Turns the frames of one connection into packets. */
export interface PacketDecoder {
  /**
   * Takes one message frame (text with its leading `4`, or bytes). Returns the packet it completes, or
   * undefined while attachments are missing. Throws a ProtocolError; the connection must then be closed.
   */
  push(frame: Frame): Packet | undefined;
  /** Whether a packet waits for attachments. */
  readonly isPartial: boolean;
}
