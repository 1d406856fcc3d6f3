/**
 * How long to wait before the next attempt to connect: exponential, capped, and random below the cap, so that many
 * clients that lost the same server do not come back together.
 *
 * Unlike officially the cap is spread too (from the fifth attempt on all clients wait exactly as long there), and no
 * number of attempts overflows (after 85 minutes half of them come without any delay). Never less than what the range
 * begins with: a wider one would mean more attempts on a server that is gone, and more arrivals when it is back.
 * @module
 */

/** Times in ms. */
export interface BackoffOptions {
  /** Before the first attempt, on average. */
  readonly min: number;
  /** Never more. */
  readonly max: number;
  /** 0 to 1: which share of a delay is random. */
  readonly jitter: number;
}

/** ms before attempt `attempt` (from 0): at least 1, at most `max` (or 1). `random` is in [0, 1). */
export function backoff(
  attempt: number,
  { min, max, jitter }: BackoffOptions,
  random: number = Math.random(),
): number {
  // 2 ** 31 times any delay above 1 ms is above any sensible cap; more would overflow.
  const ceiling = Math.min(max, min * (1 + jitter) * 2 ** Math.min(attempt, 31));
  return Math.max(1, Math.round(ceiling * (1 - jitter * random)));
}
