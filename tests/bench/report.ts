/**
 * Makes RESULTS.md and ratios.svg of the runs of the bench.
 * @module
 */
import { drawRatios } from "./chart.ts";
import { type Figure, Results } from "./results.ts";
import {
  type Group,
  GROUPS,
  ORIENTATION,
  PEER_WORDS,
  SCENARIOS,
  SOCKET_IO_DENO,
  type Target,
  TARGETS,
} from "./targets.ts";

/** Beside the figures: where they come from. */
export interface Circumstances {
  /** What ran, a line each: "Deno 2.9.6", "Linux …". */
  readonly versions: readonly string[];
  /** Sections in Markdown that other measurements made: scale, idle CPU. */
  readonly sections: readonly string[];
}

/** RESULTS.md. */
export function report(results: Results, { versions, sections }: Circumstances): string {
  const { runs, disturbed, failed } = results.counts();
  const ended = results.failures();
  return [
    "# Results of `deno task bench`",
    "",
    "Written by `tests/bench/report.ts`; do not edit. What each scenario does, and how far to trust it, says",
    "[load/README.md](load/README.md): the server has CPU 0, the generator CPU 1, every run a fresh process, the runs of",
    "different servers alternate. Ratios within one run count; absolute figures are this machine's. Differences below 10",
    "to 15 % are noise.",
    "",
    ...versions.map((version) => `- ${version}`),
    `- ${runs} runs, of which ${disturbed} were disturbed (not counted where others are left) and ${failed} failed`,
    ...ended.map((line) => `  - ${line}`),
    "",
    ...GROUPS.flatMap((group) => [`## ${group.title}`, "", ...ofGroup(results, group), ""]),
    "## The official server where it is at home",
    "",
    ...figureTable(results, [ORIENTATION]),
    "",
    ...sections.flatMap((section) => [section.trimEnd(), ""]),
  ].join("\n");
}

function ofGroup(results: Results, group: Group): string[] {
  const targets = TARGETS[group.name] ?? [];
  return [
    ...peerWords(group),
    "",
    "### Targets",
    "",
    "| what | against | target | is | |",
    "|---|---|---|---|---|",
    ...targets.map((target) => targetLine(results, group.ours, target)),
    ...(group.name === "deno" ? beforeMeasured(results, group) : []),
    "",
    "### Figures",
    "",
    ...figureTable(results, [group.ours, group.raw, ...group.peers]),
  ];
}

function peerWords({ ours, raw, peers }: Group): string[] {
  return [
    `- \`${ours}\`: this server`,
    `- \`${raw}\`: answers the same frames by slicing strings; the limit of the runtime`,
    ...peers.map((peer) => `- \`${peer}\`: ${PEER_WORDS[peer]}`),
  ];
}

function targetLine(results: Results, ours: string, target: Target): string {
  const { measure, scenario, against, bound } = target;
  const value = results.against(measure, ours, against, scenario);
  const reached = value === undefined ? "" : reaches(target, value) ? "reached" : "**missed**";
  const [what, unit] = measure === "rate"
    ? [scenario, ""]
    : measure === "memory"
    ? [`memory per idle connection above, ${scenario}`, " KiB"]
    : ["start to first handshake above", " ms"];
  const sign = measure === "rate" ? "≥" : "≤";
  return `| ${what} | ${against} | ${sign} ${bound}${unit} | ${
    value === undefined ? "-" : value.toFixed(measure === "startup" ? 0 : 2) + unit
  } | ${reached} |`;
}

/** Whether `value`, as {@linkcode Results.against} tells it, is what `target` asks for. */
export function reaches({ measure, bound }: Target, value: number): boolean {
  return measure === "rate" ? value >= bound : value <= bound;
}

/** Beside what cannot be run here: by the ratio to raw that was measured of it earlier. */
function beforeMeasured(results: Results, { ours, raw }: Group): string[] {
  return Object.entries(SOCKET_IO_DENO.ratioToRaw).map(([scenario, ratio]) => {
    const mine = results.against("rate", ours, raw, scenario);
    const value = mine === undefined ? undefined : mine / ratio;
    const reached = value === undefined ? "" : value >= SOCKET_IO_DENO.bound ? "reached" : "**missed**";
    return `| ${scenario} | socket.io-deno, as measured earlier: ${
      ratio.toFixed(2)
    } of raw | ≥ ${SOCKET_IO_DENO.bound} | ${value?.toFixed(2) ?? "-"} | ${reached} |`;
  });
}

function figureTable(results: Results, servers: readonly string[]): string[] {
  const lines = SCENARIOS.flatMap((scenario) =>
    servers.flatMap((server) => {
      const figure = results.figure(server, scenario);
      return figure === undefined ? [] : [figureLine(scenario, server, figure)];
    })
  );
  return [
    "| scenario | server | per second | spread | p50 | p99 | server CPU | generator CPU | memory per connection |",
    "|---|---|---|---|---|---|---|---|---|",
    ...lines,
  ];
}

function figureLine(scenario: string, server: string, figure: Figure): string {
  const isStartup = scenario === "startup";
  const cells = [
    scenario,
    server,
    isStartup ? `(${figure.startup.toFixed(0)} ms)` : Math.round(figure.rate).toLocaleString("en"),
    `${(figure.spread * 100).toFixed(0)} %${figure.isDisturbed ? ", disturbed" : ""}, n = ${figure.runs}`,
    isStartup ? "" : time(figure.p50),
    isStartup ? "" : time(figure.p99),
    isStartup ? "" : `${figure.cpu.toFixed(1)} µs`,
    isStartup ? "" : `${figure.generator.toFixed(0)} %`,
    Number.isNaN(figure.memory) || figure.memory < 0 ? "" : `${figure.memory.toFixed(1)} KiB`,
  ];
  return `| ${cells.join(" | ")} |`;
}

function time(us: number): string {
  return us >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${us.toFixed(0)} µs`;
}

/** Writes both files beside this one. */
export async function writeReport(results: Results, circumstances: Circumstances): Promise<void> {
  await Deno.writeTextFile(new URL("RESULTS.md", import.meta.url), report(results, circumstances));
  await Deno.writeTextFile(new URL("ratios.svg", import.meta.url), drawRatios(results));
}
