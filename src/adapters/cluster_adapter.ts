/**
 * The adapter of one namespace that lives on many servers: the sockets of this one are served at once and first, as
 * by the local adapter, and the others hear of it over a bus.
 *
 * Source of behaviour: socket.io-adapter 2.5, ClusterAdapter. Unlike there local sockets never wait for the bus, and
 * a server collects the acks of its sockets and answers once.
 * @module
 */
import type {
  Adapter,
  AdapterFactory,
  Answers,
  Command,
  FramesOrPromise,
  LocalSockets,
  Question,
} from "../core/adapter.ts";
import type { Room, SocketId } from "../core/ids.ts";
import type { Rooms } from "../core/rooms.ts";
import type { Selector } from "../core/selector.ts";
import type { Frame } from "../protocol/frame.ts";
import { randomId } from "../protocol/random_id.ts";
import type { EventPacket } from "../protocol/socket_packet.ts";
import { answerQuestion } from "./cluster_answers.ts";
import type { ClusterBus, Reached } from "./cluster_bus.ts";
import { asError, ClusterLink, type LinkedNamespace } from "./cluster_link.ts";
import {
  type AskMessage,
  type ClusterMessage,
  type ServerId,
  type WireQuestion,
  wireSelector,
} from "./cluster_messages.ts";
import { ClusterOutbox, type Pending, type Published } from "./cluster_outbox.ts";
import { ClusterRequests } from "./cluster_requests.ts";
import { LocalAdapter } from "./local_adapter.ts";
import type { MembershipFactory } from "./membership.ts";

/** Options of {@linkcode clusterAdapter}. */
export interface ClusterOptions {
  /** Who is there, where the bus does not know: `heartbeats()`. */
  readonly membership?: MembershipFactory;
  /** ms that other servers have for a question that sets no time itself. Default 60 000. */
  readonly requestTimeout?: number;
  /** ms beyond the timeout of acks that the answers of other servers may be on their way. Default 500. */
  readonly ackGrace?: number;
}

/**
 * Makes the adapters of a server that is one of many: `new Server({ adapter: clusterAdapter(bus) })`. One bus serves
 * one server with all its namespaces. Throws a TypeError where nobody would know the other servers.
 */
export function clusterAdapter(bus: ClusterBus, options: ClusterOptions = {}): AdapterFactory {
  const { membership, requestTimeout = 60_000, ackGrace = 500 } = options;
  if (membership === undefined && bus.servers === undefined) {
    throw new TypeError(
      'Missing option "membership": this bus does not know its servers, give it heartbeats()',
    );
  }
  checkMs("requestTimeout", requestTimeout);
  checkMs("ackGrace", ackGrace);
  const link = new ClusterLink(bus, membership);
  return (nsp, local) => new ClusterAdapter(nsp, local, link, requestTimeout, ackGrace);
}

function checkMs(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value < Infinity) return;
  throw new TypeError(`Invalid option "${name}": ${String(value)}, expected a number of ms from 0 on`);
}

/** Chooses among the sockets of all servers. */
class ClusterAdapter implements Adapter, LinkedNamespace {
  readonly rooms: Rooms;
  readonly local: LocalSockets;
  readonly #nsp: string;
  readonly #here: LocalAdapter;
  readonly #link: ClusterLink;
  readonly #outbox: ClusterOutbox;
  readonly #requests: ClusterRequests;
  readonly #requestTimeout: number;
  readonly #ackGrace: number;

  constructor(nsp: string, local: LocalSockets, link: ClusterLink, requestTimeout: number, ackGrace: number) {
    this.#nsp = nsp;
    this.local = local;
    this.#here = new LocalAdapter(local);
    this.rooms = this.#here.rooms;
    this.#link = link;
    this.#requests = new ClusterRequests(local.clock);
    this.#requestTimeout = requestTimeout;
    this.#ackGrace = ackGrace;
    this.#outbox = new ClusterOutbox((message, published) => link.publish(message, published));
    link.add(nsp, this);
    if (link.ready !== undefined) this.#outbox.waitFor(link.ready);
  }

  join(id: SocketId, rooms: readonly Room[]): void | Promise<void> {
    if (this.#link.bus.interest === undefined) return this.#here.join(id, rooms);
    const { members, sockets } = this.rooms;
    let told: Promise<void> | undefined;
    for (const room of rooms) {
      const wasEmpty = sockets.size === 0;
      const wasThere = members.has(room);
      this.#here.join(id, [room]);
      // As it is now: listeners to the rooms' events may have undone it.
      if (wasEmpty && sockets.size > 0) told = both(told, this.#tellInterest(undefined, true));
      if (!wasThere && members.has(room)) told = both(told, this.#tellInterest(room, true));
    }
    return told;
  }

  leave(id: SocketId, room?: Room): void | Promise<void> {
    if (this.#link.bus.interest === undefined) return this.#here.leave(id, room);
    const { members, sockets } = this.rooms;
    const left = room === undefined
      ? [...this.rooms.roomsOf(id)]
      : this.rooms.roomsOf(id).has(room)
      ? [room]
      : [];
    const wasKnown = sockets.has(id);
    this.#here.leave(id, room);
    const isEmpty = (one: Room): boolean => !members.has(one);
    const isLast = (): boolean => wasKnown && sockets.size === 0;
    // What seems empty may be a room of sockets that sleep.
    if (isLast() || left.some(isEmpty)) this.local.awaken();
    let told: Promise<void> | undefined;
    for (const one of left.filter(isEmpty)) told = both(told, this.#tellInterest(one, false));
    if (isLast()) told = both(told, this.#tellInterest(undefined, false));
    return told;
  }

  broadcast(packet: EventPacket, to: Selector, logged?: FramesOrPromise, origin?: string): void {
    if (to.flags.local === true) return this.#here.broadcast(packet, to, logged);
    const frames = this.local.encode(packet);
    this.#outbox.hold(
      frames instanceof Promise
        ? frames.then((made) => made.length === 0 ? undefined : this.#broadcastOf(to, made, origin))
        : this.#broadcastOf(to, frames, origin),
    );
    try {
      this.local.deliver(this.rooms.select(to), packet, to.flags, logged ?? frames, logged !== undefined, to);
    } finally {
      this.#outbox.release();
    }
  }

  command(command: Command, to: Selector): void {
    if (to.flags.local === true) return this.#here.command(command, to);
    const { id: from } = this.#link.bus;
    this.#outbox.hold({ type: "command", from, nsp: this.#nsp, selector: wireSelector(to), command });
    try {
      this.#here.command(command, to);
    } finally {
      this.#outbox.release();
    }
  }

  tellServers(data: readonly unknown[]): void {
    this.#outbox.hold({ type: "tell", from: this.#link.bus.id, nsp: this.#nsp, data });
    this.#outbox.release();
  }

  ask(question: Question, to: Selector): Promise<Answers> {
    if (to.flags.local === true) return this.#here.ask(question, to);
    const id = randomId();
    const timeout = Number.isFinite(question.timeout) ? question.timeout : this.#requestTimeout;
    const message = this.#askOf(id, question, timeout, to);
    const { clock } = this.local;
    const isAck = question.type === "ack";
    const there = this.#requests.open(id, clock.now() + timeout + (isAck ? this.#ackGrace : 0), isAck);
    this.#outbox.hold(message, this.#asking(id));
    let here: Promise<Answers>;
    try {
      here = this.#here.ask(question, to);
    } finally {
      this.#outbox.release();
    }
    return Promise.all([here, there]).then(([ours, theirs]) => ({
      values: [...ours.values, ...theirs.values],
      error: theirs.error ?? ours.error, // the one that names servers says more
    }));
  }

  async serverCount(): Promise<number> {
    return [...await this.#link.others(this.#nsp)].length + 1;
  }

  async close(): Promise<void> {
    this.#requests.close();
    await this.#link.remove(this.#nsp);
  }

  gone(server: ServerId): void {
    this.#requests.gone(server);
  }

  receive(message: ClusterMessage): void {
    switch (message.type) {
      case "broadcast": {
        const { selector, frames, origin } = message;
        this.local.awaken();
        return this.local.relay(this.rooms.select(selector), frames, selector, origin);
      }
      case "command":
        this.local.awaken();
        return this.#here.command(message.command, message.selector);
      case "tell":
        return this.local.heard(message.data);
      case "ask":
        this.local.awaken();
        return answerQuestion(
          message,
          this.local,
          this.rooms,
          (values, error) => this.#reply(message, values, error),
        );
      case "answer":
        return this.#requests.answered(message.id, message.from, message.values, message.error);
    }
  }

  #reply({ from: to, id }: AskMessage, values: readonly unknown[], error: unknown): void {
    const answer = { type: "answer", from: this.#link.bus.id, to, nsp: this.#nsp, id } as const;
    this.#link.publish(
      error === null ? { ...answer, values } : { ...answer, values, error: asError(error).message },
      {
        reached: () => {},
        // What cannot travel, such as a function in `socket.data`: at least that is said.
        failed: ({ message }) => {
          if (values.length > 0) {
            this.#link.publish({
              ...answer,
              values: [],
              error: `Cannot answer: ${message}`,
            });
          }
        },
      },
    );
  }

  #broadcastOf(to: Selector, frames: readonly Frame[], origin: string | undefined): ClusterMessage {
    return {
      type: "broadcast",
      from: this.#link.bus.id,
      nsp: this.#nsp,
      selector: wireSelector(to),
      frames,
      ...(origin !== undefined && { origin }),
    };
  }

  #askOf(id: string, question: Question, timeout: number, to: Selector): Pending {
    const { id: from } = this.#link.bus;
    const selector = wireSelector(to);
    const of = (asked: WireQuestion): AskMessage => ({
      type: "ask",
      from,
      nsp: this.#nsp,
      id,
      selector,
      question: asked,
    });
    if (question.type === "sockets") return of({ type: "sockets" });
    if (question.type === "servers") return of({ type: "servers", data: question.data });
    const frames = this.local.encode(question.packet);
    if (!(frames instanceof Promise)) return of({ type: "ack", frames, timeout });
    return frames.then((made) => made.length === 0 ? undefined : of({ type: "ack", frames: made, timeout }));
  }

  /** Learns who was asked, or why nobody was. */
  #asking(id: string): Published {
    const failed = (error: Error): void => this.#requests.fail(id, error);
    return {
      failed,
      reached: (servers: Reached) => {
        if (servers !== undefined) return this.#requests.asked(id, servers, true);
        const others = this.#link.others(this.#nsp);
        if (!(others instanceof Promise)) return this.#requests.asked(id, others, false);
        others.then((known) => this.#requests.asked(id, known, false), (error) => failed(asError(error)));
      },
    };
  }

  /** Tells the bus. Never throws: the rooms are what they are, whatever the bus thinks of it. */
  #tellInterest(room: Room | undefined, isWanted: boolean): void | Promise<void> {
    try {
      return this.#link.bus.interest!(this.#nsp, room, isWanted);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

/** Both are waited for. */
function both(one: Promise<void> | undefined, other: void | Promise<void>): Promise<void> | undefined {
  if (!(other instanceof Promise)) return one;
  return one === undefined ? other : Promise.all([one, other]).then(() => {});
}
