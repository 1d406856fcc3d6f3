/**
 * What the bench is to show, and which ratios it is to reach: the peers of each runtime, the scenarios, and the
 * targets, which were set before the figures were known.
 * @module
 */

/** A runtime and the servers that are compared on it, by their names in load/peers.list or in peers.ts. */
export interface Group {
  readonly name: string;
  readonly title: string;
  readonly ours: string;
  /** Answers the same frames by slicing strings: the limit of the runtime. */
  readonly raw: string;
  readonly peers: readonly string[];
}

/** In the order of the report. */
export const GROUPS: readonly Group[] = [
  { name: "deno", title: "Deno", ours: "skein-deno", raw: "raw-deno", peers: ["deno-sio-npm"] },
  { name: "bun", title: "Bun", ours: "skein-bun", raw: "raw-bun", peers: ["bun-sio-engine", "bun-sio-ws"] },
  {
    name: "workerd",
    title: "workerd, Durable Object",
    ours: "skein-workerd",
    raw: "raw-workerd-hib",
    peers: [],
  },
];

/** The official server where it is at home: runs in every whole run, compared with nothing. */
export const ORIENTATION = "node-sio-ws";

/** What a peer is, for people. */
export const PEER_WORDS: Readonly<Record<string, string>> = {
  "deno-sio-npm": "official server via npm, on Deno",
  "bun-sio-engine": "official server with @socket.io/bun-engine",
  "bun-sio-ws": "official server with ws, on Bun",
  "node-sio-ws": "official server on Node",
};

/** Those of a whole run, named as in load/bench.sh. */
export const SCENARIOS: readonly string[] = [
  "lat1",
  "ack32d1",
  "ack32d16",
  "ack1kd16",
  "echo32d16",
  "bin1kd1",
  "bin1kd16",
  "bcast1000",
  "bcast1000d4",
  "poll50",
  "conn2k",
  "conn10k",
  "startup",
];

/** What a target is about: rates as a ratio, memory in KiB above raw, startup in ms above raw. */
export type Measure = "rate" | "memory" | "startup";

/** One figure to reach. */
export interface Target {
  readonly measure: Measure;
  readonly scenario: string;
  /** The server that is divided by, or subtracted. */
  readonly against: string;
  /** At least this ratio; or at most so many KiB or ms. */
  readonly bound: number;
}

const SMALL = ["ack32d1", "ack32d16", "ack1kd16", "echo32d16"];
const DEEP = SMALL.slice(1);
const BROADCAST = ["bcast1000", "bcast1000d4"];

function rates(against: string, bound: number, ...scenarios: readonly string[]): Target[] {
  return scenarios.map((scenario) => ({ measure: "rate", scenario, against, bound }));
}

function extras(raw: string, memoryAt: string, memory: number, startup: number): Target[] {
  return [
    { measure: "memory", scenario: memoryAt, against: raw, bound: memory },
    { measure: "startup", scenario: "startup", against: raw, bound: startup },
  ];
}

/** By group. */
export const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  deno: [
    ...rates("raw-deno", 0.9, ...SMALL),
    ...rates("raw-deno", 0.95, ...BROADCAST),
    ...rates("raw-deno", 0.85, "bin1kd1", "bin1kd16"),
    ...rates("raw-deno", 0.8, "poll50"),
    ...rates("raw-deno", 0.75, "conn10k"),
    ...rates("deno-sio-npm", 1.7, ...SMALL),
    ...extras("raw-deno", "conn10k", 3, 15),
  ],
  bun: [
    ...rates("raw-bun", 0.9, "ack32d1"),
    ...rates("raw-bun", 0.5, ...DEEP),
    ...rates("raw-bun", 0.9, ...BROADCAST),
    ...rates("raw-bun", 0.8, "bin1kd1", "poll50"),
    ...rates("raw-bun", 0.4, "bin1kd16"),
    ...rates("raw-bun", 0.7, "conn10k"),
    ...rates("bun-sio-engine", 1.6, ...SMALL),
    ...extras("raw-bun", "conn10k", 3.5, 15),
  ],
  workerd: [
    ...rates("raw-workerd-hib", 0.9, ...SMALL, "conn2k"),
    ...rates("raw-workerd-hib", 0.95, ...BROADCAST),
    ...rates("raw-workerd-hib", 0.85, "bin1kd1", "bin1kd16", "poll50"),
    ...extras("raw-workerd-hib", "conn2k", 3, 10),
  ],
};

/**
 * socket.io-deno, which could not be had from npm, and deno.land could not be reached: what was measured of it before
 * (patched to run) on such a machine, as ratios to raw-deno of that day, and what ours is to be of it.
 */
export const SOCKET_IO_DENO = {
  ratioToRaw: { ack32d16: 125 / 156, bcast1000: 149 / 195 } as Readonly<Record<string, number>>,
  bound: 1.25,
} as const;
