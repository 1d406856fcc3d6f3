import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { type EngineMiddleware, runMiddlewares } from "../../src/engine/middleware.ts";

const request = new Request("http://h/engine.io/");

/** A middleware that logs around `next`. */
function around(log: string[], name: string): EngineMiddleware {
  return async (_request, next) => {
    log.push(`${name} before`);
    const response = await next();
    log.push(`${name} after`);
    return response;
  };
}

Deno.test("runMiddlewares runs in order around the answer and returns it as it is", async () => {
  const log: string[] = [];
  const answer = new Response("x");
  const middlewares = [around(log, "a"), around(log, "b")];
  const response = await runMiddlewares(middlewares, request, () => {
    log.push("answer");
    return Promise.resolve(answer);
  });
  assertStrictEquals(response, answer);
  assertEquals(log, ["a before", "b before", "answer", "b after", "a after"]);
});

Deno.test("runMiddlewares hands every middleware the request", async () => {
  const seen: Request[] = [];
  const see: EngineMiddleware = (request, next) => {
    seen.push(request);
    return next();
  };
  await runMiddlewares([see, see], request, () => Promise.resolve(new Response()));
  assertEquals(seen.map((one) => one === request), [true, true]);
});

Deno.test("runMiddlewares stops at a middleware that answers by itself", async () => {
  const log: string[] = [];
  const response = await runMiddlewares(
    [around(log, "a"), () => new Response("mine", { status: 401 }), around(log, "c")],
    request,
    () => Promise.reject(new Error("must not be asked")),
  );
  assertEquals([response.status, await response.text()], [401, "mine"]);
  assertEquals(log, ["a before", "a after"]);
});

Deno.test("runMiddlewares answers once however often next is called", async () => {
  let answers = 0;
  const twice: EngineMiddleware = async (_request, next) => {
    const first = await next();
    assertStrictEquals(await next(), first);
    return first;
  };
  await runMiddlewares([twice, twice], request, () => {
    answers++;
    return Promise.resolve(new Response());
  });
  assertEquals(answers, 1);
});

Deno.test("runMiddlewares rejects with what a middleware throws, before next or after", async () => {
  let answers = 0;
  const last = (): Promise<Response> => {
    answers++;
    return Promise.resolve(new Response());
  };
  const before: EngineMiddleware = () => {
    throw new Error("before");
  };
  const after: EngineMiddleware = async (_request, next) => {
    await next();
    throw new Error("after");
  };
  await assertRejects(() => runMiddlewares([before], request, last), Error, "before");
  assertEquals(answers, 0);
  await assertRejects(() => runMiddlewares([after], request, last), Error, "after");
  assertEquals(answers, 1);
});

Deno.test("runMiddlewares lets an outer middleware catch what an inner one threw", async () => {
  const outer: EngineMiddleware = async (_request, next) => {
    try {
      return await next();
    } catch (error) {
      return new Response((error as Error).message, { status: 500 });
    }
  };
  const inner: EngineMiddleware = () => {
    throw new Error("inner");
  };
  const response = await runMiddlewares([outer, inner], request, () => Promise.resolve(new Response()));
  assertEquals([response.status, await response.text()], [500, "inner"]);
});

Deno.test("runMiddlewares leaves no unhandled rejection where next was called and not awaited", async () => {
  const careless: EngineMiddleware = (_request, next) => {
    next();
    return new Response("mine");
  };
  const response = await runMiddlewares([careless], request, () => Promise.reject(new Error("lost")));
  assertEquals(await response.text(), "mine");
  await Promise.resolve(); // an unhandled rejection would fail this test here
});

Deno.test("runMiddlewares refuses a middleware that returns no Response, and says which", async () => {
  const nothing = (() => undefined) as unknown as EngineMiddleware;
  await assertRejects(
    () => runMiddlewares([around([], "a"), nothing], request, () => Promise.resolve(new Response())),
    TypeError,
    "middleware 2 returned undefined",
  );
});
