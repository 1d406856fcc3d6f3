/**
 * Connection state recovery: a client that lost its connection comes back with the same id, rooms and data, and
 * gets what it missed. Here are the rules; sessions and events are kept by the ports of `session_store.ts`.
 *
 * Source: Socket.IO 4.8. Unlike there a session comes back once, also while its first connection is not known to
 * be dead, and also if the client had not received a single event.
 * @module
 */
import type { ReportError } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";
import { randomId } from "../protocol/random_id.ts";
import type { Clock } from "../time/clock.ts";
import type { FramesOrPromise } from "./adapter.ts";
import { ownRoom, type Room, type SocketId } from "./ids.ts";
import type {
  EventLog,
  LiveSession,
  LoggedEvent,
  Offset,
  PrivateId,
  RecoverableSession,
  SessionEnd,
  SessionStore,
  UnloggedEvent,
} from "./session_store.ts";
import type { DisconnectReason, SessionExpiry } from "./socket_ports.ts";

/** What recovery works with. */
export interface RecoveryPorts {
  /** ms that a session is kept. */
  readonly maxDisconnectionDuration: number;
  /** Whether a client that comes back passes the middlewares unasked. */
  readonly skipMiddlewares: boolean;
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly report: ReportError;
  makeLog(nsp: string): EventLog;
  /**
   * Fetches a session that is kept by another server; undefined where it would be kept here. `end`: the end of the
   * log here. `by`: the connection that wants it. Never rejects.
   */
  readonly elsewhere?:
    | ((
      nsp: string,
      pid: PrivateId,
      known: Offset | undefined,
      end: () => Offset,
      by: object,
    ) => Promise<ResumedSession | undefined> | undefined)
    | undefined;
  /** Makes the secret by which a client comes back. Default: 120 random bits. */
  readonly makeId?: (() => string) | undefined;
  /** A namespace keeps no more sessions. */
  emptied(nsp: string): void;
  /** A session ended without having been recovered. */
  expired(nsp: string, session: SessionExpiry): void;
}

/** A session taken out of the store, and the offset from which to go on. */
export interface ResumedSession {
  readonly session: RecoverableSession;
  readonly offset: Offset;
  /** What it had missed on the server on which it was before, in order. */
  readonly brought?: readonly LoggedEvent[] | undefined;
}

/** A session on its way to another server, with what it has missed here. */
export interface HandedSession {
  readonly session: RecoverableSession;
  readonly events: readonly LoggedEvent[];
  /** The end of the log here: what follows may be asked for. */
  readonly mark: Offset;
}

/** What a session has missed. */
export interface Missed {
  readonly frames: readonly FramesOrPromise[];
  /** The last of it. */
  readonly last: Offset | undefined;
  /** Where to go on if its client receives none of it. */
  readonly since: Offset;
}

/** The reasons after which a client may come back: those that are nobody's wish. */
const RECOVERABLE: ReadonlySet<DisconnectReason> = new Set<DisconnectReason>([
  "transport close",
  "transport error",
  "ping timeout",
  "forced close",
  "slow consumer",
  "server shutting down",
]);

/** Recovery in all namespaces of a server. */
export class Recovery {
  readonly skipMiddlewares: boolean;
  readonly #ports: RecoveryPorts;
  readonly #byNamespace = new Map<string, NamespaceRecovery>();
  #isClosed = false;

  constructor(ports: RecoveryPorts) {
    this.skipMiddlewares = ports.skipMiddlewares;
    this.#ports = ports;
    ports.store.watch((session, why) => this.#expired(session, why));
  }

  /** Recovery in one namespace; none after the end. */
  within(nsp: string): NamespaceRecovery | undefined {
    if (this.#isClosed) return undefined;
    const recovery = new NamespaceRecovery(nsp, this.#ports);
    this.#byNamespace.set(nsp, recovery);
    return recovery;
  }

  /** A client of a session that is kept here has come to another server: it is given away, with what it has missed. */
  async handOver(nsp: string, pid: PrivateId, known: Offset | undefined): Promise<HandedSession | undefined> {
    const recovery = this.#in(nsp);
    const resumed = await recovery.takeHere(pid, known);
    if (resumed === undefined) return undefined;
    const { session } = resumed;
    return { session, events: await recovery.eventsFor(session, resumed.offset) ?? [], mark: recovery.end() };
  }

  /** What has been logged here after `mark` for a session that was given away. */
  async eventsSince(mark: Offset, session: RecoverableSession): Promise<readonly LoggedEvent[]> {
    return await this.#in(session.nsp).eventsFor(session, mark) ?? [];
  }

  #in(nsp: string): NamespaceRecovery {
    return this.#byNamespace.get(nsp) ?? new NamespaceRecovery(nsp, this.#ports);
  }

  /** A namespace is over. */
  end(nsp: string): void {
    this.#byNamespace.delete(nsp);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#ports.store.close();
  }

  #expired(session: RecoverableSession, why: SessionEnd): void {
    this.#byNamespace.get(session.nsp)?.forget(session.pid);
    try {
      this.#ports.expired(session.nsp, expiry(session, why));
    } catch (error) {
      this.#ports.report(error, "session store");
    }
  }
}

/** What is known here of a connected socket. */
interface Live extends LiveSession {
  sent: Offset | undefined;
  /** Ends its connection as lost. */
  readonly lose: () => void;
}

/** Recovery in one namespace. */
export class NamespaceRecovery {
  readonly #nsp: string;
  readonly #ports: RecoveryPorts;
  readonly #log: EventLog;
  readonly #live = new Map<SocketId, Live>();
  readonly #idOf = new Map<PrivateId, SocketId>();
  /** Sessions on their way into a store that takes its time. */
  readonly #saving = new Map<PrivateId, Promise<void>>();
  /** Sessions of this namespace that are kept, and until when. A store elsewhere may lose them earlier. */
  readonly #kept = new Map<PrivateId, number>();
  #cancelWake: (() => void) | undefined;
  #isClosed = false;

  constructor(nsp: string, ports: RecoveryPorts) {
    this.#nsp = nsp;
    this.#ports = ports;
    this.#log = ports.makeLog(nsp);
  }

  /** Logs an event and returns its frames, with the offset in them. */
  log(event: UnloggedEvent): FramesOrPromise {
    return this.#log.append(event);
  }

  /** The end of the log. */
  end(): Offset {
    return this.#log.end();
  }

  /** A socket is connected. Returns the `pid` for its client. `missed`: what it is sent of earlier events. */
  begin(
    id: SocketId,
    lose: () => void,
    auth: Record<string, unknown>,
    resumed?: ResumedSession,
    missed?: Missed,
  ): PrivateId {
    const pid = resumed?.session.pid ?? (this.#ports.makeId ?? randomId)() as PrivateId;
    // Also where nothing was resumed: the official client keeps the offset of a session before.
    const known = offsetIn(auth);
    const since = missed?.since ?? resumed?.offset ?? this.#log.end();
    this.#live.set(id, { pid, known, since, sent: missed?.last ?? known, lose });
    this.#idOf.set(pid, id);
    return pid;
  }

  /** A socket that slept is there again. */
  restore(id: SocketId, lose: () => void, live: LiveSession): void {
    this.#live.set(id, { ...live, lose });
    this.#idOf.set(live.pid, id);
  }

  /** What is known of a connected socket. */
  live(id: SocketId): LiveSession | undefined {
    const live = this.#live.get(id);
    return live && { pid: live.pid, known: live.known, since: live.since, sent: live.sent };
  }

  /** The event logged last was sent to a socket. */
  sent(id: SocketId): void {
    const live = this.#live.get(id);
    if (live !== undefined) live.sent = this.#log.end();
  }

  /** A socket is gone. Where its client may come back, its session is saved. */
  finish(id: SocketId, rooms: Iterable<Room>, data: unknown, reason: DisconnectReason): void {
    const live = this.#live.get(id);
    if (live === undefined) return;
    this.#live.delete(id);
    this.#idOf.delete(live.pid);
    if (!RECOVERABLE.has(reason)) return this.#ports.store.forget?.(live.pid);
    const { pid, known, since, sent } = live;
    const until = this.#ports.clock.now() + this.#ports.maxDisconnectionDuration;
    const left = this.#log.end();
    this.#save({ nsp: this.#nsp, id, pid, rooms: [...rooms], data, known, since, sent, left, until });
  }

  /**
   * Takes the session a client asks for, if there is one and its events are still there. It is the caller's then:
   * to be given to a socket, or to {@linkcode putBack} or {@linkcode giveUp}.
   */
  take(
    auth: Record<string, unknown>,
    by: object,
  ): ResumedSession | undefined | Promise<ResumedSession | undefined> {
    const { pid } = auth;
    const known = offsetIn(auth);
    if (typeof pid !== "string") return undefined;
    const { elsewhere } = this.#ports;
    const fetched = elsewhere?.(this.#nsp, pid as PrivateId, known, () => this.#log.end(), by);
    return fetched ?? this.takeHere(pid as PrivateId, known);
  }

  /** The same of what is kept here. */
  takeHere(
    pid: PrivateId,
    known: Offset | undefined,
  ): ResumedSession | undefined | Promise<ResumedSession | undefined> {
    // The client knows better than we do that its first connection is dead.
    const id = this.#idOf.get(pid);
    if (id !== undefined) this.#live.get(id)!.lose();
    const saving = this.#saving.get(pid);
    if (saving !== undefined) return saving.then(() => this.#take(pid, known));
    return this.#take(pid, known);
  }

  /** The events after `offset` for a session, their frames there; undefined where they are gone. */
  async eventsFor(session: RecoverableSession, offset: Offset): Promise<LoggedEvent[] | undefined> {
    const events = await this.#log.since(offset);
    return events && await Promise.all(
      chosenFor(session, events).map(async (event) => ({
        offset: event.offset,
        rooms: event.rooms,
        except: event.except,
        origin: event.origin ?? event.offset,
        frames: await event.frames,
      })),
    );
  }

  /** The client went away before it was decided about: it may try again, in the time it had left. */
  putBack(resumed: ResumedSession): void {
    if (resumed.brought === undefined) this.#save(resumed.session);
    else this.giveUp(resumed, "offset"); // what it missed elsewhere is no longer kept there
  }

  /** The session is not recovered after all. */
  giveUp({ session }: ResumedSession, why: SessionExpiry["reason"]): void {
    this.#ports.expired(this.#nsp, expiry(session, why));
  }

  /** Whether a socket is connected: before that, what is sent to it needs no log. */
  isLive(id: SocketId): boolean {
    return this.#live.has(id);
  }

  /** How many sessions are kept. */
  get kept(): number {
    return this.#kept.size;
  }

  /** A session is kept no longer. */
  forget(pid: PrivateId): void {
    this.#kept.delete(pid);
  }

  /**
   * What the session has missed until now; undefined where it is gone by now. `again` gives the frames of an event
   * another offset, with which they end.
   */
  missed(
    { session, offset, brought }: ResumedSession,
    again: (frames: readonly Frame[], offset: Offset) => FramesOrPromise,
  ): Missed | undefined | Promise<Missed | undefined> {
    const choose = (events: readonly LoggedEvent[]): Missed => {
      const here = chosenFor(session, events);
      if (brought !== undefined) return this.#relog(session, brought, here, again);
      return { frames: here.map(({ frames }) => frames), last: here.at(-1)?.offset, since: offset };
    };
    const events = this.#log.since(offset);
    return events instanceof Promise ? events.then((list) => list && choose(list)) : events && choose(events);
  }

  /**
   * Logs for one session what it has missed on two servers, so that its client has to do with offsets of this one
   * alone, and with no other order.
   */
  #relog(
    { id }: RecoverableSession,
    brought: readonly LoggedEvent[],
    here: readonly LoggedEvent[],
    again: (frames: readonly Frame[], offset: Offset) => FramesOrPromise,
  ): Missed {
    // What came to both while the session was on its way.
    const known = new Set<string | undefined>(brought.map(({ origin }) => origin));
    const all = [...brought, ...here.filter(({ origin, offset }) => !known.has(origin ?? offset))];
    const since = this.#log.end();
    const frames = all.map(({ origin, offset, frames }) =>
      this.#log.append({
        rooms: [ownRoom(id)],
        except: [],
        origin: origin ?? offset,
        encode: (next) =>
          frames instanceof Promise ? frames.then((read) => again(read, next)) : again(frames, next),
      })
    );
    return { frames, last: all.length === 0 ? undefined : this.#log.end(), since };
  }

  async close(): Promise<void> {
    this.#cancelWake?.();
    this.#isClosed = true;
    await this.#log.close();
  }

  #take(
    pid: PrivateId,
    known: Offset | undefined,
  ): ResumedSession | undefined | Promise<ResumedSession | undefined> {
    const session = this.#ports.store.take(pid);
    return session instanceof Promise
      ? session.then((found) => this.#check(found, known))
      : this.#check(session, known);
  }

  #check(
    session: RecoverableSession | undefined,
    known: Offset | undefined,
  ): ResumedSession | undefined | Promise<ResumedSession | undefined> {
    if (session === undefined) return undefined;
    if (session.nsp !== this.#nsp) { // a slip of the client: it is still good where it belongs
      this.#save(session);
      return undefined;
    }
    this.#kept.delete(session.pid);
    const resumed = { session, offset: startOf(session, known) };
    const decide = (
      events: readonly LoggedEvent[] | undefined,
      allowed: readonly LoggedEvent[] | undefined,
    ): ResumedSession | undefined => {
      // An offset from before the session would show what was sent to others. (Where `since` is gone from the log,
      // nothing from before it is there either.)
      if (events !== undefined && allowed !== undefined && events.length > allowed.length) {
        return { ...resumed, offset: session.since };
      }
      if (events !== undefined) return resumed;
      this.giveUp(resumed, "offset");
      return undefined;
    };
    const events = this.#log.since(resumed.offset);
    const allowed = this.#log.since(session.since);
    return events instanceof Promise || allowed instanceof Promise
      ? Promise.all([events, allowed]).then(([one, other]) => decide(one, other))
      : decide(events, allowed);
  }

  /** Counts a session until its time is over: a store elsewhere need not tell when it goes. */
  #keep({ pid, until }: RecoverableSession): void {
    this.#kept.delete(pid); // the order is that of their ends, but for those that were put back
    this.#kept.set(pid, until);
    if (!this.#isClosed) this.#cancelWake ??= this.#ports.clock.at(until, this.#wake);
  }

  readonly #wake = (): void => {
    this.#cancelWake = undefined;
    const { clock } = this.#ports;
    // From the front, and no further than needed: one that was put back may be counted somewhat longer.
    for (const [pid, until] of this.#kept) {
      if (until > clock.now()) {
        this.#cancelWake = clock.at(until, this.#wake);
        return;
      }
      this.#kept.delete(pid);
    }
    this.#ports.emptied(this.#nsp);
  };

  #save(session: RecoverableSession): void {
    const { store, clock, report } = this.#ports;
    // Under the name of its own namespace; another one's is counted there already.
    if (session.nsp === this.#nsp) this.#keep(session);
    const fail = (error: unknown): void => report(error, `session store of "${this.#nsp}"`);
    try {
      const saved = store.save(session, Math.max(0, session.until - clock.now()));
      if (saved === undefined) return;
      const done = saved.catch(fail).finally(() => {
        if (this.#saving.get(session.pid) === done) this.#saving.delete(session.pid);
      });
      this.#saving.set(session.pid, done);
    } catch (error) {
      fail(error);
    }
  }
}

/**
 * Where to go on. A client that has received all that was sent to it has missed nothing before it was disconnected,
 * however long ago that was and whatever of it is still logged. One that has received nothing sends no offset.
 */
function startOf({ known, since, sent, left }: RecoverableSession, received: Offset | undefined): Offset {
  if (received === sent) return left;
  return received === known || received === undefined ? since : received;
}

/** The offset a client sends with its CONNECT. One that has not received any event sends none. */
function offsetIn({ offset }: Record<string, unknown>): Offset | undefined {
  return typeof offset === "string" ? offset as Offset : undefined;
}

function chosenFor({ rooms }: RecoverableSession, events: readonly LoggedEvent[]): LoggedEvent[] {
  const inside = new Set(rooms);
  return events
    .filter((event) => event.rooms.length === 0 || event.rooms.some((room) => inside.has(room)))
    .filter((event) => !event.except.some((room) => inside.has(room)));
}

function expiry({ id, rooms, data }: RecoverableSession, reason: SessionExpiry["reason"]): SessionExpiry {
  return { id, rooms, data, reason };
}
