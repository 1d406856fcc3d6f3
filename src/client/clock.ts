/**
 * Time on a device that may be suspended: it goes on while the device sleeps, as the wall clock does and the clocks of
 * most browsers do not, and it never goes back, as the wall clock may.
 * @module
 */
import { type Clock, clockOf } from "../time/clock.ts";

/** By how much the wall clock was ahead of the page's clock, at most. */
let ahead = 0;

/** The device's clock. Where the wall clock is set forward, sessions end as if the device had slept: they begin anew. */
export const deviceClock: Clock = /* @__PURE__ */ clockOf(() => {
  const time = performance.now();
  ahead = Math.max(ahead, Date.now() - time);
  return time + ahead;
});
