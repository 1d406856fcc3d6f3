/**
 * The sessions of connection state recovery in the memory of this process, bounded by age, number and size.
 *
 * The clock decides when a session is too old, a timer only wakes: `take` never gives one that is. Timers: one at a
 * time, none while there is nothing to wait for.
 * @module
 */
import type { PrivateId, RecoverableSession, SessionEnd, SessionStore } from "../core/session_store.ts";
import type { Clock } from "../time/clock.ts";
import { type Deadline, deadline, Deadlines } from "../time/deadlines.ts";
import { estimateSize } from "./estimate_size.ts";

/** What a {@linkcode MemorySessionStore} keeps at most. */
export interface MemorySessionStoreOptions {
  /** Sessions; beyond it the one saved first goes ("limit"). */
  readonly maxSessions: number;
  /**
   * Bytes of all sessions, estimated (see `estimate_size.ts`); beyond it those saved first go ("limit"). One that
   * is larger by itself is not kept, and costs no other its place. Default Infinity: not estimated.
   */
  readonly maxBytes?: number;
}

interface Entry {
  readonly session: RecoverableSession;
  readonly bytes: number;
  /** When it is too old, ms since the epoch. */
  readonly until: number;
  readonly deadline: Deadline;
  /** The neighbours in the order of saving. */
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** What an entry takes beside what the session holds: the entry, its deadline, the session, its place in the map. */
const ENTRY_BYTES = 400;

/** Keeps sessions, by reference: what changes in their `data` meanwhile is what comes back. */
export class MemorySessionStore implements SessionStore {
  readonly #deadlines: Deadlines;
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<PrivateId, Entry>();
  /**
   * The two ends of the order of saving. A list of its own, though a Map has that order too: to find the first of a
   * Map, V8 steps over all that were deleted before it (measured: 38 us per eviction at 100 000 sessions).
   */
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #bytes = 0;
  #isClosed = false;
  #expired: (session: RecoverableSession, why: SessionEnd) => void = () => {};

  /** The limits are taken as they are: whoever reads options checks them. */
  constructor(clock: Clock, options: MemorySessionStoreOptions) {
    this.#deadlines = new Deadlines(clock);
    this.#maxSessions = options.maxSessions;
    this.#maxBytes = options.maxBytes ?? Infinity;
  }

  /** How many sessions are kept; too old ones too, until the timer has run. */
  get size(): number {
    return this.#entries.size;
  }

  /** The estimated bytes of what is kept. 0 without `maxBytes`. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * `expired` runs where the session ends: in a timer, in `save`, `take` or `close`. What it throws is thrown there,
   * so the caller wraps it; the store itself is in order by then, and the next call or timer goes on with the rest.
   */
  watch(expired: (session: RecoverableSession, why: SessionEnd) => void): void {
    this.#expired = expired;
  }

  /** Replacing is no end: nobody is told. After `close`, the session ends at once ("closed"). */
  save(session: RecoverableSession, ttl: number): void {
    if (this.#isClosed) return this.#expired(session, "closed");
    const replaced = this.#entries.get(session.pid);
    if (replaced) this.#forget(replaced);
    const bytes = this.#maxBytes === Infinity ? 0 : sizeOf(session);
    if (bytes > this.#maxBytes || this.#maxSessions < 1) return this.#expired(session, "limit");

    const until = this.#deadlines.now() + ttl;
    const entry: Entry = {
      session,
      bytes,
      until,
      deadline: deadline(() => this.#end(entry, "age")),
      older: this.#newest,
      newer: undefined,
    };
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    this.#entries.set(session.pid, entry);
    this.#bytes += bytes;
    this.#deadlines.set(entry.deadline, until);
    this.#makeRoom();
  }

  take(pid: PrivateId): RecoverableSession | undefined {
    const entry = this.#entries.get(pid);
    if (!entry) return undefined;
    if (this.#isTooOld(entry)) {
      this.#end(entry, "age");
      return undefined;
    }
    this.#forget(entry);
    return entry.session;
  }

  close(): void {
    this.#isClosed = true;
    while (this.#oldest) this.#end(this.#oldest, this.#isTooOld(this.#oldest) ? "age" : "closed");
  }

  #makeRoom(): void {
    while (this.#entries.size > this.#maxSessions || this.#bytes > this.#maxBytes) {
      const oldest = this.#oldest!; // the newest fits alone, so there is one
      this.#end(oldest, this.#isTooOld(oldest) ? "age" : "limit");
    }
  }

  #isTooOld(entry: Entry): boolean {
    return entry.until <= this.#deadlines.now();
  }

  /** The only end of a session that nobody took. Forgotten first: the listener may save, take or throw. */
  #end(entry: Entry, why: SessionEnd): void {
    this.#forget(entry);
    this.#expired(entry.session, why);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.session.pid);
    if (entry.older) entry.older.newer = entry.newer;
    else this.#oldest = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else this.#newest = entry.older;
    this.#bytes -= entry.bytes;
    this.#deadlines.clear(entry.deadline);
  }
}

function sizeOf(session: RecoverableSession): number {
  const { nsp, id, pid, since, sent, left, rooms, data } = session;
  return ENTRY_BYTES + estimateSize([nsp, id, pid, since, sent, left]) + estimateSize(rooms) +
    estimateSize(data);
}
