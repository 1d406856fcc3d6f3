/**
 * The server in a Durable Object: made when it is needed, and forgotten with the object's memory. Everything that
 * comes from the platform goes through one of the methods here, and each ends by writing down what has changed.
 * @module
 */
import { clusterAdapter } from "../adapters/cluster_adapter.ts";
import { DurableEventLog } from "../adapters/durable_event_log.ts";
import { DurableSessionStore, hasSessions, nextExpiry } from "../adapters/durable_session_store.ts";
import { Hub, type HubAnswer, type HubCall, roomKey } from "../adapters/hub.ts";
import type { ClusterMessage } from "../adapters/cluster_messages.ts";
import { HubBus, type ShardBatch } from "../adapters/hub_bus.ts";
import { ownRoom, type Room, type SocketId } from "../core/ids.ts";
import { partsOf } from "../core/namespace.ts";
import type { Recovery } from "../core/recovery.ts";
import type { ConnectionSnapshot } from "../core/sleep.ts";
import { restoreSession, snapshotSession } from "../engine/engine.ts";
import { randomId } from "../protocol/random_id.ts";
import { ObjectAlarm } from "../runtimes/object_alarm.ts";
import { ObjectHeartbeat } from "../runtimes/object_heartbeat.ts";
import { openedAt } from "../runtimes/object_snapshots.ts";
import { type ObjectServer, ObjectSockets } from "../runtimes/object_sockets.ts";
import { type ObjectState, type ObjectWebSocket, openSockets } from "../runtimes/object_state.ts";
import { isSame } from "../runtimes/structured.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { ServerHost } from "./host.ts";
import { type ObjectOptions, type ObjectSettings, objectSettings } from "./object_options.ts";
import { innards, makeServer, type Server } from "./server.ts";
import { type HandoverCall, type HandoverNet, SessionHandover } from "./session_handover.ts";
import { bindingIn, hubsFor, idPrefix, placeOf, shardNet, shardOf } from "./sharding.ts";

/** What the object says of itself when the server is made. */
export interface ObjectProgram {
  readonly options: ObjectOptions;
  setup(io: Server): void | Promise<void>;
}

/** When the hubs are to be told the rooms once more, ms since the epoch; absent where they were told of none. */
const RENEWAL_KEY = "skein/renewal";

/** One life of the server of one object. */
export class ObjectHost {
  readonly #state: ObjectState;
  readonly #env: unknown;
  readonly #program: ObjectProgram;
  readonly #clock: Clock;
  readonly #alarm: ObjectAlarm;
  readonly #heartbeat: ObjectHeartbeat;
  #settings: ObjectSettings | undefined;
  #hub: Hub | undefined;
  #io: Server | undefined;
  #sockets: ObjectSockets | undefined;
  #store: DurableSessionStore | undefined;
  #bus: HubBus | undefined;
  #net: HandoverNet | undefined;
  #handover: SessionHandover | undefined;
  /** Places in rooms that are kept for now, by namespace and room. */
  readonly #held = new Map<string, number>();
  /** Sessions that are being given away, and what they have released: that is looked at afterwards. */
  #giving = 0;
  readonly #released: [nsp: string, room: Room | undefined][] = [];
  #ready: Promise<void> | undefined;
  #hasAnnounced = false;

  /** Does next to nothing: pongs, and calls for a hub, need no server. */
  constructor(state: ObjectState, env: unknown, program: ObjectProgram, clock: Clock = systemClock) {
    this.#state = state;
    this.#env = env;
    this.#program = program;
    this.#clock = clock;
    this.#alarm = new ObjectAlarm(state, clock);
    this.#heartbeat = new ObjectHeartbeat(state, this.#alarm);
  }

  /** The server. */
  get io(): Server {
    if (this.#io === undefined) this.#start();
    return this.#io!;
  }

  async fetch(request: Request): Promise<Response> {
    const { io } = this;
    if (this.#ready) await this.#ready;
    this.#announce();
    try {
      return await io.handler(request);
    } finally {
      this.#sockets!.settle();
    }
  }

  message(socket: ObjectWebSocket, message: string | ArrayBuffer): void | Promise<void> {
    if (this.#heartbeat.heard(socket, message)) return;
    return this.#enter((sockets) => sockets.message(socket, message));
  }

  async closed(socket: ObjectWebSocket, code: number, error?: unknown): Promise<void> {
    await this.#enter((sockets) => sockets.closed(socket, code, error));
  }

  async alarm(): Promise<void> {
    this.#alarm.wentOff();
    const { pingInterval, pingTimeout, shards } = this.#options();
    this.#heartbeat.tick({
      pingInterval,
      pingTimeout,
      timers: this.#clock,
      openedAt,
      silent: (socket) => void this.#enter((sockets) => sockets.silent(socket)),
    });
    const { kv } = this.#state.storage;
    const hasSockets = openSockets(this.#state).length > 0;
    const expiry = nextExpiry(kv);
    if (expiry <= this.#alarm.now() || (!hasSockets && hasSessions(kv))) { // too old, or ended by a deployment
      this.#start();
      if (this.#ready) await this.#ready;
      this.#store?.expire();
    } else if (expiry < Infinity) {
      this.#alarm.wakeAt(expiry);
    }
    if (shards > 1) await this.#renew();
    this.#alarm.run();
    this.#sockets?.settle();
  }

  /** Calls for this object as a hub. */
  hub(calls: readonly HubCall[]): readonly HubAnswer[] {
    this.#hub ??= new Hub(this.#state.storage.kv, this.#clock);
    return this.#hub.perform(calls);
  }

  /** Messages for this object as a shard. */
  async deliver(batch: ShardBatch): Promise<void> {
    this.#start();
    await this.#bus?.received(batch, () => this.#readyFor(batch.messages));
    this.#sockets!.settle();
  }

  /** A session that is kept here is wanted by another shard. */
  async handOver(call: HandoverCall): Promise<unknown> {
    this.#start();
    if (this.#ready) await this.#ready;
    if (this.#handover?.knows(call) !== true) return undefined; // before it costs anything: clients invent secrets
    this.#announce();
    this.#sockets!.wakeAll();
    this.#giving++;
    try {
      return await this.#handover.answer(call);
    } finally {
      if (--this.#giving === 0) {
        for (const [nsp, room] of this.#released.splice(0)) this.#say(nsp, room);
      }
      this.#sockets!.settle();
    }
  }

  /** What messages need; undefined: it is there. */
  #readyFor(messages: readonly ClusterMessage[]): Promise<void> | undefined {
    if (this.#ready) return this.#ready.then(() => this.#readyFor(messages));
    this.#sockets!.wakeAll();
    for (const message of messages) this.#reviveFor(message);
    // Sending needs no listeners; the rest may run them.
    if (messages.some(({ type }) => type !== "broadcast" && type !== "answer")) this.#announce();
    return undefined;
  }

  /** Something happened on a WebSocket. Without a promise where nothing is waited for: this is done for each frame. */
  #enter(run: (sockets: ObjectSockets) => void): void | Promise<void> {
    this.#start();
    return this.#ready ? this.#ready.then(() => this.#run(run)) : this.#run(run);
  }

  #run(run: (sockets: ObjectSockets) => void): void {
    this.#announce();
    run(this.#sockets!);
    this.#sockets!.settle();
  }

  #announce(): void {
    if (this.#hasAnnounced) return;
    this.#hasAnnounced = true;
    if (!this.#options().announceAll) return;
    const { connections, namespaces } = innards(this.io);
    if (!namespaces.areListenedTo) return;
    this.#sockets!.wakeAll();
    connections.announceAll();
  }

  #options(): ObjectSettings {
    return this.#settings ??= objectSettings(this.#program.options);
  }

  #start(): void {
    if (this.#io !== undefined) return;
    const settings = this.#options();
    const sockets: ObjectSockets = this.#sockets = new ObjectSockets(
      this.#state,
      settings.ackTimeout,
      () => this.#below(),
    );
    const io = this.#io = makeServer(settings.server, {
      engine: {
        clock: this.#clock,
        isWatched: true,
        idPrefix: settings.shards > 1 ? idPrefix(placeOf(this.#state.id.name).shard) : undefined,
        runtime: (request) => sockets.contextOf(request, () => this.#heartbeat.begin(settings.pingInterval)),
      },
      sleeper: sockets,
      durableClock: this.#alarm,
      keepers: (clock, limits) => ({
        store: this.#store = new DurableSessionStore(this.#state.storage.kv, clock, {
          maxDisconnectionDuration: limits.maxDisconnectionDuration,
          maxSessions: limits.maxSessions,
          isSame,
          released: this.#bus && ((nsp, room) => this.#say(nsp, room)),
        }),
        makeLog: (nsp) => new DurableEventLog(nsp, this.#state.storage.kv, clock, limits),
      }),
      ...this.#spread(settings),
    });
    const { recovery } = innards(io);
    // A store of the program's own is for all shards already.
    if (recovery !== undefined && this.#bus !== undefined && this.#store !== undefined) {
      this.#handover = this.#makeHandover(recovery, this.#store);
    }
    // Without a single WebSocket, sessions of connected sockets are those that a deployment has ended.
    if (openSockets(this.#state).length === 0) {
      this.#store?.loseAll();
      this.#startAnew();
    }
    const failed = (error: unknown): never => {
      this.#io = this.#ready = undefined; // half a program is none: the next request tries again
      throw error;
    };
    try {
      // Not in blockConcurrencyWhile: nothing set up before that, such as a timer, would end in it.
      const ready: unknown = this.#program.setup(io);
      if (ready instanceof Promise) {
        this.#ready = ready.then(() => {
          this.#ready = undefined;
        }, failed);
      }
    } catch (error) {
      failed(error);
    }
  }

  /** A deployment has ended all sockets of this shard: the hubs still believe what they were told of them. */
  #startAnew(): void {
    const bus = this.#bus;
    if (bus === undefined || !this.#state.storage.kv.delete(RENEWAL_KEY)) return;
    const { onError } = this.io.engine.settings;
    Promise.all([bus.forget(), bus.renew()]).catch((error) => onError(error, "a new life at the hubs"));
  }

  /** What a server needs that is one shard of several. */
  #spread({ shards, binding }: ObjectSettings): Pick<ServerHost, "makeId" | "adapter" | "elsewhere"> {
    if (shards === 1) return {};
    const { base, shard } = placeOf(this.#state.id.name);
    const net = this.#net = shardNet(bindingIn(this.#env, binding), base);
    const bus = this.#bus = new HubBus({
      shard,
      hubs: hubsFor(shards),
      net,
      shardOf: (id) => shardOf(id, shards),
      renewIn: (ms) => this.#renewIn(ms),
      members: {
        has: (nsp, room) => this.#isHere(nsp, room) || this.#isKept(nsp, room),
        all: () => this.#rooms(),
      },
      report: (error, where) => this.io.engine.settings.onError(error, where),
    });
    const prefix = idPrefix(shard);
    return {
      makeId: () => prefix + randomId(),
      adapter: clusterAdapter(bus),
      elsewhere: (...wanted) => this.#handover?.fetch(...wanted),
    };
  }

  #makeHandover(recovery: Recovery, store: DurableSessionStore): SessionHandover {
    const { engine } = this.#io!;
    return new SessionHandover({
      shard: placeOf(this.#state.id.name).shard,
      net: this.#net!,
      kv: this.#state.storage.kv,
      timers: engine.clock,
      report: engine.settings.onError,
      recovery,
      store,
      shardOf: (id) => shardOf(id, this.#options().shards),
      enter: (nsp, rooms) => Promise.all(rooms.map((room) => this.#bus!.interest(nsp, room, true))),
      hold: (nsp, rooms, ms) => this.#hold(nsp, rooms, ms),
    });
  }

  /** Keeps places in rooms, whoever leaves. */
  #hold(nsp: string, rooms: readonly (Room | undefined)[], ms: number): void {
    const { clock } = this.io.engine;
    const keys = rooms.map((room) => roomKey(nsp, room));
    for (const key of keys) this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    clock.at(clock.now() + ms, () => {
      keys.forEach((key, index) => {
        const count = this.#held.get(key)! - 1;
        if (count > 0) return void this.#held.set(key, count);
        this.#held.delete(key);
        this.#say(nsp, rooms[index]);
      });
    });
  }

  #below(): ObjectServer {
    const { engine } = this.#io!;
    const { connections } = innards(this.#io!);
    return {
      report: engine.settings.onError,
      timers: engine.clock,
      snapshotSession: (sid, socket, base64) => snapshotSession(engine, sid, socket, base64),
      snapshotConnection: (sid) => connections.snapshot(sid),
      restore: (session, socket, connection) => restoreSession(engine, session, socket, connection),
      kept: (connection) => this.#keepSessions(connection),
    };
  }

  /** Whether a socket is in a room. */
  #isHere(nsp: string, room: Room | undefined): boolean {
    const namespace = innards(this.io).namespaces.byName.get(nsp);
    return namespace !== undefined && partsOf(namespace).sockets.hasMembers(room);
  }

  /** Whether a place in a room is kept for a client that may come back. */
  #isKept(nsp: string, room: Room | undefined): boolean {
    return this.#held.has(roomKey(nsp, room)) || this.#store?.holds(nsp, room) === true;
  }

  *#rooms(): Iterable<readonly [nsp: string, room: Room | undefined]> {
    this.#sockets!.wakeAll();
    for (const [nsp, namespace] of innards(this.io).namespaces.byName) {
      const { sockets } = partsOf(namespace);
      if (!sockets.hasMembers(undefined)) continue;
      yield [nsp, undefined];
      for (const room of sockets.rooms) yield [nsp, room];
    }
    if (this.#store !== undefined) yield* this.#store.places();
  }

  /** A namespace of which nobody is connected may be wanted by clients that may come back, who are to miss nothing. */
  #reviveFor(message: ClusterMessage): void {
    if (!("nsp" in message) || this.#store === undefined) return;
    const { nsp } = message;
    const { namespaces } = innards(this.io);
    if (namespaces.byName.has(nsp) || !this.#store.holds(nsp, undefined)) return;
    namespaces.revive(nsp, this.#store.patternOf(nsp));
  }

  /** A room may have lost the last who had a place in it. */
  #say(nsp: string, room: Room | undefined): void {
    if (this.#giving > 0) return void this.#released.push([nsp, room]);
    this.#sockets!.wakeAll();
    this.#bus!.interest(nsp, room, false)?.catch((error) =>
      this.io.engine.settings.onError(error, "leaving of a hub")
    );
  }

  /** Has the hubs told all rooms once more, in so many ms at the latest, also after sleep. */
  #renewIn(ms: number): void {
    const { kv } = this.#state.storage;
    const at = Math.ceil(this.#alarm.now() + ms);
    const known = kv.get(RENEWAL_KEY) as number | undefined;
    if (known !== undefined && known <= at) return;
    kv.put(RENEWAL_KEY, at);
    this.#alarm.wakeAt(at);
  }

  async #renew(): Promise<void> {
    const { kv } = this.#state.storage;
    const at = kv.get(RENEWAL_KEY) as number | undefined;
    if (at === undefined) return;
    if (at > this.#alarm.now()) return this.#alarm.wakeAt(at);
    this.#start();
    if (this.#ready) await this.#ready;
    kv.delete(RENEWAL_KEY);
    this.#handover?.forgetOld();
    try {
      await this.#bus!.renew();
    } catch (error) {
      this.io.engine.settings.onError(error, "renewal with the hubs"); // it is tried again soon
    }
  }

  #keepSessions({ sockets }: ConnectionSnapshot): void {
    for (const { nsp, pattern, id, rooms, data, live } of sockets) {
      if (live === undefined) continue;
      const { pid, known, since } = live;
      const own = ownRoom(id as SocketId);
      this.#store?.keep({
        nsp,
        id: id as SocketId,
        pid,
        rooms: [own, ...rooms as Room[]],
        data,
        known,
        since,
        left: since,
        until: 0,
      }, pattern);
    }
  }
}
