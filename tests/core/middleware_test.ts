import { assertEquals } from "@std/assert";
import { type Middleware, type Next, runMiddlewares } from "../../src/core/middleware.ts";

interface Run {
  /** What `done` was called with, each time. */
  readonly outcomes: unknown[];
  readonly reported: unknown[];
}

function run(...middlewares: Middleware<string[]>[]): Run & { readonly log: string[] } {
  const log: string[] = [];
  const outcomes: unknown[] = [];
  const reported: unknown[] = [];
  runMiddlewares(middlewares, log, (refusal) => outcomes.push(refusal), (error) => reported.push(error));
  return { log, outcomes, reported };
}

/** Lets promise reactions run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

Deno.test("Middlewares run in order and synchronously; none at all lets in", () => {
  const { log, outcomes } = run(
    (log, next) => (log.push("a"), next()),
    (log, next) => (log.push("b"), next()),
  );
  assertEquals(log, ["a", "b"]);
  assertEquals(outcomes, [undefined]);
  assertEquals(run().outcomes, [undefined]);
});

Deno.test("Middlewares after a refusal do not run", () => {
  const error = new Error("no");
  const { log, outcomes } = run(
    (_log, next) => next(error),
    (log, next) => (log.push("b"), next()),
  );
  assertEquals(outcomes, [error]);
  assertEquals(log, []);
});

Deno.test("Middleware refuses by throwing and by rejecting, whatever it throws", async () => {
  const error = new Error("no");
  assertEquals(
    run((_log, _next) => {
      throw error;
    }).outcomes,
    [error],
  );
  const rejected = run(async (_log, _next) => {
    await Promise.resolve();
    throw error;
  });
  const empty = run((_log, _next) => Promise.reject());
  assertEquals(rejected.outcomes, []);
  await settle();
  assertEquals(rejected.outcomes, [error]);
  assertEquals((empty.outcomes[0] as Error).message, "Refused");
});

Deno.test("Middleware with a next goes on only when it calls it, not when its promise resolves", async () => {
  const { outcomes } = run(async (_log, _next) => {});
  await settle();
  assertEquals(outcomes, []);
});

Deno.test("Middleware without a next goes on by returning or resolving", async () => {
  assertEquals(run((_log) => {}).outcomes, [undefined]);
  const resolved = run(async (log) => {
    await Promise.resolve();
    log.push("a");
  });
  assertEquals(resolved.outcomes, []);
  await settle();
  assertEquals(resolved.outcomes, [undefined]);
  assertEquals(resolved.log, ["a"]);
});

Deno.test("Middleware that declares no parameters is taken for a wrapper: it lets nobody in by returning", async () => {
  let later: Next | undefined;
  const { outcomes } = run((...args) => {
    later = args[1];
    return Promise.resolve();
  });
  await settle();
  assertEquals(outcomes, []);
  later!();
  assertEquals(outcomes, [undefined]);
});

Deno.test("Middleware that calls next twice, or fails after it, changes nothing; the failure is reported", async () => {
  const late = new Error("late");
  const sync = run((_log, next) => {
    next();
    next(new Error("second"));
    throw late;
  });
  assertEquals(sync.outcomes, [undefined]);
  assertEquals(sync.reported, [late]);
  const async = run((_log, next) => {
    next();
    return Promise.reject(late);
  });
  await settle();
  assertEquals(async.outcomes, [undefined]);
  assertEquals(async.reported, [late]);
});
