/**
 * Event contracts: the events of both directions with schemas, shared by server and client. Any library of the
 * Standard Schema kind will do; zod is the tested one.
 *
 * @example
 * ```ts
 * import { Server } from "@skein/io";
 * import { defineContract } from "@skein/io/contract";
 * import { z } from "zod";
 *
 * const contract = defineContract({
 *   clientToServer: { add: { args: z.tuple([z.number(), z.number()]), ack: z.number() } },
 *   serverToClient: { sum: { args: z.tuple([z.number()]) } },
 * });
 * const io = new Server({ contract });
 * io.on("connection", (socket) => {
 *   socket.on("add", (a, b, ack) => {
 *     ack(a + b); // numbers, and checked
 *     socket.emit("sum", a + b);
 *   });
 * });
 * io.on("invalid", (socket, { event, issues }) => console.warn(socket.id, event, issues));
 * await io.close();
 * ```
 * @module
 */
export { type AsyncApiOptions, type JsonObject, toAsyncApi } from "./asyncapi.ts";
export type { EventError, Issue } from "./checks.ts";
export {
  type AnyContract,
  type ClientEmitEvents,
  type ClientListenEvents,
  type Contract,
  type ContractSpec,
  defineContract,
  type Direction,
  type EmitEventsOf,
  type EventSpec,
  type EventSpecs,
  type ListenEventsOf,
  type ReceivedArgs,
  type ReceivedEvents,
  type SentArgs,
  type SentEvents,
  type SpecsOf,
} from "./contract.ts";
export type {
  AnySchema,
  InputOf,
  OutputOf,
  StandardIssue,
  StandardJsonSchema,
  StandardProps,
  StandardResult,
  StandardSchema,
} from "./standard_schema.ts";
export type { DefaultEventsMap } from "../events/event_types.ts";
