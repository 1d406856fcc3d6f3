/**
 * `describe` and `it` with the names and signatures of `@std/testing/bdd`: an outermost `describe` is one
 * `Deno.test`, what is inside are its steps. Of std's forms only the flat one (a suite handed to `it`) is left
 * out; the compiler says so.
 * @module
 */

type Body<T> = (this: T, t: Deno.TestContext) => void | Promise<void>;
type Hook<T> = (this: T) => void | Promise<void>;
type Flags = Omit<Deno.TestDefinition, "fn" | "name">;

/** One case, in its long form. */
export interface ItDefinition<T> extends Flags {
  name: string;
  fn: Body<T>;
}

/** One group, in its long form. */
export interface DescribeDefinition<T> extends Flags {
  name: string;
  fn?: () => void | undefined;
  beforeAll?: Hook<T>;
  afterAll?: Hook<T>;
  beforeEach?: Hook<T>;
  afterEach?: Hook<T>;
}

/** What `it(…)` takes. */
export type ItArgs<T> = [ItDefinition<T>] | [string, Body<T>] | [string, Flags, Body<T>] | [Body<T>];
/** What `describe(…)` takes. */
export type DescribeArgs<T> =
  | [DescribeDefinition<T>]
  | [string, () => void | undefined]
  | [string, Omit<DescribeDefinition<T>, "name" | "fn">, () => void | undefined]
  | [string];

/** `it`, `it.only`, `it.ignore`, `it.skip`. */
export interface It {
  <T = unknown>(...args: ItArgs<T>): void;
  only<T = unknown>(...args: ItArgs<T>): void;
  ignore<T = unknown>(...args: ItArgs<T>): void;
  skip<T = unknown>(...args: ItArgs<T>): void;
  todo<T = unknown>(...args: ItArgs<T> | [string]): void;
}

/** `describe`, `describe.only`, `describe.ignore`, `describe.skip`. */
export interface Describe {
  <T = unknown>(...args: DescribeArgs<T>): void;
  only<T = unknown>(...args: DescribeArgs<T>): void;
  ignore<T = unknown>(...args: DescribeArgs<T>): void;
  skip<T = unknown>(...args: DescribeArgs<T>): void;
  todo<T = unknown>(...args: DescribeArgs<T>): void;
}

type HookName = "beforeAll" | "afterAll" | "beforeEach" | "afterEach";
type Context = Record<PropertyKey, unknown>;

interface Case {
  kind: "case";
  name: string;
  flags: Flags;
  fn: Body<Context>;
}

interface Suite {
  kind: "suite";
  name: string;
  flags: Flags;
  hooks: Record<HookName, Hook<Context>[]>;
  members: (Case | Suite)[];
}

/** Suites being described, outermost first. */
const open: Suite[] = [];
/** Hooks outside every `describe` hold for the whole file, as in std. */
let global: Suite | undefined;

function newSuite(name: string, flags: Flags): Suite {
  return {
    kind: "suite",
    name,
    flags,
    hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
    members: [],
  };
}

function isSkipped(flags: Flags): boolean {
  return flags.ignore === true;
}

/** Whether `.only` stands on it or on something inside. */
function hasOnly(member: Case | Suite): boolean {
  return member.flags.only === true || (member.kind === "suite" && member.members.some(hasOnly));
}

function add(member: Case | Suite): void {
  const parent = open.at(-1) ?? global;
  if (parent) parent.members.push(member);
  else register(member);
}

function register(member: Case | Suite): void {
  const { ignore: _ignore, only: _only, ...sanitizers } = member.flags;
  Deno.test({
    ...sanitizers,
    name: member.name,
    ignore: isSkipped(member.flags),
    only: hasOnly(member),
    fn: async (t) => {
      const context: Context = {};
      if (member.kind === "case") await member.fn.call(context, t);
      else await runSuite(member, t, context, []);
    },
  });
}

async function runSuite(suite: Suite, t: Deno.TestContext, outer: Context, above: Suite[]): Promise<void> {
  const context: Context = Object.create(outer);
  const chain = [...above, suite];
  const onlyHere = suite.members.some(hasOnly);
  const failed: string[] = [];
  try {
    for (const hook of suite.hooks.beforeAll) await hook.call(context);
    for (const member of suite.members) {
      const { ignore: _ignore, only: _only, permissions: _permissions, ...sanitizers } = member.flags;
      const passed = await t.step({
        ...sanitizers,
        name: member.name,
        ignore: isSkipped(member.flags) || (onlyHere && !hasOnly(member)),
        fn: (step) =>
          member.kind === "suite"
            ? runSuite(member, step, context, chain)
            : runCase(member, step, context, chain),
      });
      if (!passed && !isSkipped(member.flags)) failed.push(member.name);
    }
  } finally {
    for (const hook of suite.hooks.afterAll) await hook.call(context);
  }
}

async function runCase(one: Case, t: Deno.TestContext, outer: Context, chain: Suite[]): Promise<void> {
  const context: Context = Object.create(outer);
  try {
    for (const suite of chain) {
      for (const hook of suite.hooks.beforeEach) await hook.call(context);
    }
    await one.fn.call(context, t);
  } finally {
    for (const suite of chain.toReversed()) {
      for (const hook of suite.hooks.afterEach) await hook.call(context);
    }
  }
}

function addCase(args: unknown[], extra: Flags): void {
  const fn = args.find((arg) => typeof arg === "function") as Body<Context> | undefined;
  const options = args.find((arg) => typeof arg === "object") as Partial<ItDefinition<Context>> | undefined;
  const { name: givenName, fn: givenFn, ...flags } = options ?? {};
  const body = fn ?? givenFn ?? (() => {});
  const name = args.find((arg) => typeof arg === "string") as string | undefined;
  add({ kind: "case", name: name ?? givenName ?? body.name, flags: { ...flags, ...extra }, fn: body });
}

function addSuite(args: unknown[], extra: Flags): void {
  const fn = args.find((arg) => typeof arg === "function") as (() => void) | undefined;
  const options = args.find((arg) => typeof arg === "object") as
    | Partial<DescribeDefinition<Context>>
    | undefined;
  const { name: givenName, fn: givenFn, beforeAll, afterAll, beforeEach, afterEach, ...flags } = options ??
    {};
  const name = args.find((arg) => typeof arg === "string") as string | undefined;
  const suite = newSuite(name ?? givenName ?? "", { ...flags, ...extra });
  for (const [key, hook] of Object.entries({ beforeAll, afterAll, beforeEach, afterEach })) {
    if (hook) suite.hooks[key as HookName].push(hook);
  }
  open.push(suite);
  try {
    const returned: unknown = (fn ?? givenFn)?.();
    if (returned instanceof Promise) {
      throw new TypeError(`describe("${suite.name}"): an async function cannot describe a suite`);
    }
  } finally {
    open.pop();
  }
  add(suite);
}

function addHook(name: HookName, hook: Hook<Context>): void {
  const suite = open.at(-1) ?? (global ??= fileSuite());
  suite.hooks[name].push(hook);
}

function fileSuite(): Suite {
  const suite = newSuite("global", {});
  register(suite);
  return suite;
}

export const it: It = Object.assign((...args: unknown[]) => addCase(args, {}), {
  only: (...args: unknown[]) => addCase(args, { only: true }),
  ignore: (...args: unknown[]) => addCase(args, { ignore: true }),
  skip: (...args: unknown[]) => addCase(args, { ignore: true }),
  todo: (...args: unknown[]) => addCase(args, { ignore: true }),
});

export const describe: Describe = Object.assign((...args: unknown[]) => addSuite(args, {}), {
  only: (...args: unknown[]) => addSuite(args, { only: true }),
  ignore: (...args: unknown[]) => addSuite(args, { ignore: true }),
  skip: (...args: unknown[]) => addSuite(args, { ignore: true }),
  todo: (...args: unknown[]) => addSuite(args, { ignore: true }),
});

/** The same as {@linkcode it}. */
export const test: It = it;

/** Runs before the first case of its suite. */
export function beforeAll<T = unknown>(fn: Hook<T>): void {
  addHook("beforeAll", fn as Hook<Context>);
}

/** Runs after the last case of its suite, failed or not. */
export function afterAll<T = unknown>(fn: Hook<T>): void {
  addHook("afterAll", fn as Hook<Context>);
}

/** Runs before each case of its suite and of the suites inside it. */
export function beforeEach<T = unknown>(fn: Hook<T>): void {
  addHook("beforeEach", fn as Hook<Context>);
}

/** Runs after each case of its suite and of the suites inside it, inner suites first. */
export function afterEach<T = unknown>(fn: Hook<T>): void {
  addHook("afterEach", fn as Hook<Context>);
}

/** The same as {@linkcode beforeAll}. */
export const before: typeof beforeAll = beforeAll;
/** The same as {@linkcode afterAll}. */
export const after: typeof afterAll = afterAll;
