/**
 * What a socket asks of a contract. A type alone: a client without contracts has nothing of them in its bundle.
 * @module
 */
import type { AckSettled } from "../events/acks.ts";

/** The checks of one contract for one socket: see `useContract` of `./client/contract`. Parameters: its event maps. */
export interface EventChecks<ListenEvents = unknown, EmitEvents = unknown> {
  /** Types only. */
  readonly events?: { readonly listen: ListenEvents; readonly emit: EmitEvents };
  /**
   * Checks an event that came: its name and arguments, and its ack. `mayEndWithOffset`: the last argument may be one
   * that the server adds for connection state recovery. `accept` is given what listeners are to hear; or nobody is.
   */
  incoming(
    data: readonly unknown[],
    ack: ((...args: unknown[]) => void) | undefined,
    mayEndWithOffset: boolean,
    accept: (args: readonly unknown[]) => void,
  ): void;
  /** Checks an event that is about to be sent, and returns who waits for its answer, made to check that. Throws a TypeError. */
  outgoing(data: readonly unknown[], settled: AckSettled | undefined): AckSettled | undefined;
}
