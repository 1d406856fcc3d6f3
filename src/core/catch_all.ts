/**
 * The part of a socket that listens to whatever event comes by, in either direction: `onAny`, `onAnyOutgoing` and
 * their kin. The lists are made when the first listener comes: most sockets have none.
 * @module
 */
import { AnyListeners } from "../events/any_listeners.ts";
import type { ReportListenerError } from "../events/emitter.ts";
import type { AnyListener } from "../events/event_types.ts";
import { type AnyEmitter, Listenable } from "../events/listenable.ts";

/** Something with catch-all listeners, whatever its events are. */
export type AnyCatchAll = CatchAll<unknown, unknown>;

/** Runs the listeners to incoming events. Returns whether there were any. */
export let showIncoming: (catchAll: AnyCatchAll, data: readonly unknown[]) => boolean;
/** Runs the listeners to outgoing events. */
export let showOutgoing: (catchAll: AnyCatchAll, data: readonly unknown[]) => void;
/** Whether somebody listens to outgoing events. */
export let hasOutgoingListeners: (catchAll: AnyCatchAll) => boolean;

/** Listens to single events and to all. */
export abstract class CatchAll<Reserved, Events> extends Listenable<Reserved, Events> {
  readonly #report: ReportListenerError;
  /** Where it listens, for reports. */
  readonly #where: string;
  #incoming: AnyListeners | undefined;
  #outgoing: AnyListeners | undefined;

  static {
    showIncoming = (catchAll, data) => {
      catchAll.#incoming?.run(catchAll, data);
      return catchAll.#incoming !== undefined;
    };
    showOutgoing = (catchAll, data) => catchAll.#outgoing?.run(catchAll, data);
    hasOutgoingListeners = (catchAll) => catchAll.#outgoing !== undefined;
  }

  /** `where` is what `report` is told: `"/admin"`. */
  constructor(emitter: AnyEmitter, report: ReportListenerError, where: string) {
    super(emitter);
    this.#report = report;
    this.#where = where;
  }

  /** Listens to every event from the client, before the event's own listeners: `(event, ...args)`. */
  onAny(listener: AnyListener): this {
    this.#lazyIncoming().add(listener, false);
    return this;
  }

  /** The same, before those already there. */
  prependAny(listener: AnyListener): this {
    this.#lazyIncoming().add(listener, true);
    return this;
  }

  /** Removes one of them, or all. */
  offAny(listener?: AnyListener): this {
    this.#incoming?.remove(listener);
    return this;
  }

  /** A copy of their list. */
  listenersAny(): AnyListener[] {
    return this.#incoming?.list() ?? [];
  }

  /** Listens to every event sent to the client, broadcasts included: `(event, ...args)`, without the ack. */
  onAnyOutgoing(listener: AnyListener): this {
    this.#lazyOutgoing().add(listener, false);
    return this;
  }

  /** The same, before those already there. */
  prependAnyOutgoing(listener: AnyListener): this {
    this.#lazyOutgoing().add(listener, true);
    return this;
  }

  /** Removes one of them, or all. */
  offAnyOutgoing(listener?: AnyListener): this {
    this.#outgoing?.remove(listener);
    return this;
  }

  /** A copy of their list. */
  listenersAnyOutgoing(): AnyListener[] {
    return this.#outgoing?.list() ?? [];
  }

  #lazyIncoming(): AnyListeners {
    return this.#incoming ??= new AnyListeners(this.#report, `onAny listener in "${this.#where}"`);
  }

  #lazyOutgoing(): AnyListeners {
    return this.#outgoing ??= new AnyListeners(this.#report, `onAnyOutgoing listener in "${this.#where}"`);
  }
}
