/**
 * The engine's answers to requests: refusals, hooks, headers, CORS and middlewares, through `handleRequest` in
 * memory. How sessions live and end is in `engine_test.ts`.
 * @module
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { EngineMiddleware } from "../../src/engine/middleware.ts";
import type { EngineOptions } from "../../src/engine/options.ts";
import { EngineStage, Peer } from "../support/engine_stage.ts";
import { FakeContext } from "../support/fake_transport.ts";

// Refusals

const REFUSALS: readonly [query: string, method: string, status: number, code: number, message: string][] = [
  ["EIO=4", "GET", 400, 0, "Transport unknown"],
  ["EIO=4&transport=__proto__", "GET", 400, 0, "Transport unknown"],
  ["EIO=4&transport=constructor", "GET", 400, 0, "Transport unknown"],
  ["EIO=4&transport=polling&sid=nope", "GET", 400, 1, "Session ID unknown"],
  ["EIO=4&transport=polling&sid=__proto__", "POST", 400, 1, "Session ID unknown"],
  ["EIO=4&transport=polling", "POST", 400, 2, "Bad handshake method"],
  ["EIO=4&transport=polling", "OPTIONS", 400, 2, "Bad handshake method"],
  ["EIO=4&transport=websocket", "GET", 400, 3, "Bad request"],
  ["EIO=3&transport=polling", "GET", 400, 5, "Unsupported protocol version"],
];

for (const [query, method, status, code, message] of REFUSALS) {
  Deno.test(`Engine refuses ${method} ?${query} with code ${code}, and tells listeners why`, async () => {
    const stage = new EngineStage();
    const answer = await stage.ask(query, { method });
    assertEquals(answer.status, status);
    assertEquals(await answer.json(), { code, message });
    const [error, ...more] = stage.refused;
    assertEquals([error!.code, error!.message, more], [code, message, []]);
    assertEquals([error!.req.method, new URL(error!.req.url).search], [method, `?${query}`]);
    stage.assertEmpty();
  });
}

Deno.test("Engine tells listeners what was wrong, by code", async () => {
  const stage = new EngineStage();
  await stage.ask("transport=x");
  await stage.ask("transport=polling&sid=gone");
  await stage.ask("transport=polling", { method: "PUT" });
  await stage.ask("EIO=5&transport=polling");
  assertEquals(stage.refused.map(({ context }) => context), [
    { transport: "x" },
    { sid: "gone" },
    { method: "PUT" },
    { protocol: 5 },
  ]);
});

for (const query of ["&EIO=3", "&sid=nope", "&transport=nope"]) {
  Deno.test(`Engine refuses the upgrade request with ${query} before it upgrades`, async () => {
    const stage = new EngineStage();
    const { answer, context } = await stage.askWebSocket(query);
    assertEquals([answer.status, await answer.text()], [400, stage.refused[0]!.message]);
    assertEquals(context.events, undefined);
    stage.assertEmpty();
  });
}

Deno.test("Engine refuses an upgrade that the runtime cannot make; the session goes on", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  for (const query of ["transport=websocket", `transport=websocket&sid=${socket.id}`]) {
    const context = new FakeContext();
    context.upgradeError = new TypeError("no key");
    const answer = await stage.ask(query, { headers: { upgrade: "websocket" } }, context);
    assertEquals([answer.status, await answer.text()], [400, "Bad request"]);
  }
  assertEquals(stage.refused.map(({ context }) => [context.name, String(context.error)]), [
    ["TRANSPORT_HANDSHAKE_ERROR", "TypeError: no key"],
    ["TRANSPORT_HANDSHAKE_ERROR", "TypeError: no key"],
  ]);
  assertEquals([stage.engine.clientsCount, socket.readyState], [1, "open"]);
});

Deno.test("Engine goes on when a connection_error listener throws, and reports it", async () => {
  const stage = new EngineStage();
  stage.engine.on("connection_error", () => {
    throw new Error("mine");
  });
  assertEquals((await stage.ask("transport=x")).status, 400);
  assertEquals(stage.errors, ['Error: mine in listener of "connection_error" on engine']);
});

Deno.test("Engine has once and off for its events", async () => {
  const stage = new EngineStage();
  const log: string[] = [];
  const listener = (): void => void log.push("on");
  stage.engine.on("connection_error", listener).once("connection_error", () => void log.push("once"));
  await stage.ask("transport=x");
  await stage.ask("transport=x");
  stage.engine.off("connection_error", listener);
  await stage.ask("transport=x");
  assertEquals(log, ["on", "once", "on"]);
});

// allowRequest

Deno.test("Engine asks allowRequest for handshakes alone, and not for those it refuses anyway", async () => {
  const asked: string[] = [];
  const stage = new EngineStage({
    allowRequest: (request) => {
      asked.push(new URL(request.url).search);
      return Promise.resolve(true);
    },
  });
  const socket = await stage.openPolling("transport=polling&n=1");
  await stage.post(socket.id, "4a");
  await stage.probe(socket.id);
  await stage.ask("EIO=3&transport=polling");
  await stage.askWebSocket("&n=2");
  assertEquals(asked, ["?EIO=4&transport=polling&n=1", "?EIO=4&transport=websocket&n=2"]);
});

const DENIALS: readonly [what: string, allowRequest: EngineOptions["allowRequest"], message: string][] = [
  ["returns false", () => false, "Forbidden"],
  ["calls back with a text", (_request, callback) => callback("too many", false), "too many"],
  ["throws", () => {
    throw new Error("secret");
  }, "Forbidden"],
  ["rejects", () => Promise.reject(new Error("secret")), "Forbidden"],
];

for (const [what, allowRequest, message] of DENIALS) {
  Deno.test(`Engine answers 403 with "${message}" when allowRequest ${what}; an upgrade request 400`, async () => {
    const stage = new EngineStage({ allowRequest: allowRequest! });
    const answer = await stage.ask("transport=polling");
    assertEquals([answer.status, await answer.json()], [403, { code: 4, message }]);
    const upgrade = await stage.askWebSocket();
    assertEquals([upgrade.answer.status, await upgrade.answer.text()], [400, message]);
    assertEquals(upgrade.context.events, undefined);
    assertEquals(stage.refused.map(({ code, context }) => [code, context]), [[4, { message }], [4, {
      message,
    }]]);
    const isFailure = what === "throws" || what === "rejects";
    assertEquals(stage.errors, isFailure ? Array(2).fill("Error: secret in allowRequest") : []);
    stage.assertEmpty();
  });
}

Deno.test("Engine that closes while allowRequest thinks answers 503", async () => {
  let decide!: (allowed: boolean) => void;
  const stage = new EngineStage({ allowRequest: () => new Promise<boolean>((resolve) => decide = resolve) });
  const answer = stage.ask("transport=polling");
  await stage.engine.close();
  decide(true);
  assertEquals((await answer).status, 503);
  assertEquals(stage.sockets.length, 0);
  stage.assertEmpty();
});

// generateId

for (const kind of ["sync", "async"] as const) {
  Deno.test(`Engine takes the sid that generateId makes (${kind}) from the request`, async () => {
    const make = (request: Request): string => `user-${new URL(request.url).searchParams.get("user")}`;
    const generateId = kind === "sync" ? make : (request: Request) => Promise.resolve(make(request));
    const stage = new EngineStage({ generateId });
    assertEquals((await stage.openPolling("transport=polling&user=1")).id, "user-1");
    assertEquals((await stage.openWebSocket("&user=2")).socket.id, "user-2");
    assertEquals((await stage.poll("user-1", { method: "POST", body: "4a" })).status, 200);
  });
}

Deno.test("Engine uses a generateId that was put in later", async () => {
  const stage = new EngineStage();
  stage.engine.generateId = () => "mine";
  assertEquals((await stage.openPolling()).id, "mine");
});

const BAD_IDS: readonly [what: string, generateId: () => string | Promise<string>][] = [
  ["throws", () => {
    throw new Error("empty");
  }],
  ["rejects", () => Promise.reject(new Error("empty"))],
  ["makes no valid sid", () => "a b"],
];

for (const [what, generateId] of BAD_IDS) {
  Deno.test(`Engine answers code 3 when generateId ${what}, before it upgrades`, async () => {
    const stage = new EngineStage({ generateId });
    const answer = await stage.ask("transport=polling");
    assertEquals([answer.status, await answer.json()], [400, { code: 3, message: "Bad request" }]);
    const upgrade = await stage.askWebSocket();
    assertEquals([upgrade.answer.status, upgrade.context.events], [400, undefined]);
    assertEquals(stage.refused.map(({ context }) => context.name), Array(2).fill("ID_GENERATION_ERROR"));
    stage.assertEmpty();
  });
}

Deno.test("Engine refuses a sid in use and leaves its session alone", async () => {
  const stage = new EngineStage({ generateId: () => "same" });
  const socket = await stage.openPolling();
  assertEquals((await stage.ask("transport=polling")).status, 400);
  assertEquals((await stage.askWebSocket()).context.events, undefined);
  socket.send("mine");
  assertEquals(await (await stage.poll("same")).text(), "4mine");
  assertEquals([stage.sockets.length, stage.engine.clientsCount], [1, 1]);
});

Deno.test("Engine closes the later of two WebSockets whose handshakes were given one sid", async () => {
  const stage = new EngineStage({ generateId: () => "same" });
  const [first, second] = [await stage.askWebSocket(), await stage.askWebSocket()];
  const [winner, loser] = [new Peer(first.context), new Peer(second.context)];
  assert(!winner.isClosed && loser.isClosed);
  assertEquals([loser.heard(), stage.sockets.length], [[], 1]);
  winner.hangUp();
  stage.assertEmpty();
});

Deno.test("Engine may give the sid of an ended session again", async () => {
  const stage = new EngineStage({ generateId: () => "same" });
  (await stage.openPolling()).close(true);
  assertEquals((await stage.openPolling()).readyState, "open");
});

// Headers and cookie

Deno.test("Engine runs initial_headers before headers, once per session; headers for each answer", async () => {
  const stage = new EngineStage();
  const log: string[] = [];
  stage.engine.on("initial_headers", (headers, request) => {
    log.push(`initial ${request.method}`);
    headers["x-initial"] = "1";
  });
  stage.engine.on("headers", (headers, request) => {
    log.push(`headers ${request.method}${"x-initial" in headers ? " after initial" : ""}`);
    headers["x-each"] = "2";
  });
  const answer = await stage.ask("transport=polling");
  assertEquals([answer.headers.get("x-initial"), answer.headers.get("x-each")], ["1", "2"]);
  const { id } = stage.sockets[0]!;
  const post = await stage.poll(id, { method: "POST", body: "4a" });
  assertEquals([post.headers.get("x-initial"), post.headers.get("x-each")], [null, "2"]);
  assertEquals([post.headers.get("content-type"), await post.text()], ["text/html", "ok"]);
  stage.sockets[0]!.send("a");
  const poll = await stage.poll(id);
  assertEquals([poll.headers.get("x-each"), await poll.text()], ["2", "4a"]);
  assertEquals(log, ["initial GET", "headers GET after initial", "headers POST", "headers GET"]);
});

Deno.test("Engine puts the headers of listeners on the answer to an upgrade request", async () => {
  const stage = new EngineStage();
  stage.engine.on("initial_headers", (headers) => headers["x-initial"] = "1");
  stage.engine.on("headers", (headers) => headers["set-cookie"] = ["a=1", "b=2"]);
  const direct = (await stage.askWebSocket()).context.headers!;
  assertEquals([direct.get("x-initial"), direct.getSetCookie()], ["1", ["a=1", "b=2"]]);
  const socket = await stage.openPolling();
  const upgrade = (await stage.askWebSocket(`&sid=${socket.id}`)).context.headers!;
  assertEquals([upgrade.get("x-initial"), upgrade.getSetCookie()], [null, ["a=1", "b=2"]]);
});

Deno.test("Engine leaves out and reports what a listener made that is no header", async () => {
  const stage = new EngineStage();
  stage.engine.on("headers", (headers) => {
    headers["x-evil"] = "a\r\nset-cookie: x=1";
    headers["x-good"] = "1";
  });
  const answer = await stage.ask("transport=polling");
  assertEquals([answer.status, answer.headers.get("x-good"), answer.headers.getSetCookie()], [200, "1", []]);
  assertEquals(stage.errors.length, 1);
  await stage.askWebSocket();
  assertEquals(stage.errors.length, 2);
});

Deno.test("Engine loses no frame to a header that cannot be made text", async () => {
  const stage = new EngineStage();
  const socket = await stage.openPolling();
  stage.engine.on("headers", (headers) => headers["x-evil"] = Object.create(null));
  socket.send("a");
  const answer = await stage.poll(socket.id);
  assertEquals([answer.status, await answer.text()], [200, "4a"]);
  assertEquals(stage.errors.length, 1);
});

Deno.test("Engine sets the cookie with the answer to a polling handshake, and never else", async () => {
  const stage = new EngineStage({ cookie: true });
  const answer = await stage.ask("transport=polling");
  const { id } = stage.sockets[0]!;
  assertEquals(answer.headers.getSetCookie(), [`io=${id}; Path=/; HttpOnly; SameSite=Lax`]);
  stage.sockets[0]!.send("a");
  assertEquals((await stage.poll(id)).headers.getSetCookie(), []);
  assertEquals((await stage.askWebSocket()).context.headers?.getSetCookie(), undefined);
  assertEquals((await stage.ask("transport=x")).headers.getSetCookie(), []);
});

Deno.test("Engine sets no cookie by default", async () => {
  assertEquals((await new EngineStage().ask("transport=polling")).headers.getSetCookie(), []);
});

// CORS

Deno.test("Engine puts CORS headers on every answer: polls, errors and upgrades", async () => {
  const stage = new EngineStage({ cors: { origin: "http://a", credentials: true } });
  const allowed = (headers: Headers): (string | null)[] => [
    headers.get("access-control-allow-origin"),
    headers.get("access-control-allow-credentials"),
  ];
  const socket = await stage.openPolling();
  const answers = [
    await stage.ask("transport=polling"),
    await stage.poll(socket.id, { method: "POST", body: "4a" }),
    await stage.ask("transport=x"),
  ].map((answer) => answer.headers);
  const upgrade = (await stage.askWebSocket()).context.headers!;
  for (const headers of [...answers, upgrade]) assertEquals(allowed(headers), ["http://a", "true"]);
});

Deno.test("Engine answers a preflight by itself where CORS is on", async () => {
  const stage = new EngineStage({ cors: true });
  const answer = await stage.ask("transport=polling", { method: "OPTIONS" });
  assertEquals([answer.status, answer.headers.get("access-control-allow-origin")], [204, "*"]);
  assertEquals([stage.refused.length, stage.engine.clientsCount], [0, 0]);
});

Deno.test("Engine answers code 3 and reports when the CORS delegate fails", async () => {
  const stage = new EngineStage({ cors: (_request, callback) => callback(new Error("mine")) });
  const answer = await stage.ask("transport=polling");
  assertEquals([answer.status, await answer.json()], [400, { code: 3, message: "Bad request" }]);
  assertEquals(stage.errors, ["Error: mine in engine request"]);
  stage.assertEmpty();
});

// Middlewares

Deno.test("Engine runs middlewares around polls, errors and upgrades", async () => {
  const stage = new EngineStage();
  const seen: string[] = [];
  stage.engine.use(async (request, next) => {
    const answer = await next();
    seen.push(`${new URL(request.url).searchParams.get("transport")} ${answer.status}`);
    return answer;
  });
  await stage.openPolling();
  await stage.ask("transport=x");
  const { answer, context } = await stage.askWebSocket();
  assertStrictEquals(answer, context.answer);
  assertEquals(seen, ["polling 200", "x 400", "websocket 101"]);
});

Deno.test("Engine lets a middleware answer by itself, with CORS headers and without a session", async () => {
  const stage = new EngineStage({ cors: true });
  stage.engine.use(() => Response.redirect("http://h/login")); // its headers cannot be changed
  const answer = await stage.ask("transport=polling");
  assertEquals([answer.status, answer.headers.get("location")], [302, "http://h/login"]);
  assertEquals(answer.headers.get("access-control-allow-origin"), "*");
  const upgrade = await stage.askWebSocket();
  assertEquals([upgrade.answer.status, upgrade.context.events], [302, undefined]);
  assertEquals(stage.refused, []);
  stage.assertEmpty();
});

for (const transport of ["polling", "websocket"] as const) {
  Deno.test(`Engine answers code 3 on ${transport} when a middleware throws before next, and reports it`, async () => {
    const stage = new EngineStage();
    stage.engine.use(() => {
      throw new Error("mine");
    });
    const answer = transport === "polling"
      ? await stage.ask("transport=polling")
      : (await stage.askWebSocket()).answer;
    assertEquals(answer.status, 400);
    assertEquals(
      await answer.text(),
      transport === "polling" ? '{"code":3,"message":"Bad request"}' : "Bad request",
    );
    assertEquals(stage.errors, ["Error: mine in engine request"]);
    assertEquals(stage.refused.map(({ context }) => context.name), ["MIDDLEWARE_FAILURE"]);
    stage.assertEmpty();
  });
}

const LATE: readonly [what: string, middleware: EngineMiddleware][] = [
  ["throws", async (_request, next) => {
    await next();
    throw new Error("mine");
  }],
  ["answers something else", async (_request, next) => {
    await next();
    return new Response("mine");
  }],
  ["wraps the answer", async (_request, next) => new Response((await next()).body, { status: 200 })],
];

for (const [what, middleware] of LATE) {
  Deno.test(`Engine keeps the answer to an accepted upgrade when a middleware then ${what}`, async () => {
    const stage = new EngineStage();
    stage.engine.use(middleware);
    const { answer, context } = await stage.askWebSocket();
    assertStrictEquals(answer, context.answer);
    const peer = new Peer(context);
    stage.sockets[0]!.send("a");
    assertEquals(peer.heard().at(-1), "4a");
    assertEquals(stage.errors.length, what === "throws" ? 1 : 0);
  });
}

Deno.test("Engine tells of no refused request when a middleware throws after an accepted upgrade", async () => {
  const stage = new EngineStage();
  stage.engine.use(LATE[0]![1]);
  new Peer((await stage.askWebSocket()).context);
  assertEquals(stage.sockets.length, 1);
  assertEquals(stage.refused, []);
});

Deno.test("Engine answers, and does not reject, when a middleware returns what cannot be sent", async () => {
  for (const returned of [undefined, "text", Response.error()]) {
    const stage = new EngineStage({ cors: true });
    stage.engine.use((() => returned) as unknown as EngineMiddleware);
    const answer = await stage.ask("transport=polling");
    assertEquals([answer.status, stage.errors.length], [400, 1]);
    stage.assertEmpty();
  }
});

Deno.test("Engine.use refuses what is no function", () => {
  const { engine } = new EngineStage();
  assertThrows(() => engine.use({} as EngineMiddleware), TypeError, "it is not a function");
});

Deno.test("Engine checks its options when it is made", () => {
  assertThrows(() => new EngineStage({ pingTimeout: -1 }), TypeError, 'Invalid option "pingTimeout": -1');
});
