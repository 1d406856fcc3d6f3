/**
 * The picture of the ratios: for each runtime a row of bars, ours and its peers, as shares of the bare WebSocket server
 * of the same runtime in the same run. Targets are drawn as small lines.
 * @module
 */
import type { Results } from "./results.ts";
import { type Group, GROUPS, TARGETS } from "./targets.ts";

/** The scenarios that are drawn, in this order. */
const DRAWN = ["ack32d1", "ack32d16", "echo32d16", "bin1kd1", "bcast1000", "bcast1000d4", "poll50", "conn2k"];

/** One that all see apart, ours first (Okabe and Ito's palette), readable on white and on black. */
const COLOURS = ["#0072b2", "#e69f00", "#999999"];
/** Of the figures on them. */
const INKS = ["#ffffff", "#222222", "#222222"];

const WIDTH = 860;
const LEFT = 8;
const PANEL = 150;
const TOP = 44;
const PLOT = 96;
/** The ratio at the upper edge: what is more is cut off and says its figure. */
const HIGHEST = 1.25;

/** An SVG of all groups. */
export function drawRatios(results: Results): string {
  const height = TOP + GROUPS.length * PANEL;
  const body = GROUPS.flatMap((group, index) => panel(results, group, TOP + index * PANEL));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>Events per second as a share of a bare WebSocket server on the same runtime</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 18, "Share of a bare WebSocket server (1.0 = its rate) on the same runtime", "start", "bold"),
    text(LEFT, 34, "Short lines are our targets. From tests/bench/RESULTS.md", "start"),
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function panel(results: Results, group: Group, top: number): string[] {
  const servers = [group.ours, ...group.peers];
  const left = LEFT + 130;
  const slot = (WIDTH - left - LEFT) / DRAWN.length;
  const bar = Math.min(22, (slot - 12) / servers.length);
  const bottom = top + PLOT + 12;
  const at = (ratio: number): number => bottom - Math.min(ratio, HIGHEST) / HIGHEST * PLOT;
  const lines = [
    text(LEFT, top + 20, group.title, "start", "bold"),
    ...servers.flatMap((server, index) => [
      `<rect x="${LEFT}" y="${top + 28 + index * 16}" width="10" height="10" fill="${COLOURS[index]}"/>`,
      text(LEFT + 15, top + 37 + index * 16, server, "start"),
    ]),
    `<line x1="${left}" x2="${WIDTH - LEFT}" y1="${at(1)}" y2="${
      at(1)
    }" stroke="#777777" stroke-dasharray="4 3"/>`,
    `<line x1="${left}" x2="${WIDTH - LEFT}" y1="${bottom}" y2="${bottom}" stroke="#333333"/>`,
  ];
  for (const [index, scenario] of DRAWN.entries()) {
    const x = left + index * slot + (slot - bar * servers.length) / 2;
    lines.push(text(left + (index + 0.5) * slot, bottom + 14, scenario, "middle"));
    for (const [place, server] of servers.entries()) {
      const ratio = results.against("rate", server, group.raw, scenario);
      if (ratio === undefined) continue;
      const y = at(ratio);
      const from = x + place * bar;
      lines.push(
        `<rect x="${round(from)}" y="${round(y)}" width="${round(bar - 2)}" height="${
          round(bottom - y)
        }" fill="${COLOURS[place]}"/>`,
        text(round(from + bar / 2 - 1), round(y + 12), ratio.toFixed(2), "middle", "normal", 9, INKS[place]),
      );
    }
    const target = TARGETS[group.name]?.find((one) =>
      one.measure === "rate" && one.against === group.raw && one.scenario === scenario
    );
    if (target !== undefined) {
      const y = round(at(target.bound));
      lines.push(
        `<line x1="${round(x - 3)}" x2="${
          round(x + bar + 1)
        }" y1="${y}" y2="${y}" stroke="#d55e00" stroke-width="2"/>`,
      );
    }
  }
  return lines;
}

function text(
  x: number,
  y: number,
  words: string,
  anchor: string,
  weight = "normal",
  size = 11,
  ink = "#222222",
): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-weight="${weight}" font-size="${size}" fill="${ink}">${words}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
