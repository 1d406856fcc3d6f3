/**
 * Listeners for whatever event comes by, in one direction: `onAny` and `onAnyOutgoing` keep theirs here.
 * They run before the event's own listeners, with its name first; one that throws or rejects is reported.
 * @module
 */
import { type ReportListenerError, runCallback } from "./emitter.ts";
import type { AnyListener } from "./event_types.ts";

/** A list of catch-all listeners; replaced when it changes, so that an emission may walk it. */
export class AnyListeners {
  #list: readonly AnyListener[] = [];
  readonly #report: ReportListenerError;
  readonly #where: string;

  /** `where` is what `report` is told. */
  constructor(report: ReportListenerError, where: string) {
    this.#report = report;
    this.#where = where;
  }

  /** Adds a listener, after the others or `first`. */
  add(listener: AnyListener, first: boolean): void {
    if (typeof listener !== "function") {
      throw new TypeError(`Cannot listen to any event: the listener is ${String(listener)}, not a function`);
    }
    this.#list = first ? [listener, ...this.#list] : [...this.#list, listener];
  }

  /** Removes the first that is `listener`, or all. */
  remove(listener?: AnyListener): void {
    const index = listener === undefined ? -1 : this.#list.indexOf(listener);
    if (listener === undefined) this.#list = [];
    else if (index >= 0) this.#list = this.#list.filter((_, position) => position !== index);
  }

  /** A copy of the list. */
  list(): AnyListener[] {
    return [...this.#list];
  }

  /** Runs them with the event's name and arguments. Never throws. */
  run(self: unknown, data: readonly unknown[]): void {
    for (const listener of this.#list) runCallback(listener, self, data, this.#report, this.#where);
  }
}
