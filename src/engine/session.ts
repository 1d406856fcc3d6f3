/**
 * One Engine.IO session (one sid) as a state machine with no I/O.
 *
 * Rules: Engine.IO protocol v4, "Heartbeat", "Upgrade" and "Message". Each input takes the time and pushes what
 * must happen to `outputs`, in order; the driver performs them. Nothing here reads a clock or touches a socket.
 * The clock decides, timers only wake: every input from outside first lets the time pass, so a late timer changes
 * nothing. Sending does not: see {@linkcode Session.send}.
 * @module
 */
import {
  CLOSE_FRAME,
  MESSAGE,
  NOOP_FRAME,
  PING_FRAME,
  PROBE_PING_FRAME,
  PROBE_PONG_FRAME,
  UPGRADE_FRAME,
} from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";
import type { CloseReason, TransportKind } from "./ports.ts";
import { Upgrade } from "./upgrade.ts";

/** What the machine knows of a transport: its kind, and which one it is. */
export interface TransportHandle {
  readonly kind: TransportKind;
  /** Whether the runtime pings this one and tells when its client is silent; the session has no heartbeat then. */
  readonly isWatched?: boolean;
}

/**
 * An effect, to be performed by the driver.
 * - `write`: hand `frames` to the transport, which said that it takes them
 * - `flush`: call {@linkcode Session.flush}, once what came before is done
 * - `deliver`: a message frame for the layer above
 * - `release`: the session is done with `transport`; a parked poll is answered with the farewell, `1` (close)
 *   when this side ends the session, `6` (noop) when the client closed or upgraded
 * - `announce`: something users may listen for; `drain` only if the session is writable when its turn comes
 * - `closed`: the session is over. The only way it ends; nothing follows but releases
 */
export type Output<T> =
  | { readonly do: "write"; readonly to: T; readonly frames: readonly Frame[]; readonly compress: boolean }
  | { readonly do: "flush" }
  | { readonly do: "deliver"; readonly frame: Frame }
  | { readonly do: "release"; readonly transport: T; readonly farewell: "close" | "noop" }
  | { readonly do: "announce"; readonly event: "heartbeat" | "drain" | "upgrading" | "upgrade" }
  | { readonly do: "closed"; readonly reason: CloseReason; readonly description: unknown };

/** The settings of a session; times in ms, sizes in bytes. */
export interface SessionOptions {
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly upgradeTimeout: number;
  /** The most bytes in one polling body to the client. */
  readonly maxPayload: number;
  /** A client for which more than this waits is closed. */
  readonly maxBufferedBytes: number;
}

/** The most bytes handed to a WebSocket before it is asked how much it still holds. */
const WEBSOCKET_BATCH = 131_072;

/** ms that a closing session waits for the poll that takes its last frames. */
const CLOSE_TIMEOUT = 30_000;

/** The machine. `T` stands for a transport: the machine compares and names transports, nothing else. */
export class Session<T extends TransportHandle> {
  /** Effects not performed yet, in order. The driver takes them out. */
  readonly outputs: Output<T>[] = [];
  readonly #options: SessionOptions;
  readonly #heartbeat: Heartbeat;
  readonly #outbox = new Outbox();
  #state: "open" | "closing" | "closed" = "open";
  #current: T;
  /** Whether the current transport takes frames now. */
  #ready = false;
  /** Bytes the current transport still holds, as it last told. */
  #held = 0;
  #upgrade: Upgrade<T> | undefined;
  #upgraded: boolean;
  #closeDeadline = Infinity;
  /** Whether a `flush` was put out and not performed. */
  #isFlushing = false;
  /** Whether the client turned out not to read. */
  #isSlow = false;

  /**
   * A session opened over `transport`; `greeting` are the first frames to be sent (the open packet). `upgraded`: of
   * one that goes on after it slept.
   */
  constructor(
    transport: T,
    greeting: readonly Frame[],
    options: SessionOptions,
    now: number,
    upgraded = false,
  ) {
    this.#current = transport;
    this.#upgraded = upgraded;
    this.#options = options;
    this.#heartbeat = new Heartbeat(options.pingInterval, options.pingTimeout, now);
    for (const frame of greeting) this.#outbox.push(frame, true);
  }

  get state(): "open" | "closing" | "closed" {
    return this.#state;
  }

  /** The transport in use. */
  get transport(): T {
    return this.#current;
  }

  /** Whether a probe was answered and the upgrade is not finished. */
  get isUpgrading(): boolean {
    return this.#upgrade !== undefined && this.#upgrade.isProbed;
  }

  /** Whether the session began on polling and moved to WebSocket. */
  get isUpgraded(): boolean {
    return this.#upgraded;
  }

  /** Whether a message would leave at once. */
  get isWritable(): boolean {
    return this.#state === "open" && !this.#isSlow && this.#ready && this.#outbox.isEmpty;
  }

  /** The WebSocket that takes at once what is sent now; undefined where something waits or must be decided. */
  get sink(): T | undefined {
    return this.isWritable && this.#current.kind === "websocket" ? this.#current : undefined;
  }

  /** Whether {@linkcode Session.receive} must be told the time: else any `now` that is past will do. */
  get needsTime(): boolean {
    return this.#state !== "open" || this.#upgrade !== undefined || this.#heartbeat.awaitsPong;
  }

  /** Whether a WebSocket said that it wants no more for now. */
  get isBlocked(): boolean {
    return !this.#ready && this.#current.kind === "websocket" && this.#state === "open";
  }

  /** Bytes that wait here, without what the transport holds. */
  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  /** When {@linkcode Session.advance} must be called at the latest, ms since the epoch; Infinity once closed. */
  nextDeadline(): number {
    if (this.#state === "closed") return Infinity;
    if (this.#isSlow) return 0;
    const upgrade = this.#upgrade ? this.#upgrade.deadline : Infinity;
    const own = this.#state === "open" ? this.#heartbeatDeadline : this.#closeDeadline;
    return Math.min(own, upgrade);
  }

  /** Whether nothing is under way: an open WebSocket whose heartbeat is not ours, and nothing waits. */
  get mayRest(): boolean {
    return this.isWritable && this.#current.isWatched === true && this.#upgrade === undefined;
  }

  /** Time passed. */
  advance(now: number): void {
    if (this.#state === "closed") return;
    if (this.#isSlow) return this.#end("slow consumer", undefined, "close");
    if (this.#upgrade) {
      if (this.#upgrade.isExpired(now)) this.#abandonUpgrade();
      else this.#nudge(now);
    }
    if (this.#state === "closing") {
      if (now >= this.#closeDeadline) this.#end("forced close", undefined, "close");
    } else if (this.#state === "open" && now >= this.#heartbeatDeadline) {
      const due = this.#heartbeat.tick(now);
      if (due === "timeout") this.#end("ping timeout", undefined, "close");
      else if (due === "ping") this.#enqueue(PING_FRAME);
    }
  }

  /** `transport` takes frames: a poll was parked, a WebSocket opened or drained. */
  ready(transport: T, now: number): void {
    this.advance(now);
    if (transport !== this.#current || this.#state === "closed") return;
    const isRelieved = !this.#ready && this.#outbox.isEmpty;
    this.#held = 0;
    this.#ready = true;
    if (isRelieved) this.outputs.push({ do: "announce", event: "drain" });
    this.flush();
    if (this.#upgrade) this.#nudge(now);
  }

  /** `transport` holds `bytes` that the peer has not taken; it wants no more frames until it says `ready`. */
  blocked(transport: T, bytes: number): void {
    if (transport !== this.#current || this.#state === "closed") return;
    this.#held = bytes;
    this.#ready = false;
  }

  /** The client opened a second transport for this session, to upgrade to it. */
  propose(transport: T, now: number): void {
    this.advance(now);
    if (this.#state !== "open" || this.#upgrade || this.#current.kind === "websocket") {
      this.outputs.push({ do: "release", transport, farewell: "close" });
    } else {
      this.#upgrade = new Upgrade(transport, this.#options.upgradeTimeout, now);
    }
  }

  /** One frame came in on `transport`. */
  receive(transport: T, frame: Frame, now: number): void {
    if (now >= this.nextDeadline()) this.advance(now);
    if (this.#state === "closed") return;
    if (transport !== this.#current) {
      // A replaced transport has nothing to say: a client finishes its requests before it sends the upgrade.
      if (transport === this.#upgrade?.transport) this.#receiveFromCandidate(frame, now);
      return;
    }
    if (this.#state === "closing") {
      // Nobody listens any more; only the client's own goodbye is of interest.
      if (frame === CLOSE_FRAME) this.#end("forced close", undefined, "noop");
      return;
    }
    if (typeof frame !== "string" || frame.charCodeAt(0) === MESSAGE) {
      this.#heartbeat.heard(now);
      this.outputs.push({ do: "deliver", frame });
    } else {
      this.#receiveControl(frame, now);
    }
  }

  /**
   * Whether `frame` is a message for the layer above, and nothing else is to be done for it: then it need not go
   * through {@linkcode Session.receive}. Asked where {@linkcode Session.needsTime} is false.
   */
  takesMessage(transport: T, frame: Frame): boolean {
    const isMessage = typeof frame !== "string" || frame.charCodeAt(0) === MESSAGE;
    return isMessage && transport === this.#current && this.#state === "open" && !this.#isSlow;
  }

  /** What came in on `transport` is not Engine.IO. */
  garbled(transport: T, description: unknown, now: number): void {
    this.advance(now);
    if (transport === this.#upgrade?.transport) this.#abandonUpgrade();
    else if (transport === this.#current) {
      this.#end(this.#state === "closing" ? "forced close" : "parse error", description, "close");
    }
  }

  /** `transport` is gone or misbehaved. */
  lost(transport: T, reason: CloseReason, description: unknown, now: number): void {
    this.advance(now);
    if (this.#state === "closed") return;
    if (transport === this.#upgrade?.transport) this.#abandonUpgrade();
    else if (transport === this.#current) {
      this.#end(this.#state === "closing" ? "forced close" : reason, description, "close");
    }
  }

  /**
   * Sends message frames together: all, in order, or (volatile) none. Never ends the session itself, not even one
   * that is due to end: whoever sends to many must not be interrupted by what the end of one sets off.
   */
  send(frames: readonly Frame[], isVolatile: boolean, compress: boolean): void {
    if (this.#state !== "open" || this.#isSlow) return;
    const to = this.sink;
    if (to !== undefined) return void this.outputs.push({ do: "write", to, frames, compress });
    if (isVolatile && !this.isWritable) return;
    // Looked at when more is to be sent: one message of any size may always be on its way.
    if (this.#outbox.weight + this.#held > this.#options.maxBufferedBytes) {
      this.#isSlow = true;
      this.#outbox.clear();
      return;
    }
    for (const frame of frames) this.#outbox.push(frame, compress);
    this.#requestFlush();
  }

  /** Hands to the transport what it takes. Called for the output `flush`. */
  flush(): void {
    this.#isFlushing = false;
    if (this.#ready && !this.#outbox.isEmpty) {
      const to = this.#current;
      const isPolling = to.kind === "polling";
      if (isPolling) this.#ready = false; // one body answers one poll
      const batch = this.#outbox.take(isPolling ? this.#options.maxPayload : WEBSOCKET_BATCH);
      this.outputs.push({ do: "write", to, ...batch });
      if (this.#outbox.isEmpty) this.outputs.push({ do: "announce", event: "drain" });
      else this.#requestFlush(); // a WebSocket may say meanwhile that it is blocked
    }
    this.#finishClosing();
  }

  /** This side ends the session: once what waits was taken, or at once with `discard`. */
  close(discard: boolean, now: number): void {
    this.advance(now);
    if (this.#state === "closed") return;
    if (discard) {
      this.#end("forced close", undefined, "close");
    } else if (this.#state === "open") {
      this.#state = "closing";
      this.#closeDeadline = now + CLOSE_TIMEOUT;
      if (this.#upgrade && !this.#upgrade.isProbed) this.#abandonUpgrade();
      this.#finishClosing();
    }
  }

  get #heartbeatDeadline(): number {
    return this.#current.isWatched ? Infinity : this.#heartbeat.deadline;
  }

  #receiveFromCandidate(frame: Frame, now: number): void {
    const upgrade = this.#upgrade!;
    if (!upgrade.isProbed && frame === PROBE_PING_FRAME) {
      upgrade.probed(now);
      this.outputs.push({ do: "write", to: upgrade.transport, frames: [PROBE_PONG_FRAME], compress: false });
      this.outputs.push({ do: "announce", event: "upgrading" });
      this.#nudge(now);
    } else if (upgrade.isProbed && frame === UPGRADE_FRAME) {
      const replaced = this.#current;
      this.#upgrade = undefined;
      this.#current = upgrade.transport;
      this.#upgraded = true;
      this.#held = 0;
      this.#ready = true;
      this.outputs.push({ do: "release", transport: replaced, farewell: "noop" });
      this.outputs.push({ do: "announce", event: "upgrade" });
      this.flush();
    } else {
      this.#abandonUpgrade(); // polling survives
    }
  }

  #receiveControl(frame: string, now: number): void {
    switch (frame.charAt(0)) {
      case "3": // pong
        this.#heartbeat.pong(now);
        this.outputs.push({ do: "announce", event: "heartbeat" });
        break;
      case "1": // close
        this.#end("transport close", undefined, "noop");
        break;
      case "0": // open, upgrade and noop say nothing here; official servers ignore them too
      case "5":
      case "6":
        this.#heartbeat.heard(now);
        break;
      case "2": // ping: in revision 4 only the server pings
        this.#end("transport error", "invalid heartbeat direction", "close");
        break;
      default:
        this.#end("parse error", "unknown packet type", "close");
    }
  }

  #enqueue(frame: Frame): void {
    this.#outbox.push(frame, false);
    this.flush();
  }

  /** What is sent in one go, by one handler, travels in one polling body. */
  #requestFlush(): void {
    if (this.#isFlushing || !this.#ready) return;
    this.#isFlushing = true;
    this.outputs.push({ do: "flush" });
  }

  #nudge(now: number): void {
    if (!this.#upgrade!.nudge(now)) return;
    if (this.#ready && this.#outbox.isEmpty) this.#enqueue(NOOP_FRAME);
  }

  #abandonUpgrade(): void {
    const upgrade = this.#upgrade!;
    this.#upgrade = undefined;
    this.outputs.push({ do: "release", transport: upgrade.transport, farewell: "close" });
    this.#finishClosing();
  }

  /** A closing session ends once nothing waits and no client is in the middle of an upgrade. */
  #finishClosing(): void {
    if (this.#state !== "closing" || this.#upgrade || !this.#outbox.isEmpty) return;
    // Without a parked poll the farewell would reach nobody: wait for the next one.
    if (this.#current.kind === "polling" && !this.#ready) return;
    this.#end("forced close", undefined, "close");
  }

  /** The only way a session ends. */
  #end(reason: CloseReason, description: unknown, farewell: "close" | "noop"): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#ready = false;
    this.#held = 0;
    this.#outbox.clear();
    const candidate = this.#upgrade?.transport;
    this.#upgrade = undefined;
    this.outputs.push({ do: "release", transport: this.#current, farewell });
    if (candidate) this.outputs.push({ do: "release", transport: candidate, farewell: "close" });
    this.outputs.push({ do: "closed", reason, description });
  }
}
