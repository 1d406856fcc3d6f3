/**
 * One client's session with the namespaces it has joined: packets in are taken to their sockets, and here is the
 * only place where a socket begins and ends.
 *
 * A packet that breaks the protocol ends the connection, and every socket on it, with "parse error".
 * Source: Socket.IO protocol v5, "Connection to a namespace" and "Disconnection".
 * @module
 */
import type { CloseReason, EngineListener, EngineSocket, ReportError, SendOptions } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import type { PacketDecoder, Parser } from "../protocol/parser.ts";
import { ProtocolError } from "../protocol/protocol_error.ts";
import { type ConnectPacket, type Packet, PacketType } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import { announce, type AnyNamespace, askToJoin, enroll, prepare } from "./namespace.ts";
import { Outgoing, type PendingFrames } from "./outgoing.ts";
import { type AnySocket, closeSocket, receivePacket } from "./socket.ts";
import type { Client, DisconnectReason, SocketLink } from "./socket_ports.ts";

/**
 * Namespaces that one connection may have joined or be joining at a time, so that no client can grow memory with
 * CONNECT packets. One more is refused: "Too many namespaces".
 */
export const MAX_NAMESPACES = 100;

/** What connections are given. */
export interface ConnectionPorts {
  readonly clock: Clock;
  readonly parser: Parser;
  readonly report: ReportError;
  /**
   * ms that a client may be in no namespace, since it came or left the last one; also ms without progress in a
   * packet whose attachments are missing.
   */
  readonly connectTimeout: number;
  /** The namespace with this name. */
  find(name: string): AnyNamespace | undefined;
  /** The connection is over. */
  forget(connection: Connection): void;
}

/** One session. */
export class Connection implements EngineListener, SocketLink {
  readonly conn: EngineSocket;
  readonly #ports: ConnectionPorts;
  readonly #decoder: PacketDecoder;
  readonly #outgoing: Outgoing;
  readonly #sockets = new Map<string, AnySocket>();
  /** Sockets whose middlewares run. */
  readonly #joining = new Map<string, AnySocket>();
  /** Middleware runs that have not ended, those of abandoned sockets included. */
  #runs = 0;
  /** Namespaces left since they were last joined, and whether the server said so. */
  #left: Map<string, "by client" | "by server"> | undefined;
  #isOver = false;
  #client: Client | undefined;
  #cancelJoinTimeout: (() => void) | undefined;
  #cancelPartialTimeout: (() => void) | undefined;
  /** When the incomplete packet last grew. */
  #grownAt = 0;

  constructor(conn: EngineSocket, ports: ConnectionPorts) {
    this.conn = conn;
    this.#ports = ports;
    this.#decoder = ports.parser.decoder();
    this.#outgoing = new Outgoing(conn);
    this.#armJoinTimeout();
  }

  get client(): Client {
    return this.#client ??= { id: this.conn.id, conn: this.conn, request: this.conn.request };
  }

  receive(frame: Frame): void {
    if (this.#isOver) return;
    let packet: Packet | undefined;
    try {
      packet = this.#decoder.push(frame);
    } catch (error) {
      return this.#fail(error);
    }
    if (packet === undefined) return this.#watchPartial();
    const socket = this.#sockets.get(packet.nsp);
    switch (packet.type) {
      case PacketType.EVENT:
      case PacketType.ACK:
        if (socket !== undefined) receivePacket(socket, packet);
        else this.#stray(packet);
        break;
      case PacketType.CONNECT:
        if (socket === undefined) this.#connect(packet);
        else this.#fail(new ProtocolError(`CONNECT to "${packet.nsp}", which was joined already`));
        break;
      case PacketType.DISCONNECT:
        if (socket !== undefined) this.#drop(packet.nsp, "client namespace disconnect");
        else if (this.#joining.has(packet.nsp)) this.#abandon(packet.nsp);
        else this.#stray(packet);
        break;
      default:
        this.#fail(new ProtocolError(`packet of type ${packet.type} from a client`));
    }
  }

  closed(reason: CloseReason, description?: unknown): void {
    this.#end(reason, description);
  }

  send(packet: Packet, options?: SendOptions): void {
    if (this.#isOver) return;
    const frames = this.#ports.parser.encode(packet);
    if (Array.isArray(frames)) return this.#outgoing.send(frames, options);
    const read = frames.catch((error) => {
      this.#ports.report(error, `encoding of a packet in "${packet.nsp}"`);
      return [];
    });
    this.#outgoing.send(read, options);
  }

  sendFrames(frames: PendingFrames, options?: SendOptions): void {
    if (!this.#isOver) this.#outgoing.send(frames, options);
  }

  disconnect(nsp: string): void {
    if (!this.#sockets.has(nsp)) return; // it is ending: one of its `disconnecting` listeners called
    this.send({ type: PacketType.DISCONNECT, nsp });
    this.#drop(nsp, "server namespace disconnect");
  }

  disconnectAll(): void {
    for (const nsp of [...this.#sockets.keys()]) this.disconnect(nsp);
    this.close("server namespace disconnect");
  }

  /** Ends what is left with `reason`, and the session after what waits was sent. */
  close(reason: DisconnectReason, description?: unknown): void {
    if (this.#isOver) return;
    this.#end(reason, description);
    this.#outgoing.close();
  }

  #connect({ nsp, data }: ConnectPacket): void {
    const namespace = this.#ports.find(nsp);
    if (namespace === undefined) return this.#refuse(nsp, new Error("Invalid namespace"));
    if (this.#sockets.size + this.#runs >= MAX_NAMESPACES) {
      return this.#refuse(nsp, new Error("Too many namespaces"));
    }
    // The official client sends a second CONNECT when its user disconnects and connects again before the answer:
    // the first one is void then, and the client gets one answer.
    this.#abandon(nsp);
    this.#left?.delete(nsp);
    this.#runs++;
    const socket = prepare(namespace, this, data ?? {});
    this.#joining.set(nsp, socket);
    askToJoin(namespace, socket, (refusal) => {
      this.#runs--;
      if (this.#joining.get(nsp) !== socket) return; // abandoned meanwhile: nobody waits for the answer
      this.#joining.delete(nsp);
      if (refusal === undefined) return this.#admit(namespace, socket);
      closeSocket(socket, "server namespace disconnect");
      this.#refuse(nsp, refusal);
    });
  }

  #admit(namespace: AnyNamespace, socket: AnySocket): void {
    this.#sockets.set(namespace.name, socket);
    this.#cancelJoinTimeout?.();
    this.#cancelJoinTimeout = undefined;
    enroll(namespace, socket);
    // Before the listeners run: what they emit follows the answer.
    this.send({ type: PacketType.CONNECT, nsp: namespace.name, data: { sid: socket.id } });
    announce(namespace, socket);
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
    const socket = this.#sockets.get(nsp)!;
    this.#sockets.delete(nsp);
    closeSocket(socket, reason, description);
    if (this.#isOver) return;
    this.#remember(nsp, reason === "client namespace disconnect" ? "by client" : "by server");
    if (this.#sockets.size === 0 && this.#cancelJoinTimeout === undefined) this.#armJoinTimeout();
  }

  /** Nobody waits any more for what the middlewares say about the socket that is joining. */
  #abandon(nsp: string): void {
    const socket = this.#joining.get(nsp);
    if (socket === undefined) return;
    this.#joining.delete(nsp);
    closeSocket(socket, "client namespace disconnect");
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
    this.#cancelPartialTimeout?.();
    this.#ports.forget(this);
    for (const nsp of [...this.#joining.keys()]) this.#abandon(nsp);
    for (const nsp of [...this.#sockets.keys()]) this.#drop(nsp, reason, description);
  }

  #armJoinTimeout(): void {
    const { clock, connectTimeout } = this.#ports;
    this.#cancelJoinTimeout = clock.at(clock.now() + connectTimeout, () => {
      this.#cancelJoinTimeout = undefined;
      this.close("forced close"); // no socket is there to be told, but those that are joining are abandoned
    });
  }

  /** A packet whose attachments stop coming is given up: what it holds is memory that the client chose to take. */
  #watchPartial(): void {
    const { clock, connectTimeout } = this.#ports;
    this.#grownAt = clock.now();
    if (this.#cancelPartialTimeout !== undefined) return;
    // Set once and not moved with each frame: it looks at the time when it wakes.
    const wake = (): void => {
      this.#cancelPartialTimeout = undefined;
      if (!this.#decoder.isPartial) return;
      const due = this.#grownAt + connectTimeout;
      if (clock.now() >= due) {
        this.#fail(new ProtocolError("the attachments of a packet did not come in time"));
      } else this.#cancelPartialTimeout = clock.at(due, wake);
    };
    this.#cancelPartialTimeout = clock.at(this.#grownAt + connectTimeout, wake);
  }
}

/** What the client is told of a refusal: never more than its message and `data`. */
function describe(refusal: unknown): { message: string; data: unknown } {
  if (typeof refusal === "string") return { message: refusal, data: undefined };
  const { message, data } = refusal as { message?: unknown; data?: unknown };
  return { message: typeof message === "string" ? message : "Refused", data };
}
