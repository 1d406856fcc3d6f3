/**
 * Time on a device that may be suspended: the wall clock goes on while the device sleeps, which the clocks of most
 * browsers do not. Where somebody sets it forward, sessions end as if the device had slept, and begin anew.
 * @module
 */
import { type Clock, MAX_DELAY } from "../time/clock.ts";

/** The device's clock. Its timers wait for what is left of the time when they are set, also if the clock is set back. */
export const deviceClock: Clock = {
  now: Date.now,
  at(time, wake) {
    const timer = setTimeout(wake, Math.min(time - Date.now(), MAX_DELAY));
    return () => clearTimeout(timer);
  },
};
