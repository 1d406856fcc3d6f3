/**
 * CORS: what each form of each option puts on a plain request and on a preflight.
 *
 * The expected headers are those of the `cors` package 2.8, which the official server uses.
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { type CorsDelegate, type CorsOptions, corsPolicy } from "../../src/engine/cors.ts";

const ORIGIN = "https://app.test";

interface Exchange {
  readonly origin?: string | null;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** The headers for one request, without the prefix "access-control-", and the status of the preflight. */
async function ask(
  option: true | CorsOptions | CorsDelegate,
  { origin = ORIGIN, method = "GET", headers = {} }: Exchange = {},
): Promise<[headers: Record<string, string>, preflight: number | undefined]> {
  const request = new Request("http://h/engine.io/", { method, headers });
  if (origin !== null) request.headers.set("origin", origin);
  const answer = await corsPolicy(option)!(request);
  const shown: Record<string, string> = {};
  for (const [name, value] of answer.headers) {
    const short = name.replace("access-control-", "");
    shown[short] = short in shown ? `${shown[short]}, ${value}` : value;
  }
  return [shown, answer.preflight?.status];
}

Deno.test("corsPolicy is off by default", () => {
  assertStrictEquals(corsPolicy(undefined), undefined);
  assertStrictEquals(corsPolicy(false), undefined);
});

const REFLECTED = { "allow-origin": ORIGIN, "vary": "Origin" };
const REFUSED = { "vary": "Origin" };

const ORIGINS: readonly [what: string, options: true | CorsOptions, headers: Record<string, string>][] = [
  ["cors: true", true, { "allow-origin": "*" }],
  ["no origin option", {}, { "allow-origin": "*" }],
  ['"*"', { origin: "*" }, { "allow-origin": "*" }],
  ["true", { origin: true }, REFLECTED],
  ["false", { origin: false }, {}],
  ["a string, sent whoever asks", { origin: "https://x.test" }, {
    "allow-origin": "https://x.test",
    "vary": "Origin",
  }],
  ["a RegExp that matches", { origin: /\.test$/ }, REFLECTED],
  ["a RegExp that does not", { origin: /\.example$/ }, REFUSED],
  ["a list that has it", { origin: ["https://x.test", ORIGIN] }, REFLECTED],
  ["a list that has it not", { origin: ["https://x.test", "https://app.test.evil"] }, REFUSED],
  ["a list with a RegExp that matches", { origin: ["https://x.test", /app/] }, REFLECTED],
  ["an empty list", { origin: [] }, REFUSED],
  ["a function: true", { origin: (_origin, callback) => callback(null, true) }, REFLECTED],
  ["a function: false", { origin: (_origin, callback) => callback(null, false) }, {}],
  ["a function: nothing", { origin: (_origin, callback) => callback(null) }, {}],
  ["a function: a string", { origin: (_origin, callback) => callback(null, "https://x.test") }, {
    "allow-origin": "https://x.test",
    "vary": "Origin",
  }],
  ['a function: "*"', { origin: (_origin, callback) => callback(null, "*") }, { "allow-origin": "*" }],
  ["a function: a RegExp", { origin: (_origin, callback) => callback(null, /app/) }, REFLECTED],
  ["a function: a list", { origin: (_origin, callback) => callback(null, ["https://x.test"]) }, REFUSED],
  ["a function that answers later", {
    origin: (_origin, callback) => void Promise.resolve().then(() => callback(null, true)),
  }, REFLECTED],
];

for (const [what, options, headers] of ORIGINS) {
  Deno.test(`CORS origin: ${what}`, async () => {
    assertEquals(await ask(options), [headers, undefined]);
  });
}

Deno.test("CORS origin: a function is told the Origin, and undefined where there is none", async () => {
  const seen: unknown[] = [];
  const options: CorsOptions = {
    origin: (origin, callback) => {
      seen.push(origin);
      callback(null, true);
    },
  };
  await ask(options);
  assertEquals(await ask(options, { origin: null }), [{ vary: "Origin" }, undefined]);
  assertEquals(seen, [ORIGIN, undefined]);
});

Deno.test("CORS lists and patterns match no request without an Origin", async () => {
  for (const origin of [/./, [/./], ["undefined"], /undefined/]) {
    assertEquals(await ask({ origin }, { origin: null }), [REFUSED, undefined]);
  }
});

Deno.test("CORS origin: a global or sticky RegExp matches every time", async () => {
  for (const origin of [/app/g, /https/y]) {
    for (let i = 0; i < 3; i++) assertEquals(await ask({ origin }), [REFLECTED, undefined]);
  }
});

const PREFLIGHT = { method: "OPTIONS" };
const METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";

Deno.test("CORS answers a preflight with 204, no body and what the request asks for", async () => {
  const request = new Request("http://h/", {
    method: "OPTIONS",
    headers: { origin: ORIGIN, "access-control-request-headers": "x-a, x-b" },
  });
  const { headers, preflight } = await corsPolicy(true)!(request);
  assertEquals(headers, [
    ["access-control-allow-origin", "*"],
    ["access-control-allow-methods", METHODS],
    ["vary", "Access-Control-Request-Headers"],
    ["access-control-allow-headers", "x-a, x-b"],
  ]);
  assertEquals([preflight!.status, preflight!.body], [204, null]);
  assertEquals(preflight!.headers.get("content-length"), "0");
});

const PREFLIGHTS: readonly [what: string, options: CorsOptions, headers: Record<string, string>][] = [
  ["methods as text", { methods: "GET" }, { "allow-methods": "GET" }],
  ["methods as a list", { methods: ["GET", "POST"] }, { "allow-methods": "GET,POST" }],
  ["maxAge", { maxAge: 600 }, { "max-age": "600" }],
  ["maxAge 0", { maxAge: 0 }, { "max-age": "0" }],
  ["credentials", { credentials: true }, { "allow-credentials": "true" }],
  ["exposedHeaders as a list", { exposedHeaders: ["a", "b"] }, { "expose-headers": "a,b" }],
];

for (const [what, options, headers] of PREFLIGHTS) {
  Deno.test(`CORS preflight: ${what}`, async () => {
    const expected = {
      "allow-origin": "*",
      "allow-methods": METHODS,
      "vary": "Access-Control-Request-Headers",
      ...headers,
    };
    assertEquals(await ask(options, PREFLIGHT), [expected, 204]);
  });
}

Deno.test("CORS preflight: allowedHeaders replace what the request asks for, and need no Vary", async () => {
  const exchange = { ...PREFLIGHT, headers: { "access-control-request-headers": "x-asked" } };
  const expected = { "allow-origin": "*", "allow-methods": METHODS };
  assertEquals(await ask({ allowedHeaders: "x-a" }, exchange), [
    { ...expected, "allow-headers": "x-a" },
    204,
  ]);
  assertEquals(await ask({ allowedHeaders: ["x-a", "x-b"] }, exchange), [
    { ...expected, "allow-headers": "x-a,x-b" },
    204,
  ]);
});

Deno.test("CORS preflight: both kinds of Vary are sent", async () => {
  const [headers] = await ask({ origin: true }, PREFLIGHT);
  assertEquals(headers.vary, "Origin, Access-Control-Request-Headers");
});

Deno.test("CORS preflight from a refused origin is answered without an Allow-Origin", async () => {
  const [headers, status] = await ask({ origin: ["https://x.test"] }, PREFLIGHT);
  assertEquals([headers["allow-origin"], status], [undefined, 204]);
});

Deno.test("CORS preflight: optionsSuccessStatus and preflightContinue", async () => {
  assertEquals((await ask({ optionsSuccessStatus: 200 }, PREFLIGHT))[1], 200);
  const [headers, status] = await ask({ preflightContinue: true }, PREFLIGHT);
  assertEquals([headers["allow-methods"], status], [METHODS, undefined]);
});

Deno.test("CORS origin false leaves a preflight to the engine", async () => {
  assertEquals(await ask({ origin: false }, PREFLIGHT), [{}, undefined]);
});

Deno.test("CORS puts only what a plain request needs on its answer", async () => {
  const options: CorsOptions = {
    origin: ORIGIN,
    methods: "GET",
    allowedHeaders: "x-a",
    exposedHeaders: "x-b",
    credentials: true,
    maxAge: 5,
  };
  assertEquals(await ask(options), [{
    "allow-origin": ORIGIN,
    "vary": "Origin",
    "allow-credentials": "true",
    "expose-headers": "x-b",
  }, undefined]);
});

const DELEGATES: readonly [what: string, delegate: CorsDelegate][] = [
  ["by return value", () => ({ origin: true })],
  ["by promise", () => Promise.resolve({ origin: true })],
  ["by callback", (_request, callback) => callback(null, { origin: true })],
  ["by callback later", (_request, callback) => {
    Promise.resolve().then(() => callback(null, { origin: true }));
  }],
  [
    "by callback from an async function",
    (async (_request, callback) => {
      await Promise.resolve();
      callback(null, { origin: true });
    }) as CorsDelegate,
  ],
];

for (const [what, delegate] of DELEGATES) {
  Deno.test(`CORS delegate answers ${what}`, async () => {
    assertEquals(await ask(delegate), [REFLECTED, undefined]);
  });
}

Deno.test("CORS delegate decides request by request", async () => {
  const delegate: CorsDelegate = (request) => ({ origin: request.headers.get("origin") === ORIGIN });
  assertEquals((await ask(delegate))[0], REFLECTED);
  assertEquals((await ask(delegate, { origin: "https://x.test" }))[0], {});
});

Deno.test("CORS delegate without options means the defaults", async () => {
  assertEquals(await ask((_request, callback) => callback(null)), [{ "allow-origin": "*" }, undefined]);
});

const FAILING: readonly [what: string, option: CorsOptions | CorsDelegate, message: string][] = [
  ["a delegate's error", (_request, callback) => callback(new Error("no")), "no"],
  ["a delegate's throw", () => {
    throw new Error("no");
  }, "no"],
  ["a delegate's rejection", () => Promise.reject(new Error("no")), "no"],
  ["a delegate's wrong options", () => ({ origin: 5 }) as unknown as CorsOptions, "cors.origin"],
  ["an origin function's error", { origin: (_origin, callback) => callback(new Error("no")) }, "no"],
  ["an origin function's throw", {
    origin: () => {
      throw new Error("no");
    },
  }, "no"],
];

for (const [what, option, message] of FAILING) {
  Deno.test(`CORS rejects with ${what}`, async () => {
    await assertRejects(() => ask(option), Error, message);
  });
}

const WRONG: readonly [option: string, value: unknown][] = [
  ["origin", 5],
  ["origin", null],
  ["origin", {}],
  ["origin", ["a", 5]],
  ["methods", 5],
  ["methods", ["GET", 5]],
  ["allowedHeaders", true],
  ["exposedHeaders", {}],
  ["credentials", "yes"],
  ["preflightContinue", 1],
  ["maxAge", -1],
  ["maxAge", "600"],
  ["optionsSuccessStatus", 199],
  ["optionsSuccessStatus", 300],
];

for (const [option, value] of WRONG) {
  Deno.test(`corsPolicy refuses ${option} ${JSON.stringify(value)}`, () => {
    const error = assertThrows(() => corsPolicy({ [option]: value }), TypeError);
    assert(error.message.startsWith(`Invalid option "cors.${option}": `), error.message);
    assert(error.message.includes(", expected "), error.message);
  });
}

Deno.test("corsPolicy refuses unknown keys and what is no object", () => {
  assertThrows(() => corsPolicy({ orgin: "*" } as CorsOptions), TypeError, 'Unknown option "orgin" of cors');
  assertThrows(() => corsPolicy("*" as unknown as CorsOptions), TypeError, 'Invalid cors: "*"');
});
