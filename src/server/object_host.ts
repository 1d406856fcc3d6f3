/**
 * The server in a Durable Object: made when it is needed, and forgotten with the object's memory. Everything that
 * comes from the platform goes through one of the methods here, and each ends by writing down what has changed.
 * @module
 */
import { clusterAdapter } from "../adapters/cluster_adapter.ts";
import { DurableEventLog } from "../adapters/durable_event_log.ts";
import { DurableSessionStore, hasSessions, nextExpiry } from "../adapters/durable_session_store.ts";
import { Hub, type HubAnswer, type HubCall, roomKey } from "../adapters/hub.ts";
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
import { bindingIn, hubsFor, placeOf, shardNet, shardOf } from "./sharding.ts";

/** What the object says of itself when the server is made. */
export interface ObjectProgram {
  readonly options: ObjectOptions;
  setup(io: Server): void | Promise<void>;
}

/** ms between two renewals of a shard's lease with its hubs. */
const RENEWAL = 1_800_000;
const RENEWED_KEY = "skein/renewed";

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
  /** Set while a session is given away: what it releases is looked at afterwards. */
  #released: [nsp: string, room: Room | undefined][] | undefined;
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

  async message(socket: ObjectWebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#heartbeat.heard(socket, message)) return;
    await this.#enter((sockets) => sockets.message(socket, message));
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
    if (shards > 1 && hasSockets) await this.#renew();
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
    if (this.#ready) await this.#ready;
    this.#sockets!.wakeAll();
    // Sending needs no listeners; the rest may run them.
    if (batch.messages.some(({ type }) => type !== "broadcast" && type !== "answer")) this.#announce();
    this.#bus?.received(batch);
    this.#sockets!.settle();
  }

  /** A session that is kept here is wanted by another shard. */
  async handOver(call: HandoverCall): Promise<unknown> {
    this.#start();
    if (this.#ready) await this.#ready;
    this.#announce();
    this.#sockets!.wakeAll();
    const released: [nsp: string, room: Room | undefined][] = this.#released = [];
    const answer = await this.#handover?.answer(call);
    if (this.#released === released) this.#released = undefined;
    for (const [nsp, room] of released) this.#say(nsp, room);
    this.#sockets!.settle();
    return answer;
  }

  /** Something happened on a WebSocket. */
  async #enter(run: (sockets: ObjectSockets) => void): Promise<void> {
    this.#start();
    if (this.#ready) await this.#ready;
    this.#announce();
    run(this.#sockets!);
    this.#sockets!.settle();
  }

  #announce(): void {
    if (this.#hasAnnounced || !this.#options().announceAll) return;
    this.#hasAnnounced = true;
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
    if (openSockets(this.#state).length === 0) this.#store?.loseAll();
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
      members: {
        has: (nsp, room) => this.#isHere(nsp, room) || this.#isKept(nsp, room),
        isHere: (nsp, room) => this.#isHere(nsp, room),
        all: () => this.#rooms(),
      },
      report: (error, where) => this.io.engine.settings.onError(error, where),
    });
    return {
      makeId: () => `s${shard}~${randomId()}`,
      adapter: clusterAdapter(bus),
      elsewhere: (nsp, pid, known, end) => this.#handover?.fetch(nsp, pid, known, end),
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
  }

  /** A room may have lost the last who had a place in it. */
  #say(nsp: string, room: Room | undefined): void {
    if (this.#released !== undefined) return void this.#released.push([nsp, room]);
    this.#sockets!.wakeAll();
    this.#bus!.interest(nsp, room, false)?.catch((error) =>
      this.io.engine.settings.onError(error, "leaving of a hub")
    );
  }

  async #renew(): Promise<void> {
    const { kv } = this.#state.storage;
    const now = this.#alarm.now();
    if (now - ((kv.get(RENEWED_KEY) as number | undefined) ?? 0) < RENEWAL) return;
    this.#start();
    if (this.#ready) await this.#ready;
    try {
      this.#handover?.forgetOld();
      await this.#bus!.renew();
      kv.put(RENEWED_KEY, now);
    } catch (error) {
      this.io.engine.settings.onError(error, "renewal with the hubs"); // tried again with the next alarm
    }
  }

  #keepSessions({ sockets }: ConnectionSnapshot): void {
    for (const { nsp, id, rooms, data, live } of sockets) {
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
      });
    }
  }
}
