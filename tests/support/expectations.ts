/**
 * Where targets may differ, with the reason. Everything not named here must be the same everywhere.
 * @module
 */

/** Outcomes that depend on the target. */
export interface Expectations {
  /** Reason of `disconnect` when a client breaks the Socket.IO protocol. */
  readonly protocolFault: string;
  /** Status of PUT, DELETE, OPTIONS … with a valid sid. */
  readonly badMethodOnSession: number;
  /** Body of the poll that is parked at the very moment of the upgrade. */
  readonly farewellAtUpgrade: string;
  /** Whether a session upgraded between a ping and its pong still ends when no pong comes. */
  readonly keepsPingTimeoutOverUpgrade: boolean;
  /** Whether `/socket.iofoo/` is somebody else's path with `addTrailingSlash: false`. */
  readonly exactPath: boolean;
  /** Whether `5` counts as an upgrade only after a probe, and none does with `allowUpgrades: false`. */
  readonly upgradeNeedsProbe: boolean;
  /** Whether a second `2probe` on the same WebSocket is answered like the first. */
  readonly answersSecondProbe: boolean;
  /** Whether `connectTimeout` runs again when a client left its last namespace. */
  readonly rearmsConnectTimeout: boolean;
  /** Whether a refused upgrade is answered before 101 also for EIO version and id generation failures. */
  readonly refusesBeforeUpgrade: boolean;
  /** Whether a hook of the user that throws or rejects refuses the request, instead of ending the process. */
  readonly survivesHooks: boolean;
  /** Whether a client that never reads is closed at `maxBufferedBytes`. */
  readonly endsSlowConsumers: boolean;
  /** Whether the runtime's WebSocket insists on masked frames (RFC 6455, 5.1). */
  readonly refusesUnmasked: boolean;
  /** Whether the bodies of polls are cut by `maxHttpBufferSize`. */
  readonly batchesByMaxPayload: boolean;
  /** The option `pingTimeout` where nobody sets it, ms. */
  readonly pingTimeout: number;
  /** What ids of sessions and sockets look like. */
  readonly id: RegExp;
  /** Whether each pong on a WebSocket is answered with a noop. */
  readonly answersPongs: boolean;
  /** Compatibility dates of the platform that change what a WebSocket does; each is tested. */
  readonly compatibilityDates: readonly string[];
  /** The header that tells the client's address, where the connection does not. */
  readonly addressHeader: string | undefined;
}

const official: Expectations = {
  protocolFault: "forced close",
  badMethodOnSession: 500,
  farewellAtUpgrade: "1",
  keepsPingTimeoutOverUpgrade: false,
  exactPath: false,
  upgradeNeedsProbe: false,
  answersSecondProbe: true,
  rearmsConnectTimeout: false,
  refusesBeforeUpgrade: false,
  survivesHooks: false,
  endsSlowConsumers: false,
  refusesUnmasked: true,
  batchesByMaxPayload: false,
  pingTimeout: 20_000,
  id: /^[\w-]{20}$/,
  answersPongs: false,
  addressHeader: undefined,
  compatibilityDates: [],
};

const skein: Expectations = {
  // style.md, "Errors": the peer's fault ends the session with the reason users know for it.
  protocolFault: "parse error",
  // A method that HTTP long-polling does not have is the client's fault, not ours: 400 code 3.
  badMethodOnSession: 400,
  // The session goes on: "1" would tell the client that it is over (design.md part 1, lesson 3).
  farewellAtUpgrade: "6",
  // socketio-behaviour.md part 7, open defect 3.
  keepsPingTimeoutOverUpgrade: true,
  // socketio-behaviour.md 1.1, `path`: the prefix test is a bug.
  exactPath: true,
  // Engine.IO protocol v4, "Upgrade": the probe comes first.
  upgradeNeedsProbe: true,
  // No client probes twice; every step of an upgrade comes once.
  answersSecondProbe: false,
  // Open defect 7.
  rearmsConnectTimeout: true,
  // socketio-behaviour.md 1.3, quirk (a): a 400 after a 101 helps nobody.
  refusesBeforeUpgrade: true,
  // Open defect 8.
  survivesHooks: true,
  // Issue 2, "Backpressure"; the official server buffers without end.
  endsSlowConsumers: true,
  // Deno's WebSocket takes them, and no server on it can see the difference.
  refusesUnmasked: false,
  // Issue 2: a poll's answer is held to the size that the open packet names.
  batchesByMaxPayload: true,
  pingTimeout: 20_000,
  id: /^[\w-]{20}$/,
  answersPongs: false,
  addressHeader: undefined,
  compatibilityDates: [],
};

/** Bun closes the connection for an unmasked frame itself, as it should. */
const bun: Expectations = { ...skein, refusesUnmasked: true };

const workerd: Expectations = {
  ...skein,
  // There is no connection to ask: Cloudflare tells it.
  addressHeader: "cf-connecting-ip",
  // edge-platforms.md 2.1: reasons up to 123 bytes; binary messages as Blobs; close frames answered. And the newest.
  compatibilityDates: ["2026-03-03", "2026-03-17", "2026-04-07", "2026-07-30"],
};

const object: Expectations = {
  ...workerd,
  // edge-platforms.md 2.5: an alarm may be late.
  pingTimeout: 60_000,
  // The platform does it, without waking the object; clients ignore a noop.
  answersPongs: true,
};

/** Ids name the object. */
const sharded: Expectations = { ...object, id: /^s\d~[\w-]{20}$/ };

const byName: Readonly<Record<string, Expectations>> = {
  official,
  bun,
  workerd,
  "workerd-do": object,
  "workerd-sharded": sharded,
};

/** The expectations of the target of this name; all but "official" are ours. */
export function expectationsOf(name: string): Expectations {
  return byName[name] ?? skein;
}
