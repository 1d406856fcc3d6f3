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
};

/** The expectations of the target of this name; all but "official" are ours. */
export function expectationsOf(name: string): Expectations {
  return name === "official" ? official : skein;
}
