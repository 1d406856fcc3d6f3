/**
 * The port between the cluster adapter and whatever carries its messages: Durable Objects, Redis, a
 * BroadcastChannel. What an implementation must do is tested by `tests/ports/cluster_bus.ts`.
 *
 * A bus carries; it does not know sockets. Some buses know who is there and who is in which room: they say so by
 * `servers`, by what `publish` resolves to, and by delivering `bye` for one that is gone. For others the adapter
 * needs a membership by heartbeats (`membership.ts`).
 * @module
 */
import type { Room } from "../core/ids.ts";
import type { ClusterMessage, ServerId } from "./cluster_messages.ts";

/**
 * Whom a message went to, where the bus knows: they are expected to answer a question, and nobody else is.
 * Undefined where it does not know: then all other servers are.
 */
export type Reached = readonly ServerId[] | undefined | void;

/**
 * Carries messages between servers, each at most once. MUST keep the order of one publisher (only what is for one
 * server may overtake, or be overtaken by, what is for all). MUST NOT echo.
 */
export interface ClusterBus {
  /** The name of this server on the bus. */
  readonly id: ServerId;
  /**
   * From now on messages come in: one `deliver` at a time, which never throws. Called once, before anything else.
   * What is published waits for it where it is a promise.
   */
  subscribe(deliver: (message: ClusterMessage) => void): void | Promise<void>;
  /**
   * Hands over a message for one server (`message.to`), or for those it concerns (`roomsOf`), in the order of the
   * calls. When it returns the bus has its copy: what `serverSideEmit` was given is the program's own. A failure is
   * reported and fails an open question; nothing is sent again.
   *
   * A command to join makes servers members of rooms without their `interest` having been heard: what the same
   * publisher says next must reach them.
   */
  publish(message: ClusterMessage): Reached | Promise<Reached>;
  /**
   * This server has its first member of a room of a namespace (`undefined`: its first socket in it at all), or lost
   * its last: for buses that deliver only where members are. It may say again what the bus knows already, and says
   * nothing about sockets that slept and are there again. Where it returns a promise, `join` resolves with it.
   */
  interest?(nsp: string, room: Room | undefined, isWanted: boolean): void | Promise<void>;
  /** The other servers of a namespace, where the bus knows. */
  servers?(nsp: string): readonly ServerId[] | Promise<readonly ServerId[]>;
  /** This server leaves. Nothing follows; what was published before is still sent. */
  close?(): void | Promise<void>;
}
