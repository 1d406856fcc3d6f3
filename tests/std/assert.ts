/**
 * The assertions of `@std/assert`, same names and signatures, over `node:assert` (its messages show the
 * difference). Stands in until JSR can be reached: deno.json swaps it for `jsr:@std/assert` in one line.
 * @module
 */
import nodeAssert from "node:assert";
import { inspect } from "node:util";
import { equal } from "./equal.ts";

export { equal };

/** Any constructor, abstract ones included. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = abstract new (...args: any[]) => any;
/** What a constructor makes. */
export type GetConstructorType<T extends AnyConstructor> = InstanceType<T>;
/** An array as `assertArrayIncludes` takes it; strings are left out on purpose, as in std. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;
/** What `assertFalse` lets through. */
export type Falsy = false | 0 | 0n | "" | null | undefined;
// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;

/** Thrown by every assertion here. */
export class AssertionError extends Error {
  override name = "AssertionError";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

function tail(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

function show(value: unknown): string {
  return inspect(value, { depth: 6, sorted: true, compact: 3, breakLength: 100 });
}

/** node:assert's rendering of how two values differ. */
function difference(actual: unknown, expected: unknown): string {
  try {
    nodeAssert.deepStrictEqual(actual, expected);
  } catch (error) {
    if (error instanceof Error) return error.message.replace(/^.*\n/, "");
  }
  return `actual: ${show(actual)}\nexpected: ${show(expected)}`;
}

export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${tail(msg)}\n${difference(actual, expected)}`);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(`Expected values to be different, both are ${show(actual)}${tail(msg)}`);
}

export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  if (equal(actual, expected)) {
    throw new AssertionError(
      `Values have the same structure but are not reference-equal${tail(msg)}\n${show(actual)}`,
    );
  }
  throw new AssertionError(`Values are not strictly equal${tail(msg)}\n${difference(actual, expected)}`);
}

export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(`Expected "actual" not to be strictly equal to: ${show(actual)}${tail(msg)}`);
}

export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${tail(msg)}`);
}

export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to be close to "${expected}": delta "${delta}" is greater than "${allowed}"${
      tail(msg)
    }`,
  );
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(`Expect ${show(actual)} > ${show(expected)}${tail(msg)}`);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(`Expect ${show(actual)} >= ${show(expected)}${tail(msg)}`);
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(`Expect ${show(actual)} < ${show(expected)}${tail(msg)}`);
}

export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual <= expected) return;
  throw new AssertionError(`Expect ${show(actual)} <= ${show(expected)}${tail(msg)}`);
}

export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${tail(msg)}`);
}

export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to not match: "${expected}"${tail(msg)}`);
}

export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(`Expected actual: "${actual}" to contain: "${expected}"${tail(msg)}`);
}

export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !present.some((value) => equal(value, wanted)));
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${show(actual)}" to include: "${show(expected)}"${tail(msg)}\nmissing: ${
      show(missing)
    }`,
  );
}

/** `expected` is a subset of `actual`, deeply; classes do not matter, an array matches by its first elements. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (isObject(actual) && includes(actual, expected, new Map())) return;
  throw new AssertionError(`Values are not equal${tail(msg)}\n${difference(actual, expected)}`);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function includes(actual: object, expected: object, open: Map<object, object>): boolean {
  if (open.get(actual) === expected) return true;
  open.set(actual, expected);
  const isDeep = (a: unknown, b: unknown): boolean =>
    isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b) && !isLeaf(a) && !isLeaf(b)
      ? includes(a, b, open)
      : equal(a, b);
  if (expected instanceof Map) {
    if (!(actual instanceof Map)) return false;
    return [...expected].every(([key, value]) => actual.has(key) && isDeep(actual.get(key), value));
  }
  if (expected instanceof Set) {
    return actual instanceof Set && [...expected].every((value) => actual.has(value));
  }
  return Reflect.ownKeys(expected).every((key) =>
    // "length" is the one own key of an array that its elements do not imply: a longer array still matches.
    (Array.isArray(expected) && key === "length") ||
    (key in actual && isDeep(Reflect.get(actual, key), Reflect.get(expected, key)))
  );
}

/** Objects whose content is not in their members: compared whole. */
function isLeaf(value: object): boolean {
  return value instanceof RegExp || value instanceof Date || value instanceof URL || value instanceof Error ||
    value instanceof ArrayBuffer || ArrayBuffer.isView(value) || value instanceof Headers ||
    value instanceof URLSearchParams;
}

export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is GetConstructorType<T> {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name || "anonymous class"}" but was ${
      kindOf(actual)
    }${tail(msg)}`,
  );
}

export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (!(actual instanceof unexpectedType)) return;
  throw new AssertionError(
    `Expected object to not be an instance of "${unexpectedType.name || "anonymous class"}"${tail(msg)}`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return `"null"`;
  if (typeof value !== "object") return `"${typeof value}"`;
  return `"${value.constructor?.name || "Object"}"`;
}

export function assertIsError<E extends Error = Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any
  ErrorClass?: abstract new (...args: any[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected "error" to be an Error object, but was ${show(error)}${tail(msg)}`);
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor?.name}": ${error.message}${
        tail(msg)
      }`,
      { cause: error },
    );
  }
  const text = plain(error.message);
  const matches = typeof msgMatches === "string"
    ? text.includes(plain(msgMatches))
    : msgMatches?.test(text) ?? true;
  if (matches) return;
  throw new AssertionError(
    `Expected error message to include ${
      msgMatches instanceof RegExp ? String(msgMatches) : JSON.stringify(msgMatches)
    }, but got ${JSON.stringify(error.message)}${tail(msg)}`,
  );
}

/** Without terminal colours, which error messages of the runtime may carry. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const note = typeof classOrMsg === "string" ? classOrMsg : msg;
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    if (typeof classOrMsg === "function") checkThrown(error, "thrown", classOrMsg, msgIncludes, note);
    return thrown;
  }
  throw new AssertionError(`Expected function to throw${tail(note)}`);
}

export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const note = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: unknown;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${tail(note)}`, { cause: error });
  }
  if (!isObject(promise) || typeof Reflect.get(promise, "then") !== "function") {
    throw new AssertionError(`Function returns no promise when expected to reject${tail(note)}`);
  }
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") checkThrown(error, "rejected", classOrMsg, msgIncludes, note);
    return error;
  }
  throw new AssertionError(`Expected function to reject${tail(note)}`);
}

function checkThrown<E extends Error>(
  error: unknown,
  how: "thrown" | "rejected",
  ErrorClass: ErrorClass<E>,
  msgIncludes: string | undefined,
  msg: string | undefined,
): void {
  if (!(error instanceof Error)) throw new AssertionError(`A non-Error object was ${how}${tail(msg)}`);
  assertIsError(error, ErrorClass, msgIncludes, msg);
}

export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${tail(msg)}`);
}

export function unimplemented(msg?: string): never {
  throw new AssertionError(`Unimplemented${tail(msg)}`);
}

export function unreachable(reason?: string): never {
  throw new AssertionError(`Unreachable${tail(reason)}`);
}
