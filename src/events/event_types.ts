/**
 * Types of events: maps from an event's name to its listener's signature, and what follows from such a map
 * for those who emit. Nothing here exists at run time.
 *
 * The last parameter of a signature, where it is a function, is the ack: `(text: string, ack: (id: number) => void)`.
 * Names follow the official server's type helpers where users may have imported them.
 * @module
 */

/** Any event map: names to listener signatures. */
export interface EventsMap {
  /** The listener of an event. */
  // deno-lint-ignore no-explicit-any -- an interface without index signature must be assignable
  [event: string]: any;
}

/** The map of those who declare none: every name, any arguments. */
export interface DefaultEventsMap {
  /** Any event, with any arguments. */
  // deno-lint-ignore no-explicit-any -- listener argument list
  [event: string]: (...args: any[]) => void;
}

/** The signature every listener satisfies. */
// deno-lint-ignore no-explicit-any -- listener argument list
export type AnyListener = (...args: any[]) => unknown;

/** The names in a map. */
export type EventNames<Events> = keyof Events & string;

/** The arguments of event `Ev`, its ack included. */
export type EventParams<Events, Ev extends keyof Events> = Events[Ev] extends
  (...args: infer Params) => unknown ? Params
  : never;

/** The arguments of the listener of `Ev`, the life cycle's or the user's; for any map any arguments. */
export type HandlerParams<Reserved, Events, Ev extends string> = ListenerOf<Reserved, Events, Ev> extends
  (...args: infer Params) => unknown ? Params
  // deno-lint-ignore no-explicit-any -- listener argument list
  : any[];

/** Whether `T` is `any`. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

/** The last element of a tuple, also where it is optional; `never` for an open-ended list. */
export type Last<Params extends unknown[]> = Required<Params> extends [...unknown[], infer Tail] ? Tail
  : never;

/** A tuple without its last element; an open-ended list stays as it is. */
export type AllButLast<Params extends unknown[]> = Required<Params> extends [...infer Head, unknown] ? Head
  : Params;

/** What an ack tells: its first argument, or the second where the first is the error. */
export type FirstNonErrorArg<Ack> = Ack extends (...args: infer Params) => unknown ? Params extends [] ? void
  : Params extends [infer First, ...infer Rest]
    ? IsAny<First> extends true ? First : [First] extends [Error] ? Rest extends [] ? void : Rest[0] : First
  : Params extends (infer Each)[] ? Each
  : never
  : never;

/** The ack of a listener signature, `never` where it has none. */
export type AckOf<Listener> = Listener extends (...args: infer Params) => unknown
  ? [Last<Params>] extends [never] ? never : Last<Params> extends AnyListener ? Last<Params> : never
  : never;

/** Whether a signature says nothing about its arguments (`any`, `(...args: any[]) => void`). */
export type IsOpen<Listener> = IsAny<Listener> extends true ? true
  : Listener extends (...args: infer Params) => unknown ? number extends Params["length"] ? true : false
  : false;

/** The names of events that take an ack. */
export type EventNamesWithAck<Events> = {
  [Ev in EventNames<Events>]: IsOpen<Events[Ev]> extends true ? Ev
    : [AckOf<Events[Ev]>] extends [never] ? never
    : Ev;
}[EventNames<Events>];

/**
 * The names of events that may be broadcast: those without an ack, and those whose ack takes the error first,
 * which `timeout()` sees to: without it one silent client would keep the others' answers back for ever.
 */
export type EventNamesWithoutAck<Events> = {
  [Ev in EventNames<Events>]: IsOpen<Events[Ev]> extends true ? Ev
    : [AckOf<Events[Ev]>] extends [never] ? Ev
    : AckOf<Events[Ev]> extends (error: infer First, ...rest: infer _) => unknown
      ? IsAny<First> extends true ? never : [First] extends [Error] ? Ev : never
    : never;
}[EventNames<Events>];

/** The arguments of an event without its ack. */
export type ParamsWithoutAck<Events, Ev extends keyof Events> = IsOpen<Events[Ev]> extends true
  // deno-lint-ignore no-explicit-any -- listener argument list
  ? any[]
  : AllButLast<EventParams<Events, Ev>>;

/** What `emitWithAck` resolves to. */
// deno-lint-ignore no-explicit-any -- an undeclared event may answer anything
export type AckValue<Events, Ev extends keyof Events> = IsOpen<Events[Ev]> extends true ? any
  : FirstNonErrorArg<Last<EventParams<Events, Ev>>>;

/** Changes the ack of a parameter list, optional or not, and leaves the other parameters (and their labels). */
export type MapAck<Params extends unknown[], How extends "timeout" | "multiple"> = {
  [Index in keyof Params]: NonNullable<Params[Index]> extends AnyListener
    ? IsAny<Params[Index]> extends true ? Params[Index]
    :
      | DecoratedAck<NonNullable<Params[Index]>, How>
      | (undefined extends Params[Index] ? undefined : never)
    : Params[Index];
};

/** One ack changed: the error first (`timeout`), or the list of answers (`multiple`). */
export type DecoratedAck<Ack extends AnyListener, How extends "timeout" | "multiple"> = How extends "timeout"
  ? (err: Error, ...args: Parameters<Ack>) => void
  : Parameters<Ack> extends [] ? (responses: unknown[]) => void
  : Parameters<Ack> extends [infer First, ...unknown[]]
    ? IsAny<First> extends true ? (responses: First[]) => void
    : [First] extends [Error] ? (err: Error, responses: FirstNonErrorArg<Ack>[]) => void
    : (responses: First[]) => void
  : (responses: FirstNonErrorArg<Ack>[]) => void;

/** The map after `timeout()`: every ack takes an error first. */
export type DecorateAcknowledgements<Events> = {
  [Ev in keyof Events]: IsOpen<Events[Ev]> extends true ? Events[Ev]
    : Events[Ev] extends (...args: infer Params) => infer Result
      ? (...args: MapAck<Params, "timeout">) => Result
    : Events[Ev];
};

/** The map of a broadcast: every ack takes the list of what the clients answered. */
export type DecorateAcknowledgementsWithMultipleResponses<Events> = {
  [Ev in keyof Events]: IsOpen<Events[Ev]> extends true ? Events[Ev]
    : Events[Ev] extends (...args: infer Params) => infer Result
      ? (...args: MapAck<Params, "multiple">) => Result
    : Events[Ev];
};

/** The map of events between servers: the error first, then the list of what the others answered. */
export type DecorateAcknowledgementsWithTimeoutAndMultipleResponses<Events> = DecorateAcknowledgements<
  DecorateAcknowledgementsWithMultipleResponses<Events>
>;

/** The names one may listen to: those of the life cycle, and the user's. */
export type ListenableNames<Reserved, Events> = EventNames<Reserved> | EventNames<Events>;

/** The listener for `Ev`: the life cycle's signature wins over the user's. */
export type ListenerOf<Reserved, Events, Ev extends string> = Ev extends keyof Reserved ? Reserved[Ev]
  : Ev extends keyof Events ? IsAny<Events[Ev]> extends true ? AnyListener : Events[Ev]
  : AnyListener;

/** The arguments of `send()`, which emits "message". */
export type MessageParams<Events> = "message" extends keyof Events ? EventParams<Events, "message"> : never[];
