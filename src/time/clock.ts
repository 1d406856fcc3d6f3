/**
 * Time as this library sees it. Everything that depends on time takes a {@linkcode Clock} or a `now`
 * argument; only {@linkcode systemClock} touches the platform's timers.
 * @module
 */

/** A source of time, in ms since the epoch, that can wake its user. */
export interface Clock {
  /** The current time, ms since the epoch. */
  now(): number;
  /** Runs `wake` once at `time` or later, never earlier. Returns how to cancel; cancelling twice is harmless. */
  at(time: number, wake: () => void): () => void;
}

/** The longest delay a platform timer takes (2^31 - 1 ms); a longer one would fire at once. */
export const MAX_DELAY: number = 2_147_483_647;

/**
 * Time that never jumps: the wall clock as it stood when the process began, and what passed since. A wall clock
 * that is set forward would end living sessions, one that is set back would keep dead ones.
 */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The platform's clock and timers. */
export const systemClock: Clock = {
  now,
  at(time: number, wake: () => void): () => void {
    const delay = Math.min(Math.max(time - now(), 0), MAX_DELAY);
    let cancelled = false;
    let timer = setTimeout(function fire() {
      const left = time - now();
      if (left > 0) {
        timer = setTimeout(fire, Math.min(left, MAX_DELAY)); // the platform may wake early by a ms, or at MAX_DELAY
      } else if (!cancelled) {
        wake();
      }
    }, delay);
    return () => {
      cancelled = true;
      clearTimeout(timer);
    };
  },
};
