import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { askAllowRequest, askGenerateId, noSid, patience } from "../../src/engine/hooks.ts";
import type { AllowRequest } from "../../src/engine/options.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

const request = new Request("http://h/engine.io/");

/** The message of the refusal, or undefined where the hook agreed; and what was reported. */
async function ask(allowRequest: AllowRequest): Promise<[message: unknown, reported: unknown[]]> {
  const reported: unknown[] = [];
  const refused = await askAllowRequest(allowRequest, request, (error) => reported.push(error), (one) => one);
  if (refused) assertEquals([refused.code, refused.message], [4, "Forbidden"]);
  return [refused?.context.message, reported];
}

const FORMS: readonly [what: string, allowRequest: AllowRequest, message: string | undefined][] = [
  ["agrees by returning true", () => true, undefined],
  ["refuses by returning false", () => false, "Forbidden"],
  ["refuses by returning nothing, without a callback", () => {}, "Forbidden"],
  ["agrees by a promise of true", () => Promise.resolve(true), undefined],
  ["refuses by a promise of false", () => Promise.resolve(false), "Forbidden"],
  ["refuses by a promise of nothing, without a callback", async () => {}, "Forbidden"],
  ["agrees by callback", (_request, callback) => callback(null, true), undefined],
  ["agrees by callback without an error", (_request, callback) => callback(undefined, true), undefined],
  ["refuses by callback", (_request, callback) => callback(null, false), "Forbidden"],
  ["refuses by callback with its own text", (_request, callback) => callback("too many", false), "too many"],
  ["refuses by an error, whatever success says", (_request, callback) => callback("no", true), "no"],
  [
    "agrees by callback later",
    (_request, callback) => void Promise.resolve().then(() => callback(null, true)),
    undefined,
  ],
  [
    "agrees by callback from an async function",
    async (_request, callback) => {
      await Promise.resolve();
      callback(null, true);
    },
    undefined,
  ],
  ["agrees by return value though it names the callback", (_request, _callback) => true, undefined],
  ["decides once: the first call counts", (_request, callback) => {
    callback("first", false);
    callback(null, true);
  }, "first"],
  ["does not agree by a truthy value", (() => 1) as unknown as AllowRequest, "Forbidden"],
];

for (const [what, allowRequest, message] of FORMS) {
  Deno.test(`askAllowRequest: the hook ${what}`, async () => {
    assertEquals(await ask(allowRequest), [message, []]);
  });
}

const FAILURES: readonly [what: string, allowRequest: AllowRequest][] = [
  ["throws", () => {
    throw new Error("secret");
  }],
  ["rejects", () => Promise.reject(new Error("secret"))],
  ["names the callback and throws", (_request, _callback) => {
    throw new Error("secret");
  }],
];

for (const [what, allowRequest] of FAILURES) {
  Deno.test(`askAllowRequest refuses, reports and keeps the secret when the hook ${what}`, async () => {
    const [message, reported] = await ask(allowRequest);
    assertEquals(message, "Forbidden");
    assertEquals(reported.map(String), ["Error: secret"]);
  });
}

Deno.test("askAllowRequest hands the hook the request", async () => {
  let seen: Request | undefined;
  await ask((request) => {
    seen = request;
    return true;
  });
  assert(seen === request);
});

for (const sid of ["a", "A-b_c.d~9", "x".repeat(200)]) {
  Deno.test(`askGenerateId takes the sid "${sid.slice(0, 20)}" of ${sid.length}, sync or async`, async () => {
    assertEquals(await askGenerateId(() => sid, request, (one) => one), sid);
    assertEquals(await askGenerateId(() => Promise.resolve(sid), request, (one) => one), sid);
  });
}

// What travels in URLs, cookies and log lines must not carry anything else along.
for (const sid of ["", " ", "a b", "a\n", "a;b", "é", "a/b", "x".repeat(201), 5, null, undefined, {}]) {
  Deno.test(`askGenerateId refuses ${JSON.stringify(sid)?.slice(0, 20)} as a sid`, async () => {
    const refused = await askGenerateId(() => sid as string, request, (one) => one);
    assert(typeof refused === "object");
    assertEquals([refused.code, refused.context.name], [3, "ID_GENERATION_ERROR"]);
    assertMatch(String(refused.context.error), /^TypeError: /);
  });
}

Deno.test("askGenerateId refuses with the hook's error in the context when it throws or rejects", async () => {
  const error = new Error("out of ids");
  const thrown = await askGenerateId(
    () => {
      throw error;
    },
    request,
    (one) => one,
  );
  const rejected = await askGenerateId(() => Promise.reject(error), request, (one) => one);
  assertEquals([thrown, rejected], [noSid(error), noSid(error)]);
  assertEquals(noSid(error).context, { name: "ID_GENERATION_ERROR", error });
});

Deno.test("patience gives up on a hook that never decides, and leaves no timer when it does", async () => {
  const clock = new ManualClock();
  const wait = patience(clock, 1_000);
  assertEquals(await wait(Promise.resolve(1), "hook"), 1);
  await assertRejects(() => wait(Promise.reject(new Error("mine")), "hook"), Error, "mine");
  assertEquals(clock.pending, 0);
  const never = wait(new Promise(() => {}), "allowRequest");
  clock.advance(1_000);
  await assertRejects(() => never, Error, "allowRequest decided nothing in 1000 ms");
  assertEquals(clock.pending, 0);
});
