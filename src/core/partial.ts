/**
 * The packet of one connection whose attachments have not all come: how long it may take, and its frames, for
 * runtimes that let connections sleep.
 *
 * Its timer is set once and not moved with each frame: it looks at the time when it wakes. Only where the frames were
 * kept is it cancelled with the last of them, since it would keep awake for long; else it ends by itself.
 * @module
 */
import type { Frame } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";

/** Whom it tells. */
export interface PartialEvents {
  /** What is to be kept changed. */
  changed(): void;
  /** Nothing more came in time. */
  tooLate(): void;
}

/** One for all packets of a connection, one after the other. */
export class Partial {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #keptAfter: number | undefined;
  readonly #events: PartialEvents;
  #frames: Frame[] = [];
  /** When it last grew, ms. */
  #grownAt = 0;
  /** Whether its frames are kept elsewhere. */
  #isKept = false;
  #cancel: (() => void) | undefined;

  /** `timeout`: ms without another frame. `keptAfter`: ms after which its frames are to be kept; undefined: never. */
  constructor(clock: Clock, timeout: number, keptAfter: number | undefined, events: PartialEvents) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#keptAfter = keptAfter;
    this.#events = events;
  }

  /** Its first frame, or another one. */
  add(frame: Frame): void {
    this.#frames.push(frame);
    this.#grownAt = this.#clock.now();
    if (this.#isKept) this.#events.changed();
    if (this.#cancel !== undefined) return;
    this.#wakeAt(this.#grownAt + Math.min(this.#timeout, this.#keptAfter ?? Infinity));
  }

  /** Its frames, which are kept from now on; undefined: there is none. */
  keep(): readonly Frame[] | undefined {
    if (this.#frames.length === 0) return undefined;
    this.#isKept = true;
    return this.#frames;
  }

  /** It is complete, if there is one. Returns whether frames are kept that are not needed any more. */
  finish(): boolean {
    if (this.#frames.length === 0) return false;
    const wasKept = this.#isKept;
    this.#frames = [];
    this.#isKept = false;
    if (wasKept) this.end();
    return wasKept;
  }

  /** Nothing more will come. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wakeAt(time: number): void {
    this.#cancel = this.#clock.at(time, () => {
      this.#cancel = undefined;
      if (this.#frames.length === 0) return;
      if (this.#keptAfter !== undefined && !this.#isKept) this.#events.changed();
      const due = this.#grownAt + this.#timeout;
      if (this.#clock.now() >= due) this.#events.tooLate();
      else this.#wakeAt(due);
    });
  }
}
