/**
 * The picture of the reconnect storm: arrivals per 100 ms of both clients, one above the other, each pair on one scale.
 * @module
 */
import type { Storm, Storms } from "./storm.ts";

const PANEL_WIDTH = 430;
const LEFT = 46;
const PLOT = 130;
const GAP = 54;
const TOP = 84;
/** Bins of 100 ms that are shown. */
const BINS = 52;
/** Okabe and Ito's orange and blue, readable on white. */
const COLOURS = { official: "#e69f00", ours: "#0072b2" } as const;

/** An SVG: on the left with the defaults of both, on the right with a `reconnectionDelay` that is the cap. */
export function drawStorm(defaults: Storms, careful: Storms): string {
  const width = 2 * (LEFT + PANEL_WIDTH) + 16;
  const height = TOP + 2 * PLOT + GAP + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>Reconnect storm: arrivals of 10,000 clients per 100 ms after an outage of 3 minutes</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 20, "10,000 clients come back after an outage of 3 minutes", "start", true),
    text(LEFT, 38, "Arrivals per 100 ms since the server is back; simulated"),
    ...column("Defaults", defaults, LEFT),
    ...column("reconnectionDelay: 5000", careful, 2 * LEFT + PANEL_WIDTH),
    "</svg>",
    "",
  ].join("\n");
}

function column(name: string, { official, ours }: Storms, left: number): string[] {
  const highest = Math.max(official.peak, ours.peak);
  return [
    text(left, TOP - 20, name, "start", true),
    ...panel("socket.io-client 4.8.4", official, left, TOP, highest, COLOURS.official),
    ...panel("@skein/io/client", ours, left, TOP + PLOT + GAP, highest, COLOURS.ours),
  ];
}

function panel(
  name: string,
  { arrivals, peak }: Storm,
  left: number,
  top: number,
  highest: number,
  colour: string,
): string[] {
  const bottom = top + PLOT;
  const right = left + PANEL_WIDTH;
  const step = PANEL_WIDTH / BINS;
  const y = (count: number): number => round(bottom - count / highest * (PLOT - 16));
  const bars = arrivals.slice(0, BINS).map((count, bin) =>
    `<rect x="${round(left + bin * step)}" y="${y(count)}" width="${round(step - 1)}" height="${
      round(bottom - y(count))
    }"/>`
  );
  const seconds = Array.from(
    { length: Math.floor(BINS / 10) + 1 },
    (_, second) => text(round(left + second * 10 * step), bottom + 16, `${second} s`, "middle"),
  );
  return [
    `<g fill="${colour}">`,
    ...bars,
    "</g>",
    `<line x1="${left}" y1="${bottom}" x2="${right}" y2="${bottom}" stroke="#222222"/>`,
    `<line x1="${left}" y1="${y(peak)}" x2="${right}" y2="${
      y(peak)
    }" stroke="#999999" stroke-dasharray="3"/>`,
    text(left - 6, y(peak) + 4, String(peak), "end"),
    text(right, top + 4, name, "end", true),
    ...seconds,
  ];
}

function text(x: number, y: number, content: string, anchor = "start", isBold = false): string {
  const weight = isBold ? ' font-weight="bold"' : "";
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${weight}>${content}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
