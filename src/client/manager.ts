/**
 * One connection to a server and its sockets, one for each namespace: it connects, and connects again.
 * Source of behaviour: socket.io-client 4.8, class Manager.
 * @module
 */
import type { DefaultEventsMap } from "../events/event_types.ts";
import type { Frame } from "../protocol/frame.ts";
import type { PacketDecoder } from "../protocol/parser.ts";
import type { Packet } from "../protocol/socket_packet.ts";
import { backoff } from "./backoff.ts";
import { deviceClock } from "./clock.ts";
import { Emitter, fire, report, run } from "./emitter.ts";
import { endpointOf } from "./endpoint.ts";
import type { ManagerOptions, SocketOptions } from "./options.ts";
import { watchPage } from "./page.ts";
import { clientParser } from "./parser.ts";
import { ClientSession, type EngineCloseReason } from "./session.ts";
import {
  type AnySocket,
  connectionFailed,
  connectionLost,
  connectionOpened,
  type ConnectionPort,
  type ManagerEvents,
  type ManagerFace,
  receivePacket,
  Socket,
} from "./socket.ts";
import type { Transport } from "./transport.ts";
import { readUrl } from "./url.ts";

/** The defaults of what may be changed while it runs; also where 0 is given, as official. */
const DEFAULTS = {
  reconnection: true,
  reconnectionAttempts: Infinity,
  reconnectionDelay: 1_000,
  reconnectionDelayMax: 5_000,
  randomizationFactor: 0.5,
  timeout: 20_000,
};

type Changeable = keyof typeof DEFAULTS;

/** One connection. */
export class Manager extends Emitter<ManagerEvents> implements ManagerFace {
  /** The options it was made with. */
  readonly opts: ManagerOptions;
  /** The session below; undefined before the first. */
  engine: ClientSession | undefined;
  readonly #origin: string;
  readonly #transports: readonly Transport[];
  readonly #sockets = new Map<string, AnySocket>();
  readonly #port: ConnectionPort;
  readonly #clock;
  #decoder!: PacketDecoder;
  /** Sessions that there were. */
  #sessions = 0;
  #state: "closed" | "opening" | "open" = "closed";
  /** Attempts since there was a connection. */
  #attempts = 0;
  /** How to stop waiting for the next attempt, while one is waited for. */
  #stopWaiting: (() => void) | undefined;
  /** Whether anybody needs the connection. */
  #isWanted = false;
  /** Whether it is being connected again, waits included. */
  #isReconnecting = false;
  #stopTimeout: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #opening: ((error?: Error) => void) | undefined;
  #hadWebSocket = false;
  /** The last of what must still be read before it is sent; what is sent after it waits for it. */
  #reading: Promise<void> | undefined;

  /** Connects to `uri`, unless `autoConnect` is false. `available`: the transports that may be named. */
  constructor(uri?: string, options: ManagerOptions = {}, available: readonly Transport[] = []) {
    super();
    const { clock = deviceClock, transports = available } = options;
    const { origin, query } = readUrl(uri);
    this.opts = { query, ...options };
    this.#origin = origin;
    this.#clock = clock;
    this.#transports = transports
      .map((one) => typeof one === "string" ? available.find(({ name }) => name === one) : one)
      .filter((one) => one !== undefined && one.isSupported !== false) as Transport[];
    if (this.#transports.length === 0) {
      throw new TypeError(`Cannot connect: no transport in "${transports}"`);
    }
    this.#port = {
      io: this,
      clock,
      current: () => this.#state === "open" ? this.#sessions : undefined,
      isWritable: () => this.engine!.transport.writable,
      isAlive: () => this.engine!.check(),
      open: () => this.#stopWaiting ?? this.open(),
      send: (packet) => this.#send(packet),
      released: () => {
        for (const socket of this.#sockets.values()) if (socket.active) return;
        this.#close();
      },
      later: (retry) => clock.at(clock.now() + this.#delay(0), retry),
    };
    if (options.autoConnect !== false) this.open();
  }

  /** Connects, unless it does or is. `done` is told how that went; with it a failure is not followed by attempts. */
  open(done?: (error?: Error) => void): this {
    if (this.#state === "closed") {
      this.#stop();
      this.#opening = done;
      this.#connect();
    }
    return this;
  }

  /** The same as {@linkcode Manager.open}. */
  connect(done?: (error?: Error) => void): this {
    return this.open(done);
  }

  /** The socket of a namespace, made if need be; it connects, unless `autoConnect` is false. */
  socket<ListenEvents = DefaultEventsMap, EmitEvents = ListenEvents>(
    nsp: string,
    options: SocketOptions = {},
  ): Socket<ListenEvents, EmitEvents> {
    let socket = this.#sockets.get(nsp);
    if (socket === undefined) this.#sockets.set(nsp, socket = new Socket(this.#port, nsp, options));
    if (this.opts.autoConnect !== false) socket.connect();
    return socket;
  }

  /** Whether it connects again by itself. */
  reconnection(): boolean;
  /** Sets it. */
  reconnection(value: boolean): this;
  reconnection(...value: boolean[]): boolean | this {
    return this.#option("reconnection", value);
  }

  /** How often in a row. */
  reconnectionAttempts(): number;
  /** Sets it. */
  reconnectionAttempts(value: number): this;
  reconnectionAttempts(...value: number[]): number | this {
    return this.#option("reconnectionAttempts", value);
  }

  /** ms before the first attempt, on average. */
  reconnectionDelay(): number;
  /** Sets it. */
  reconnectionDelay(value: number): this;
  reconnectionDelay(...value: number[]): number | this {
    return this.#option("reconnectionDelay", value);
  }

  /** The most ms before an attempt. */
  reconnectionDelayMax(): number;
  /** Sets it. */
  reconnectionDelayMax(value: number): this;
  reconnectionDelayMax(...value: number[]): number | this {
    return this.#option("reconnectionDelayMax", value);
  }

  /** 0 to 1: how random each delay is. */
  randomizationFactor(): number;
  /** Sets it. */
  randomizationFactor(value: number): this;
  randomizationFactor(...value: number[]): number | this {
    return this.#option("randomizationFactor", value);
  }

  /** ms that connecting may take; false: any time. */
  timeout(): number | false;
  /** Sets it. */
  timeout(value: number | false): this;
  timeout(...value: (number | false)[]): number | false | this {
    return this.#option("timeout", value);
  }

  // deno-lint-ignore no-explicit-any -- each of the methods above says what it is
  #option(name: Changeable, value: unknown[]): any {
    if (value.length === 0) return this.opts[name] ?? DEFAULTS[name];
    this.opts[name] = value[0] as never;
    return this;
  }

  #connect(): void {
    const { upgrade = true, rememberUpgrade, tryAllTransports = false, parser = clientParser } = this.opts;
    this.#isWanted = true;
    this.#state = "opening";
    this.#sessions++;
    this.#decoder = parser.decoder();
    this.#reading = undefined; // what is still read was for the session before
    this.#unwatch ??= watchPage(this.#origin, {
      online: () => this.#hasten(),
      offline: () => this.engine?.end("transport close", { description: "network connection lost" }),
      shown: () => this.engine?.check() || this.#hasten(),
      leaving: () => this.opts.closeOnBeforeunload && this.engine?.leave(),
      // Else the server would take a page that is gone, or sleeps, for one that listens.
      left: (mayReturn) => {
        this.engine?.leave();
        if (mayReturn) this.engine?.end("transport close");
      },
    });
    const timeout = this.timeout();
    if (timeout !== false) {
      this.#stopTimeout = this.#clock.at(
        this.#clock.now() + timeout,
        () => this.engine!.end("transport error", new Error("timeout")),
      );
    }
    const rank = ({ name }: Transport): number => name === "websocket" ? 0 : 1;
    this.engine = new ClientSession({
      clock: this.#clock,
      endpoint: (transport) => endpointOf(this.#origin, transport, this.opts),
      transports: rememberUpgrade && this.#hadWebSocket
        ? [...this.#transports].sort((a, b) => rank(a) - rank(b))
        : this.#transports,
      upgrade,
      tryAll: tryAllTransports,
    }, {
      opened: () => this.#opened(),
      message: (frame) => this.#receive(frame),
      pinged: () => fire(this, "ping"),
      upgraded: (succeeded) => this.#hadWebSocket = succeeded,
      closed: (reason, description) => this.#closed(reason, description),
    });
  }

  #opened(): void {
    this.#hadWebSocket = this.engine!.transport.name === "websocket";
    this.#stopTimeout?.();
    this.#state = "open";
    fire(this, "open");
    for (const socket of this.#sockets.values()) connectionOpened(socket);
    this.#tell();
    const attempts = this.#attempts;
    this.#stop();
    if (attempts > 0) fire(this, "reconnect", attempts);
  }

  #closed(reason: EngineCloseReason, description: unknown): void {
    const wasOpen = this.#state === "open";
    this.#stopTimeout?.();
    this.#state = "closed";
    if (wasOpen || !this.#isWanted) {
      fire(this, "close", reason, description);
      for (const socket of this.#sockets.values()) connectionLost(socket, reason, description);
      return this.#reconnect();
    }
    this.#hadWebSocket = false;
    const error = description instanceof Error ? description : new Error(reason, { cause: description });
    fire(this, "error", error);
    for (const socket of this.#sockets.values()) connectionFailed(socket, error);
    const wasReconnecting = this.#isReconnecting;
    if (!this.#tell(error)) this.#reconnect();
    if (wasReconnecting) fire(this, "reconnect_error", error);
  }

  /** Nobody needs it any more. */
  #close(): void {
    this.#stop();
    this.#isWanted = false;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.engine?.close();
  }

  /** Ends the attempts to connect again. */
  #stop(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#isReconnecting = false;
    this.#attempts = 0;
  }

  #tell(error?: Error): boolean {
    const done = this.#opening;
    this.#opening = undefined;
    if (done) run(done, undefined, [error]);
    return done !== undefined;
  }

  #delay(attempt: number): number {
    return backoff(attempt, {
      min: this.reconnectionDelay() || DEFAULTS.reconnectionDelay,
      max: this.reconnectionDelayMax() || DEFAULTS.reconnectionDelayMax,
      jitter: this.randomizationFactor(),
    });
  }

  #reconnect(): void {
    if (!this.#isWanted || this.#state !== "closed" || this.#stopWaiting || !this.reconnection()) return;
    if (this.#attempts >= (this.reconnectionAttempts() || Infinity)) {
      this.#stop();
      return fire(this, "reconnect_failed");
    }
    this.#isReconnecting = true;
    this.#wait(this.#delay(this.#attempts));
  }

  /** There may be a network again: the attempt that is waited for comes soon, but not for all clients at once. */
  #hasten(): void {
    if (this.#stopWaiting) this.#wait(this.#delay(0) * Math.random());
  }

  #wait(ms: number): void {
    this.#stopWaiting?.();
    this.#stopWaiting = this.#clock.at(this.#clock.now() + ms, () => {
      this.#stopWaiting = undefined;
      fire(this, "reconnect_attempt", ++this.#attempts);
      if (this.#isReconnecting && this.#state === "closed") this.#connect();
    });
  }

  #receive(frame: Frame): void {
    let packet: Packet | undefined;
    try {
      packet = this.#decoder.push(frame);
    } catch (error) {
      return this.engine!.end("parse error", error);
    }
    if (packet === undefined) return;
    fire(this, "packet", packet);
    const socket = this.#sockets.get(packet.nsp);
    if (socket) receivePacket(socket, packet);
  }

  #send(packet: Packet): void {
    const { engine } = this;
    const frames = (this.opts.parser ?? clientParser).encode(packet);
    if (this.#reading === undefined && !(frames instanceof Promise)) return engine!.send(frames);
    const reading: Promise<void> = this.#reading = Promise.all([frames, this.#reading])
      .then(([ready]) => engine!.send(ready))
      .catch(report)
      .then(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
  }
}
