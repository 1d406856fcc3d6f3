/**
 * One client in one namespace: what users hold in `io.on("connection", (socket) => …)`.
 *
 * It sees its namespace and its connection through two small ports and owns neither. It ends in one way only:
 * its connection drops it, which calls {@linkcode closeSocket}.
 * Source of behaviour: Socket.IO 4.8, class Socket of the server.
 * @module
 */
import type { EngineSocket, PeerInfo, SendOptions, TopicSocket } from "../engine/ports.ts";
import { ackDisconnectedError, Acks, type AckSettled } from "../events/acks.ts";
import { Emitter, runCallback } from "../events/emitter.ts";
import type {
  AckValue,
  AnyListener,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
import { type AckPacket, type EventPacket, PacketType } from "../protocol/socket_packet.ts";
import type { FramesOrPromise } from "./adapter.ts";
import type { AdapterView } from "./adapter_view.ts";
import type { TellInvalid } from "../contract/contract_checks.ts";
import { BroadcastOperator } from "./broadcast_operator.ts";
import { CatchAll, hasOutgoingListeners, showIncoming, showOutgoing } from "./catch_all.ts";
import { checkEventName } from "./event_name.ts";
import { type Handshake, makeHandshake } from "./handshake.ts";
import { ownRoom, type Room, type SocketId } from "./ids.ts";
import { type Middleware, runMiddlewares } from "./middleware.ts";
import { type BroadcastFlags, everyoneBut, withExcept, withFlags, withRooms } from "./selector.ts";
import type { RateLimited } from "./rate_limit.ts";
import { SocketOperator, type SocketSender } from "./socket_operator.ts";
import type {
  Client,
  DisconnectReason,
  NamespaceOf,
  ServerOf,
  SocketHome,
  SocketLink,
  SocketReservedEvents,
} from "./socket_ports.ts";

/** A socket whatever its events are. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnySocket = Socket<any, any, any, any>;

type SocketState = "pending" | "connected" | "closed";

const NO_FLAGS: BroadcastFlags = Object.freeze({});
const NO_ARGS: unknown[] = [];

// The side of a socket that its namespace and its connection use, and users do not see.

/** Makes a socket for a client that asked to join with `auth`; it is not connected yet. */
export let makeSocket: (
  home: SocketHome,
  link: SocketLink,
  auth: Record<string, unknown>,
  former?: FormerSocket,
) => AnySocket;
/** Its CONNECT was accepted. */
export let openSocket: (socket: AnySocket) => void;
/** The only way a socket ends. Its listeners are told if it had been connected. */
export let closeSocket: (socket: AnySocket, reason: DisconnectReason, description?: unknown) => void;
/** Its client is on another connection by now: ends this one as lost. */
export let loseSocket: (socket: AnySocket) => void;
/** An event of its client was beyond the rate limit: tells the namespace's listeners. */
export let limitSocket: (socket: AnySocket, limited: RateLimited) => void;
/** An event or an ack came from the client. */
export let receivePacket: (socket: AnySocket, packet: EventPacket | AckPacket) => void;
/** Sends what was encoded for many; returns whether somebody listens to outgoing events. */
export let sendFramesTo: (
  socket: AnySocket,
  frames: FramesOrPromise,
  options: SendOptions | undefined,
) => boolean;
/** See {@linkcode EngineSocket.direct}. */
export let directSocket: (socket: AnySocket, bytes: number) => TopicSocket | undefined;
/** What a socket is may change: a runtime that lets connections sleep looks at it again. */
export let touchSocket: (socket: AnySocket) => void;
/** What makes it again after sleep, but for its namespace and its rooms. */
export let describeSocket: (
  socket: AnySocket,
) => { readonly auth: Record<string, unknown>; readonly issued: number; readonly data: unknown };
/** Waits for ack `id`, without a timeout. */
export let awaitAck: (socket: AnySocket, id: number, settled: AckSettled) => void;
/** Waits no longer for ack `id`. */
export let forgetAck: (socket: AnySocket, id: number) => void;

/** An event of a client on its way to the listeners: its name, its arguments, and its ack if it asks for one. */
// deno-lint-ignore no-explicit-any -- listener argument list
export type IncomingEvent = [event: string, ...args: any[]];

/** An earlier socket that goes on as this one. */
export interface FormerSocket {
  readonly id: string;
  readonly data: unknown;
  /** When it was made, where that counts: it slept. */
  readonly issued?: number;
}

/** An ack that a runtime which lets connections sleep may have to wait for. */
class Answer {
  isGiven = false;
  /** Lets the runtime sleep again: it is expected later. */
  release: (() => void) | undefined;

  given(): void {
    this.isGiven = true;
    this.release?.();
  }
}

/** One client in one namespace. */
export class Socket<
  ListenEvents = DefaultEventsMap,
  EmitEvents = ListenEvents,
  ServerSideEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends CatchAll<SocketReservedEvents, ListenEvents> {
  /** 20 random characters; another one than the session's sid, and another one after each reconnection, unless recovered. */
  readonly id: string;
  /**
   * Whether this is an earlier socket that came back, with its id, rooms and data: by connection state recovery, or
   * because it slept with its Durable Object.
   */
  readonly recovered: boolean;

  readonly #home: SocketHome;
  readonly #link: SocketLink;
  readonly #emitter: Emitter<Record<string, AnyListener>>;
  readonly #auth: Record<string, unknown>;
  readonly #issued: number;
  /** Made when first asked for. */
  #data: SocketData | undefined;
  /** Whether the program may hold `#data`, and change it without our notice. */
  #isLent = false;
  #state: SocketState = "pending";
  #handshake: Handshake | undefined;
  #acks: Acks | undefined;
  #middlewares: Middleware<IncomingEvent>[] | undefined;

  static {
    makeSocket = (home, link, auth, former) => new Socket(home, link, auth, former);
    touchSocket = (socket) => socket.#touch();
    describeSocket = (socket) => ({
      auth: socket.#auth,
      issued: socket.#issued,
      data: socket.#data ?? {},
    });
    openSocket = (socket) => {
      socket.#state = "connected";
    };
    closeSocket = (socket, reason, description) => socket.#close(reason, description);
    limitSocket = (socket, limited) => socket.#home.tell("rate_limited", [socket, limited]);
    loseSocket = (socket) => socket.#link.close("transport close");
    receivePacket = (socket, packet) => {
      if (socket.#isLent) socket.#touch();
      if (packet.type === PacketType.EVENT) socket.#receiveEvent(packet);
      else if (packet.id !== undefined) socket.#acks?.settle(packet.id, packet.data ?? NO_ARGS);
    };
    sendFramesTo = (socket, frames, options) => {
      socket.#link.sendFrames(frames, options);
      return hasOutgoingListeners(socket);
    };
    directSocket = (socket, bytes) => socket.#link.direct?.(bytes);
    awaitAck = (socket, id, settled) => {
      (socket.#acks ??= new Acks()).wait(id, settled, socket.#home.clock);
    };
    forgetAck = (socket, id) => socket.#acks?.forget(id);
  }

  private constructor(
    home: SocketHome,
    link: SocketLink,
    auth: Record<string, unknown>,
    former: FormerSocket | undefined,
  ) {
    const { report, subject, sleeper } = home;
    const emitter = new Emitter<Record<string, AnyListener>>(report, subject, sleeper?.pending);
    super(emitter, home.report, home.name);
    this.id = former?.id ?? home.makeId();
    this.#data = former?.data as SocketData | undefined;
    this.recovered = former !== undefined;
    this.#home = home;
    this.#link = link;
    this.#emitter = emitter;
    this.#auth = auth;
    this.#issued = former?.issued ?? Date.now(); // the wall clock: for people, not for deadlines
  }

  /** Yours, for as long as the socket lives. On Durable Objects it must be structured-cloneable. */
  get data(): SocketData {
    this.#lend();
    if (this.#data === undefined) this.#data = {} as SocketData;
    return this.#data;
  }

  set data(data: SocketData) {
    this.#lend();
    this.#data = data;
  }

  /** Whether events may be exchanged: from `connection` until `disconnect`. */
  get connected(): boolean {
    return this.#state === "connected";
  }

  /** The opposite of {@linkcode Socket.connected}. */
  get disconnected(): boolean {
    return this.#state !== "connected";
  }

  /** The Engine.IO session. */
  get conn(): EngineSocket {
    return this.#link.conn;
  }

  /** The connection, which sockets of other namespaces may share. */
  get client(): Client {
    return this.#link.client;
  }

  /** The handshake request. */
  get request(): PeerInfo {
    return this.#link.conn.request;
  }

  /** What the client said when it came. */
  get handshake(): Handshake {
    this.#touch(); // its `auth` may be changed
    return this.#handshake ??= makeHandshake(this.#link.conn.request, this.#auth, this.#issued);
  }

  /** The namespace. */
  get nsp(): NamespaceOf<EmitEvents, ServerSideEvents, SocketData, this> {
    return this.#home.nsp as NamespaceOf<EmitEvents, ServerSideEvents, SocketData, this>;
  }

  /** The server. */
  get server(): ServerOf<EmitEvents, ServerSideEvents, SocketData> {
    return this.#home.server as ServerOf<EmitEvents, ServerSideEvents, SocketData>;
  }

  /** The rooms and sockets of its namespace. */
  get adapter(): AdapterView {
    return this.#home.view;
  }

  /** A copy of the rooms it is in, its own (named as its id) included. */
  get rooms(): Set<string> {
    return new Set(this.#home.roomsOf(this.#id));
  }

  /** Joins one room or several; after the end it does nothing. A promise only where a cluster must learn of it. */
  join(rooms: string | readonly string[]): void | Promise<void> {
    if (this.#state === "closed") return;
    this.#touch();
    return this.#home.join(this.#id, (Array.isArray(rooms) ? rooms : [rooms]) as Room[]);
  }

  /** Leaves a room. */
  leave(room: string): void | Promise<void> {
    if (this.#state === "closed") return;
    this.#touch();
    return this.#home.leave(this.#id, room as Room);
  }

  /**
   * Sends an event to the client; what is emitted in order leaves in order. A callback as the last argument is
   * called with the client's ack, without a timeout only if it comes. After the end nothing is sent. Always true.
   */
  emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean;
  emit(...data: unknown[]): boolean {
    this.#emit(data, NO_FLAGS);
    return true;
  }

  /** Emits "message". */
  send(...args: MessageParams<EmitEvents>): this {
    this.#emit(["message", ...args], NO_FLAGS);
    return this;
  }

  /** The same as {@linkcode Socket.send}. */
  write(...args: MessageParams<EmitEvents>): this {
    return this.send(...args);
  }

  /** Sends an event and resolves to the ack's first argument; rejects when the socket ends before. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    ev: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<EmitEvents, Ev>>;
  emitWithAck(...data: unknown[]): Promise<unknown> {
    return this.#emitWithAck(data, NO_FLAGS);
  }

  /** Waits `ms` for the ack, which takes an error first: `socket.timeout(500).emit("x", (err, answer) => …)`. */
  timeout(ms: number): SocketOperator<DecorateAcknowledgements<EmitEvents>, SocketData> {
    return this.#operator().timeout(ms);
  }

  /** Drops the event where the transport cannot take it at once. */
  get volatile(): SocketOperator<EmitEvents, SocketData> {
    return this.#operator().volatile;
  }

  /** Whether compression is worth trying. Default true. */
  compress(compress: boolean): SocketOperator<EmitEvents, SocketData> {
    return this.#operator().compress(compress);
  }

  /** The sockets in `room`, or in any of several, this one excepted. */
  to(
    room: string | readonly string[],
  ): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#home.target, withRooms(everyoneBut(ownRoom(this.#id)), room));
  }

  /** The same as {@linkcode Socket.to}. */
  in(
    room: string | readonly string[],
  ): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return this.to(room);
  }

  /** All other sockets of the namespace but those in `room`, or in any of several. */
  except(
    room: string | readonly string[],
  ): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#home.target, withExcept(everyoneBut(ownRoom(this.#id)), room));
  }

  /** All other sockets of the namespace. */
  get broadcast(): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.#home.target, everyoneBut(ownRoom(this.#id)));
  }

  /** All other sockets of the namespace in this process. */
  get local(): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    const to = withFlags(everyoneBut(ownRoom(this.#id)), { local: true });
    return new BroadcastOperator(this.#home.target, to);
  }

  /**
   * Ends this socket ("server namespace disconnect"); with `close` all sockets of the client and its connection.
   * Nothing happens unless it is connected.
   */
  disconnect(close = false): this {
    if (this.#state !== "connected") return this;
    if (close) this.#link.disconnectAll();
    else this.#link.disconnect(this.#home.name);
    return this;
  }

  /**
   * Adds a middleware, asked in order about every event of the client, which it may change; after the `onAny`
   * listeners and before all others. It goes on with `next()`; with `next(error)`, a throw or a rejection the event
   * goes no further, and listeners of `error` are told. One with a single parameter goes on by returning. What is
   * decided later lets later events overtake.
   */
  use(middleware: Middleware<IncomingEvent>): this {
    if (typeof middleware !== "function") {
      throw new TypeError(`Cannot use middleware: ${String(middleware)} is not a function`);
    }
    (this.#middlewares ??= []).push(middleware);
    return this;
  }

  #lend(): void {
    this.#isLent = true;
    this.#touch();
  }

  #touch(): void {
    this.#home.sleeper?.touched(this.#link.conn.id);
  }

  get #id(): SocketId {
    return this.id as SocketId;
  }

  #operator(): SocketOperator<EmitEvents, SocketData> {
    const sender: SocketSender = {
      id: this.#id,
      target: this.#home.target,
      emit: (data, flags) => this.#emit(data, flags),
      emitWithAck: (data, flags) => this.#emitWithAck(data, flags),
    };
    return new SocketOperator(sender, NO_FLAGS);
  }

  #emit(data: unknown[], flags: BroadcastFlags): void {
    const event = checkEventName(data[0]);
    const last = data[data.length - 1];
    if (typeof last !== "function") return this.#sendEvent(data, flags);
    data.pop();
    const { report, sleeper } = this.#home;
    const where = `ack of "${event}" in "${this.#home.name}"`;
    if (flags.timeout !== undefined) {
      this.#ask(data, flags, (error, args) => {
        runCallback(last as AnyListener, this, [error, ...args], report, where, sleeper?.pending);
      });
    } else {
      this.#ask(data, flags, (error, args) => {
        if (error === null) runCallback(last as AnyListener, this, args, report, where, sleeper?.pending);
      });
    }
  }

  #emitWithAck(data: unknown[], flags: BroadcastFlags): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkEventName(data[0]);
      this.#ask(data, flags, (error, args) => error === null ? resolve(args[0]) : reject(error));
    });
  }

  /** Sends an event that asks for an ack. */
  #ask(data: unknown[], flags: BroadcastFlags, settled: AckSettled): void {
    if (this.#state === "closed") {
      queueMicrotask(() => settled(ackDisconnectedError(), NO_ARGS)); // never before emit() returns
      return;
    }
    const { checks } = this.#home;
    const judged = checks?.answered(String(data[0]), settled, this.#tellInvalid()) ?? settled;
    const acks = this.#acks ??= new Acks();
    const id = this.#home.nextAckId();
    acks.wait(id, judged, this.#home.clock, flags.timeout ?? this.#home.ackTimeout);
    try {
      this.#sendEvent(data, flags, id);
    } catch (error) {
      acks.forget(id);
      throw error;
    }
  }

  #sendEvent(data: unknown[], flags: BroadcastFlags, id?: number): void {
    if (this.#state === "closed") return;
    this.#home.checks?.outgoing(data);
    showOutgoing(this, data);
    const options = flags === NO_FLAGS ? undefined : flags;
    const logged = id === undefined ? this.#home.logged(data, this.#id, flags.volatile === true) : undefined;
    if (logged !== undefined) {
      this.#touch();
      return this.#link.sendFrames(logged, options);
    }
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.#home.name, id, data };
    this.#link.send(packet, options);
  }

  #receiveEvent({ data, id }: EventPacket): void {
    if (data === undefined) return; // the bare packet "2" names no event
    const { checks } = this.#home;
    if (checks === undefined) return this.#accept(data, id);
    checks.incoming(
      data,
      id !== undefined,
      (valid) => {
        if (this.#state === "connected") this.#accept(valid, id);
      },
      this.#tellInvalid(),
      (error) => {
        if (id !== undefined) this.#answer(id, [error]);
      },
    );
  }

  #tellInvalid(): TellInvalid {
    return (invalid) => this.#home.tell("invalid", [this, invalid]);
  }

  #accept(data: unknown[], id: number | undefined): void {
    const answer = id === undefined || this.#home.sleeper === undefined ? undefined : new Answer();
    if (id !== undefined) data.push(this.#ackFor(id, data[0], answer));
    // The types promise an ack: where the client wants none, the answer goes nowhere.
    else if (this.#home.checks?.hasAck(String(data[0]))) data.push(() => {});
    if (showIncoming(this, data) && this.#state !== "connected") return;
    if (this.#middlewares === undefined) return this.#dispatch(data, answer);
    const release = this.#home.sleeper?.hold();
    runMiddlewares(
      this.#middlewares.slice(),
      data as IncomingEvent,
      (refusal) => {
        release?.();
        if (refusal === undefined) this.#dispatch(data, answer);
        else if (this.#state === "connected") this.#refused(refusal);
      },
      (error) => this.#home.report(error, `middleware of a ${this.#home.subject}`),
    );
  }

  #dispatch(data: unknown[], answer: Answer | undefined): void {
    if (this.#state !== "connected") return; // it ended while a middleware thought
    const event = data.shift();
    const name = typeof event === "string" ? event : String(event);
    this.#home.handle(this, name, data);
    if (this.#state !== "connected") return;
    this.#emitter.dispatch(this, name, data);
    if (answer?.isGiven === false) answer.release = this.#home.sleeper?.hold();
  }

  /** A middleware did not let an event pass. Where nobody listens, it must not go unnoticed. */
  #refused(refusal: unknown): void {
    if (this.#emitter.has("error") || this.#home.handles("error")) this.#tell("error", [refusal]);
    else this.#home.report(refusal, `event refused by a middleware of a ${this.#home.subject}`);
  }

  /** Tells the namespace's handlers and the socket's listeners of its life cycle. */
  #tell(event: keyof SocketReservedEvents, args: readonly unknown[]): void {
    this.#home.handle(this, event, args);
    this.#emitter.dispatch(this, event, args);
  }

  #ackFor(id: number, event: unknown, answer: Answer | undefined): (...args: unknown[]) => void {
    let isSent = false;
    return (...args) => {
      if (isSent || this.#state === "closed") return;
      this.#home.checks?.answer(String(event), args[0]);
      this.#answer(id, args);
      answer?.given();
      isSent = true; // only now: an answer that could not be sent may be followed by one that can
    };
  }

  #answer(id: number, args: unknown[]): void {
    this.#link.send({ type: PacketType.ACK, nsp: this.#home.name, id, data: args });
  }

  #close(reason: DisconnectReason, description: unknown): void {
    const wasConnected = this.#state === "connected";
    if (wasConnected) this.#tell("disconnecting", [reason, description]);
    this.#state = "closed";
    this.#home.forget(this.#id, reason);
    this.#acks?.release();
    if (wasConnected) this.#tell("disconnect", [reason, description]);
  }
}
