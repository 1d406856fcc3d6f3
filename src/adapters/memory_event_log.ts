/**
 * The recent events of one namespace in the memory of this process, bounded by age, number and bytes.
 *
 * An offset is `<log id>.<number in base 36>`. The log id is random, so that an offset of an earlier process, or of
 * another log, is not understood by accident. The clock decides what is too old, a timer only wakes.
 * @module
 */
import type { EventLog, LoggedEvent, Offset, UnloggedEvent } from "../core/session_store.ts";
import type { Room } from "../core/ids.ts";
import { type Frame, frameByteLength } from "../protocol/frame.ts";
import { randomId } from "../protocol/random_id.ts";
import type { Clock } from "../time/clock.ts";

/** What a {@linkcode MemoryEventLog} keeps at most; beyond it the oldest events go. */
export interface MemoryEventLogOptions {
  /** ms that an event is kept. */
  readonly maxAge: number;
  /** Events. */
  readonly maxEvents: number;
  /** Bytes of all frames, as on a WebSocket. */
  readonly maxBytes: number;
  /** Bytes of several logs together: each adds what it keeps to `used`, and drops of its own while that is too much. */
  readonly budget?: { used: number; readonly max: number };
}

interface Entry extends LoggedEvent {
  readonly number: number;
  readonly rooms: readonly Room[];
  readonly except: readonly Room[];
  /** Empty: nothing could be sent, nothing is replayed. A promise is replaced by what it yields. */
  frames: readonly Frame[] | Promise<readonly Frame[]>;
  /** Of the frames; 0 while they are promised. */
  bytes: number;
  /** When it is too old, ms since the epoch. */
  readonly until: number;
  isKept: boolean;
}

/** 2^53 - 1 in base 36 has as many digits. */
const MAX_DIGITS = 11;
/** Dropped places at the front of the array before it is worth moving the rest. */
const MIN_DROPPED = 64;
const NO_FRAMES: readonly Frame[] = [];

/** Keeps events. Frames are kept, not copied. */
export class MemoryEventLog implements EventLog {
  readonly #clock: Clock;
  readonly #options: MemoryEventLogOptions;
  /** Made with the first offset: a server may be made at module scope, where Workers forbid randomness. */
  #id: string | undefined;
  /** Oldest first, from `#head`: `shift()` of a large array would move it all. */
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** The highest number given out. */
  #highest = 0;
  /** The number of the event before the oldest one kept; 0 is the beginning. */
  #before = 0;
  #cancelWake: (() => void) | undefined;
  #isClosed = false;

  /** The limits are taken as they are: whoever reads options checks them. */
  constructor(clock: Clock, options: MemoryEventLogOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** How many events are kept; too old ones too, until the timer has run. */
  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** The bytes of the frames that are kept; promised ones are counted when they are there. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An event larger than `maxBytes` is not kept, and none before it; its frames are returned as any others. */
  append(event: UnloggedEvent): readonly Frame[] | Promise<readonly Frame[]> {
    const number = ++this.#highest;
    let frames: readonly Frame[] | Promise<readonly Frame[]>;
    try {
      frames = event.encode(this.#offset(number));
    } catch (error) {
      if (this.#highest === number) this.#highest--;
      throw error;
    }
    // Encoding may have run a `toJSON` that emitted: that event was sent first and stands first, though its number
    // is the higher one. So numbers only tell events apart; what comes after what is their place in the array.
    this.#keep(event, number, frames);
    return frames;
  }

  end(): Offset {
    return this.#offset(this.#entries[this.#entries.length - 1]?.number ?? this.#before);
  }

  since(offset: string): readonly LoggedEvent[] | undefined {
    const number = this.#parse(offset);
    if (number === undefined || this.#isClosed) return undefined;
    this.#dropOld();
    // From the end: as many steps as there are events to be given.
    let i = this.#entries.length;
    while (i > this.#head && this.#entries[i - 1]!.number !== number) i--;
    if (i === this.#head && number !== this.#before) return undefined;
    const missed: LoggedEvent[] = [];
    for (; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!;
      if (entry.frames !== NO_FRAMES) missed.push(entry);
    }
    return missed;
  }

  close(): void {
    this.#isClosed = true;
    while (this.size > 0) this.#dropFirst();
  }

  #offset(number: number): Offset {
    this.#id ??= randomId().slice(0, 8);
    return `${this.#id}.${number.toString(36)}` as Offset;
  }

  /** The number in an offset that this log may have given out, written as it writes it. */
  #parse(offset: string): number | undefined {
    const id = this.#id;
    if (id === undefined || offset[id.length] !== "." || !offset.startsWith(id)) return undefined;
    if (offset.length > id.length + 1 + MAX_DIGITS) return undefined;
    const digits = offset.slice(id.length + 1);
    const number = parseInt(digits, 36);
    if (number > this.#highest) return undefined; // spares the search
    return number.toString(36) === digits ? number : undefined;
  }

  #keep(event: UnloggedEvent, number: number, frames: readonly Frame[] | Promise<readonly Frame[]>): void {
    if (this.#isClosed) return;
    const { rooms, except, origin } = event; // not the event itself: its `encode` holds the arguments
    const until = this.#clock.now() + this.#options.maxAge;
    const entry: Entry = {
      number,
      offset: this.#offset(number),
      rooms,
      except,
      origin,
      frames,
      bytes: 0,
      until,
      isKept: true,
    };
    this.#entries.push(entry);
    if (frames instanceof Promise) {
      // A rejection is for whoever called `append`, who has the same promise.
      frames.then((ready) => this.#settle(entry, ready), () => this.#settle(entry, NO_FRAMES));
      this.#dropExcess();
    } else {
      this.#settle(entry, frames);
    }
    this.#arm();
  }

  #settle(entry: Entry, frames: readonly Frame[]): void {
    entry.frames = frames.length === 0 ? NO_FRAMES : frames;
    if (!entry.isKept) return;
    for (const frame of frames) entry.bytes += frameByteLength(frame);
    this.#count(entry.bytes);
    this.#dropExcess();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#options.budget) this.#options.budget.used += bytes;
  }

  #dropExcess(): void {
    const { maxEvents, maxBytes, budget } = this.#options;
    while (
      this.size > maxEvents || this.#bytes > maxBytes ||
      (budget !== undefined && budget.used > budget.max && this.size > 0)
    ) this.#dropFirst();
  }

  #dropOld(): void {
    const now = this.#clock.now();
    for (
      let first = this.#entries[this.#head];
      first && first.until <= now;
      first = this.#entries[this.#head]
    ) {
      this.#dropFirst();
    }
  }

  #dropFirst(): void {
    const entry = this.#entries[this.#head]!;
    entry.isKept = false;
    this.#before = entry.number;
    this.#count(-entry.bytes);
    this.#entries[this.#head++] = undefined;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
      this.#cancelWake?.();
      this.#cancelWake = undefined;
    } else if (this.#head >= MIN_DROPPED && this.#head * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#head); // moves no more than was dropped since the last time
      this.#head = 0;
    }
  }

  /** Asks to be woken for the oldest. Where that has gone by another way, the wake comes early and is asked for anew. */
  #arm(): void {
    const first = this.#entries[this.#head];
    if (!first || this.#cancelWake || first.until === Infinity) return;
    this.#cancelWake = this.#clock.at(first.until, this.#wake);
  }

  readonly #wake = (): void => {
    this.#cancelWake = undefined;
    this.#dropOld();
    this.#arm();
  };
}
