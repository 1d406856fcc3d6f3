/**
 * The connected sockets of one namespace in this process, and what is done with many of them at once. The adapter
 * chooses which; here they are found by id and sent to, each event encoded once.
 * @module
 */
import type { ReportError, SendOptions } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Parser } from "../protocol/parser.ts";
import { ProtocolError } from "../protocol/protocol_error.ts";
import { randomId } from "../protocol/random_id.ts";
import { type EventPacket, PacketType } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import type {
  AckQuestion,
  Adapter,
  AdapterFactory,
  Answers,
  Command,
  FramesOrPromise,
  LocalSockets,
  SocketDetails,
} from "./adapter.ts";
import { collectAcks } from "./ack_collection.ts";
import { AdapterView } from "./adapter_view.ts";
import { type BroadcastTarget, completeValues } from "./broadcast_target.ts";
import { hasOutgoingListeners, showOutgoing } from "./catch_all.ts";
import type { ContractChecks, TellInvalid } from "../contract/contract_checks.ts";
import { ownRoom, type Room, type SocketId } from "./ids.ts";
import type { NamespaceSetup } from "./namespace_setup.ts";
import type { Missed, NamespaceRecovery, Recovery, ResumedSession } from "./recovery.ts";
import { DistantSocket } from "./remote_socket.ts";
import { type RoomTopic, RoomTopics, WORTHWHILE } from "./room_topics.ts";
import { type BroadcastFlags, EVERYONE, type Selector } from "./selector.ts";
import type { LiveSession, PrivateId } from "./session_store.ts";
import type { Sleeper } from "./sleep.ts";
import { type AnySocket, directSocket, loseSocket, openSocket, sendFramesTo, touchSocket } from "./socket.ts";
import type { DisconnectReason, SocketHome } from "./socket_ports.ts";

/** What every namespace of a server is given. */
export interface NamespacePorts {
  readonly clock: Clock;
  readonly parser: Parser;
  readonly report: ReportError;
  readonly makeAdapter: AdapterFactory;
  /** Whether contracts are also for what is sent. Default false. */
  readonly validateOutgoing?: boolean;
  /** Connection state recovery, where it is on. */
  readonly recovery?: Recovery | undefined;
  /** The public server. */
  readonly server?: () => unknown;
  /** Of a runtime that lets connections sleep. */
  readonly sleeper?: Sleeper | undefined;
  /** Makes the ids of sockets. Default: 120 random bits. */
  readonly makeId?: (() => string) | undefined;
  /** Whether the runtime has topics. Default false. */
  readonly hasTopics?: boolean | undefined;
}

/** ms to wait for other servers where nothing else was said. Source: socket.io-adapter, ClusterAdapter. */
const SERVERS_TIMEOUT = 5_000;

/** The sockets of one namespace. */
export class NamespaceSockets implements SocketHome, BroadcastTarget, LocalSockets {
  readonly name: string;
  readonly subject: string;
  /** The public object; set by the namespace that owns this. */
  nsp: unknown;
  readonly clock: Clock;
  readonly report: ReportError;
  readonly recovery: NamespaceRecovery | undefined;
  readonly sleeper: Sleeper | undefined;
  readonly makeId: () => string;
  /** The connected ones. */
  readonly byId: Map<SocketId, AnySocket> = new Map();
  /** Told when nobody is left; set by the owner of the namespace. */
  emptied: (() => void) | undefined;
  /** Whether the namespace is over. */
  isOver = false;
  /** Clients that are being decided about. */
  #joining = 0;
  readonly #parser: Parser;
  #adapter: Adapter;
  #view: AdapterView;
  readonly #setups: readonly NamespaceSetup[];
  readonly #server: () => unknown;
  readonly #recovery: Recovery | undefined;
  /** Only where nothing but sending is to be done with a socket for each event. */
  readonly #topics: RoomTopics | undefined;
  #lastAckId = -1;

  constructor(name: string, ports: NamespacePorts, setups: readonly NamespaceSetup[]) {
    this.name = name;
    this.subject = `socket in "${name}"`;
    this.clock = ports.clock;
    this.report = ports.report;
    this.sleeper = ports.sleeper;
    this.makeId = ports.makeId ?? randomId;
    this.#recovery = ports.recovery;
    this.recovery = ports.recovery?.within(name);
    this.#parser = ports.parser;
    const isPlain = ports.recovery === undefined && ports.sleeper === undefined;
    this.#topics = ports.hasTopics === true && isPlain ? new RoomTopics() : undefined;
    this.#setups = setups;
    this.#server = ports.server ?? (() => undefined);
    this.#adapter = ports.makeAdapter(name, this);
    this.#view = this.#makeView();
  }

  /** `namespace.adapter`. */
  get view(): AdapterView {
    this.sleeper?.wakeAll();
    return this.#view;
  }

  /** Goes on with another adapter, and closes the one before. Nobody is connected. */
  async useAdapter(makeAdapter: AdapterFactory): Promise<void> {
    const former = this.#adapter;
    this.#adapter = makeAdapter(this.name, this);
    this.#view = this.#makeView();
    await former.close();
  }

  get target(): BroadcastTarget {
    return this;
  }

  get server(): unknown {
    return this.#server();
  }

  /** A client is being decided about: the namespace is not empty. */
  expect(): void {
    this.#joining++;
  }

  /** It was decided. */
  expectNoMore(): void {
    this.#joining--;
    this.tellIfEmpty();
  }

  /** The namespace is over: a client that had found it before looks again. */
  end(): void {
    this.isOver = true;
    this.emptied = undefined;
    this.#recovery?.end(this.name);
  }

  /** What a session has missed until now; undefined where it is gone by now. */
  missed(resumed: ResumedSession): Missed | undefined | Promise<Missed | undefined> {
    return this.recovery!.missed(resumed, (frames, offset) => {
      const { data = [] } = this.decode(frames);
      return this.#encode({ type: PacketType.EVENT, nsp: this.name, data: [...data.slice(0, -1), offset] });
    });
  }

  /** A socket is connected from now on. Returns its `pid` where it may come back. `missed`: what it was sent again. */
  add(
    socket: AnySocket,
    auth: Record<string, unknown>,
    resumed?: ResumedSession,
    missed?: Missed,
  ): PrivateId | undefined {
    const id = socket.id as SocketId;
    openSocket(socket);
    this.byId.set(id, socket);
    const pid = this.recovery?.begin(id, () => loseSocket(socket), auth, resumed, missed);
    this.join(id, [ownRoom(id), ...resumed?.session.rooms ?? []]);
    return pid;
  }

  /** A socket that slept with its connection is there again, with its rooms; nobody is told. */
  restore(socket: AnySocket, rooms: readonly Room[], live: LiveSession | undefined): void {
    const id = socket.id as SocketId;
    openSocket(socket);
    this.byId.set(id, socket);
    for (const room of [ownRoom(id), ...rooms]) this.#adapter.rooms.join(id, room);
    if (live !== undefined) this.recovery?.restore(id, () => loseSocket(socket), live);
    // An ack that was asked for before must not be taken for one that is asked for now.
    if (this.#lastAckId < 0) this.#lastAckId = Math.floor(Math.random() * 2 ** 31);
  }

  forget(id: SocketId, reason: DisconnectReason): void {
    const socket = this.byId.get(id);
    if (socket !== undefined) {
      this.recovery?.finish(id, this.#adapter.rooms.roomsOf(id), socket.data, reason);
      this.byId.delete(id);
    }
    if (this.#topics !== undefined) {
      for (const room of this.#adapter.rooms.roomsOf(id)) this.#topics.left(id, room);
      this.#topics.left(id, undefined);
    }
    this.#watch(this.#adapter.leave(id), "leave");
    if (socket !== undefined) this.tellIfEmpty();
  }

  join(id: SocketId, rooms: readonly Room[]): void | Promise<void> {
    return this.#watch(this.#adapter.join(id, rooms), "join");
  }

  leave(id: SocketId, room: Room): void | Promise<void> {
    this.#topics?.left(id, room);
    return this.#watch(this.#adapter.leave(id, room), "leave");
  }

  /** Whether somebody here is in a room; in undefined: whether anybody is here. */
  hasMembers(room: Room | undefined): boolean {
    const { rooms } = this.#adapter;
    return room === undefined ? rooms.sockets.size > 0 : rooms.sizeOf(room) > 0;
  }

  /** The rooms that have members here. */
  get rooms(): Iterable<Room> {
    return this.#adapter.rooms.names;
  }

  roomsOf(id: SocketId): ReadonlySet<Room> {
    return this.#adapter.rooms.roomsOf(id);
  }

  /** ms that an ack is waited for where nothing was said. */
  get ackTimeout(): number | undefined {
    return this.sleeper?.ackTimeout;
  }

  nextAckId(): number {
    return ++this.#lastAckId;
  }

  get checks(): ContractChecks | undefined {
    // The namespace's own goes before the pattern's.
    for (let i = this.#setups.length - 1; i >= 0; i--) {
      const { checks } = this.#setups[i]!;
      if (checks !== undefined) return checks;
    }
    return undefined;
  }

  handles(event: string): boolean {
    return this.#setups.some(({ handlers }) => handlers.has(event));
  }

  handle(socket: unknown, event: string, args: readonly unknown[]): void {
    for (const { handlers } of this.#setups) {
      if (handlers.has(event)) handlers.dispatch(this.nsp, event, [socket, ...args]);
    }
  }

  /** Tells the listeners of the namespace. */
  tell(event: string, args: readonly unknown[]): void {
    for (const { emitter } of this.#setups) emitter.dispatch(this.nsp, event, args);
  }

  logged(data: unknown[], id: SocketId, isVolatile: boolean): FramesOrPromise | undefined {
    if (!this.recovery?.isLive(id)) return undefined;
    const frames = this.#log(data, [ownRoom(id)], [], isVolatile);
    if (frames !== undefined) this.recovery.sent(id);
    return frames;
  }

  broadcast(data: unknown[], to: Selector): void {
    this.sleeper?.wakeAll();
    this.checks?.outgoing(data);
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.name, data };
    const isVolatile = to.flags.volatile === true;
    const logged = this.#log(data, to.rooms, to.except, isVolatile);
    const origin = logged === undefined || isVolatile ? undefined : this.recovery!.end();
    this.#adapter.broadcast(packet, to, logged, origin);
  }

  ask(data: unknown[], to: Selector): Promise<Answers> {
    this.sleeper?.wakeAll();
    this.checks?.outgoing(data);
    const packet: EventPacket = { type: PacketType.EVENT, nsp: this.name, data };
    return this.#adapter.ask({
      type: "ack",
      packet,
      timeout: to.flags.timeout ?? this.ackTimeout ?? Infinity,
    }, to);
  }

  async fetch(to: Selector): Promise<unknown[]> {
    this.sleeper?.wakeAll();
    const timeout = to.flags.timeout ?? SERVERS_TIMEOUT;
    const values = completeValues(await this.#adapter.ask({ type: "sockets", timeout }, to));
    return values.map((details) =>
      this.byId.get((details as SocketDetails).id as SocketId) ??
        new DistantSocket(details as SocketDetails, this)
    );
  }

  command(command: Command, to: Selector): void {
    this.sleeper?.wakeAll();
    this.#adapter.command(command, to);
  }

  tellServers(data: unknown[]): void {
    this.#adapter.tellServers(data);
  }

  askServers(data: unknown[], timeout: number = SERVERS_TIMEOUT): Promise<Answers> {
    return this.#adapter.ask({ type: "servers", data, timeout }, EVERYONE);
  }

  deliver(
    ids: Iterable<SocketId>,
    packet: EventPacket,
    flags: BroadcastFlags,
    encoded?: FramesOrPromise,
    isLogged: boolean = encoded !== undefined,
    to?: Selector,
  ): void {
    const frames = encoded ?? this.#encode(packet);
    const options = sendOptions(flags);
    const topic = to !== undefined && Array.isArray(frames) ? this.#topicOf(to) : undefined;
    const bytes = topic === undefined ? 0 : totalLength(frames as readonly Frame[]);
    let listening: AnySocket[] | undefined;
    for (const id of ids) {
      const socket = this.byId.get(id); // a socket whose middlewares still run may be in rooms, but is not here
      if (socket === undefined) continue;
      const isHeard = topic?.cover(id, directSocket(socket, bytes))
        ? hasOutgoingListeners(socket)
        : sendFramesTo(socket, frames, options);
      if (isHeard) (listening ??= []).push(socket);
      if (isLogged && this.recovery !== undefined) {
        this.recovery.sent(id);
        touchSocket(socket);
      }
    }
    topic?.publish(frames as readonly Frame[], (id) => this.#isIn(id, to!.rooms[0]));
    // Listeners last: they may join and leave rooms, and `ids` may be live.
    if (listening !== undefined) {
      for (const socket of listening) showOutgoing(socket, packet.data!);
    }
  }

  askAcks(ids: Iterable<SocketId>, question: AckQuestion, flags: BroadcastFlags): Promise<Answers> {
    const id = this.nextAckId();
    const packet: EventPacket = { ...question.packet, id };
    const frames = this.#encode(packet);
    const options = sendOptions(flags);
    const asked = this.#find(ids);
    const answers = collectAcks(asked, id, question.timeout, this.clock, (socket, settled) => {
      const tell: TellInvalid = (invalid) => this.tell("invalid", [socket, invalid]);
      return this.checks?.answered(String(packet.data![0]), settled, tell) ?? settled;
    });
    for (const socket of asked) {
      if (sendFramesTo(socket, frames, options)) showOutgoing(socket, packet.data!);
    }
    return answers;
  }

  describe(ids: Iterable<SocketId>): SocketDetails[] {
    return this.#find(ids); // a socket shows all that is asked for, and makes its handshake only when looked at
  }

  run(command: Command, ids: Iterable<SocketId>): void {
    for (const socket of this.#find(ids)) {
      if (command.type === "join") socket.join(command.rooms);
      else if (command.type === "disconnect") socket.disconnect(command.close);
      else for (const room of command.rooms) socket.leave(room);
    }
  }

  heard(data: readonly unknown[], ack?: (value: unknown) => void): void {
    const [event, ...args] = data;
    this.tell(String(event), ack === undefined ? args : [...args, ack]);
  }

  encode(packet: EventPacket): FramesOrPromise {
    return this.#encode(packet);
  }

  decode(frames: readonly Frame[]): EventPacket {
    const decoder = this.#parser.decoder();
    for (const frame of frames) {
      const packet = decoder.push(frame);
      if (packet?.type === PacketType.EVENT) return packet;
    }
    throw new ProtocolError("Cannot decode event of another server: its frames hold none");
  }

  relay(ids: Iterable<SocketId>, frames: readonly Frame[], to: Selector, origin?: string): void {
    if (this.recovery !== undefined) {
      const packet = this.decode(frames);
      const logged = this.#log(packet.data ?? [], to.rooms, to.except, to.flags.volatile === true, origin);
      return this.deliver(ids, packet, to.flags, logged ?? frames, logged !== undefined);
    }
    // Decoded when looked at: mostly nobody listens to outgoing events.
    const decode = (): unknown[] => this.decode(frames).data ?? [];
    let data: unknown[] | undefined;
    this.deliver(
      ids,
      {
        type: PacketType.EVENT,
        nsp: this.name,
        get data(): unknown[] {
          return data ??= decode();
        },
      },
      to.flags,
      frames,
    );
  }

  awaken(): void {
    this.sleeper?.wakeAll();
  }

  /** Every namespace closes its adapter once. */
  async close(): Promise<void> {
    await Promise.all([this.#adapter.close(), this.recovery?.close()]);
  }

  #makeView(): AdapterView {
    return new AdapterView(this.#adapter, this, this.name, () => this.nsp);
  }

  /** The topic that reaches most of those meant at once. Worth it for many who are one room, or all. */
  #topicOf({ rooms, except }: Selector): RoomTopic | undefined {
    if (this.#topics === undefined || rooms.length > 1 || except.length > 0) return undefined;
    const [room] = rooms;
    const size = room === undefined ? this.byId.size : this.#adapter.rooms.sizeOf(room);
    return size < WORTHWHILE ? undefined : this.#topics.of(room);
  }

  #isIn(id: SocketId, room: Room | undefined): boolean {
    return this.byId.has(id) && (room === undefined || this.#adapter.rooms.isIn(id, room));
  }

  /** A copy: what is done with them may change who is in which room. */
  #find(ids: Iterable<SocketId>): AnySocket[] {
    const sockets: AnySocket[] = [];
    for (const id of ids) {
      const socket = this.byId.get(id);
      if (socket !== undefined) sockets.push(socket);
    }
    return sockets;
  }

  /** Tells the owner if nobody is connected, about to be, or expected back. */
  tellIfEmpty(): void {
    if (this.emptied === undefined || this.byId.size > 0 || this.#joining > 0 || this.recovery?.kept) return;
    this.sleeper?.wakeAll();
    if (this.byId.size === 0) this.emptied();
  }

  #log(
    data: unknown[],
    rooms: readonly Room[],
    except: readonly Room[],
    isVolatile: boolean,
    origin?: string,
  ): FramesOrPromise | undefined {
    if (this.recovery === undefined) return undefined;
    const encode = (offset: string): FramesOrPromise =>
      this.#encode({ type: PacketType.EVENT, nsp: this.name, data: [...data, offset] });
    if (!isVolatile) {
      const logged = this.recovery.log({ rooms, except, origin, encode });
      if (!(logged instanceof Promise)) return logged;
      return logged.catch((error) => {
        this.report(error, `event log of "${this.name}"`);
        return this.#encode({ type: PacketType.EVENT, nsp: this.name, data }); // sent all the same
      });
    }
    // The client takes a text at the end of any event for an offset: one that is none would lose its session.
    return typeof data.at(-1) === "string" ? encode(this.recovery.end()) : undefined;
  }

  /** A Blob that cannot be read is reported once, and nothing is sent. */
  #encode(packet: EventPacket): FramesOrPromise {
    const frames = this.#parser.encode(packet);
    if (Array.isArray(frames)) return frames;
    return frames.catch((error) => {
      this.report(error, `encoding of an event in "${this.name}"`);
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

function totalLength(frames: readonly Frame[]): number {
  let total = 0;
  for (const frame of frames) total += frame.length;
  return total;
}
