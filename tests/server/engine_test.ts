/**
 * The public `Engine`: which paths are its own, and what becomes of the others.
 * @module
 */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Engine, type EngineOptions } from "../../src/server/engine.ts";

/** Whether the engine answers for `url`: its own answer to an empty query is code 0. */
async function answers(options: EngineOptions, url: string): Promise<boolean> {
  const response = await new Engine(options).handler(new Request(url));
  const text = await response.text();
  if (response.status === 404) {
    assertEquals(text, "");
    return false;
  }
  assertEquals(JSON.parse(text), { code: 0, message: "Transport unknown" });
  return true;
}

const PATHS: readonly [options: EngineOptions, url: string, isOwn: boolean][] = [
  [{}, "http://h/engine.io/", true],
  [{}, "http://h/engine.io/?a=1", true],
  [{}, "http://h/engine.io/#a", true],
  [{}, "http://h/engine.io/default", true],
  [{}, "http://h/engine.io", false],
  [{}, "http://h/engine.io?a=/", false],
  [{}, "http://h/engine.iofoo/", false],
  [{}, "http://h/engine.io%2F", false],
  [{}, "http://h/Engine.io/", false],
  [{}, "http://h/engine.i", false],
  [{}, "http://h/", false],
  [{}, "http://h", false],
  [{}, "http://h/x/engine.io/", false],
  [{}, "http://h/?/engine.io/", false],
  [{}, "http://h?x=http://h/engine.io/", false],
  [{}, "http://engine.io/", false],
  [{}, "http://user@h:8080/engine.io/", true],
  [{}, "https://[::1]/engine.io/", true],
  [{ addTrailingSlash: false }, "http://h/engine.io", true],
  [{ addTrailingSlash: false }, "http://h/engine.io?a=1", true],
  [{ addTrailingSlash: false }, "http://h/engine.io/", true],
  // The official server takes these for its own: its prefix test does not see where a segment ends.
  [{ addTrailingSlash: false }, "http://h/engine.iofoo", false],
  [{ addTrailingSlash: false }, "http://h/engine.iofoo/", false],
  [{ path: "/a/b" }, "http://h/a/b/", true],
  [{ path: "/a/b/" }, "http://h/a/b/?x", true],
  [{ path: "/a/b" }, "http://h/a/", false],
  [{ path: "/" }, "http://h/", true],
  [{ path: "/" }, "http://h/anything", true],
  [{ path: "/é" }, "http://h/é/", true],
];

for (const [options, url, isOwn] of PATHS) {
  Deno.test(`Engine ${JSON.stringify(options)} ${isOwn ? "answers" : "leaves"} ${url}`, async () => {
    assertEquals(await answers(options, url), isOwn);
  });
}

Deno.test("Engine hands what is not its own to the fallback, with what the runtime passed", async () => {
  const seen: unknown[] = [];
  const engine = new Engine({
    fallback: (request, ...context) => {
      seen.push(request, ...context);
      return new Response("app", { status: 201 });
    },
  });
  const request = new Request("http://h/");
  const info = { remoteAddr: { hostname: "1.2.3.4" } };
  const response = await engine.handler(request, info, 5);
  assertEquals([response.status, await response.text()], [201, "app"]);
  assertStrictEquals(seen[0], request);
  assertEquals(seen.slice(1), [info, 5]);
  const own = await engine.handler(new Request("http://h/engine.io/"));
  assertEquals([own.status, seen.length], [400, 3]);
  await own.body?.cancel();
});

Deno.test("Engine has a handler that can be passed on alone, and a session's address from the runtime", async () => {
  const engine = new Engine();
  const { handler } = engine;
  const addresses: string[] = [];
  engine.on("connection", (socket) => addresses.push(socket.remoteAddress));
  const url = "http://h/engine.io/?EIO=4&transport=polling";
  const info = (remoteAddr: unknown): unknown => ({ remoteAddr, completed: Promise.resolve() });
  for (const remoteAddr of [{ hostname: "1.2.3.4", port: 5 }, { path: "/run/app.sock" }]) {
    const response = await handler(new Request(url), info(remoteAddr));
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }
  const response = await handler(new Request(url));
  await response.body?.cancel();
  assertEquals(addresses, ["1.2.3.4", "/run/app.sock", ""]);
  await engine.close();
});

Deno.test("Engine refuses an upgrade that is none with code 3, and goes on", async () => {
  const engine = new Engine();
  const url = "http://h/engine.io/?EIO=4&transport=websocket";
  // A Request made by hand never came over a connection, so the platform cannot upgrade it.
  const response = await engine.handler(new Request(url, { headers: { upgrade: "websocket" } }), {});
  assertEquals([response.status, await response.text()], [400, "Bad request"]);
  assertEquals(engine.clientsCount, 0);
});

Deno.test("Engine checks its options when it is made", () => {
  assertThrows(() => new Engine({ pingInterval: -1 }), TypeError, 'Invalid option "pingInterval": -1');
});
