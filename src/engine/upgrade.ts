/**
 * A WebSocket that wants to take over a polling session. No I/O: time is an argument.
 *
 * Rules: Engine.IO protocol v4, "Upgrade": the client sends `2probe` on the new transport, gets `3probe`,
 * pauses polling and sends `5`. A parked poll would keep it from pausing, so it is nudged with a noop.
 * @module
 */

/** ms between two nudges of a parked poll. */
const NUDGE_INTERVAL = 100;

/** The candidate transport `T` and how far it came. */
export class Upgrade<T> {
  readonly transport: T;
  #isProbed = false;
  readonly #expires: number;
  #nextNudge = Infinity;

  /** The client has `timeout` ms to finish. */
  constructor(transport: T, timeout: number, now: number) {
    this.transport = transport;
    this.#expires = now + timeout;
  }

  /** Whether the probe was answered: from here on the client may send `5` at any time. */
  get isProbed(): boolean {
    return this.#isProbed;
  }

  /** When to look again. */
  get deadline(): number {
    return Math.min(this.#expires, this.#nextNudge);
  }

  /** The probe came; the parked poll is due a nudge at once. */
  probed(now: number): void {
    this.#isProbed = true;
    this.#nextNudge = now;
  }

  isExpired(now: number): boolean {
    return now >= this.#expires;
  }

  /** Whether a parked poll is due a noop; asking counts as nudging. */
  nudge(now: number): boolean {
    if (now < this.#nextNudge) return false;
    this.#nextNudge = now + NUDGE_INTERVAL;
    return true;
  }
}
