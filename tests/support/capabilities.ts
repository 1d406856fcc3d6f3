/**
 * What each target can do and cannot, with the reason: facts of platforms, not faults of ours. Tests read these and
 * never a target's name; one that needs what a target cannot is skipped there, and the summary says why.
 *
 * Where targets differ in what comes out, see expectations.ts.
 * @module
 */
import { BUN_VERSION } from "./bun.ts";
import { type Expectations, expectationsOf } from "./expectations.ts";
import type { BinaryName } from "./npm_binary.ts";

/** True, or why not. */
export type Can = true | string;

/** Of one target. */
export interface Capabilities {
  /** Notices that a client ended its connection (FIN) while its poll is parked. All notice a reset (RST). */
  readonly seesGoneClients: Can;
  /** A request whose connection is reset fails where it waits, so that its session ends at once. */
  readonly failsResetRequests: Can;
  /** Timers go off although no request is under way and no WebSocket is open. */
  readonly keepsTime: Can;
  /** Each missing pong is noticed in time, whatever else the client sends. */
  readonly countsPongs: Can;
  /** Tells how much of what was sent to a WebSocket still waits. */
  readonly seesBacklog: Can;
  /** Leaves it to us which HTTP answers are compressed. */
  readonly leavesCompression: Can;
  /** Takes headers of ours for the answer to a WebSocket upgrade. */
  readonly setsUpgradeHeaders: Can;
  /** Takes a request target in absolute form (RFC 9112, 3.2.2). */
  readonly takesAbsoluteTargets: Can;
  /** Closes a WebSocket on text that is not UTF-8 (RFC 6455, 8.1). */
  readonly checksUtf8: Can;
  /** Closes a WebSocket on a control frame of more than 125 bytes (RFC 6455, 5.5). */
  readonly checksControlFrames: Can;
  /** Ends the TCP connection of a WebSocket that the server closed before its client ever sent anything. */
  readonly endsSilentClients: Can;
  /** Sessions sleep and wake, and tests can make them. */
  readonly hibernates: Can;
}

/** One target. */
export interface Target {
  readonly name: string;
  /** The npm executable without which there is no such target. */
  readonly binary?: readonly [name: BinaryName, version: string];
  readonly can: Capabilities;
  readonly expected: Expectations;
}

/** The versions under test; README names them. */
export const VERSIONS: Readonly<Record<"bun" | "deno25" | "workerd", string>> = {
  bun: BUN_VERSION,
  deno25: "2.5.0",
  workerd: "1.20260730.1",
};

const NO_OBJECT = "sessions live in the memory of one process";

const deno: Capabilities = {
  seesGoneClients: true,
  failsResetRequests: true,
  keepsTime: true,
  countsPongs: true,
  seesBacklog: true,
  leavesCompression: true,
  setsUpgradeHeaders: true,
  takesAbsoluteTargets: true,
  checksUtf8: true,
  checksControlFrames: true,
  endsSilentClients: true,
  hibernates: NO_OBJECT,
};

const deno25: Capabilities = {
  ...deno,
  leavesCompression: "Deno 2.5 compresses every answer itself where the client accepts it",
  setsUpgradeHeaders: "the headers of Deno 2.5's upgrade answers cannot be changed",
};

const workerd: Capabilities = {
  ...deno,
  seesGoneClients: "local workerd notices a reset, not a FIN",
  failsResetRequests: "a plain Worker's request stops without a word; the heartbeat ends the session",
  keepsTime: "the timers of a plain Worker live in requests",
  seesBacklog: "this workerd has no WebSocket.bufferedAmount",
  takesAbsoluteTargets: "workerd answers 400 to a request target in absolute form",
  checksUtf8: "workerd replaces what is not UTF-8",
  checksControlFrames: "workerd answers a ping of any size",
};

const object: Capabilities = {
  ...workerd,
  failsResetRequests: true,
  keepsTime: true,
  countsPongs: "the platform answers pongs for the sleeping object, which hears of silence with the alarms",
  endsSilentClients: "workerd keeps such a connection of a Durable Object until the object sleeps",
  hibernates: true,
};

/** Of all that `deno task test` runs, in this order; "official" is the official server, the oracle of the suites. */
const capabilities: Readonly<Record<string, Capabilities>> = {
  deno,
  deno25,
  bun: deno,
  workerd,
  "workerd-do": object,
  "workerd-sharded": object,
  official: deno,
};

const binaries: Readonly<Record<string, Target["binary"]>> = {
  deno25: ["deno", VERSIONS.deno25],
  bun: ["bun", VERSIONS.bun],
  workerd: ["workerd", VERSIONS.workerd],
  "workerd-do": ["workerd", VERSIONS.workerd],
  "workerd-sharded": ["workerd", VERSIONS.workerd],
};

/** The names of the targets that `deno task test` runs; the first is the one of tests that are run without it. */
export const TARGETS: readonly string[] = Object.keys(capabilities).filter((name) => name !== "official");

/** The target of this name. Throws a RangeError on a name that is none. */
export function targetOf(name: string): Target {
  const can = capabilities[name];
  if (can === undefined) {
    throw new RangeError(`No target "${name}"; there are ${Object.keys(capabilities).join(", ")}`);
  }
  const binary = binaries[name];
  return { name, can, expected: expectationsOf(name), ...binary && { binary } };
}
