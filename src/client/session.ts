/**
 * The client's side of one Engine.IO session: from the first request to its end, over whatever carries it. Users know
 * it as `socket.io.engine`.
 *
 * It knows nothing of reconnection, which makes a new session, and nothing of Socket.IO. Transports and the clock are
 * given, so that both ends can be tested against each other in memory.
 * Source: Engine.IO protocol v4, "Handshake", "Heartbeat", "Upgrade".
 * @module
 */
import type { EnginePacketInfo } from "../engine/ports.ts";
import { CLOSE_FRAME, MESSAGE, packetOf } from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";
import { Emitter, fire } from "./emitter.ts";
import type { ClientTransport, Endpoint, Transport } from "./transport.ts";

/** What the server said when the session began. Times in ms, sizes in bytes. */
export interface Handshake {
  /** The session's id. */
  readonly sid: string;
  /** The transports it may move to. */
  readonly upgrades: readonly string[];
  /** Between a pong and the next ping. */
  readonly pingInterval: number;
  /** How late a ping may be. */
  readonly pingTimeout: number;
  /** The most that one request may carry. */
  readonly maxPayload?: number;
}

/**
 * Why a session ended.
 * - `transport close`: the connection was closed, or there is no network any more
 * - `transport error`: it failed
 * - `ping timeout`: no ping came in time
 * - `parse error`: the server broke the protocol
 * - `forced close`: this side closed it
 */
export type EngineCloseReason =
  | "transport close"
  | "transport error"
  | "ping timeout"
  | "parse error"
  | "forced close";

/** Events of a session. */
export interface EngineEvents {
  /** The session began. */
  open: () => void;
  /** The same, with what the server said. */
  handshake: (handshake: Handshake) => void;
  /** An Engine.IO packet came. */
  packet: (packet: EnginePacketInfo) => void;
  /** An Engine.IO packet is about to be sent. */
  packetCreate: (packet: EnginePacketInfo) => void;
  /** A ping came. */
  ping: () => void;
  /** A message came: text or bytes. */
  data: (data: string | Uint8Array) => void;
  /** Everything was handed to the network. */
  drain: () => void;
  /** A better transport answered. */
  upgrading: (transport: TransportInfo) => void;
  /** It is in use. */
  upgrade: (transport: TransportInfo) => void;
  /** It did not work: the former one stays in use. */
  upgradeError: (error: Error) => void;
  /** The session ended; nothing follows. */
  close: (reason: EngineCloseReason, description?: unknown) => void;
}

/** A transport, as users see it. */
export interface TransportInfo {
  /** Which one. */
  readonly name: string;
  /** Whether a message would leave at once. */
  readonly writable: boolean;
}

/** Whom a session tells. */
export interface SessionListener {
  /** It began. */
  opened(): void;
  /** A message came, with its type digit where it is text. */
  message(frame: Frame): void;
  /** A heartbeat came. */
  pinged(): void;
  /** It moved to a better transport, or could not. */
  upgraded(succeeded: boolean): void;
  /** The only way it ends. */
  closed(reason: EngineCloseReason, description: unknown): void;
}

/** Settings of a session. */
export interface SessionSettings {
  /** Time. */
  readonly clock: Clock;
  /** Where each transport connects. */
  endpoint(transport: string): Endpoint;
  /** In the order in which they are tried. */
  readonly transports: readonly Transport[];
  /** Whether to move to a better one. */
  readonly upgrade: boolean;
  /** Whether to try the next one where the first cannot connect. */
  readonly tryAll: boolean;
}

/** One session. */
export class ClientSession extends Emitter<EngineEvents> {
  /** The session's id; undefined before it began. */
  id: string | undefined;
  /** Where it stands. */
  readyState: "opening" | "open" | "closed" = "opening";
  readonly #settings: SessionSettings;
  readonly #listener: SessionListener;
  #kind!: Transport;
  #transport: ClientTransport | undefined;
  #stopUpgrade: (() => void) | undefined;
  /** ms that the server may be silent. */
  #patience = 0;
  #silentAt = Infinity;
  #stopWatch: (() => void) | undefined;

  /** Begins to connect. Made by a manager. */
  constructor(settings: SessionSettings, listener: SessionListener) {
    super();
    this.#settings = settings;
    this.#listener = listener;
    this.#connect(0);
  }

  /** The transport in use. */
  get transport(): TransportInfo {
    return this.#infoOf(this.#kind);
  }

  /** Sends frames of messages together, in order. */
  send(frames: readonly Frame[]): void {
    if (this.readyState !== "open") return;
    if (this.hasListeners("packetCreate")) {
      for (const frame of frames) fire(this, "packetCreate", packetOf(frame));
    }
    this.#transport!.send(frames);
  }

  /** Ends it, after what was sent. */
  close(): void {
    this.end("forced close");
  }

  /** Ends it where the server was silent for too long, also while timers were suspended. Returns whether it lives. */
  check(): boolean {
    if (this.#settings.clock.now() >= this.#silentAt) this.end("ping timeout");
    return this.readyState === "open";
  }

  /** The page is being left: says goodbye, and tells nobody here. */
  leave(): void {
    this.#stopUpgrade?.();
    this.#transport?.close(CLOSE_FRAME);
  }

  /** The only way it ends. */
  end(reason: EngineCloseReason, description?: unknown): void {
    if (this.readyState === "closed") return;
    const wasOpen = this.readyState === "open";
    this.readyState = "closed";
    this.#stopWatch?.();
    this.#stopUpgrade?.();
    // Where the server may still be there, and not know.
    const isHeard = wasOpen && reason !== "ping timeout" && reason !== "transport close";
    this.#transport?.close(isHeard ? CLOSE_FRAME : undefined);
    this.#listener.closed(reason, description);
    fire(this, "close", reason, description);
  }

  #connect(index: number): void {
    const { transports, endpoint, tryAll } = this.#settings;
    const kind = this.#kind = transports[index]!;
    const lost = (error: unknown): void => {
      if (this.readyState === "opening" && tryAll && index + 1 < transports.length) this.#connect(index + 1);
      else this.end(error instanceof Error ? "transport error" : "transport close", error);
    };
    try {
      this.#transport = kind.open(endpoint(kind.name), undefined, {
        opened: () => {},
        frame: (frame) => this.#receive(frame),
        drained: () => fire(this, "drain"),
        lost,
      });
    } catch (error) {
      queueMicrotask(() => lost(error)); // whoever made this session does not know it yet
    }
  }

  #receive(frame: Frame): void {
    if (this.readyState === "closed") return;
    try {
      if (this.hasListeners("packet")) fire(this, "packet", packetOf(frame));
      if (typeof frame !== "string" || frame.charCodeAt(0) === MESSAGE) return this.#message(frame);
      if (frame[0] === "0") return this.#opened(JSON.parse(frame.slice(1)));
      if (frame[0] === "1") return this.end("transport close");
      if (frame[0] === "2") return this.#pinged();
      if (frame[0] !== "6") throw new Error("Cannot read frame");
    } catch (error) {
      this.end("parse error", error);
    }
  }

  #message(frame: Frame): void {
    if (this.hasListeners("data")) fire(this, "data", typeof frame === "string" ? frame.slice(1) : frame);
    this.#listener.message(frame);
  }

  #opened(handshake: Handshake): void {
    const { sid, upgrades, pingInterval, pingTimeout } = handshake;
    this.#patience = pingInterval + pingTimeout;
    if (this.readyState === "open" || typeof sid !== "string" || !(this.#patience > 0)) {
      throw new Error("Cannot read handshake");
    }
    this.id = sid;
    this.readyState = "open";
    this.#watch();
    this.#listener.opened();
    fire(this, "open");
    fire(this, "handshake", handshake);
    if (this.#settings.upgrade && this.check()) this.#upgrade(sid, upgrades);
  }

  #pinged(): void {
    this.#watch();
    this.send(["3"]);
    this.#listener.pinged();
    fire(this, "ping");
  }

  /** The server pings again in `pingInterval`, or a little later. */
  #watch(): void {
    const { clock } = this.#settings;
    this.#stopWatch?.();
    this.#silentAt = clock.now() + this.#patience;
    this.#stopWatch = clock.at(this.#silentAt, () => this.end("ping timeout"));
  }

  #upgrade(sid: string, offered: readonly string[]): void {
    const { transports, endpoint } = this.#settings;
    const { name, upgrade } = this.#kind;
    const target = transports.find((kind) => kind.name !== name && offered.includes(kind.name));
    if (target === undefined) return;
    this.#stopUpgrade = upgrade?.({
      endpoint: endpoint(target.name),
      sid,
      from: this.#transport!,
      probed: () => fire(this, "upgrading", this.#infoOf(target)),
      moved: (transport) => {
        this.#kind = target;
        this.#transport = transport;
        this.#listener.upgraded(true);
        fire(this, "upgrade", this.transport);
      },
      failed: (error, isFatal) => {
        if (isFatal) return this.end("transport error", error);
        this.#listener.upgraded(false);
        fire(this, "upgradeError", error);
      },
    }, target);
  }

  #infoOf({ name }: Transport): TransportInfo {
    return { name, writable: this.#transport?.isWritable === true };
  }
}
