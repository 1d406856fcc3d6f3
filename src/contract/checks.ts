/**
 * What a contract says of one event or one ack. Bad values are told as issues, never thrown: they are the peer's.
 * @module
 */
import type { AnyContract, Direction, EventSpec } from "./contract.ts";
import type { AnySchema, StandardResult } from "./standard_schema.ts";

/** One thing that is wrong with a value. */
export interface Issue {
  /** In the schema library's words, at most 200 characters. */
  readonly message: string;
  /** Where in the value: keys from the outside in, at most 20, texts of at most 200 characters. */
  readonly path: readonly (string | number)[];
}

/** A value as the schema made it, or what is wrong with it: 1 to 10 issues. */
export type Checked =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** What an ack gets instead of its value: the event was not taken. */
export interface EventError {
  /** Why not. */
  readonly error: {
    /** The reason for programs. */
    readonly code: "INVALID_EVENT" | "RATE_LIMITED";
    /** The event. */
    readonly event: string;
    /** With `INVALID_EVENT`: what is wrong with its arguments. */
    readonly issues?: readonly Issue[];
    /** With `RATE_LIMITED`: ms until it may be tried again; absent where it is too large for ever. */
    readonly retryAfter?: number;
  };
}

/** Told what a schema threw. */
type Report = (error: unknown, where: string) => void;

const MAX_ISSUES = 10;
const MAX_PATH = 20;
const MAX_TEXT = 200;

/** What an ack gets for an event that is not as agreed. */
export function ackError(code: "INVALID_EVENT", event: string, issues: readonly Issue[]): EventError {
  return { error: { code, event: cut(event), issues } };
}

/** Checks the arguments of an event, without its ack, and whether it may have one. Never rejects. */
export function checkArgs(
  contract: AnyContract,
  direction: Direction,
  event: string,
  args: readonly unknown[],
  report: Report,
  wantsAck: boolean = false,
): Checked | Promise<Checked> {
  const spec = specOf(contract, direction, event);
  if (spec === undefined) return refused(`the contract has no event "${cut(event, 100)}"`);
  if (wantsAck && spec.ack === undefined) return refused("the event takes no ack");
  if (spec.args !== undefined) return run(spec.args, args, event, report, true);
  return args.length === 0 ? { ok: true, value: args } : refused("the event takes no arguments");
}

/** Checks the value of an ack. Never rejects. */
export function checkAck(
  contract: AnyContract,
  direction: Direction,
  event: string,
  value: unknown,
  report: Report,
): Checked | Promise<Checked> {
  const schema = specOf(contract, direction, event)?.ack;
  if (schema === undefined) return { ok: true, value }; // nothing was agreed about it
  return run(schema, value, event, report, false);
}

/** Checks the arguments of an event that is about to be sent, as they are given. Throws a TypeError. */
export function checkOutgoing(
  contract: AnyContract,
  direction: Direction,
  event: string,
  args: readonly unknown[],
): void {
  throwIfWrong(
    `Cannot emit "${event}"`,
    "argument",
    (report) => checkArgs(contract, direction, event, args, report),
  );
}

/** Checks the value of an ack that is about to be sent. Throws a TypeError. */
export function checkOutgoingAck(
  contract: AnyContract,
  direction: Direction,
  event: string,
  value: unknown,
): void {
  throwIfWrong(
    `Cannot answer "${event}"`,
    "at",
    (report) => checkAck(contract, direction, event, value, report),
  );
}

/** Whether the contract gives an event an ack. */
export function hasAck(contract: AnyContract, direction: Direction, event: string): boolean {
  return specOf(contract, direction, event)?.ack !== undefined;
}

function throwIfWrong(
  what: string,
  place: string,
  check: (report: Report) => Checked | Promise<Checked>,
): void {
  let thrown: unknown;
  const checked = check((error) => thrown = error);
  if (checked instanceof Promise) {
    throw new TypeError(`${what}: its schema is asynchronous, and cannot be checked before it is sent`);
  }
  if (checked.ok) return;
  const { message, path } = checked.issues[0]!; // `Checked`: there always is one
  const where = path.length === 0 ? "" : ` (${place} ${path.join(".")})`;
  throw new TypeError(`${what}: ${message}${where}`, { cause: thrown });
}

function specOf(contract: AnyContract, direction: Direction, event: string): EventSpec | undefined {
  return contract.spec[direction][event]; // no prototypes: only what was given is found
}

/** Runs a schema; `isList` where what it makes has to be a list of arguments. */
function run(
  schema: AnySchema,
  value: unknown,
  event: string,
  report: Report,
  isList: boolean,
): Checked | Promise<Checked> {
  try {
    const result = schema["~standard"].validate(value);
    if (!(result instanceof Promise)) return conclude(result, isList);
    return result.then((late) => conclude(late, isList)).catch((error) => failed(error, event, report));
  } catch (error) {
    return failed(error, event, report);
  }
}

/** Throws where the schema did not keep to the agreement. */
function conclude(
  { issues, value }: StandardResult<unknown> & { value?: unknown },
  isList: boolean,
): Checked {
  if (issues === undefined) {
    if (isList && !Array.isArray(value)) throw new TypeError("The schema of arguments made no list");
    return { ok: true, value };
  }
  // Whoever is told reads the first: there always is one.
  if (issues.length === 0) return refused("not valid");
  return { ok: false, issues: issues.slice(0, MAX_ISSUES).map(issueOf) };
}

function failed(error: unknown, event: string, report: Report): Checked {
  report(error, `schema of "${event}"`);
  return refused("validation failed");
}

function refused(message: string): Checked {
  return { ok: false, issues: [{ message, path: [] }] };
}

function issueOf({ message, path = [] }: { message: string; path?: readonly unknown[] | undefined }): Issue {
  return {
    message: cut(String(message)),
    path: path.slice(0, MAX_PATH).map((step) => {
      const key = typeof step === "object" && step !== null ? (step as { key: unknown }).key : step;
      return typeof key === "number" ? key : cut(String(key));
    }),
  };
}

function cut(text: string, length = MAX_TEXT): string {
  return text.length > length ? text.slice(0, length) + "…" : text;
}
