/**
 * What a runtime brings that runs a Server in its own way: a Durable Object, where sessions sleep.
 * @module
 */
import type { AdapterFactory } from "../core/adapter.ts";
import type { RecoveryPorts } from "../core/recovery.ts";
import type { Sleeper } from "../core/sleep.ts";
import type { EnginePorts } from "../engine/engine.ts";
import type { Clock } from "../time/clock.ts";
import type { Keepers } from "./recovery_options.ts";

/** All of it may be left out. */
export interface ServerHost {
  /** How requests are answered, and who keeps the heartbeat. */
  readonly engine?: Pick<EnginePorts, "clock" | "runtime" | "isWatched" | "idPrefix"> | undefined;
  /** Whom to tell what must not be forgotten by sleep. */
  readonly sleeper?: Sleeper | undefined;
  /** Makes sids, and ids and secrets of sockets: they may have to say where they are. Default: 120 random bits. */
  readonly makeId?: (() => string) | undefined;
  /** Whether the WebSockets have topics. Default: as of the runtime this code runs on. */
  readonly hasTopics?: boolean | undefined;
  /** A clock whose times outlast sleep. Default: that of the engine. */
  readonly durableClock?: Clock | undefined;
  /** Who keeps sessions and events for connection state recovery. Default: the memory of this process. */
  readonly keepers?: Keepers | undefined;
  /** Fetches sessions that another object keeps. */
  readonly elsewhere?: RecoveryPorts["elsewhere"];
  /** The adapter, where the options name none. Default: one for a single process. */
  readonly adapter?: AdapterFactory | undefined;
}
