/**
 * A client's socket: one namespace over one manager's connection. What is emitted while there is no connection waits,
 * unless it is volatile; with `retries` it also waits for the server's ack.
 * Source of behaviour: socket.io-client 4.8, class Socket.
 * @module
 */
import { ackDisconnectedError, type AckSettled, ackTimeoutError } from "../events/acks.ts";
import type {
  AckValue,
  AnyListener,
  DecorateAcknowledgements,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";
import { type EventPacket, type Packet, PacketType, RESERVED_EVENTS } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import { Emitter, fire, report, run } from "./emitter.ts";
import type { Auth, ManagerOptions, SocketOptions } from "./options.ts";
import { type EmitFlags, Sender } from "./sender.ts";
import type { ClientSession } from "./session.ts";

/** What the sockets of a connection need of it. */
export interface ConnectionPort {
  /** Whose socket this is, for users. */
  readonly io: ManagerFace;
  /** Time. */
  readonly clock: Clock;
  /** A number for each connection there was; undefined where there is none now. */
  current(): number | undefined;
  /** Whether a frame would leave at once. */
  isWritable(): boolean;
  /** Whether the server was heard of in time; the connection ends where it was not. */
  isAlive(): boolean;
  /** Connects, unless it does or is. */
  open(): void;
  /** Sends in order. */
  send(packet: Packet): void;
  /** A socket needs the connection no longer. */
  released(): void;
  /** Runs `retry` after the delay of a first attempt. */
  later(retry: () => void): void;
}

/**
 * Why a socket was disconnected. After the first two it does not connect again by itself.
 * - `io server disconnect`: the server asked for it
 * - `io client disconnect`: this side did
 * - others: see `EngineCloseReason`
 */
export type DisconnectReason =
  | "io server disconnect"
  | "io client disconnect"
  | "ping timeout"
  | "transport close"
  | "transport error"
  | "parse error"
  | "forced close";

/** Events of a socket's life. */
export interface SocketReservedEvents {
  /** It is connected, for the first time or again. */
  connect: () => void;
  /** It could not be; with `data` where the server refused it, which then is final. */
  connect_error: (error: Error & { data?: unknown }) => void;
  /** It is connected no longer. */
  disconnect: (reason: DisconnectReason, description?: unknown) => void;
}

/** An event that waits for its turn, with `retries`. */
interface Queued {
  readonly flags: EmitFlags;
  readonly args: readonly unknown[];
  readonly settled: AckSettled | undefined;
  tries: number;
  isPending: boolean;
}

// The side of a socket that its manager uses, and users do not see.

/** There is a connection: asks to join. */
export let connectionOpened: (socket: AnySocket) => void;
/** The connection is gone. */
export let connectionLost: (socket: AnySocket, reason: DisconnectReason, description: unknown) => void;
/** The connection could not be made. */
export let connectionFailed: (socket: AnySocket, error: Error) => void;
/** A packet of its namespace came. */
export let receivePacket: (socket: AnySocket, packet: Packet) => void;

/** A socket of any events. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnySocket = Socket<any, any>;

/**
 * One namespace. Type parameters, as on the official client: the events that the server sends, and those sent to it.
 */
export class Socket<ListenEvents = DefaultEventsMap, EmitEvents = ListenEvents>
  extends Emitter<SocketReservedEvents, ListenEvents> {
  /** Whose connection it uses. */
  readonly io: ManagerFace;
  /** The namespace. */
  readonly nsp: string;
  /** As in the options; may be changed before the next attempt. */
  auth: Auth | undefined;
  /** The server's id of it while connected. */
  id: string | undefined;
  /** Whether it is connected. */
  connected = false;
  /** Whether it is the same as before the connection was lost: nothing was missed. */
  recovered = false;
  /** What was emitted and waits for the connection, in order. */
  sendBuffer: EventPacket[] = [];
  /** What came before the connection was complete. */
  receiveBuffer: EventPacket[] = [];
  readonly #port: ConnectionPort;
  readonly #options: SocketOptions;
  readonly #sender: Sender<EmitEvents>;
  /** Who waits for which ack; each is told once. */
  readonly #acks = new Map<number, AckSettled>();
  #isActive = false;
  #ackIds = 0;
  #pid: string | undefined;
  #offset: string | undefined;
  readonly #queue: Queued[] = [];
  #incoming: readonly AnyListener[] = [];
  #outgoing: readonly AnyListener[] = [];

  static {
    connectionOpened = (socket) => socket.#join();
    connectionLost = (socket, reason, description) => {
      if (socket.#isActive) socket.#lost(reason, description);
    };
    connectionFailed = (socket, error) => {
      if (socket.#isActive) socket.#failed(error);
    };
    receivePacket = (socket, packet) => {
      if (socket.#isActive) socket.#receive(packet);
    };
  }

  /** Made by a manager: `manager.socket(nsp)`. */
  constructor(port: ConnectionPort, nsp: string, options: SocketOptions) {
    super();
    this.#port = port;
    this.#options = options;
    this.#sender = new Sender((flags, args) => this.#emit(flags, args), {});
    this.io = port.io;
    this.nsp = nsp;
    this.auth = options.auth;
  }

  /** Whether it is not connected. */
  get disconnected(): boolean {
    return !this.connected;
  }

  /** Whether it is connected, or will be without anybody's doing. */
  get active(): boolean {
    return this.#isActive;
  }

  /** Connects, unless it does or is. */
  connect(): this {
    if (this.#isActive) {
      if (!this.connected) this.#port.open();
      return this;
    }
    this.#isActive = true;
    if (this.#port.current() === undefined) this.#port.open();
    else this.#join();
    return this;
  }

  /** The same as {@linkcode Socket.connect}. */
  open(): this {
    return this.connect();
  }

  /** Leaves the namespace, and does not connect again by itself. */
  disconnect(): this {
    if (this.connected) this.#port.send({ type: PacketType.DISCONNECT, nsp: this.nsp });
    this.#leave("io client disconnect");
    return this;
  }

  /** The same as {@linkcode Socket.disconnect}. */
  close(): this {
    return this.disconnect();
  }

  /** Sends an event; a function as the last argument is its ack. Throws a TypeError on a name of its own life. */
  emit<Ev extends EventNames<EmitEvents>>(event: Ev, ...args: EventParams<EmitEvents, Ev>): this {
    this.#sender.emit(event, ...args);
    return this;
  }

  /** Sends an event and resolves to its ack; rejects when the socket is disconnected before it comes. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    event: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<EmitEvents, Ev>> {
    return this.#sender.emitWithAck(event, ...args);
  }

  /** Sends the event "message". */
  send(...args: MessageParams<EmitEvents>): this {
    this.#sender.send(...args);
    return this;
  }

  /** To send events that are dropped where they cannot leave at once. */
  get volatile(): Sender<EmitEvents> {
    return this.#sender.volatile;
  }

  /** To send events whose acks may take `ms`: they get an error first, or null. */
  timeout(ms: number): Sender<DecorateAcknowledgements<EmitEvents>> {
    return this.#sender.timeout(ms);
  }

  /** To send events; whether they are compressed is for the platform to say. */
  compress(compress: boolean): Sender<EmitEvents> {
    return this.#sender.compress(compress);
  }

  /** Adds a listener for all events that come, after the others. It gets the name first. */
  onAny(listener: AnyListener): this {
    this.#incoming = [...this.#incoming, listener];
    return this;
  }

  /** Adds it before the others. */
  prependAny(listener: AnyListener): this {
    this.#incoming = [listener, ...this.#incoming];
    return this;
  }

  /** Removes one, or all. */
  offAny(listener?: AnyListener): this {
    this.#incoming = without(this.#incoming, listener);
    return this;
  }

  /** A copy of the list. */
  listenersAny(): AnyListener[] {
    return [...this.#incoming];
  }

  /** Adds a listener for all events that are sent, when they are, after the others. It gets the name first. */
  onAnyOutgoing(listener: AnyListener): this {
    this.#outgoing = [...this.#outgoing, listener];
    return this;
  }

  /** Adds it before the others. */
  prependAnyOutgoing(listener: AnyListener): this {
    this.#outgoing = [listener, ...this.#outgoing];
    return this;
  }

  /** Removes one, or all. */
  offAnyOutgoing(listener?: AnyListener): this {
    this.#outgoing = without(this.#outgoing, listener);
    return this;
  }

  /** A copy of the list. */
  listenersAnyOutgoing(): AnyListener[] {
    return [...this.#outgoing];
  }

  #emit(flags: EmitFlags, args: readonly unknown[]): void {
    if (RESERVED_EVENTS.has(args[0] as string)) {
      throw new TypeError(`Cannot emit "${args[0]}": the name is reserved`);
    }
    const { retries, ackTimeout, checks } = this.#options;
    const isQueued = retries && !flags.volatile;
    const last = args.at(-1);
    let settled: AckSettled | undefined;
    if (typeof last === "function") {
      args = args.slice(0, -1);
      const takesError = isQueued || flags.takesError || (flags.timeout ?? ackTimeout) !== undefined;
      settled = (error, answer) => {
        if (takesError) run(last as AnyListener, this, [error, ...answer]);
        else if (!error) run(last as AnyListener, this, answer);
      };
    }
    if (checks) settled = checks.outgoing(args, settled);
    if (!isQueued) return this.#dispatch(flags, args, settled);
    this.#queue.push({ flags, args, settled, tries: 0, isPending: false });
    this.#sendQueued();
  }

  #dispatch(flags: EmitFlags, data: readonly unknown[], settled: AckSettled | undefined): void {
    let id: number | undefined;
    const isReady = this.connected && this.#port.isAlive();
    if (settled) {
      id = this.#wait(settled, flags.timeout ?? this.#options.ackTimeout);
    }
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.nsp, id, data: data as unknown[] };
    if (flags.volatile && !(isReady && this.#port.isWritable())) return;
    if (isReady) this.#send(packet);
    else this.sendBuffer.push(packet);
  }

  /** Waits for an ack, for `timeout` ms or (absent, Infinity) as long as it is connected; returns its id. */
  #wait(settled: AckSettled, timeout = Infinity): number {
    const { clock } = this.#port;
    const id = this.#ackIds++;
    const stop = timeout < Infinity &&
      clock.at(clock.now() + timeout, () => this.#acks.get(id)!(ackTimeoutError(), []));
    this.#acks.set(id, (error, answer) => {
      if (stop) stop();
      this.#acks.delete(id);
      this.sendBuffer = this.sendBuffer.filter((packet) => packet.id !== id);
      settled(error, answer);
    });
    return id;
  }

  #send(packet: EventPacket): void {
    for (const listener of this.#outgoing) run(listener, this, packet.data!);
    this.#port.send(packet);
  }

  /** Sends the oldest that waits; the others follow when it was acknowledged or given up. */
  #sendQueued(): void {
    const first = this.#queue[0];
    if (!first || first.isPending || !this.connected || !this.#port.isAlive()) return;
    first.isPending = true;
    first.tries++;
    this.#dispatch(first.flags, first.args, (error, answer) => {
      if (first !== this.#queue[0]) return; // an earlier try was answered
      first.isPending = false;
      if (!error || first.tries > this.#options.retries!) {
        this.#queue.shift();
        first.settled?.(error, answer);
      }
      this.#sendQueued();
    });
  }

  /** Asks to join the namespace. */
  #join(): void {
    if (!this.#isActive) return;
    const connection = this.#port.current();
    const join = (auth?: Record<string, unknown>): void => {
      if (this.#port.current() !== connection || !this.#isActive) return; // it took too long
      const data = this.#pid ? { pid: this.#pid, offset: this.#offset, ...auth } : auth;
      this.#port.send({ type: PacketType.CONNECT, nsp: this.nsp, data });
    };
    if (typeof this.auth !== "function") return join(this.auth);
    const failed = (error: Error): void => {
      this.#failed(error);
      this.#port.later(() => this.#port.current() === connection && this.#join());
    };
    try {
      const promised: unknown = this.auth(join);
      if (promised instanceof Promise) promised.then(join, failed);
    } catch (error) {
      failed(error as Error);
    }
  }

  #receive(packet: Packet): void {
    if (packet.type === PacketType.CONNECT) this.#joined(packet.data as { sid?: string; pid?: string });
    else if (packet.type === PacketType.EVENT) {
      if (this.connected) this.#take(packet);
      else this.receiveBuffer.push(packet);
    } else if (packet.type === PacketType.ACK) this.#acks.get(packet.id!)?.(null, packet.data ?? []);
    else if (packet.type === PacketType.DISCONNECT) this.#leave("io server disconnect");
    else {
      this.#leave();
      const { message, data } = packet.data as { message?: string; data?: unknown };
      this.#failed(Object.assign(new Error(message), { data }));
    }
  }

  #joined({ sid, pid }: { sid?: string; pid?: string } = {}): void {
    if (!sid) return this.#failed(new Error("Cannot connect: a Socket.IO 2 server"));
    this.id = sid;
    this.recovered = !!pid && this.#pid === pid;
    this.#pid = pid;
    this.connected = true;
    for (const packet of this.receiveBuffer.splice(0)) this.#take(packet);
    for (const packet of this.sendBuffer.splice(0)) {
      try {
        this.#send(packet);
      } catch (error) {
        report(error); // it cannot be encoded: the others can
      }
    }
    fire(this, "connect");
    this.#sendQueued();
  }

  #take({ id, data = [] }: EventPacket): void {
    const { checks } = this.#options;
    const ack = id === undefined ? undefined : this.#ackOf(id);
    const accept = (args: readonly unknown[]): void => {
      for (const listener of this.#incoming) run(listener, this, args);
      fire(this, String(args[0]), ...args.slice(1));
    };
    if (checks) checks.incoming(data, ack, !!this.#pid && !ack, accept);
    else accept(ack ? [...data, ack] : data);
    const last = data.at(-1);
    if (this.#pid && !ack && typeof last === "string") this.#offset = last;
  }

  /** Answers once, and only over the connection that asked. */
  #ackOf(id: number): (...args: unknown[]) => void {
    let connection = this.#port.current();
    return (...data) => {
      if (connection === undefined || connection !== this.#port.current()) return;
      connection = undefined;
      this.#port.send({ type: PacketType.ACK, nsp: this.nsp, id, data });
    };
  }

  #leave(reason?: DisconnectReason): void {
    const wasConnected = this.connected;
    this.#isActive = false;
    this.#port.released();
    if (reason && wasConnected && this.connected) this.#lost(reason, undefined);
  }

  #lost(reason: DisconnectReason, description: unknown): void {
    this.connected = false;
    this.id = undefined;
    fire(this, "disconnect", reason, description);
    // Who waits to be sent may still be answered.
    for (const [id, settled] of [...this.#acks]) {
      if (!this.sendBuffer.some((packet) => packet.id === id)) settled(ackDisconnectedError(), []);
    }
  }

  #failed(error: Error): void {
    if (!this.connected) fire(this, "connect_error", error);
  }
}

function without(list: readonly AnyListener[], listener: AnyListener | undefined): readonly AnyListener[] {
  const gone = list.indexOf(listener!);
  return listener ? list.filter((_, index) => index !== gone) : [];
}

// What a socket shows of its manager. Here, since the two types name each other.

/** Events of a manager. */
export interface ManagerEvents {
  /** There is a connection. */
  open: () => void;
  /** It is gone. */
  close: (reason: string, description?: unknown) => void;
  /** It could not be made. */
  error: (error: Error) => void;
  /** The server sent a heartbeat. */
  ping: () => void;
  /** A packet came. */
  packet: (packet: Packet) => void;
  /** It is tried again, for the `attempt`th time. */
  reconnect_attempt: (attempt: number) => void;
  /** That succeeded. */
  reconnect: (attempt: number) => void;
  /** That failed. */
  reconnect_error: (error: Error) => void;
  /** It is not tried any more. */
  reconnect_failed: () => void;
}

/** One connection to a server, which its sockets share. */
export interface ManagerFace extends Emitter<ManagerEvents> {
  /** The options it was made with. */
  readonly opts: ManagerOptions;
  /** The session below; undefined before the first. */
  readonly engine: ClientSession | undefined;
  /** The socket of a namespace, made if need be. */
  socket<ListenEvents = DefaultEventsMap, EmitEvents = ListenEvents>(
    nsp: string,
    options?: SocketOptions,
  ): Socket<ListenEvents, EmitEvents>;
  /** Connects, unless it does or is. `done` is told how that went; with it a failure is not followed by attempts. */
  open(done?: (error?: Error) => void): this;
  /** The same as `open`. */
  connect(done?: (error?: Error) => void): this;
  /** Whether it connects again by itself. */
  reconnection(): boolean;
  /** Sets it. */
  reconnection(value: boolean): this;
  /** How often in a row. */
  reconnectionAttempts(): number;
  /** Sets it. */
  reconnectionAttempts(value: number): this;
  /** ms before the first attempt, on average. */
  reconnectionDelay(): number;
  /** Sets it. */
  reconnectionDelay(value: number): this;
  /** The most ms before an attempt. */
  reconnectionDelayMax(): number;
  /** Sets it. */
  reconnectionDelayMax(value: number): this;
  /** 0 to 1: how random each delay is. */
  randomizationFactor(): number;
  /** Sets it. */
  randomizationFactor(value: number): this;
  /** ms that connecting may take; false: any time. */
  timeout(): number | false;
  /** Sets it. */
  timeout(value: number | false): this;
}
