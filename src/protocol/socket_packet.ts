/**
 * Socket.IO packets, decoded. Source: Socket.IO protocol v5, "Packet types".
 * The binary types 5 and 6 exist on the wire only: decoded they are 2 and 3.
 * @module
 */

/** Packet types with the numbers of the wire. */
export const PacketType = {
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
} as const;

/** Asks to join a namespace (`data`: the client's auth), or says that it was joined (`data`: `{ sid, pid? }`). */
export interface ConnectPacket {
  /** Its number on the wire. */
  readonly type: 0;
  /** The namespace. */
  readonly nsp: string;
  /** What it carries. */
  readonly data?: Record<string, unknown> | undefined;
}

/** Leaves a namespace. */
export interface DisconnectPacket {
  /** Its number on the wire. */
  readonly type: 1;
  /** The namespace. */
  readonly nsp: string;
}

/** An event: `data[0]` is its name; `id` asks for an ack. `data` is absent for the bare packet `2`, which names no event. */
export interface EventPacket {
  /** Its number on the wire. */
  readonly type: 2;
  /** The namespace. */
  readonly nsp: string;
  /** Names the ack. */
  readonly id?: number | undefined;
  /** The arguments. */
  readonly data?: unknown[] | undefined;
}

/** The answer to an event with an `id`. */
export interface AckPacket {
  /** Its number on the wire. */
  readonly type: 3;
  /** The namespace. */
  readonly nsp: string;
  /** Names the ack. */
  readonly id?: number | undefined;
  /** The arguments. */
  readonly data?: unknown[] | undefined;
}

/** Refuses a CONNECT. `data` is `{ message, data? }` (protocol v5) or a text (v4). */
export interface ConnectErrorPacket {
  /** Its number on the wire. */
  readonly type: 4;
  /** The namespace. */
  readonly nsp: string;
  /** The refusal. */
  readonly data?: Record<string, unknown> | string | undefined;
}

/** Any Socket.IO packet. */
export type Packet = ConnectPacket | DisconnectPacket | EventPacket | AckPacket | ConnectErrorPacket;

/** Event names that a peer may neither send nor be sent: they are life-cycle events of the socket itself. */
export const RESERVED_EVENTS: ReadonlySet<string> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);
