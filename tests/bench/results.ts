/**
 * What the load generator measured, in medians: reads the JSON lines that load/bench.sh writes.
 *
 * A disturbed run (the host took the CPUs away, see load/README.md) counts only where no other run of that server in
 * that scenario is left; a failed one never.
 * @module
 */
import { median } from "./median.ts";
import type { Measure } from "./targets.ts";

/** A line of load/bench.sh, as far as it is used. */
interface Row {
  readonly name: string;
  readonly sc: string;
  readonly ok: boolean;
  readonly disturbed?: boolean;
  readonly error?: string;
  readonly ops_per_s: number;
  readonly startup_ms?: number;
  readonly cpu_us_per_op: number;
  readonly gen_cpu_pct: number;
  readonly p50: number;
  readonly p99: number;
  readonly rss_per_conn_gc_kb?: number;
}

/** One server in one scenario. */
export interface Figure {
  /** Operations per second; `NaN` in `startup`. */
  readonly rate: number;
  /** KiB of resident memory per idle connection after a garbage collection; `NaN` but in `conn…`. */
  readonly memory: number;
  /** Milliseconds from the start of the process to its first handshake; `NaN` but in `startup`. */
  readonly startup: number;
  /** Microseconds of the server's CPU per operation. */
  readonly cpu: number;
  /** Microseconds, of all operations of a run. */
  readonly p50: number;
  readonly p99: number;
  /** Percent of the generator's CPU: above 85 the server could do more. */
  readonly generator: number;
  /** (highest - lowest) / median of what the scenario measures. */
  readonly spread: number;
  /** How many runs the medians are made of. */
  readonly runs: number;
  /** True where there were only disturbed runs. */
  readonly isDisturbed: boolean;
}

/** All runs of one call of the bench. */
export class Results {
  readonly #rows: readonly Row[];

  /** `text` is what load/bench.sh wrote, a run per line. */
  constructor(text: string) {
    this.#rows = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Row);
  }

  /** How many runs there were, how many of them disturbed, and how many failed. */
  counts(): { readonly runs: number; readonly disturbed: number; readonly failed: number } {
    return {
      runs: this.#rows.length,
      disturbed: this.#rows.filter(({ disturbed }) => disturbed === true).length,
      failed: this.#rows.filter(({ ok }) => !ok).length,
    };
  }

  /** The runs that ended with an error: whose, where, why. */
  failures(): string[] {
    return this.#rows.filter(({ ok }) => !ok).map(({ name, sc, error }) =>
      `${name}, ${sc}: ${error ?? "wrong or missing answers"}`
    );
  }

  /** Undefined where `server` did not run in `scenario`, or never without a failure. */
  figure(server: string, scenario: string): Figure | undefined {
    const good = this.#rows.filter(({ name, sc, ok }) => name === server && sc === scenario && ok);
    const calm = good.filter(({ disturbed }) => disturbed !== true);
    const rows = calm.length > 0 ? calm : good;
    if (rows.length === 0) return undefined;
    const main = rows.map(({ startup_ms, ops_per_s }) => startup_ms ?? ops_per_s);
    return {
      rate: scenario === "startup" ? NaN : median(rows.map(({ ops_per_s }) => ops_per_s)),
      memory: median(rows.map(({ rss_per_conn_gc_kb }) => rss_per_conn_gc_kb ?? NaN)),
      startup: median(rows.map(({ startup_ms }) => startup_ms ?? NaN)),
      cpu: median(rows.map(({ cpu_us_per_op }) => cpu_us_per_op)),
      p50: median(rows.map(({ p50 }) => p50)),
      p99: median(rows.map(({ p99 }) => p99)),
      generator: median(rows.map(({ gen_cpu_pct }) => gen_cpu_pct)),
      spread: (Math.max(...main) - Math.min(...main)) / median(main),
      runs: rows.length,
      isDisturbed: calm.length === 0,
    };
  }

  /**
   * `server` beside `other`, as its targets are written: a rate divided, memory and startup subtracted. Undefined where
   * one of them has no figure.
   */
  against(measure: Measure, server: string, other: string, scenario: string): number | undefined {
    const mine = this.figure(server, scenario)?.[measure];
    const theirs = this.figure(other, scenario)?.[measure];
    if (mine === undefined || theirs === undefined) return undefined;
    const value = measure === "rate" ? mine / theirs : mine - theirs;
    return Number.isFinite(value) ? value : undefined;
  }
}
