import { assert, assertEquals, assertThrows } from "@std/assert";
import { router, type RouterOptions } from "../../src/server/router.ts";

/** A binding that says which object was asked for what. */
function binding(): { readonly env: Record<string, unknown>; readonly asked: string[] } {
  const asked: string[] = [];
  const CHAT = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      fetch: (request: Request) => {
        asked.push(name);
        return Promise.resolve(new Response(request.url));
      },
    }),
  };
  return { env: { CHAT, TEXT: "no binding of objects" }, asked };
}

async function objectsFor(options: Omit<RouterOptions, "binding">, ...paths: string[]): Promise<string[]> {
  const { env, asked } = binding();
  const { fetch } = router({ binding: "CHAT", ...options });
  for (const path of paths) {
    const url = `https://example.com${path}`;
    assertEquals(await (await fetch(new Request(url), env)).text(), url);
  }
  return asked;
}

Deno.test("Router takes all that is under its path to one object", async () => {
  const paths = ["/socket.io", "/socket.io/", "/socket.io/?EIO=4&sid=s7~abc", "/socket.io/more"];
  assertEquals(await objectsFor({}, ...paths), ["main", "main", "main", "main"]);
  assertEquals(await objectsFor({ path: "/chat" }, "/chat/?EIO=4"), ["main"]);
});

Deno.test("Router leaves other paths to the fallback, and has none by itself", async () => {
  const { env, asked } = binding();
  const bare = router({ binding: "CHAT" });
  const seen: unknown[] = [];
  const ctx = {};
  const full = router({
    binding: "CHAT",
    fallback: (request, ...more) => {
      seen.push(...more);
      return new Response(`fallback ${new URL(request.url).pathname}`);
    },
  });
  for (const path of ["/", "/socket.iox", "/x/socket.io/", "/Socket.io/"]) {
    const request = new Request(`https://example.com${path}`);
    assertEquals((await bare.fetch(request, env)).status, 404);
    assertEquals(await (await full.fetch(request, env, ctx)).text(), `fallback ${path}`);
  }
  assertEquals([asked, seen.length, seen[0] === env, seen[1] === ctx], [[], 8, true, true]);
});

Deno.test("Router asks whose server a request is for", async () => {
  const name = (request: Request): string => new URL(request.url).searchParams.get("team")!;
  assertEquals(await objectsFor({ name }, "/socket.io/?team=red", "/socket.io/?team=blue"), ["red", "blue"]);
  assertEquals(await objectsFor({ name, shards: 3 }, "/socket.io/?team=red&sid=s2~x"), ["red/2"]);
});

Deno.test("Router takes a session to the shard that its sid names, and spreads new ones over all", async () => {
  const named = ["s0~a", "s3~b", "s3~s1~c"].map((sid) => `/socket.io/?EIO=4&sid=${sid}`);
  assertEquals(await objectsFor({ shards: 4 }, ...named), ["main/0", "main/3", "main/3"]);
  const fresh = new Set(
    await objectsFor({ shards: 4 }, ...Array.from({ length: 400 }, () => "/socket.io/?EIO=4")),
  );
  assertEquals([...fresh].sort(), ["main/0", "main/1", "main/2", "main/3"]);
});

Deno.test("Router lets nobody name an object that is no shard", async () => {
  const bad = [
    "s4~x",
    "s99999~x",
    "s123456~x",
    "s-1~x",
    "s1.5~x",
    "hub-0",
    "s~",
    "S1~x",
    " s1~x",
    "main/hub-0",
  ];
  const shards = ["main/0", "main/1", "main/2", "main/3"];
  for (const sid of bad) {
    const [object] = await objectsFor({ shards: 4 }, `/socket.io/?sid=${encodeURIComponent(sid)}`);
    assert(shards.includes(object!), `${sid} reached ${object}`);
  }
});

Deno.test("Router says which option is wrong", () => {
  const wrong: [options: Record<string, unknown>, message: string][] = [
    [{ shards: 0 }, 'Invalid option "shards": 0'],
    [{ shards: 1.5 }, 'Invalid option "shards": 1.5'],
    [{ shards: 10_001 }, 'Invalid option "shards": 10001'],
    [{ path: 5 }, 'Invalid option "path": 5'],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => router({ binding: "CHAT", ...options }), TypeError, message);
  }
  for (const name of ["NONE", "TEXT"]) {
    const { fetch } = router({ binding: name });
    const request = new Request("https://example.com/socket.io/");
    for (const env of [binding().env, undefined]) {
      assertThrows(() => fetch(request, env), TypeError, `Invalid option "binding": "${name}"`);
    }
  }
});
