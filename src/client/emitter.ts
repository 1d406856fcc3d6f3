/**
 * What one may listen to on the client: the methods of the official client's emitter, typed by two maps.
 *
 * Not the server's `events/emitter.ts`, which has Node's methods and is made for 100,000 sockets: here bytes count.
 * @module
 */
import type { AnyListener, ListenableNames, ListenerOf } from "../events/event_types.ts";

interface Kept extends AnyListener {
  /** What was given to `once`. */
  listener?: AnyListener;
}

/** Runs the listeners of an event with `emitter` as their `this`; returns it. One that throws stops nobody. */
export let fire: (emitter: AnyEmitter, event: string, ...args: readonly unknown[]) => void;

/** An emitter of any events. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnyEmitter = Emitter<any, any>;

/** Listeners by event name. `Reserved`: the events of the object's life; `Events`: the user's. */
export class Emitter<Reserved, Events = Record<never, never>> {
  /** Lists are replaced, never changed, so that an emission may walk one. */
  readonly #lists = new Map<string, readonly Kept[]>();

  static {
    fire = (emitter, event, ...args) => {
      for (const listener of emitter.#lists.get(event) ?? []) run(listener, emitter, args);
    };
  }

  /** Adds a listener, after the others. */
  on<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    this.#lists.set(event, [...this.#lists.get(event) ?? [], listener as Kept]);
    return this;
  }

  /** Adds a listener that is removed when it runs. */
  once<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    const wrapper: Kept = (...args) => {
      this.off(event, wrapper as typeof listener);
      return (listener as AnyListener).apply(this, args);
    };
    wrapper.listener = listener as AnyListener;
    return this.on(event, wrapper as typeof listener);
  }

  /** Removes one listener, all of the event, or, without an event, all there are. */
  off<Ev extends ListenableNames<Reserved, Events>>(
    event?: Ev,
    listener?: ListenerOf<Reserved, Events, Ev>,
  ): this {
    if (event === undefined) this.#lists.clear();
    else {
      const list = this.#lists.get(event) ?? [];
      const gone = list.findLastIndex((kept) => kept === listener || kept.listener === listener);
      this.#lists.set(event, list.filter((_, index) => listener && index !== gone));
    }
    return this;
  }

  /** The same as {@linkcode Emitter.on}. */
  addListener<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    return this.on(event, listener);
  }

  /** The same as {@linkcode Emitter.on}. */
  addEventListener<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    return this.on(event, listener);
  }

  /** The same as {@linkcode Emitter.off}. */
  removeListener<Ev extends ListenableNames<Reserved, Events>>(
    event?: Ev,
    listener?: ListenerOf<Reserved, Events, Ev>,
  ): this {
    return this.off(event, listener);
  }

  /** The same as {@linkcode Emitter.off}. */
  removeEventListener<Ev extends ListenableNames<Reserved, Events>>(
    event?: Ev,
    listener?: ListenerOf<Reserved, Events, Ev>,
  ): this {
    return this.off(event, listener);
  }

  /** The same as {@linkcode Emitter.off}. */
  removeAllListeners<Ev extends ListenableNames<Reserved, Events>>(event?: Ev): this {
    return this.off(event);
  }

  /** A copy of the listeners of one event, as they were added. */
  listeners<Ev extends ListenableNames<Reserved, Events>>(event: Ev): ListenerOf<Reserved, Events, Ev>[] {
    return (this.#lists.get(event) ?? []).map(
      (kept) => (kept.listener ?? kept) as ListenerOf<Reserved, Events, Ev>,
    );
  }

  /** Whether an event has listeners. */
  hasListeners(event: ListenableNames<Reserved, Events>): boolean {
    return this.listeners(event).length > 0;
  }
}

/** Runs a callback of the user: what it throws is reported as if nobody had caught it, and stops nobody else. */
export function run(callback: AnyListener, self: unknown, args: readonly unknown[]): void {
  try {
    callback.apply(self, args as unknown[]);
  } catch (error) {
    report(error);
  }
}

/** Reports an error as the platform reports those that nobody catches. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
