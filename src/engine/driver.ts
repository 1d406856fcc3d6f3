/**
 * Feeds one session and performs its outputs, in order, so that what is emitted in order leaves in order. An input
 * that comes while a listener runs (it emits) has its frames handed to the transport at once, so that `writable`
 * and the limits tell the truth; whatever calls listeners waits until the running one has returned.
 * @module
 */
import { Emitter } from "../events/emitter.ts";
import { decodePacket } from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Deadline, Deadlines } from "../time/deadlines.ts";
import type {
  CloseReason,
  EngineListener,
  EngineSocketEvents,
  ReportError,
  SendOptions,
  TopicSocket,
  TransportKind,
} from "./ports.ts";
import { type Output, Session, type SessionOptions } from "./session.ts";
import type { Transport, TransportOwner } from "./transport.ts";

/** What all drivers of an engine need of it. */
export interface DriverPorts {
  readonly deadlines: Deadlines;
  readonly report: ReportError;
  /** Called once, when the session is over and before anybody else is told. */
  forget(sid: string): void;
  /** Tells the engine's own listeners. */
  tell?(event: "flush" | "drain", sid: string): void;
  /** Whether they listen to `flush`. */
  isFlushHeard?(): boolean;
}

/** Runs one session. */
export class Driver implements TransportOwner, Deadline {
  at: number = Infinity;
  index: number = -1;
  readonly #sid: string;
  readonly #ports: DriverPorts;
  readonly #session: Session<Transport>;
  #emitter: Emitter<EngineSocketEvents> | undefined;
  #listener: EngineListener | undefined;
  #isPerforming = false;
  /** Whether frames were handed to a transport since `flush` was emitted. */
  #hasFlushed = false;
  /** The index of the output to be performed next. */
  #next = 0;

  /** `greeting`: the first frames to be sent, once `transport` is ready. `upgraded`: see {@linkcode Session}. */
  constructor(
    sid: string,
    transport: Transport,
    greeting: readonly Frame[],
    options: SessionOptions,
    ports: DriverPorts,
    upgraded = false,
  ) {
    this.#sid = sid;
    this.#ports = ports;
    const { deadlines } = ports;
    this.#session = new Session(transport, greeting, options, deadlines.now(), upgraded);
    deadlines.set(this, this.#session.nextDeadline());
  }

  /** Its deadline has come. */
  wake(): void {
    this.#session.advance(this.#ports.deadlines.now());
    this.#perform();
  }

  get state(): "open" | "closing" | "closed" {
    return this.#session.state;
  }

  /** The transport in use. */
  get transport(): Transport {
    return this.#session.transport;
  }

  get transportKind(): TransportKind {
    return this.#session.transport.kind;
  }

  get isUpgrading(): boolean {
    return this.#session.isUpgrading;
  }

  get isUpgraded(): boolean {
    return this.#session.isUpgraded;
  }

  get isWritable(): boolean {
    return this.#session.isWritable;
  }

  /** See {@linkcode Session.mayRest}. */
  get mayRest(): boolean {
    return this.#session.mayRest;
  }

  /** Bytes that wait for the client, here and in the runtime. */
  get bufferedAmount(): number {
    return this.#session.queuedBytes + this.#session.transport.bufferedAmount;
  }

  /** The emitter for users' listeners, made when first asked for. */
  get emitter(): Emitter<EngineSocketEvents> {
    return this.#emitter ??= new Emitter<EngineSocketEvents>(this.#ports.report, "engine socket");
  }

  /** The layer above is ready for messages. */
  listen(listener: EngineListener): void {
    this.#listener = listener;
  }

  send(frames: readonly Frame[], options: SendOptions | undefined): void {
    if (this.#emitter !== undefined) this.#showPackets("packetCreate", frames);
    const sink = this.#sink;
    if (sink !== undefined) { // the hot path: nothing is queued
      sink.write(frames, options?.compress !== false);
      this.#hasFlushed = true;
      if (!this.#isPerforming) this.#announceFlush();
      return;
    }
    if (this.#session.isBlocked) this.#session.transport.refresh(); // what it held may have left by now
    this.#session.send(
      frames,
      options?.volatile === true,
      options?.compress !== false,
    );
    this.#perform();
  }

  /** See {@linkcode EngineSocket.direct}. */
  direct(bytes: number): TopicSocket | undefined {
    const sink = this.#sink;
    if (sink?.direct === undefined) return undefined;
    const emitter = this.#emitter;
    const isShown = emitter !== undefined && (emitter.has("packetCreate") || emitter.has("flush"));
    return isShown || this.#ports.isFlushHeard?.() ? undefined : sink.direct(bytes);
  }

  /** The transport that takes frames now, after all that is to be written. */
  get #sink(): Transport | undefined {
    return this.#next === this.#session.outputs.length ? this.#session.sink : undefined;
  }

  close(discard: boolean): void {
    this.#session.close(discard, this.#ports.deadlines.now());
    this.#perform();
  }

  /** A second transport for this session, which wants to take over. */
  propose(transport: Transport): void {
    this.#session.propose(transport, this.#ports.deadlines.now());
    this.#perform();
  }

  ready(transport: Transport): void {
    this.#session.ready(transport, this.#ports.deadlines.now());
    this.#perform();
  }

  blocked(transport: Transport, bytes: number): void {
    this.#session.blocked(transport, bytes);
    this.#perform();
  }

  receive(transport: Transport, frame: Frame): void {
    const { needsTime, outputs } = this.#session;
    const isFree = this.#emitter === undefined && outputs.length === 0 && !this.#isPerforming && !needsTime;
    if (isFree && this.#session.takesMessage(transport, frame)) return this.#deliver(frame); // the hot path
    // Reading the clock for each frame is a call of the platform for nothing.
    const now = needsTime ? this.#ports.deadlines.now() : 0;
    this.#session.receive(transport, frame, now);
    if (this.#emitter !== undefined) this.#showPackets("packet", [frame]);
    this.#perform();
  }

  garbled(transport: Transport, description: unknown): void {
    this.#session.garbled(transport, description, this.#ports.deadlines.now());
    this.#perform();
  }

  lost(transport: Transport, reason: CloseReason, description?: unknown): void {
    this.#session.lost(transport, reason, description, this.#ports.deadlines.now());
    this.#perform();
  }

  #deliver(frame: Frame): void {
    this.#isPerforming = true;
    try {
      this.#listener?.receive(frame);
    } catch (error) {
      this.#ports.report(error, "engine socket"); // the layer above threw; the session itself goes on
    }
    this.#isPerforming = false;
    if (this.#session.outputs.length > 0) return this.#perform();
    this.#announceFlush();
    this.#watch();
  }

  /** Performs what the session put out, and what it puts out meanwhile; then arms the deadline. */
  #perform(): void {
    const isNested = this.#isPerforming;
    this.#isPerforming = true;
    const { outputs } = this.#session;
    while (this.#next < outputs.length) {
      const index = this.#next;
      const output = outputs[index]!;
      if (isNested && output.do !== "write" && output.do !== "release") return;
      this.#next++;
      try {
        this.#do(output);
      } catch (error) {
        this.#ports.report(error, "engine socket"); // the layer above threw; the session itself goes on
      }
      // A listener may send a million frames: what is done need not be kept until it returns.
      if (isNested && this.#next === outputs.length) outputs.length = this.#next = index;
    }
    if (isNested) return;
    outputs.length = this.#next = 0;
    this.#isPerforming = false;
    this.#announceFlush();
    this.#watch();
  }

  #watch(): void {
    const next = this.#session.nextDeadline();
    if (next !== this.at) this.#ports.deadlines.set(this, next);
  }

  #do(output: Output<Transport>): void {
    switch (output.do) {
      case "deliver":
        if (this.#emitter !== undefined) this.#showMessage(output.frame);
        this.#listener?.receive(output.frame);
        break;
      case "write":
        output.to.write(output.frames, output.compress);
        this.#hasFlushed = true;
        break;
      case "flush":
        this.#session.flush();
        break;
      case "release":
        output.transport.release(output.farewell);
        break;
      case "announce":
        this.#announce(output.event);
        break;
      case "closed":
        this.#ports.forget(this.#sid);
        this.#emitter?.emit("close", output.reason, output.description);
        this.#listener?.closed(output.reason, output.description);
        this.#listener = undefined;
        break;
      default:
        output satisfies never;
    }
  }

  #announceFlush(): void {
    if (!this.#hasFlushed) return;
    this.#hasFlushed = false;
    this.#emitter?.emit("flush");
    this.#ports.tell?.("flush", this.#sid);
  }

  #announce(event: "heartbeat" | "drain" | "upgrading" | "upgrade"): void {
    this.#announceFlush();
    if (event === "drain" && !this.#session.isWritable) return; // it filled up again meanwhile
    if (event === "heartbeat" || event === "drain") {
      this.#emitter?.emit(event);
      if (event === "drain") this.#ports.tell?.(event, this.#sid);
    } else {
      this.#emitter?.emit(event, { name: "websocket", writable: event === "upgrade" });
    }
  }

  #showMessage(frame: Frame): void {
    const data = typeof frame === "string" ? frame.slice(1) : frame;
    this.#emitter!.emit("data", data);
    this.#emitter!.emit("message", data);
  }

  #showPackets(event: "packet" | "packetCreate", frames: readonly Frame[]): void {
    if (this.#emitter!.listenerCount(event) === 0) return;
    for (const frame of frames) {
      try {
        this.#emitter!.emit(event, decodePacket(frame));
      } catch {
        // Not Engine.IO: the session ends for it, and there is no packet to show.
      }
    }
  }
}
