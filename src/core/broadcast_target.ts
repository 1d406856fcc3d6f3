/**
 * Where operators send: a namespace, or all that a pattern has made. Rooms and flags come as a {@linkcode Selector}.
 * @module
 */
import type { ReportError } from "../engine/ports.ts";
import type { Answers, Command } from "./adapter.ts";
import type { Selector } from "./selector.ts";

/** What operators may ask for. `data`: an event's name and arguments, without the ack. */
export interface BroadcastTarget {
  readonly report: ReportError;
  /** Sends an event. Throws a TypeError where it cannot be encoded. */
  broadcast(data: unknown[], to: Selector): void;
  /** The same, and waits for acks: for `to.flags.timeout` ms, or for as long as the sockets are there. */
  ask(data: unknown[], to: Selector): Promise<Answers>;
  /** The chosen sockets: those of this process themselves, of others a `RemoteSocket`. */
  fetch(to: Selector): Promise<unknown[]>;
  /** Has something done with the chosen sockets. */
  command(command: Command, to: Selector): void;
  /** Tells the other servers. */
  tellServers(data: unknown[]): void;
  /** Asks the other servers. */
  askServers(data: unknown[], timeout?: number): Promise<Answers>;
}

/** The error of answers that are incomplete. */
export interface BroadcastAckError extends Error {
  /** What was answered until then. */
  responses: unknown[];
}

/** The values of complete answers; throws a {@linkcode BroadcastAckError} where some are missing. */
export function completeValues({ values, error }: Answers): unknown[] {
  if (error === null) return values;
  throw Object.assign(error, { responses: values }) satisfies BroadcastAckError;
}
