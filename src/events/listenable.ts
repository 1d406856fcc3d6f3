/**
 * The listening half of the public objects (`io.on`, `namespace.on`, `socket.on`), typed by two maps: the
 * life cycle's events and the user's. It keeps no listeners itself: it is given the {@linkcode Emitter}, so that
 * two objects may share one, as the server and its main namespace do.
 * @module
 */
import type { Emitter } from "./emitter.ts";
import type { AnyListener, ListenableNames, ListenerOf } from "./event_types.ts";

/** An {@linkcode Emitter} with names and listeners unchecked: the typed surface is above it. */
export type AnyEmitter = Emitter<Record<string, AnyListener>>;

/** What one may listen to. `Reserved`: the life cycle's events; `Events`: the user's. */
export abstract class Listenable<Reserved, Events> {
  readonly #emitter: AnyEmitter;

  /** Listeners are kept in `emitter`. */
  constructor(emitter: AnyEmitter) {
    this.#emitter = emitter;
  }

  /** Adds a listener, after the others. */
  on<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    this.#emitter.on(nameOf(event), listener as AnyListener);
    return this;
  }

  /** Adds a listener that is removed when it runs. */
  once<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    this.#emitter.once(nameOf(event), listener as AnyListener);
    return this;
  }

  /** Removes one listener, or all of the event. */
  off<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener?: ListenerOf<Reserved, Events, Ev>,
  ): this {
    this.#emitter.off(nameOf(event), listener as AnyListener | undefined);
    return this;
  }

  /** The same as {@linkcode Listenable.on}. */
  addListener<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    return this.on(event, listener);
  }

  /** The same as {@linkcode Listenable.off} with a listener. */
  removeListener<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    return this.off(event, listener);
  }

  /** Adds a listener before the others. */
  prependListener<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    this.#emitter.prependListener(nameOf(event), listener as AnyListener);
    return this;
  }

  /** Adds, before the others, a listener that is removed when it runs. */
  prependOnceListener<Ev extends ListenableNames<Reserved, Events>>(
    event: Ev,
    listener: ListenerOf<Reserved, Events, Ev>,
  ): this {
    this.#emitter.prependOnceListener(nameOf(event), listener as AnyListener);
    return this;
  }

  /** Removes the listeners of one event, or of all. */
  removeAllListeners(event?: string): this {
    this.#emitter.removeAllListeners(event === undefined ? undefined : nameOf(event));
    return this;
  }

  /** A copy of the listeners of one event. */
  listeners<Ev extends ListenableNames<Reserved, Events>>(event: Ev): ListenerOf<Reserved, Events, Ev>[] {
    return this.#emitter.listeners(nameOf(event)) as ListenerOf<Reserved, Events, Ev>[];
  }

  /** How many listeners an event has. */
  listenerCount(event: string): number {
    return this.#emitter.listenerCount(nameOf(event));
  }

  /** The same: wrappers of `once` are not shown. */
  rawListeners<Ev extends ListenableNames<Reserved, Events>>(event: Ev): ListenerOf<Reserved, Events, Ev>[] {
    return this.listeners(event);
  }

  /** Does nothing: any number of listeners is fine. */
  setMaxListeners(_count: number): this {
    return this;
  }

  /** No limit. */
  getMaxListeners(): number {
    return Infinity;
  }

  /** The events that have listeners. Plain text: names of the map would make typed objects unassignable. */
  eventNames(): string[] {
    return this.#emitter.eventNames();
  }
}

/** Event names may be numbers on the wire; listeners are kept by text, so `on("1")` and `on(1)` are the same. */
function nameOf(event: string): string {
  return typeof event === "string" ? event : String(event);
}
