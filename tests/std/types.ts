/**
 * Compile-time assertions with the names of `@std/testing/types`: `assertType<IsExact<A, B>>(true)`.
 * Nothing happens at run time.
 * @module
 */

/** Fails to compile unless `expectTrue` is what the condition `T` says. */
export function assertType<T extends boolean>(_expectTrue: T): void {}

/** Fails to compile where the condition is false: `type _ = AssertTrue<IsExact<A, B>>`. */
export type AssertTrue<_T extends true> = never;
/** Fails to compile where the condition is true. */
export type AssertFalse<_T extends false> = never;
/** Fails to compile where the condition `T` is not what `_Expected` says. */
export type Assert<T extends boolean, _Expected extends T> = never;

/** Whether `T` is `any`. */
export type IsAny<T> = 0 extends (1 & T) ? true : false;
/** Whether `T` is `never`. */
export type IsNever<T> = [T] extends [never] ? true : false;
/** Whether `T` is `unknown`. */
export type IsUnknown<T> = IsAny<T> extends true ? false : unknown extends T ? true : false;
/** Whether `T` may be null. */
export type IsNullable<T> = IsAny<T> extends true ? false : null extends T ? true : false;
/** Whether `T` and `U` are the very same type; `any` equals only `any`. */
export type IsExact<T, U> = (<G>() => G extends T ? 1 : 2) extends (<G>() => G extends U ? 1 : 2) ? true
  : IsAny<T> extends true ? IsAny<U>
  : IsAny<U> extends true ? false
  : IsNever<T> extends true ? IsNever<U>
  : IsNever<U> extends true ? false
  : MutuallyAssignable<Flatten<T>, Flatten<U>>;
/** Whether `U` is assignable to `T`. */
export type Has<T, U> = IsAny<T> extends true ? true : IsAny<U> extends true ? false
: [Extract<T, U>] extends [never] ? false
: true;
/** Whether `U` is not part of `T`. */
export type NotHas<T, U> = Has<T, U> extends true ? false : true;

/** Intersections written as one object, so that `{a} & {b}` is exactly `{a, b}`. */
type Flatten<T> = T extends (...args: never[]) => unknown ? T : { [K in keyof T]: Flatten<T[K]> };
type MutuallyAssignable<A, B> = (<G>() => G extends A ? 1 : 2) extends (<G>() => G extends B ? 1 : 2) ? true
  : false;
