/**
 * The types of the public API, gathered: what users may name in their own signatures.
 * @module
 */
export type { Namespace, NamespaceReservedEvents } from "../core/namespace.ts";
export type { Socket } from "../core/socket.ts";
export type { Client, DisconnectReason, NamespaceOf, SocketReservedEvents } from "../core/socket_ports.ts";
export type { SocketOperator } from "../core/socket_operator.ts";
export type { BroadcastAckError, BroadcastOperator } from "../core/broadcast_operator.ts";
export type { Broadcastable, Many } from "../core/broadcastable.ts";
export type { Handshake } from "../core/handshake.ts";
export type { ExtendedError, Middleware, Next } from "../core/middleware.ts";
export type { Listenable } from "../events/listenable.ts";
export type {
  AckOf,
  AckValue,
  AllButLast,
  AnyListener,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DecoratedAck,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventNamesWithoutAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  IsAny,
  IsOpen,
  Last,
  ListenableNames,
  ListenerOf,
  MapAck,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
export type {
  CloseReason,
  CookieOptions,
  CorsDelegate,
  CorsOptions,
  Engine,
  EngineOptions,
  EngineSocket,
  PeerInfo,
  ReportError,
} from "./engine.ts";
