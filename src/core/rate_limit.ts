/**
 * How much a client may send: a bucket of events and one of bytes, which fill up again steadily. A full bucket is
 * what may come at once. The clock decides; nothing runs while nobody sends.
 * @module
 */
import type { Clock } from "../time/clock.ts";

/** What becomes of an event beyond the limit. */
export type RateLimitOutcome = "drop" | "error" | "disconnect";

/** A limit on what one client may send: events. Acks are not counted: the server asked for them. */
export interface RateLimit {
  /** Events in `per` ms. Default: no limit. */
  readonly events?: number;
  /** Bytes of events in `per` ms, attachments included, as on a WebSocket. Default: no limit. */
  readonly bytes?: number;
  /** ms. Default 1000. */
  readonly per?: number;
  /**
   * What becomes of an event beyond: `drop`: nothing hears of it; `error`: its ack, if it asks for one, gets
   * `{ error: { code: "RATE_LIMITED", event, retryAfter } }` (ms), else it is dropped; `disconnect`: the socket
   * (for the limit of a connection: the connection) is disconnected. Default `drop`.
   */
  readonly outcome?: RateLimitOutcome;
}

/** The limits of a server: of each socket, and of each connection with all its sockets. */
export interface RateLimitOptions extends RateLimit {
  /** The limit of each connection. CONNECT packets count too, and are refused beyond it. Default: none. */
  readonly connection?: RateLimit;
}

/** An event beyond the limit, as the listeners of `rate_limited` see it. */
export interface RateLimited {
  /** The event's name. */
  readonly event: string;
  /** Whose limit it is. */
  readonly scope: "socket" | "connection";
  /** What became of it. */
  readonly outcome: RateLimitOutcome;
  /** ms until one more event of that size would pass; Infinity where it is larger than the limit. */
  readonly retryAfter: number;
}

/** A limit with its defaults. */
export interface RateLimitSettings {
  readonly events: number;
  readonly bytes: number;
  readonly per: number;
  readonly outcome: RateLimitOutcome;
}

/** What one socket, or one connection, has left. */
export class RateLimiter {
  readonly #limit: RateLimitSettings;
  readonly #clock: Clock;
  #events: number;
  #bytes: number;
  /** When the buckets were filled last. */
  #at: number;

  constructor(limit: RateLimitSettings, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#events = limit.events;
    this.#bytes = limit.bytes;
    this.#at = clock.now();
  }

  get outcome(): RateLimitOutcome {
    return this.#limit.outcome;
  }

  /** Whether the bytes of an event matter. */
  get countsBytes(): boolean {
    return this.#limit.bytes !== Infinity;
  }

  /**
   * Takes one event of `bytes` out of the buckets and returns 0; or, where they do not hold it, takes nothing and
   * returns the ms until they do (Infinity: never, it is larger than the bucket).
   */
  take(bytes: number): number {
    this.#fill();
    const { events, per } = this.#limit;
    if (this.#events >= 1 && this.#bytes >= bytes) {
      this.#events -= 1;
      this.#bytes -= bytes;
      return 0;
    }
    if (bytes > this.#limit.bytes) return Infinity;
    const forEvent = this.#events >= 1 ? 0 : (1 - this.#events) * per / events;
    const forBytes = this.#bytes >= bytes ? 0 : (bytes - this.#bytes) * per / this.#limit.bytes;
    return Math.ceil(Math.max(forEvent, forBytes) - 1e-6); // what is left of the division is no time
  }

  #fill(): void {
    const now = this.#clock.now();
    const share = (now - this.#at) / this.#limit.per;
    this.#at = now;
    // Infinity stays Infinity; Infinity * 0 would not.
    if (this.#events < this.#limit.events) {
      this.#events = Math.min(this.#limit.events, this.#events + share * this.#limit.events);
    }
    if (this.#bytes < this.#limit.bytes) {
      this.#bytes = Math.min(this.#limit.bytes, this.#bytes + share * this.#limit.bytes);
    }
  }
}
