/**
 * The sessions of connection state recovery in a key-value store, so that clients can come back after their server
 * slept, and after a deployment, which ends all connections without a word: what is known of a connected socket is
 * kept from the beginning, and again when its rooms or its data have changed.
 *
 * Nobody is woken for a session that grows too old but by the clock, whose times must outlast sleep.
 * @module
 */
import type { Room } from "../core/ids.ts";
import type { PrivateId, RecoverableSession, SessionEnd, SessionStore } from "../core/session_store.ts";
import type { Clock } from "../time/clock.ts";
import type { KeyValueStore } from "./key_value.ts";

/** What a {@linkcode DurableSessionStore} works with. */
export interface DurableSessionStoreOptions {
  /** ms that a session is kept whose end nobody saw. */
  readonly maxDisconnectionDuration: number;
  /** Sessions of lost clients; beyond it those that end first go ("limit"). */
  readonly maxSessions: number;
  /** Whether writing one value where the other is would change nothing. */
  isSame(one: unknown, other: unknown): boolean;
  /** No session of a lost client was in this room (undefined: in this namespace) any more. */
  readonly released?: ((nsp: string, room: Room | undefined) => void) | undefined;
}

/**
 * As kept: `until` is when it is too old, ms since the epoch; absent while its socket is connected. `pattern`: which
 * one made its namespace.
 */
interface Kept {
  readonly session: RecoverableSession;
  readonly until?: number;
  readonly pattern?: number;
}

/** Where in one namespace lost clients were. */
interface Places {
  /** In how many sessions each room is; under undefined: how many there are. */
  readonly rooms: Map<Room | undefined, number>;
  /** Which pattern made the namespace. */
  readonly pattern: number | undefined;
}

const SESSIONS = "skein/session/";
const LOST = "skein/lost/";
/** A pid is a secret that a client may guess at, not a way to write long keys. */
const MAX_PID = 200;
/** Too old sessions that are told of in one go. */
const BATCH = 1_000;

/** Keeps sessions as structured clones. */
export class DurableSessionStore implements SessionStore {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #options: DurableSessionStoreOptions;
  #expired: (session: RecoverableSession, why: SessionEnd) => void = () => {};
  /** Sessions of lost clients; counted when first needed. */
  #lost: number | undefined;
  /** By namespace; likewise. */
  #places: Map<string, Places> | undefined;
  #wakesAt = Infinity;
  #cancelWake: (() => void) | undefined;

  constructor(kv: KeyValueStore, clock: Clock, options: DurableSessionStoreOptions) {
    this.#kv = kv;
    this.#clock = clock;
    this.#options = options;
  }

  watch(expired: (session: RecoverableSession, why: SessionEnd) => void): void {
    this.#expired = expired;
    this.#wakeForFirst();
  }

  /** Keeps the session of a connected socket, for the case that nobody sees its end. `pattern`: of its namespace. */
  keep(session: RecoverableSession, pattern?: number): void {
    const known = this.#get(session.pid);
    const kept: Kept = pattern === undefined ? { session } : { session, pattern };
    if (!this.#options.isSame(known, kept)) this.#put(session.pid, known, kept);
  }

  save(session: RecoverableSession, ttl: number): void {
    const until = Math.ceil(this.#clock.now() + ttl);
    const known = this.#get(session.pid);
    this.#put(session.pid, known, { ...known, session, until });
    for (let over = this.#countLost() - this.#options.maxSessions; over > 0; over--) {
      const [first] = this.#kv.list({ prefix: LOST, limit: 1 });
      this.#end(first![0], "limit");
    }
    this.#wakeForFirst();
  }

  take(pid: PrivateId): RecoverableSession | undefined {
    if (pid.length > MAX_PID) return undefined;
    const kept = this.#get(pid);
    if (kept === undefined) return undefined;
    const { session, until = this.#clock.now() + this.#options.maxDisconnectionDuration } = kept;
    if (until <= this.#clock.now()) {
      this.#end(lostKey(pid, until), "age");
      return undefined;
    }
    this.forget(pid);
    return { ...session, until };
  }

  /** Whether it has the session of a client that is not connected here. */
  has(pid: PrivateId): boolean {
    return pid.length <= MAX_PID && this.#get(pid) !== undefined;
  }

  forget(pid: PrivateId): void {
    this.#put(pid, this.#get(pid), undefined);
  }

  /** No socket is connected any more, whatever was kept: a deployment. Their clients have the usual time. */
  loseAll(): void {
    const until = Math.ceil(this.#clock.now() + this.#options.maxDisconnectionDuration);
    for (const [key, value] of [...this.#kv.list({ prefix: SESSIONS })]) {
      const kept = value as Kept;
      if (kept.until !== undefined) continue;
      this.#put(key.slice(SESSIONS.length) as PrivateId, kept, { ...kept, until });
    }
    this.#wakeForFirst();
  }

  /** Whether the client of a kept session was in this room; in undefined: in this namespace. Needs `released`. */
  holds(nsp: string, room: Room | undefined): boolean {
    this.#countPlaces();
    return this.#places?.get(nsp)?.rooms.has(room) === true;
  }

  /** All such places. */
  *places(): Iterable<readonly [nsp: string, room: Room | undefined]> {
    this.#countPlaces();
    for (const [nsp, { rooms }] of this.#places ?? []) {
      for (const room of rooms.keys()) yield [nsp, room];
    }
  }

  /** Which pattern made a namespace in which lost clients were. */
  patternOf(nsp: string): number | undefined {
    this.#countPlaces();
    return this.#places?.get(nsp)?.pattern;
  }

  /** Ends what is too old. */
  expire(): void {
    const now = this.#clock.now();
    for (const [key] of [...this.#kv.list({ prefix: LOST, limit: BATCH })]) {
      if (untilOf(key) > now) break;
      this.#end(key, "age");
    }
    this.#wakesAt = Infinity;
    this.#wakeForFirst();
  }

  /** What is kept may be taken when the server is there again. */
  close(): void {
    this.#cancelWake?.();
    this.#wakesAt = -Infinity;
  }

  #get(pid: PrivateId): Kept | undefined {
    return this.#kv.get(SESSIONS + pid) as Kept | undefined;
  }

  /** The only place that writes. */
  #put(pid: PrivateId, known: Kept | undefined, kept: Kept | undefined): void {
    this.#countPlaces();
    if (kept !== undefined) this.#kv.put(SESSIONS + pid, kept); // throws before anything else was changed
    else if (known !== undefined) this.#kv.delete(SESSIONS + pid);
    if (known?.until === kept?.until) return;
    if (kept?.until !== undefined) { // first: a room that is in both must not seem to be released
      this.#kv.put(lostKey(pid, kept.until), true);
      this.#count(kept, 1);
    }
    if (known?.until !== undefined) this.#drop(lostKey(pid, known.until), known);
  }

  /** Forgets a lost session but for what it was. */
  #drop(key: string, kept: Kept): void {
    if (this.#kv.delete(key)) this.#count(kept, -1);
  }

  #end(key: string, why: SessionEnd): void {
    this.#countPlaces();
    const pid = pidIn(key);
    const kept = this.#get(pid);
    if (kept?.until !== untilOf(key)) return void this.#kv.delete(key); // a crash between two writes
    this.#kv.delete(SESSIONS + pid);
    this.#drop(key, kept);
    this.#expired(kept.session, why);
  }

  #countLost(): number {
    return this.#lost ??= [...this.#kv.list({ prefix: LOST })].length;
  }

  #count(kept: Kept, change: 1 | -1): void {
    if (this.#lost !== undefined) this.#lost += change;
    if (this.#places === undefined) return;
    const { nsp, rooms } = kept.session;
    for (const room of [undefined, ...rooms]) {
      const places = this.#placesIn(nsp, kept.pattern);
      const count = (places.rooms.get(room) ?? 0) + change;
      if (count > 0) {
        places.rooms.set(room, count);
        continue;
      }
      const wasThere = places.rooms.delete(room);
      if (places.rooms.size === 0) this.#places.delete(nsp);
      if (wasThere) this.#options.released?.(nsp, room);
    }
  }

  #placesIn(nsp: string, pattern: number | undefined): Places {
    const known = this.#places!.get(nsp);
    if (known !== undefined) return known;
    const made: Places = { rooms: new Map(), pattern };
    this.#places!.set(nsp, made);
    return made;
  }

  /** Counts where lost clients were, before anything of it changes. */
  #countPlaces(): void {
    if (this.#places !== undefined || this.#options.released === undefined) return;
    this.#places = new Map();
    for (const [key] of this.#kv.list({ prefix: LOST })) {
      const kept = this.#get(pidIn(key));
      if (kept === undefined) continue;
      const { nsp, rooms } = kept.session;
      const places = this.#placesIn(nsp, kept.pattern);
      for (const room of [undefined, ...rooms]) places.rooms.set(room, (places.rooms.get(room) ?? 0) + 1);
    }
  }

  #wakeForFirst(): void {
    const until = nextExpiry(this.#kv);
    if (until >= this.#wakesAt) return;
    this.#wakesAt = until;
    this.#cancelWake?.();
    this.#cancelWake = this.#clock.at(until, () => this.expire());
  }
}

/** Whether sessions are kept, also of connected sockets. */
export function hasSessions(kv: KeyValueStore): boolean {
  return [...kv.list({ prefix: SESSIONS, limit: 1 })].length > 0;
}

/** When the first session of a lost client will be too old, ms since the epoch; Infinity where there is none. */
export function nextExpiry(kv: KeyValueStore): number {
  const [first] = kv.list({ prefix: LOST, limit: 1 });
  return first === undefined ? Infinity : untilOf(first[0]);
}

/** In the order of the times. */
function lostKey(pid: PrivateId, until: number): string {
  return `${LOST}${String(until).padStart(15, "0")}/${pid}`;
}

function pidIn(key: string): PrivateId {
  return key.slice(key.indexOf("/", LOST.length) + 1) as PrivateId;
}

function untilOf(key: string): number {
  return Number(key.slice(LOST.length, key.indexOf("/", LOST.length)));
}
