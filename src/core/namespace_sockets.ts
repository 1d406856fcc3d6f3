/**
 * The connected sockets of one namespace in this process, and what is done with many of them at once. The adapter
 * chooses which; here they are found by id and sent to, each event encoded once.
 * @module
 */
import type { ReportError, SendOptions } from "../engine/ports.ts";
import { ackDisconnectedError, ackTimeoutError } from "../events/acks.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Parser } from "../protocol/parser.ts";
import { type EventPacket, PacketType } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import type { Adapter, AdapterFactory, Answers, LocalSockets, Question } from "./adapter.ts";
import type { BroadcastTarget } from "./broadcast_operator.ts";
import { ownRoom, type Room, type SocketId } from "./ids.ts";
import type { BroadcastFlags, Selector } from "./selector.ts";
import { type AnySocket, awaitAck, forgetAck, openSocket, sendFramesTo, showOutgoing } from "./socket.ts";
import type { SocketHome } from "./socket_ports.ts";

/** What every namespace of a server is given. */
export interface NamespacePorts {
  readonly clock: Clock;
  readonly parser: Parser;
  readonly report: ReportError;
  readonly makeAdapter: AdapterFactory;
}

/** The sockets of one namespace. */
export class NamespaceSockets implements SocketHome, BroadcastTarget, LocalSockets {
  readonly name: string;
  readonly subject: string;
  /** The public object; set by the namespace that owns this. */
  nsp: unknown;
  readonly clock: Clock;
  readonly report: ReportError;
  /** The connected ones. */
  readonly byId: Map<SocketId, AnySocket> = new Map();
  readonly #parser: Parser;
  readonly #adapter: Adapter;
  #lastAckId = -1;

  constructor(name: string, ports: NamespacePorts) {
    this.name = name;
    this.subject = `socket in "${name}"`;
    this.clock = ports.clock;
    this.report = ports.report;
    this.#parser = ports.parser;
    this.#adapter = ports.makeAdapter(name, this);
  }

  get target(): BroadcastTarget {
    return this;
  }

  /** A socket is connected from now on. */
  add(socket: AnySocket): void {
    const id = socket.id as SocketId;
    openSocket(socket);
    this.byId.set(id, socket);
    this.join(id, [ownRoom(id)]);
  }

  forget(id: SocketId): void {
    this.byId.delete(id);
    this.#watch(this.#adapter.leave(id), "leave");
  }

  join(id: SocketId, rooms: readonly Room[]): void | Promise<void> {
    return this.#watch(this.#adapter.join(id, rooms), "join");
  }

  leave(id: SocketId, room: Room): void | Promise<void> {
    return this.#watch(this.#adapter.leave(id, room), "leave");
  }

  roomsOf(id: SocketId): ReadonlySet<Room> {
    return this.#adapter.roomsOf(id);
  }

  nextAckId(): number {
    return ++this.#lastAckId;
  }

  broadcast(data: unknown[], to: Selector): void {
    this.#adapter.broadcast({ type: PacketType.EVENT, nsp: this.name, data }, to);
  }

  ask(data: unknown[], to: Selector): Promise<Answers>;
  ask(ids: Iterable<SocketId>, question: Question, flags: BroadcastFlags): Promise<Answers>;
  ask(
    first: unknown[] | Iterable<SocketId>,
    second: Selector | Question,
    flags?: BroadcastFlags,
  ): Promise<Answers> {
    if (flags !== undefined) return this.#collect(first as Iterable<SocketId>, second as Question, flags);
    const to = second as Selector;
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.name, data: first as unknown[] };
    return this.#adapter.ask({ type: "ack", packet, timeout: to.flags.timeout ?? Infinity }, to);
  }

  deliver(ids: Iterable<SocketId>, packet: EventPacket, flags: BroadcastFlags): void {
    const frames = this.#encode(packet);
    const options = sendOptions(flags);
    let listening: AnySocket[] | undefined;
    for (const id of ids) {
      const socket = this.byId.get(id); // a socket whose middlewares still run may be in rooms, but is not here
      if (socket !== undefined && sendFramesTo(socket, frames, options)) (listening ??= []).push(socket);
    }
    // Listeners last: they may join and leave rooms, and `ids` may be live.
    if (listening !== undefined) {
      for (const socket of listening) showOutgoing(socket, packet.data!);
    }
  }

  /** Every namespace closes its adapter once, when the server closes. */
  async close(): Promise<void> {
    await this.#adapter.close();
  }

  #collect(ids: Iterable<SocketId>, question: Question, flags: BroadcastFlags): Promise<Answers> {
    const id = this.nextAckId();
    const packet: EventPacket = { ...question.packet, id };
    const frames = this.#encode(packet);
    const options = sendOptions(flags);
    const asked = [...ids].map((each) => this.byId.get(each)).filter((socket) => socket !== undefined);
    return new Promise((resolve) => {
      const values: unknown[] = [];
      const waiting = new Set(asked);
      let error: Error | null = null;
      let cancel: (() => void) | undefined;
      const finish = (): void => {
        cancel?.();
        resolve({ values, error });
      };
      if (waiting.size === 0) return finish();
      if (question.timeout !== Infinity) {
        cancel = this.clock.at(this.clock.now() + question.timeout, () => {
          error = ackTimeoutError();
          for (const socket of waiting) forgetAck(socket, id);
          finish();
        });
      }
      for (const socket of asked) {
        awaitAck(socket, id, (lost, args) => {
          if (lost === null) values.push(args[0]);
          else error = ackDisconnectedError();
          if (waiting.delete(socket) && waiting.size === 0) finish();
        });
      }
      for (const socket of asked) {
        if (sendFramesTo(socket, frames, options)) showOutgoing(socket, packet.data!);
      }
    });
  }

  /** A Blob that cannot be read is reported once, and nothing is sent. */
  #encode(packet: EventPacket): readonly Frame[] | Promise<readonly Frame[]> {
    const frames = this.#parser.encode(packet);
    if (Array.isArray(frames)) return frames;
    return frames.catch((error) => {
      this.report(error, `encoding of a broadcast in "${this.name}"`);
      return [];
    });
  }

  /** Nobody need wait for the adapter; a failure is reported to those who do not. */
  #watch(result: void | Promise<void>, what: string): void | Promise<void> {
    if (result === undefined) return;
    result.catch((error) => this.report(error, `${what} of the adapter of "${this.name}"`));
    return result;
  }
}

/** None where there is nothing to say: the usual case shares one undefined. */
function sendOptions(flags: BroadcastFlags): SendOptions | undefined {
  if (flags.volatile === undefined && flags.compress === undefined) return undefined;
  return { volatile: flags.volatile, compress: flags.compress };
}
