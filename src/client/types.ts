/**
 * What the entry points of the client have in common.
 * @module
 */
export type { EnginePacket, EnginePacketType } from "../protocol/engine_packet.ts";
export type { Frame } from "../protocol/frame.ts";
export type { PacketDecoder, Parser } from "../protocol/parser.ts";
export type { Packet } from "../protocol/socket_packet.ts";
export type { Clock } from "../time/clock.ts";
export type { EventChecks } from "./event_checks.ts";
export type { Io } from "./io.ts";
export type { Auth, ClientOptions, ManagerOptions, SocketOptions, TransportOptions } from "./options.ts";
export type { Sender } from "./sender.ts";
export type { ClientSession, EngineCloseReason, EngineEvents, Handshake, TransportInfo } from "./session.ts";
export {
  type DisconnectReason,
  type ManagerEvents,
  type ManagerFace,
  Socket,
  type SocketReservedEvents,
} from "./socket.ts";
export type { ClientTransport, Endpoint, Transport, TransportEvents } from "./transport.ts";
export type { TransportError } from "./transport_error.ts";
