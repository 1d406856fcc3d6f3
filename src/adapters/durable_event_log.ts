/**
 * The recent events of one namespace in a key-value store, bounded by age, number and bytes, so that clients can come
 * back after their server slept, and after a deployment.
 *
 * The events of one turn of the event loop are one row: a row that is written is a row that is paid for. An offset is
 * `<life>.<number in base 36>`: numbers go on from life to life of the process, and the life tells apart an event
 * that was sent but, in a crash, not written, from the one that got its number afterwards.
 * @module
 */
import type { Room } from "../core/ids.ts";
import type { EventLog, LoggedEvent, Offset, UnloggedEvent } from "../core/session_store.ts";
import { type Frame, frameByteLength } from "../protocol/frame.ts";
import { randomId } from "../protocol/random_id.ts";
import type { Clock } from "../time/clock.ts";
import type { KeyValueStore } from "./key_value.ts";

/** What a {@linkcode DurableEventLog} keeps at most; beyond it the oldest events go. */
export interface DurableEventLogOptions {
  /** ms that an event is kept. */
  readonly maxAge: number;
  readonly maxEvents: number;
  /** Of all frames, as on a WebSocket. */
  readonly maxBytes: number;
}

interface Event {
  readonly offset: Offset;
  readonly rooms: readonly Room[];
  readonly except: readonly Room[];
  readonly origin?: string | undefined;
  readonly frames: readonly Frame[];
}

/** An event that is not written yet. */
interface Unwritten extends Omit<Event, "frames"> {
  frames: readonly Frame[] | Promise<readonly Frame[]>;
}

/** Events that were written together. Its key is the highest of their numbers. */
interface Row {
  readonly events: readonly Event[];
  /** The last event, and the one before the first: also where they are gone. */
  readonly last: Offset;
  readonly before: Offset;
  /** When it is too old, ms since the epoch. */
  readonly until: number;
  /** Events and bytes of all rows ever written, this one included: the difference of two rows is what lies between. */
  readonly totalEvents: number;
  readonly totalBytes: number;
}

/** Bytes of frames in one row; the store takes 2 MiB, rooms and offsets included. */
const ROW_BYTES = 1_000_000;
/** A longer namespace would make keys that the store refuses. */
const MAX_NAME_BYTES = 1_900;

/** Keeps events. */
export class DurableEventLog implements EventLog {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #options: DurableEventLogOptions;
  readonly #prefix: string;
  /** Made with the first offset: a server may be made at module scope, where Workers forbid randomness. */
  #life: string | undefined;
  /** The number given out last. */
  #number: number | undefined;
  #unwritten: Unwritten[] = [];
  #isFlushing = false;

  constructor(nsp: string, kv: KeyValueStore, clock: Clock, options: DurableEventLogOptions) {
    this.#kv = kv;
    this.#clock = clock;
    this.#options = options;
    if (new TextEncoder().encode(nsp).length > MAX_NAME_BYTES) {
      throw new RangeError(
        `Cannot log events of a namespace whose name has more than ${MAX_NAME_BYTES} bytes`,
      );
    }
    this.#prefix = `skein/log/${nsp}\n`;
  }

  append(event: UnloggedEvent): readonly Frame[] | Promise<readonly Frame[]> {
    const number = this.#newest() + 1;
    this.#number = number;
    const offset = this.#offset(number);
    const { rooms, except, origin } = event;
    const frames = event.encode(offset);
    const entry: Unwritten = { offset, rooms, except, origin, frames };
    this.#unwritten.push(entry);
    if (frames instanceof Promise) {
      const settle = (ready: readonly Frame[]): void => {
        entry.frames = ready;
        this.#flushSoon();
      };
      frames.then(settle, () => settle([]));
    }
    this.#flushSoon();
    return frames;
  }

  end(): Offset {
    const last = this.#unwritten.at(-1)?.offset ?? this.#lastRow()?.last;
    if (last !== undefined) return last;
    // The beginning must be known as such in a later life too.
    const beginning = this.#offset(0);
    this.#write([], beginning, beginning);
    return beginning;
  }

  since(offset: string): readonly LoggedEvent[] | undefined {
    const all = this.#writtenSince(offset);
    if (all !== undefined) return [...all, ...this.#unwritten].filter(isReplayable);
    const index = this.#unwritten.findIndex((event) => event.offset === offset);
    return index < 0 ? undefined : this.#unwritten.slice(index + 1).filter(isReplayable);
  }

  /** What was not written yet is written. What is kept may be asked for when the server is there again. */
  close(): void {
    this.#flush();
  }

  #writtenSince(offset: string): readonly Event[] | undefined {
    const number = numberIn(offset);
    if (number === undefined) return undefined;
    const found: Event[] = [];
    let isFound = false;
    const now = this.#clock.now();
    for (const [, value] of this.#kv.list({ prefix: this.#prefix, start: this.#key(number) })) {
      const row = value as Row;
      const isTooOld = row.until <= now && row.events.length > 0;
      if (!isFound) {
        // The row that has it, or follows it.
        isFound = row.last === offset;
        const index = row.events.findIndex((event) => event.offset === offset);
        if (isFound) continue;
        if (isTooOld || (index < 0 && row.before !== offset)) return undefined;
        isFound = true;
        found.push(...row.events.slice(index + 1));
      } else if (isTooOld) {
        return undefined;
      } else {
        found.push(...row.events);
      }
    }
    return isFound ? found : undefined;
  }

  #lastRow(): Row | undefined {
    return this.#lastEntry()?.[1] as Row | undefined;
  }

  #lastEntry(): [key: string, value: unknown] | undefined {
    const [last] = this.#kv.list({ prefix: this.#prefix, reverse: true, limit: 1 });
    return last;
  }

  #newest(): number {
    if (this.#number !== undefined) return this.#number;
    const last = this.#lastEntry();
    return this.#number = last === undefined ? 0 : parseInt(last[0].slice(this.#prefix.length), 36);
  }

  #offset(number: number): Offset {
    this.#life ??= randomId().slice(0, 8);
    return `${this.#life}.${number.toString(36)}` as Offset;
  }

  /** In the order of the numbers. */
  #key(number: number): string {
    return this.#prefix + number.toString(36).padStart(11, "0");
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    let events: Event[] = [];
    let bytes = 0;
    while (this.#unwritten.length > 0) {
      const { offset, rooms, except, origin, frames } = this.#unwritten[0]!;
      if (frames instanceof Promise) break; // order is place: what follows waits
      const size = frames.reduce((sum, frame) => sum + frameByteLength(frame), 0);
      if (events.length > 0 && bytes + size > ROW_BYTES) {
        this.#write(events, events.at(-1)!.offset);
        events = [];
        bytes = 0;
      }
      this.#unwritten.shift();
      if (size > Math.min(ROW_BYTES * 1.9, this.#options.maxBytes)) {
        if (events.length > 0) this.#write(events, events.at(-1)!.offset);
        events = [];
        bytes = 0;
        this.#dropAll();
        this.#write([], offset, offset); // it is not kept, and nothing before it
      } else {
        events.push({ offset, rooms, except, origin, frames });
        bytes += size;
      }
    }
    if (events.length > 0) this.#write(events, events.at(-1)!.offset);
  }

  #write(events: readonly Event[], last: Offset, before?: Offset): void {
    const former = this.#lastRow();
    const row: Row = {
      events,
      last,
      before: before ?? former?.last ?? this.#offset(numberIn(events[0]!.offset)! - 1),
      until: this.#clock.now() + this.#options.maxAge,
      totalEvents: (former?.totalEvents ?? 0) + events.length,
      totalBytes: (former?.totalBytes ?? 0) + bytesOf(events),
    };
    // Encoding may have run a `toJSON` that emitted: that event was sent first, though its number is the higher one.
    const numbers = [last, ...events.map(({ offset }) => offset)].map((offset) => numberIn(offset)!);
    this.#kv.put(this.#key(Math.max(...numbers)), row);
    this.#trim(row);
  }

  /** Drops what is too old or too much. The newest row stays: it says where the log ends. */
  #trim(newest: Row): void {
    const { maxEvents, maxBytes } = this.#options;
    const now = this.#clock.now();
    for (const [key, value] of this.#kv.list({ prefix: this.#prefix, limit: 16 })) {
      const row = value as Row;
      if (row.last === newest.last) return;
      const events = newest.totalEvents - row.totalEvents + row.events.length;
      const bytes = newest.totalBytes - row.totalBytes + bytesOf(row.events);
      if (row.until > now && events <= maxEvents && bytes <= maxBytes) return;
      this.#kv.delete(key);
    }
  }

  #dropAll(): void {
    for (const [key] of [...this.#kv.list({ prefix: this.#prefix })]) this.#kv.delete(key);
  }
}

function isReplayable({ frames }: Unwritten): boolean {
  return frames instanceof Promise || frames.length > 0;
}

function bytesOf(events: readonly Event[]): number {
  let bytes = 0;
  for (const { frames } of events) for (const frame of frames) bytes += frameByteLength(frame);
  return bytes;
}

/** The number in an offset. */
function numberIn(offset: string): number | undefined {
  const match = /^[\w-]{1,40}\.([0-9a-z]{1,11})$/.exec(offset);
  return match === null ? undefined : parseInt(match[1]!, 36);
}
