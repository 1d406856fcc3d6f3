/**
 * All scripts, by theme.
 * @module
 */
import type { Script } from "./harness.ts";
import { acks } from "./scripts/acks.ts";
import { adapter } from "./scripts/adapter.ts";
import { connecting } from "./scripts/connecting.ts";
import { disconnecting } from "./scripts/disconnecting.ts";
import { engine } from "./scripts/engine.ts";
import { events } from "./scripts/events.ts";
import { namespaces } from "./scripts/namespaces.ts";
import { recovery } from "./scripts/recovery.ts";
import { rooms } from "./scripts/rooms.ts";
import { server } from "./scripts/server.ts";
import { transports } from "./scripts/transports.ts";

/** In the order of the report. */
export const scripts: readonly Script[] = [
  ...connecting,
  ...server,
  ...namespaces,
  ...rooms,
  ...events,
  ...acks,
  ...disconnecting,
  ...adapter,
  ...recovery,
  ...engine,
  ...transports,
];
