/**
 * `FakeTime` with the members of `@std/testing/time`: while one exists, `Date` and the timers follow it.
 * Code of this project takes a `Clock` instead; this is for code that reads the platform's time.
 * @module
 */

/** What {@linkcode FakeTime} throws when it is used out of order. */
export class TimeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TimeError";
  }
}

/** How a {@linkcode FakeTime} moves by itself. */
export interface FakeTimeOptions {
  /** Fake ms per real ms; 0, the default, stands still. */
  advanceRate: number;
  /** Real ms between two moves. Default 10. */
  advanceFrequency?: number;
}

/** How {@linkcode FakeTime.delay} may be ended. */
export interface DelayOptions {
  signal?: AbortSignal;
}

interface Timer {
  id: number;
  due: number;
  /** Equal dues run in the order they were set. */
  order: number;
  every: number | undefined;
  run: () => void;
}

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};
type Faked = typeof real;

let active: FakeTime | undefined;

/** Replaces `Date`, `setTimeout`, `setInterval` and their `clear…` until {@linkcode FakeTime.restore}. */
export class FakeTime {
  #start: number;
  #now: number;
  #timers = new Map<number, Timer>();
  #nextId = 1;
  #mover: ReturnType<typeof setInterval> | undefined;

  constructor(start?: number | string | Date | null, options?: FakeTimeOptions) {
    if (active) throw new TimeError("Cannot construct FakeTime: time is already faked");
    this.#start = start === null || start === undefined ? real.Date.now() : new real.Date(start).valueOf();
    if (Number.isNaN(this.#start)) throw new TimeError("Cannot construct FakeTime: invalid start time");
    this.#now = this.#start;
    const rate = options?.advanceRate ?? 0;
    const frequency = options?.advanceFrequency ?? 10;
    if (rate < 0) throw new TimeError("Cannot construct FakeTime: advanceRate must be at least 0");
    if (frequency <= 0) throw new TimeError("Cannot construct FakeTime: advanceFrequency must be above 0");
    active = this;
    Object.assign(globalThis, this.#fakes());
    if (rate > 0) this.#mover = real.setInterval(() => this.tick(rate * frequency), frequency);
  }

  static get #current(): FakeTime {
    if (!active) throw new TimeError("Cannot use FakeTime: time is not faked");
    return active;
  }

  /** Real timers, for code that must wait while time is faked. */
  static get setTimeout(): typeof globalThis.setTimeout {
    return real.setTimeout;
  }
  static get clearTimeout(): typeof globalThis.clearTimeout {
    return real.clearTimeout;
  }
  static get setInterval(): typeof globalThis.setInterval {
    return real.setInterval;
  }
  static get clearInterval(): typeof globalThis.clearInterval {
    return real.clearInterval;
  }

  /** Ends the faking, whoever began it. */
  static restore(): void {
    FakeTime.#current.restore();
  }

  /** Runs `callback` with real time, then fakes again. */
  static async restoreFor<T>(callback: () => Promise<T> | T): Promise<T> {
    const time = FakeTime.#current;
    Object.assign(globalThis, real);
    try {
      return await callback();
    } finally {
      Object.assign(globalThis, time.#fakes());
    }
  }

  /** ms since the epoch; setting it runs what is due on the way. It cannot go back. */
  get now(): number {
    return this.#now;
  }
  set now(value: number) {
    if (value < this.#now) throw new RangeError(`Cannot set time in the past: ${value} < ${this.#now}`);
    for (let timer = this.#first(); timer && timer.due <= value; timer = this.#first()) this.#run(timer);
    this.#now = value;
  }

  /** What `now` was at the beginning. */
  get start(): number {
    return this.#start;
  }
  set start(_value: number) {
    throw new Error("Cannot change start time after initialization");
  }

  /** Resolves after `ms` of fake time; rejects with the reason of `signal`. */
  delay(ms: number, options: DelayOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        globalThis.clearTimeout(id);
        reject(signal?.reason);
      };
      const id = globalThis.setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Lets pending microtasks, and what they start, run. */
  async runMicrotasks(): Promise<void> {
    await new Promise<void>((resolve) => real.setTimeout(resolve, 0));
  }

  /** Moves time by `ms`, running what is due. */
  tick(ms = 0): void {
    this.now += ms;
  }

  /** {@linkcode FakeTime.tick} with the microtasks before it and between the timers run. */
  async tickAsync(ms = 0): Promise<void> {
    const end = this.#now + ms;
    await this.runMicrotasks();
    for (let timer = this.#first(); timer && timer.due <= end; timer = this.#first()) {
      this.#run(timer);
      await this.runMicrotasks();
    }
    this.now = Math.max(end, this.#now);
  }

  /** Runs the next timer. Whether there was one. */
  next(): boolean {
    const timer = this.#first();
    if (timer) this.#run(timer);
    return timer !== undefined;
  }

  /** {@linkcode FakeTime.next} after the microtasks. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Runs timers until none is left; an interval never ends. */
  runAll(): void {
    while (this.next());
  }

  /** {@linkcode FakeTime.runAll} with the microtasks before and after each timer. */
  async runAllAsync(): Promise<void> {
    do {
      await this.runMicrotasks();
    } while (this.next());
  }

  /** Ends the faking; timers set under it are forgotten. */
  restore(): void {
    if (active !== this) throw new TimeError("Cannot restore time: time is already restored");
    active = undefined;
    if (this.#mover !== undefined) real.clearInterval(this.#mover);
    Object.assign(globalThis, real);
  }

  [Symbol.dispose](): void {
    if (active === this) this.restore();
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }

  #run(timer: Timer): void {
    this.#now = Math.max(this.#now, timer.due);
    if (timer.every === undefined) {
      this.#timers.delete(timer.id);
    } else {
      timer.due = this.#now + timer.every;
      timer.order = this.#nextId++;
    }
    timer.run();
  }

  #add(run: () => void, ms: unknown, repeats: boolean): number {
    const delay = Math.max(Number(ms) || 0, 0);
    const id = this.#nextId++;
    this.#timers.set(id, {
      id,
      order: id,
      due: this.#now + delay,
      every: repeats ? Math.max(delay, 1) : undefined, // an interval of 0 would never let time move on
      run,
    });
    return id;
  }

  #fakes(): Faked {
    // deno-lint-ignore no-this-alias
    const time = this;
    class FakeDate extends real.Date {
      constructor(...args: unknown[]) {
        // @ts-ignore: the constructor of Date is overloaded; the arguments are passed on as they came
        super(...(args.length === 0 ? [time.#now] : args));
      }
      static override now(): number {
        return time.#now;
      }
      static override [Symbol.hasInstance](value: unknown): boolean {
        return value instanceof real.Date; // dates made before the faking count too
      }
    }
    // As the real one, Date called without `new` is text.
    const date = new Proxy(FakeDate, { apply: () => new FakeDate().toString() });
    type Callback = (...args: unknown[]) => void;
    const set = (repeats: boolean) => (fn: Callback, ms?: number, ...args: unknown[]) =>
      time.#add(() => fn(...args), ms, repeats);
    const clear = (id?: number) => void time.#timers.delete(Number(id));
    return {
      Date: date as unknown as typeof real.Date,
      setTimeout: set(false) as unknown as typeof real.setTimeout,
      clearTimeout: clear as typeof real.clearTimeout,
      setInterval: set(true) as unknown as typeof real.setInterval,
      clearInterval: clear as typeof real.clearInterval,
    };
  }
}
