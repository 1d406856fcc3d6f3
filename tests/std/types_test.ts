import {
  type AssertFalse,
  type AssertTrue,
  assertType,
  type Has,
  type IsAny,
  type IsExact,
  type IsNever,
  type IsNullable,
  type IsUnknown,
  type NotHas,
} from "@std/testing/types";

// The compiler does the checking: a wrong line, or an expected error that does not come, fails `deno check`.
export type Checks = [
  AssertTrue<IsExact<string, string>>,
  AssertFalse<IsExact<string, string | number>>,
  // deno-lint-ignore no-explicit-any
  AssertFalse<IsExact<string, any>>,
  AssertFalse<IsExact<unknown, never>>,
  AssertTrue<IsExact<{ a: 1 } & { b: 2 }, { a: 1; b: 2 }>>,
  AssertFalse<IsExact<{ a?: 1 }, { a: 1 }>>,
  AssertFalse<IsExact<{ readonly a: 1 }, { a: 1 }>>,
  AssertFalse<IsExact<(a: string) => void, (a: number) => void>>,
  AssertTrue<Has<string | number, string>>,
  AssertTrue<NotHas<string | number, boolean>>,
  AssertTrue<IsNever<never>>,
  AssertFalse<IsNever<undefined>>,
  AssertTrue<IsUnknown<unknown>>,
  AssertTrue<IsNullable<string | null>>,
  AssertFalse<IsNullable<string>>,
  AssertFalse<IsAny<unknown>>,
];

Deno.test("assertType() refuses a wrong claim at compile time", () => {
  assertType<IsExact<string, string>>(true);
  // @ts-expect-error: the types differ
  assertType<IsExact<string, number>>(true);
  // @ts-expect-error: the types are the same
  assertType<IsExact<string, string>>(false);
});
