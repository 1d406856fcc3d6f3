/**
 * Event contracts: which events there are in both directions, with schemas of their arguments and acks. One object
 * for server and client; the types of `on` and `emit` follow from it on both sides.
 * @module
 */
import type { DefaultEventsMap } from "../events/event_types.ts";
import { RESERVED_EVENTS } from "../protocol/socket_packet.ts";
import type { AnySchema, InputOf, OutputOf } from "./standard_schema.ts";

/** One event. */
export interface EventSpec {
  /** The tuple of its arguments, without the ack. Default: none. */
  readonly args?: AnySchema;
  /** The value its ack carries. Default: it takes no ack. */
  readonly ack?: AnySchema;
}

/** Events by name. */
export interface EventSpecs {
  /** One of them. */
  readonly [event: string]: EventSpec;
}

/** The events of both directions. */
export interface ContractSpec {
  /** What clients send. */
  readonly clientToServer?: EventSpecs;
  /** What servers send. */
  readonly serverToClient?: EventSpecs;
}

/** A direction. */
export type Direction = "clientToServer" | "serverToClient";

/** The arguments of an event as its emitter gives them. */
export type SentArgs<Spec extends EventSpec> = Spec extends { readonly args: infer Args extends AnySchema }
  ? InputOf<Args> extends readonly unknown[] ? [...InputOf<Args>] : never
  : [];

/** The arguments of an event as its listener gets them. */
export type ReceivedArgs<Spec extends EventSpec> = Spec extends
  { readonly args: infer Args extends AnySchema }
  ? OutputOf<Args> extends readonly unknown[] ? [...OutputOf<Args>] : never
  : [];

/** The signatures for those who emit these events. */
export type SentEvents<Specs> = {
  [Ev in keyof Specs & string]: Specs[Ev] extends EventSpec
    ? Specs[Ev] extends { readonly ack: infer Ack extends AnySchema }
      ? (...args: [...SentArgs<Specs[Ev]>, ack: (value: OutputOf<Ack>) => void]) => void
    : (...args: SentArgs<Specs[Ev]>) => void
    : never;
};

/** The signatures for those who listen to these events. */
export type ReceivedEvents<Specs> = {
  [Ev in keyof Specs & string]: Specs[Ev] extends EventSpec
    ? Specs[Ev] extends { readonly ack: infer Ack extends AnySchema }
      ? (...args: [...ReceivedArgs<Specs[Ev]>, ack: (value: InputOf<Ack>) => void]) => void
    : (...args: ReceivedArgs<Specs[Ev]>) => void
    : never;
};

/** The events of a direction; none where it is not given. */
export type SpecsOf<Spec, Way extends Direction> = Spec extends { readonly [W in Way]: infer Specs } ? Specs
  : Record<never, never>;

/** A checked contract. The first two parameters are the server's event maps; {@linkcode defineContract} makes it. */
export interface Contract<
  ListenEvents = DefaultEventsMap,
  EmitEvents = DefaultEventsMap,
  Spec extends ContractSpec = ContractSpec,
> {
  /** As it was given; without prototypes, so that no name finds what is not there. */
  readonly spec: Spec;
  /** Types only: the server's two maps. */
  readonly serverEvents?: { readonly listen: ListenEvents; readonly emit: EmitEvents };
}

/** A contract of whatever events. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnyContract = Contract<any, any, any>;

/** What a server hears under a contract: `Server<ListenEventsOf<typeof contract>, EmitEventsOf<typeof contract>>`. */
export type ListenEventsOf<C extends AnyContract> = ReceivedEvents<SpecsOf<C["spec"], "clientToServer">>;

/** What a server emits under a contract. */
export type EmitEventsOf<C extends AnyContract> = SentEvents<SpecsOf<C["spec"], "serverToClient">>;

/** What a client hears under a contract: `Socket<ClientListenEvents<…>, ClientEmitEvents<…>>`. */
export type ClientListenEvents<C extends AnyContract> = ReceivedEvents<SpecsOf<C["spec"], "serverToClient">>;

/** What a client emits under a contract. */
export type ClientEmitEvents<C extends AnyContract> = SentEvents<SpecsOf<C["spec"], "clientToServer">>;

const DIRECTIONS: readonly Direction[] = ["clientToServer", "serverToClient"];

/**
 * Checks and freezes a contract. Throws a TypeError that names the event and what is wrong with it.
 *
 * @example
 * ```ts
 * import { defineContract } from "@skein/io/contract";
 * import { z } from "zod";
 *
 * const chat = defineContract({
 *   clientToServer: {
 *     say: { args: z.tuple([z.string().max(200)]), ack: z.number() },
 *   },
 *   serverToClient: {
 *     said: { args: z.tuple([z.string(), z.string()]) },
 *   },
 * });
 * if (!("say" in chat.spec.clientToServer)) throw new Error("unreachable");
 * ```
 */
export function defineContract<const Spec extends ContractSpec>(
  spec: Spec,
): Contract<
  ReceivedEvents<SpecsOf<Spec, "clientToServer">>,
  SentEvents<SpecsOf<Spec, "serverToClient">>,
  Spec
> {
  if (!isRecord(spec)) throw new TypeError("Cannot define contract: it is no object");
  const checked: Record<string, EventSpecs> = Object.create(null);
  for (const key of Object.keys(spec)) {
    if (!DIRECTIONS.includes(key as Direction)) {
      throw new TypeError(`Cannot define contract: "${key}" is neither ${DIRECTIONS.join(" nor ")}`);
    }
  }
  for (const direction of DIRECTIONS) {
    const events = spec[direction] ?? {};
    if (!isRecord(events)) throw new TypeError(`Cannot define contract: "${direction}" is no object`);
    const copy: Record<string, EventSpec> = Object.create(null);
    for (const [event, given] of Object.entries(events)) copy[event] = checkEvent(event, given);
    checked[direction] = Object.freeze(copy);
  }
  return Object.freeze({ spec: Object.freeze(checked) as unknown as Spec });
}

function checkEvent(event: string, given: EventSpec): EventSpec {
  const fail = (what: string): never => {
    throw new TypeError(`Cannot define event "${event}": ${what}`);
  };
  if (RESERVED_EVENTS.has(event)) fail("the name is reserved");
  if (!isRecord(given)) return fail("it is no object { args, ack }");
  for (const [key, schema] of Object.entries(given)) {
    if (key !== "args" && key !== "ack") fail(`"${key}" is neither args nor ack`);
    if (schema !== undefined && !isSchema(schema)) fail(`${key} is no Standard Schema`);
  }
  return Object.freeze({ ...given });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A schema may be a function (arktype's are). */
function isSchema(value: unknown): boolean {
  const standard = (value as { "~standard"?: { validate?: unknown } } | null)?.["~standard"];
  return typeof standard?.validate === "function";
}
