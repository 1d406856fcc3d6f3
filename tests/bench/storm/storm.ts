/**
 * The same reconnect storm for two clients, simulated: 10,000 clients lose a server that is gone for three minutes.
 * When do they come back? `deno run -A tests/bench/storm/storm.ts` prints the figures and draws
 * .github/reconnect-storm.svg.
 *
 * What is simulated: each client notices the loss within 50 ms, waits as its backoff says, tries, and where the server
 * is gone is refused after 5 ms and waits again. Both clients have their defaults: 1,000 ms at first, 5,000 at most,
 * randomization 0.5. The official one's delays are those of its own code, the npm package's `backo2.js`. Chance is
 * seeded: each run gives the same.
 * @module
 */
import { backoff, type BackoffOptions } from "../../../src/client/backoff.ts";
import { drawStorm } from "./picture.ts";

/** Gives ms to wait before each next attempt. */
export type Delays = () => number;

/** What came of a storm. */
export interface Storm {
  /** Arrivals in each 100 ms after the server is back. */
  readonly arrivals: readonly number[];
  /** Of them, in the fullest 100 ms. */
  readonly peak: number;
  /** ms after which all were back. */
  readonly last: number;
}

/** Of both clients. */
export interface Storms {
  readonly official: Storm;
  readonly ours: Storm;
}

/** How many, how long (ms), and how finely they are counted (ms). */
export const CLIENTS = 10_000;
export const OUTAGE = 180_000;
/** Outages, ms, that are not drawn. */
export const SHORT: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000];
export const BIN = 100;
const NOTICE = 50;
const REFUSED = 5;

/** The defaults of both clients. */
const DEFAULTS: BackoffOptions = { min: 1_000, max: 5_000, jitter: 0.5 };
/** What careful users set, so that a server that is gone is asked less often. */
export const CAREFUL: BackoffOptions = { min: 5_000, max: 5_000, jitter: 0.5 };

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Mulberry32: a weak generator's neighbours would come back together by themselves.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Delays of our client. */
export function ourDelays(random: () => number, options: BackoffOptions = DEFAULTS): Delays {
  let attempt = 0;
  return () => backoff(attempt++, options, random());
}

interface Backo2 {
  duration(): number;
}

/** The official client's class of delays: internal there, so it is found beside what may be imported. */
const { Backoff } = await import(
  new URL("contrib/backo2.js", import.meta.resolve("socket.io-client")).href
) as { Backoff: new (options: unknown) => Backo2 };

/** Delays of the official client, which asks `Math.random`. */
export function officialDelays(options: BackoffOptions = DEFAULTS): Delays {
  const delays = new Backoff(options);
  return () => delays.duration();
}

/** Runs `run` with `random` as `Math.random`. */
export function withRandom<T>(random: () => number, run: () => T): T {
  const { random: former } = Math;
  Math.random = random;
  try {
    return run();
  } finally {
    Math.random = former;
  }
}

/** Lets all clients lose the server for `outage` ms. */
export function storm(makeDelays: () => Delays, random: () => number, outage: number): Storm {
  const arrivals: number[] = [];
  let last = 0;
  for (let client = 0; client < CLIENTS; client++) {
    const delays = makeDelays();
    let time = random() * NOTICE + delays();
    while (time < outage) time += REFUSED + delays();
    const bin = Math.floor((time - outage) / BIN);
    arrivals[bin] = (arrivals[bin] ?? 0) + 1;
    last = Math.max(last, time - outage);
  }
  const filled = Array.from(arrivals, (count) => count ?? 0);
  return { arrivals: filled, peak: Math.max(...filled), last };
}

/** Both clients in the same storm. */
export function bothStorms(options: BackoffOptions = DEFAULTS, outage: number = OUTAGE, seed = 1): Storms {
  const random = seeded(seed);
  const official = withRandom(random, () => storm(() => officialDelays(options), random, outage));
  const again = seeded(seed);
  return { official, ours: storm(() => ourDelays(again, options), again, outage) };
}

/** Attempts per second and client after `attempts` attempts: how hard a client knocks in a long outage. */
export function knocking(delays: Delays, attempts: number, count = 1_000): number {
  for (let attempt = 0; attempt < attempts; attempt++) delays();
  let time = 0;
  for (let attempt = 0; attempt < count; attempt++) time += REFUSED + delays();
  return count * 1_000 / time;
}

if (import.meta.main) {
  const storms = bothStorms();
  for (
    const [what, both] of [["defaults", storms], ["reconnectionDelay 5000", bothStorms(CAREFUL)]] as const
  ) {
    for (const [name, { peak, last }] of Object.entries(both)) {
      const seconds = (last / 1_000).toFixed(1);
      console.log(`${what}: ${name.padEnd(8)} peak ${peak} in ${BIN} ms, all back after ${seconds} s`);
    }
  }
  for (const outage of SHORT) {
    const { official, ours } = bothStorms(undefined, outage);
    console.log(`outage of ${outage / 1_000} s: official peak ${official.peak}, ours ${ours.peak}`);
  }
  for (const attempts of [36, 1_100]) {
    const random = seeded(2);
    const official = withRandom(random, () => knocking(officialDelays(), attempts));
    const ours = knocking(ourDelays(random), attempts);
    console.log(
      `after ${attempts} attempts: official ${official.toFixed(2)}/s, ours ${ours.toFixed(2)}/s per client`,
    );
  }
  const file = new URL("../../../.github/reconnect-storm.svg", import.meta.url);
  await Deno.writeTextFile(file, drawStorm(storms, bothStorms(CAREFUL)));
}
