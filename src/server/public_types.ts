/**
 * The types of the public API, gathered: what users may name in their own signatures.
 * @module
 */
export type {
  AckQuestion,
  Adapter,
  AdapterFactory,
  Answers,
  Command,
  FramesOrPromise,
  LocalSockets,
  Question,
  ServersQuestion,
  SocketDetails,
  SocketsQuestion,
} from "../core/adapter.ts";
export type { AdapterEvents, AdapterView, BroadcastOptions } from "../core/adapter_view.ts";
export type { CatchAll } from "../core/catch_all.ts";
export type { Room, SocketId } from "../core/ids.ts";
export type { AnyNamespace, Namespace } from "../core/namespace.ts";
export type { EventHandler, NamespaceFace } from "../core/namespace_face.ts";
export type { NamespaceMatcher } from "../core/namespaces.ts";
export type { ParentNamespace } from "../core/parent_namespace.ts";
export type { RateLimit, RateLimited, RateLimitOptions, RateLimitOutcome } from "../core/rate_limit.ts";
export type { RemoteEmitter, RemoteSocket } from "../core/remote_socket.ts";
export type { RoomChange, Rooms, RoomsObserver } from "../core/rooms.ts";
export type { BroadcastFlags, Selector } from "../core/selector.ts";
export type {
  EventLog,
  LoggedEvent,
  Offset,
  PrivateId,
  RecoverableSession,
  SessionEnd,
  SessionStore,
  UnloggedEvent,
} from "../core/session_store.ts";
export type { IncomingEvent, Socket } from "../core/socket.ts";
export type {
  Client,
  DisconnectReason,
  NamespaceOf,
  NamespaceReservedEvents,
  ServerOf,
  SessionExpiry,
  SocketReservedEvents,
} from "../core/socket_ports.ts";
export type { SocketOperator } from "../core/socket_operator.ts";
export type { EventError, Issue } from "../contract/checks.ts";
export type { AnyContract, Contract, ContractSpec, EventSpec, EventSpecs } from "../contract/contract.ts";
export type {
  AnySchema,
  StandardIssue,
  StandardJsonSchema,
  StandardProps,
  StandardResult,
  StandardSchema,
} from "../contract/standard_schema.ts";
export type { Invalid } from "../contract/contract_checks.ts";
export type { ForeignDecoder, ForeignEncoder, ForeignParser } from "../protocol/foreign_parser.ts";
export type { PacketDecoder, Parser } from "../protocol/parser.ts";
export type {
  AckPacket,
  ConnectErrorPacket,
  ConnectPacket,
  DisconnectPacket,
  EventPacket,
  Packet,
} from "../protocol/socket_packet.ts";
export type { RecoveryOptions } from "./recovery_options.ts";
export type { BroadcastOperator } from "../core/broadcast_operator.ts";
export type { BroadcastAckError } from "../core/broadcast_target.ts";
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
  DecorateAcknowledgementsWithTimeoutAndMultipleResponses,
  DecoratedAck,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventNamesWithoutAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  HandlerParams,
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
