/**
 * What the entry points of the client have in common.
 * @module
 */
export type { EnginePacketInfo } from "../engine/ports.ts";
export type { AckSettled } from "../events/acks.ts";
export type { Frame } from "../protocol/frame.ts";
export type { PacketDecoder, Parser } from "../protocol/parser.ts";
export type {
  AckPacket,
  ConnectErrorPacket,
  ConnectPacket,
  DisconnectPacket,
  EventPacket,
  Packet,
} from "../protocol/socket_packet.ts";
export type { Clock } from "../time/clock.ts";
export type { Emitter } from "./emitter.ts";
export type { EventChecks } from "./event_checks.ts";
export type { Io } from "./io.ts";
export type { Auth, ClientOptions, ManagerOptions, SocketOptions, TransportOptions } from "./options.ts";
export type { Sender } from "./sender.ts";
export type {
  ClientSession,
  EngineCloseReason,
  EngineEvents,
  Handshake,
  SessionListener,
  SessionSettings,
  TransportInfo,
} from "./session.ts";
export {
  type DisconnectReason,
  type ManagerEvents,
  type ManagerFace,
  Socket,
  type SocketReservedEvents,
} from "./socket.ts";
export type {
  ClientTransport,
  Endpoint,
  PausableTransport,
  Transport,
  TransportEvents,
  Upgradable,
} from "./transport.ts";
export type { TransportError } from "./transport_error.ts";
