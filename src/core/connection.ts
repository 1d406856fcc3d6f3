/**
 * One client's session with the namespaces it has joined: packets in are taken to their sockets, and here is the
 * only place where a socket begins and ends.
 *
 * A packet that breaks the protocol ends the connection, and every socket on it, with "parse error".
 * Source: Socket.IO protocol v5, "Connection to a namespace" and "Disconnection".
 * @module
 */
import type {
  CloseReason,
  EngineListener,
  EngineSocket,
  ReportError,
  SendOptions,
  TopicSocket,
} from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import type { PacketDecoder, Parser } from "../protocol/parser.ts";
import { ProtocolError } from "../protocol/protocol_error.ts";
import { type ConnectPacket, type Packet, PacketType } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import type { FramesOrPromise } from "./adapter.ts";
import { Admission, type AdmissionPorts, type Admitted } from "./admission.ts";
import { ConnectionLimits, type RateLimits } from "./connection_limits.ts";
import { ownRoom, type Room, type SocketId } from "./ids.ts";
import { announce, type AnyNamespace, partsOf } from "./namespace.ts";
import { Outgoing } from "./outgoing.ts";
import { Partial } from "./partial.ts";
import type { Missed } from "./recovery.ts";
import { SmallMap } from "./small_map.ts";
import type { ConnectionSnapshot, Sleeper, SocketSnapshot } from "./sleep.ts";
import { type AnySocket, closeSocket, describeSocket, makeSocket, receivePacket } from "./socket.ts";
import type { Client, DisconnectReason, SocketLink } from "./socket_ports.ts";

/**
 * Namespaces that one connection may have joined or be joining at a time, so that no client can grow memory with
 * CONNECT packets. One more is refused: "Too many namespaces".
 */
export const MAX_NAMESPACES = 100;

/** ms that a packet may be incomplete before a runtime that lets connections sleep keeps its frames. */
const KEPT_AFTER = 50;

/** What connections are given. */
export interface ConnectionPorts extends AdmissionPorts {
  readonly clock: Clock;
  readonly parser: Parser;
  readonly report: ReportError;
  /**
   * ms that a client may be in no namespace, since it came or left the last one; also ms without progress in a
   * packet whose attachments are missing, and ms that the decision about a client may take.
   */
  connectTimeout: number;
  /** What each socket, and each connection, may send. */
  readonly rateLimits?: RateLimits | undefined;
  /** Of a runtime that lets connections sleep. */
  readonly sleeper?: Sleeper | undefined;
  /** The namespace of a socket that slept; `pattern`: which one made it. */
  revive(name: string, pattern: number | undefined): AnyNamespace;
  /** Which pattern made a namespace. */
  patternOf(namespace: AnyNamespace): number | undefined;
  /** The connection is over. */
  forget(connection: Connection): void;
}

/** One session. */
export class Connection implements EngineListener, SocketLink {
  readonly conn: EngineSocket;
  readonly #ports: ConnectionPorts;
  readonly #decoder: PacketDecoder;
  /** Where what follows a Blob waits; made with the first one. */
  #outgoing: Outgoing | undefined;
  readonly #limits: ConnectionLimits | undefined;
  readonly #sockets = new SmallMap<string, AnySocket>();
  /** Namespaces that are being joined. */
  #joining: Map<string, Admission> | undefined;
  /** Attempts to join that have not ended, abandoned ones included: their middlewares still run. */
  #attempts = 0;
  /** Namespaces left since they were last joined, and whether the server said so. */
  #left: Map<string, "by client" | "by server"> | undefined;
  #isOver = false;
  #client: Client | undefined;
  #cancelJoinTimeout: (() => void) | undefined;
  /** The packet whose attachments have not all come, and its timer, which may outlast it. */
  #partial: Partial | undefined;
  /** Sockets that slept, of which nobody has been told yet. */
  #unannounced: AnySocket[] | undefined;

  /** `slept`: what it was before it slept. */
  constructor(conn: EngineSocket, ports: ConnectionPorts, slept?: ConnectionSnapshot) {
    this.conn = conn;
    this.#ports = ports;
    this.#decoder = ports.parser.decoder();
    this.#limits = ports.rateLimits && new ConnectionLimits(ports.rateLimits, ports.clock, this);
    if (slept !== undefined) this.#restore(slept);
    if (this.#sockets.size === 0) this.#armJoinTimeout();
  }

  /** Itself as data; undefined while something is being decided about it. */
  snapshot(): ConnectionSnapshot | undefined {
    if (this.#isOver || this.#attempts > 0) return undefined;
    return {
      sockets: this.#sockets.values().map((socket) => this.#describe(socket)),
      left: this.#left && [...this.#left],
      unfinished: this.#partial?.keep(),
    };
  }

  /** Runs the `connection` listeners for the sockets that slept, once. */
  announceAll(): void {
    const sockets = this.#unannounced;
    this.#unannounced = undefined;
    for (const socket of sockets ?? []) {
      if (socket.connected) announce(socket.nsp as AnyNamespace, socket);
    }
  }

  get client(): Client {
    return this.#client ??= { id: this.conn.id, conn: this.conn, request: this.conn.request };
  }

  receive(frame: Frame): void {
    if (this.#isOver) return;
    if (this.#unannounced !== undefined) this.announceAll();
    this.#limits?.count(frame);
    let packet: Packet | undefined;
    try {
      packet = this.#decoder.push(frame);
    } catch (error) {
      return this.#fail(error);
    }
    if (packet === undefined) return this.#watchPartial(frame);
    if (this.#partial?.finish() === true) this.#touch();
    const socket = this.#sockets.get(packet.nsp);
    if (packet.type !== PacketType.EVENT && packet.type !== PacketType.CONNECT) this.#limits?.skip();
    switch (packet.type) {
      case PacketType.EVENT:
        if (socket === undefined) this.#stray(packet);
        else if (this.#limits === undefined || this.#limits.allow(socket, packet)) {
          receivePacket(socket, packet);
        }
        break;
      case PacketType.ACK:
        if (socket === undefined) this.#stray(packet);
        else receivePacket(socket, packet);
        break;
      case PacketType.CONNECT:
        if (socket === undefined) this.#connect(packet);
        else this.#fail(new ProtocolError(`CONNECT to "${packet.nsp}", which was joined already`));
        break;
      case PacketType.DISCONNECT:
        if (socket !== undefined) this.#drop(packet.nsp, "client namespace disconnect");
        else if (this.#joining?.has(packet.nsp) === true) this.#abandon(packet.nsp);
        else this.#stray(packet);
        break;
      default:
        this.#fail(new ProtocolError(`packet of type ${packet.type} from a client`));
    }
  }

  closed(reason: CloseReason, description?: unknown): void {
    if (this.#unannounced !== undefined) this.announceAll();
    this.#end(reason, description);
  }

  send(packet: Packet, options?: SendOptions): void {
    if (this.#isOver) return;
    const frames = this.#ports.parser.encode(packet);
    if (Array.isArray(frames)) return this.#pass(frames, options);
    const read = frames.catch((error) => {
      this.#ports.report(error, `encoding of a packet in "${packet.nsp}"`);
      return [];
    });
    this.#pass(read, options);
  }

  sendFrames(frames: FramesOrPromise, options?: SendOptions): void {
    if (!this.#isOver) this.#pass(frames, options);
  }

  direct(bytes: number): TopicSocket | undefined {
    if (this.#isOver) return undefined;
    return this.#outgoing === undefined ? this.conn.direct?.(bytes) : this.#outgoing.direct(bytes);
  }

  disconnect(nsp: string): void {
    if (!this.#sockets.has(nsp)) return; // it is ending: one of its `disconnecting` listeners called
    this.send({ type: PacketType.DISCONNECT, nsp });
    this.#drop(nsp, "server namespace disconnect");
  }

  disconnectAll(): void {
    for (const nsp of this.#sockets.keys()) this.disconnect(nsp);
    this.close("server namespace disconnect");
  }

  /** Ends what is left with `reason`, and the session after what waits was sent. */
  close(reason: DisconnectReason, description?: unknown): void {
    if (this.#isOver) return;
    this.#end(reason, description);
    if (this.#outgoing === undefined) this.conn.close();
    else this.#outgoing.close();
  }

  #pass(frames: FramesOrPromise, options: SendOptions | undefined): void {
    if (this.#outgoing === undefined && Array.isArray(frames)) this.conn.sendFrames(frames, options);
    else (this.#outgoing ??= new Outgoing(this.conn)).send(frames, options);
  }

  #describe(socket: AnySocket): SocketSnapshot {
    const namespace = socket.nsp as AnyNamespace;
    const { sockets } = partsOf(namespace);
    const id = socket.id as SocketId;
    return {
      nsp: namespace.name,
      pattern: this.#ports.patternOf(namespace),
      id,
      ...describeSocket(socket),
      rooms: [...sockets.roomsOf(id)].filter((room) => room !== ownRoom(id)),
      live: sockets.recovery?.live(id),
    };
  }

  #restore({ sockets, left, unfinished }: ConnectionSnapshot): void {
    if (left !== undefined) this.#left = new Map(left);
    for (const { nsp, pattern, auth, rooms, live, ...former } of sockets) {
      const namespace = this.#ports.revive(nsp, pattern);
      const socket = makeSocket(partsOf(namespace).sockets, this, auth, former);
      this.#sockets.set(namespace.name, socket);
      partsOf(namespace).sockets.restore(socket, rooms as Room[], live);
      (this.#unannounced ??= []).push(socket);
    }
    for (const frame of unfinished ?? []) {
      this.#decoder.push(frame);
      this.#watchPartial(frame);
    }
    this.#partial?.keep();
  }

  #connect({ nsp, data }: ConnectPacket): void {
    if (this.#limits !== undefined && !this.#limits.allowConnect()) {
      if (this.#limits.endsConnection) return this.disconnectAll();
      return this.#refuse(nsp, new Error("Too many requests"));
    }
    if (this.#sockets.size + this.#attempts >= MAX_NAMESPACES) {
      return this.#refuse(nsp, new Error("Too many namespaces"));
    }
    // The official client sends a second CONNECT when its user disconnects and connects again before the answer:
    // the first one is void then, and the client gets one answer.
    this.#abandon(nsp);
    if (this.#left?.delete(nsp) === true) this.#touch();
    this.#join(nsp, data ?? {}, true);
  }

  #join(nsp: string, auth: Record<string, unknown>, mayResume: boolean): void {
    this.#attempts++;
    const admission = new Admission(this.#ports, this, auth, {
      decided: (outcome) => {
        this.#joinsNoMore(nsp);
        if ("refusal" in outcome) this.#refuse(nsp, outcome.refusal);
        else this.#admit(nsp, auth, outcome);
      },
      ended: () => this.#attempts--,
    });
    (this.#joining ??= new Map()).set(nsp, admission);
    admission.start(nsp, mayResume);
  }

  #admit(nsp: string, auth: Record<string, unknown>, { namespace, socket, resumed }: Admitted): void {
    const { sockets } = partsOf(namespace);
    const missed = resumed && sockets.missed(resumed);
    if (resumed && missed === undefined) { // too many events while the middlewares thought
      sockets.recovery!.giveUp(resumed, "offset");
      closeSocket(socket, "server namespace disconnect");
      return this.#join(nsp, auth, false);
    }
    this.#sockets.set(namespace.name, socket); // its own text, not a part of the client's packet
    this.#touch();
    this.#cancelJoinTimeout?.();
    this.#cancelJoinTimeout = undefined;
    // Before the answer, as official: the client keeps what comes then for its listeners of `connect`.
    if (missed !== undefined) this.#sendMissed(missed, nsp);
    const pid = sockets.add(socket, auth, resumed, missed instanceof Promise ? undefined : missed);
    // Before the listeners run: what they emit follows the answer.
    this.send({
      type: PacketType.CONNECT,
      nsp,
      data: pid === undefined ? { sid: socket.id } : { sid: socket.id, pid },
    });
    announce(namespace, socket);
  }

  #sendMissed(missed: Missed | Promise<Missed | undefined>, nsp: string): void {
    const safely = (frames: Promise<readonly Frame[]>): Promise<readonly Frame[]> =>
      frames.catch((error) => {
        this.#ports.report(error, `event log of "${nsp}"`);
        // Part of what it missed would be lost: the client comes back, and begins anew if it must.
        this.close("transport error", error);
        return [];
      });
    if (missed instanceof Promise) {
      const all = missed.then(async (found) => {
        if (found === undefined) throw new Error("The events are gone meanwhile");
        return (await Promise.all(found.frames)).flat();
      });
      this.sendFrames(safely(all));
    } else {
      for (const frames of missed.frames) {
        this.sendFrames(frames instanceof Promise ? safely(frames) : frames);
      }
    }
  }

  #refuse(nsp: string, refusal: unknown): void {
    const { message, data } = describe(refusal);
    try {
      this.send({ type: PacketType.CONNECT_ERROR, nsp, data: { message, data } });
    } catch (error) {
      this.#ports.report(error, `connect_error in "${nsp}"`);
      this.send({ type: PacketType.CONNECT_ERROR, nsp, data: { message } });
    }
  }

  /** The only way a socket leaves its connection and its namespace. */
  #drop(nsp: string, reason: DisconnectReason, description?: unknown): void {
    if (this.#unannounced !== undefined) this.announceAll(); // whoever listens to its end must have been told of it
    const socket = this.#sockets.get(nsp)!;
    this.#sockets.delete(nsp);
    this.#touch();
    closeSocket(socket, reason, description);
    if (this.#isOver) return;
    this.#remember(socket.nsp.name, reason === "client namespace disconnect" ? "by client" : "by server");
    if (this.#sockets.size === 0 && this.#cancelJoinTimeout === undefined) this.#armJoinTimeout();
  }

  /** Nobody waits any more for what is decided about the client that is joining. */
  #abandon(nsp: string): void {
    const admission = this.#joining?.get(nsp);
    if (admission === undefined) return;
    this.#joinsNoMore(nsp);
    admission.abandon();
  }

  #joinsNoMore(nsp: string): void {
    this.#joining?.delete(nsp);
    if (this.#joining?.size === 0) this.#joining = undefined;
  }

  #remember(nsp: string, left: "by client" | "by server"): void {
    const names = this.#left ??= new Map();
    names.set(nsp, left);
    if (names.size > MAX_NAMESPACES) names.delete(names.keys().next().value!);
  }

  /**
   * A packet for a namespace that is not joined. What crossed our DISCONNECT on its way is no fault of the client,
   * nor is an ack it sends after its own (officially both end the connection). Anything else is.
   */
  #stray(packet: Packet): void {
    const left = this.#left?.get(packet.nsp);
    if (left === "by server" || (left === "by client" && packet.type === PacketType.ACK)) return;
    this.#fail(new ProtocolError(`packet of type ${packet.type} for "${packet.nsp}", which was not joined`));
  }

  /** The client broke the protocol, or (not a ProtocolError) the decoder failed. */
  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) this.#ports.report(error, "decoder");
    this.close("parse error", error);
  }

  #end(reason: DisconnectReason, description?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelJoinTimeout?.();
    this.#partial?.end();
    this.#ports.forget(this);
    for (const nsp of [...this.#joining?.keys() ?? []]) this.#abandon(nsp);
    for (const nsp of this.#sockets.keys()) this.#drop(nsp, reason, description);
  }

  #armJoinTimeout(): void {
    const { clock, connectTimeout } = this.#ports;
    this.#cancelJoinTimeout = clock.at(clock.now() + connectTimeout, () => {
      this.#cancelJoinTimeout = undefined;
      this.close("forced close"); // no socket is there to be told, but those that are joining are abandoned
    });
  }

  /** A packet whose attachments stop coming is given up: what it holds is memory that the client chose to take. */
  #watchPartial(frame: Frame): void {
    const { clock, connectTimeout, sleeper } = this.#ports;
    this.#partial ??= new Partial(clock, connectTimeout, sleeper && KEPT_AFTER, {
      changed: () => this.#touch(),
      tooLate: () => this.#fail(new ProtocolError("the attachments of a packet did not come in time")),
    });
    this.#partial.add(frame);
  }

  /** What it is as data changes. */
  #touch(): void {
    this.#ports.sleeper?.touched(this.conn.id);
  }
}

/** What the client is told of a refusal: never more than its message and `data`. */
function describe(refusal: unknown): { message: string; data: unknown } {
  if (typeof refusal === "string") return { message: refusal, data: undefined };
  const { message, data } = refusal as { message?: unknown; data?: unknown };
  return { message: typeof message === "string" ? message : "Refused", data };
}
