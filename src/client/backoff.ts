/**
 * How long to wait before the next attempt to connect: exponential, capped, and random below the cap, so that many
 * clients that lost the same server do not come back together.
 *
 * Below the cap the range is the official one. Unlike there the cap is spread too (from the fifth attempt on all
 * clients wait exactly as long there), and no number of attempts overflows (after 85 minutes half of them come
 * without any delay).
 * @module
 */

/** Times in ms. */
export interface BackoffOptions {
  /** Before the first attempt, on average. */
  readonly min: number;
  /** Never more. */
  readonly max: number;
  /** 0 to 1: how far a delay may be off its middle, as a share of it. */
  readonly jitter: number;
}

/** ms before attempt `attempt` (from 0): at least 1, at most `max` (or 1). `random` is in [0, 1). */
export function backoff(
  attempt: number,
  { min, max, jitter }: BackoffOptions,
  random: number = Math.random(),
): number {
  // 2 ** 31 times any delay above 1 ms is above any sensible cap; more would overflow.
  const high = Math.min(max, min * (1 + jitter) * 2 ** Math.min(attempt, 31));
  const low = high * (1 - jitter) / (1 + jitter);
  return Math.max(1, Math.round(low + (high - low) * random));
}
