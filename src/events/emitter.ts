/**
 * Listeners by event name, for users; inside this library calls are direct.
 *
 * As in Node: listeners run in order, and those added or removed while an event is being emitted count from
 * the next one on. Unlike there: a listener that throws or rejects is reported and stops nobody.
 * @module
 */
import type { AnyListener } from "./event_types.ts";

/** Takes what a listener threw or rejected with, and where it listened. Must not throw. */
export type ReportListenerError = (error: unknown, where: string) => void;

/** Takes the promise of a listener that is still at work. Must not throw; it may reject, which is reported. */
export type Pending = (work: PromiseLike<unknown>) => void;

/** A listener as kept: itself, or the wrapper that runs it once. */
interface Kept extends AnyListener {
  listener?: AnyListener;
}

/** One listener is kept as it is; more as a list that is replaced, never changed, so that an emission may walk it. */
type Slot = Kept | readonly Kept[];

/** Listeners of one object. Allocates nothing before the first of them comes. */
export class Emitter<Events extends { [E in keyof Events]: AnyListener }> {
  #slots: Map<string, Slot> | undefined;
  readonly #report: ReportListenerError;
  readonly #subject: string;
  readonly #pending: Pending | undefined;

  /** `subject` says whose listeners these are in what `report` is told: `socket in "/admin"`. */
  constructor(report: ReportListenerError, subject: string, pending?: Pending) {
    this.#report = report;
    this.#subject = subject;
    this.#pending = pending;
  }

  /** Adds a listener, after the others. */
  on<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return this.#add(event, listener, false);
  }

  /** Adds a listener that is removed when it runs. */
  once<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return this.#add(event, this.#onceWrapper(event, listener), false);
  }

  /** Removes the listener added last that is `listener`, or all of the event. */
  off<E extends keyof Events & string>(event: E, listener?: Events[E]): this {
    if (listener === undefined) return this.removeAllListeners(event);
    const slot = this.#slots?.get(event);
    if (slot === undefined) return this;
    if (typeof slot === "function") {
      if (isSame(slot, listener)) this.#slots!.delete(event);
      return this;
    }
    const index = slot.findLastIndex((kept) => isSame(kept, listener));
    if (index >= 0) {
      const rest = slot.filter((_, position) => position !== index);
      this.#slots!.set(event, rest.length === 1 ? rest[0]! : rest);
    }
    return this;
  }

  /** The same as {@linkcode Emitter.on}. */
  addListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return this.on(event, listener);
  }

  /** The same as {@linkcode Emitter.off} with a listener. */
  removeListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return this.off(event, listener);
  }

  /** Adds a listener before the others. */
  prependListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return this.#add(event, listener, true);
  }

  /** Adds, before the others, a listener that is removed when it runs. */
  prependOnceListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return this.#add(event, this.#onceWrapper(event, listener), true);
  }

  /** Removes the listeners of one event, or of all. */
  removeAllListeners(event?: keyof Events & string): this {
    if (event === undefined) this.#slots = undefined;
    else this.#slots?.delete(event);
    return this;
  }

  /** A copy of the listeners of one event, as they were added. */
  listeners<E extends keyof Events & string>(event: E): Events[E][] {
    return listOf(this.#slots?.get(event)).map((kept) => (kept.listener ?? kept) as Events[E]);
  }

  /** Whether an event has listeners. */
  has(event: string): boolean {
    return this.#slots !== undefined && this.#slots.has(event);
  }

  /** How many listeners an event has. */
  listenerCount(event: keyof Events & string): number {
    return listOf(this.#slots?.get(event)).length;
  }

  /** The events that have listeners. */
  eventNames(): (keyof Events & string)[] {
    return [...(this.#slots?.keys() ?? [])] as (keyof Events & string)[];
  }

  /** Runs the listeners of `event`. Returns whether there were any. Never throws. */
  emit<E extends keyof Events & string>(event: E, ...args: Parameters<Events[E]>): boolean {
    return this.dispatch(this, event, args);
  }

  /** The same with the listeners' `this`, and without a copy of the arguments: for names that come from the wire. */
  dispatch(self: unknown, event: string, args: readonly unknown[]): boolean {
    const slot = this.#slots?.get(event);
    if (slot === undefined) return false;
    if (typeof slot === "function") {
      this.#run(slot, self, event, args);
    } else {
      for (let index = 0; index < slot.length; index++) this.#run(slot[index]!, self, event, args);
    }
    return true;
  }

  #run(listener: AnyListener, self: unknown, event: string, args: readonly unknown[]): void {
    try {
      const result = listener.apply(self, args as unknown[]);
      if (isPromise(result)) {
        result.then(undefined, (error) => this.#report(error, this.#where(event)));
        this.#pending?.(result);
      }
    } catch (error) {
      this.#report(error, this.#where(event));
    }
  }

  #where(event: string): string {
    return `listener of "${event}" on ${this.#subject}`;
  }

  #add(event: string, listener: AnyListener, first: boolean): this {
    if (typeof listener !== "function") {
      throw new TypeError(`Cannot listen to "${event}": the listener is ${String(listener)}, not a function`);
    }
    const slots = this.#slots ??= new Map();
    const slot = slots.get(event);
    if (slot === undefined) slots.set(event, listener);
    else slots.set(event, first ? [listener, ...listOf(slot)] : [...listOf(slot), listener]);
    return this;
  }

  #onceWrapper(event: string, listener: AnyListener): AnyListener {
    if (typeof listener !== "function") return listener; // refused by #add
    const remove = (): void => {
      this.off(event as keyof Events & string, wrapper as Events[keyof Events & string]);
    };
    let hasRun = false;
    const wrapper: Kept = function (this: unknown, ...args: unknown[]): unknown {
      if (hasRun) return; // a listener before this one emitted the same event
      hasRun = true;
      remove();
      return listener.apply(this, args);
    };
    wrapper.listener = listener;
    return wrapper;
  }
}

/** Runs a callback of the user outside of any emitter: what it throws or rejects with goes to `report`. */
export function runCallback(
  callback: AnyListener,
  self: unknown,
  args: readonly unknown[],
  report: ReportListenerError,
  where: string,
  pending?: Pending,
): void {
  try {
    const result = callback.apply(self, args as unknown[]);
    if (isPromise(result)) {
      result.then(undefined, (error) => report(error, where));
      pending?.(result);
    }
  } catch (error) {
    report(error, where);
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

function isSame(kept: Kept, listener: AnyListener): boolean {
  return kept === listener || kept.listener === listener;
}

function listOf(slot: Slot | undefined): readonly Kept[] {
  if (slot === undefined) return [];
  return typeof slot === "function" ? [slot] : slot;
}
