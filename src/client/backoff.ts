/**
 * How long to wait before the next attempt to connect: exponential, capped, and random below the cap, so that many
 * clients that lost the same server do not come back together.
 *
 * The range of the first attempts is the official one. Later delays go on being random, where the official ones are all
 * the same; but less so: what is far below the cap would mean more attempts on a server that is gone, and more arrivals
 * at once when it is back. No number of attempts overflows (officially half of them come without any delay after 85
 * minutes).
 * @module
 */

/** Times in ms. */
export interface BackoffOptions {
  /** Before the first attempt, on average. */
  readonly min: number;
  /** Never more. */
  readonly max: number;
  /** 0 to 1: how far a delay may be off its middle, as a share of it; later a half of that below the cap. */
  readonly jitter: number;
}

/** Attempts after which all who lost the same server are far enough apart: from then on less chance will do. */
const WIDE = 4;

/** ms before attempt `attempt` (from 0): at least 1, at most `max` (or 1). `random` is in [0, 1). */
export function backoff(
  attempt: number,
  { min, max, jitter }: BackoffOptions,
  random: number = Math.random(),
): number {
  // 2 ** 31 times any delay above 1 ms is above any sensible cap; more would overflow.
  const high = Math.min(max, min * (1 + jitter) * 2 ** Math.min(attempt, 31));
  const spread = attempt < WIDE ? 2 * jitter / (1 + jitter) : jitter / 2;
  return Math.max(1, Math.round(high * (1 - spread * random)));
}
