/**
 * `serveClient`: what is answered under which names, and how caches and encodings are dealt with.
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Server } from "../../mod.ts";
import { clientScripts } from "../../src/client_scripts/mod.ts";
import { clientFiles } from "../../src/server/client_files.ts";

const ORIGIN = "http://localhost";
const NAMES = [
  "socket.io.js",
  "socket.io.min.js",
  "socket.io.esm.min.js",
  "socket.io.msgpack.min.js",
].flatMap((name) => [name, `${name}.map`]);

async function get(
  io: Pick<Server, "handler">,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> {
  return await io.handler(new Request(ORIGIN + path, { headers, method }));
}

Deno.test("Server serves each script and its map, the same content gzipped and plain", async () => {
  const io = new Server();
  for (const name of NAMES) {
    const plain = await get(io, `/socket.io/${name}`);
    assertEquals(plain.status, 200, name);
    assertEquals(
      plain.headers.get("content-type"),
      `application/${name.endsWith(".map") ? "json" : "javascript"}; charset=utf-8`,
    );
    assertEquals(plain.headers.get("cache-control"), "public, max-age=0");
    assertEquals(plain.headers.get("content-encoding"), null);
    const text = await plain.text();
    const zipped = await get(io, `/socket.io/${name}`, { "accept-encoding": "br, gzip" });
    assertEquals(zipped.headers.get("content-encoding"), "gzip");
    assertEquals(zipped.headers.get("vary"), "Accept-Encoding");
    assertEquals(zipped.headers.get("etag"), plain.headers.get("etag")!.replace(/"$/, '-gzip"'));
    const unzipped = zipped.body!.pipeThrough(new DecompressionStream("gzip"));
    assert(await new Response(unzipped).text() === text, `${name} differs when it is gzipped`);
    if (name.endsWith(".map")) {
      const { sources } = JSON.parse(text) as { sources: string[] };
      assert(sources.includes("src/client/socket.ts"), sources.join());
    } else assertMatch(text, new RegExp(`//# sourceMappingURL=${name}\\.map\\s*$`));
  }
  await io.close();
});

Deno.test("Server answers 304 where the ETag is known, strongly or weakly", async () => {
  const io = new Server();
  const first = await get(io, "/socket.io/socket.io.js", {}, "HEAD");
  assertEquals([first.status, first.body], [200, null]);
  const etag = first.headers.get("etag")!;
  assertMatch(etag, /^"[\w+/]{22}"$/);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*", etag.replace(/"$/, '-gzip"')]) {
    const again = await get(io, "/socket.io/socket.io.js", { "if-none-match": known });
    assertEquals([again.status, again.headers.get("etag"), again.body], [304, etag, null], known);
  }
  const other = await get(io, "/socket.io/socket.io.js", { "if-none-match": '"other"' });
  assertEquals(other.status, 200);
  await other.body?.cancel();
  await io.close();
});

Deno.test("Server does not gzip for those who refuse it", async () => {
  const io = new Server();
  for (const encodings of ["gzip;q=0", "identity", "*;q=0", "br"]) {
    const { headers, body } = await get(io, "/socket.io/socket.io.min.js", { "accept-encoding": encodings });
    assertEquals(headers.get("content-encoding"), null, encodings);
    await body?.cancel();
  }
  await io.close();
});

Deno.test("Server leaves to the engine what is none of the files, and what is no GET", async () => {
  const io = new Server({ fallback: () => new Response("mine", { status: 418 }) });
  for (
    const [path, status, method] of [
      ["/socket.io/socket.io.mjs", 400],
      ["/socket.io/socket.io.js/more", 400],
      ["/socket.io/socket.io.__proto__", 400],
      ["/socket.io/socket.io.js", 400, "POST"],
      ["/other/socket.io.js", 418],
      ["/socket.io.js", 418],
    ] as const
  ) {
    const answer = await get(io, path, {}, method);
    assertEquals(answer.status, status, path);
    await answer.body?.cancel();
  }
  await io.close();
});

Deno.test("Server with a path of its own serves the files there", async () => {
  const io = new Server({ path: "/deep/chat/" });
  const answer = await get(io, "/deep/chat/socket.io.js?v=1");
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
  await io.close();
});

Deno.test("Server adds the headers for other origins to the files", async () => {
  const io = new Server({ cors: { origin: "https://app.example" } });
  const answer = await get(io, "/socket.io/socket.io.esm.min.js", { origin: "https://app.example" });
  assertEquals(answer.headers.get("access-control-allow-origin"), "https://app.example");
  assertEquals(answer.headers.get("vary"), "Accept-Encoding, Origin");
  await answer.body?.cancel();
  await io.close();
});

Deno.test("Server without serveClient serves none, until it is told to", async () => {
  const io = new Server({ serveClient: false });
  assertEquals(io.serveClient(), false);
  const before = await get(io, "/socket.io/socket.io.js");
  assertEquals(before.status, 400);
  await before.body?.cancel();
  assertEquals(io.serveClient(clientScripts).serveClient(), true);
  const after = await get(io, "/socket.io/socket.io.js");
  assertEquals(after.status, 200);
  await after.body?.cancel();
  assertThrows(() => new Server({ serveClient: "yes" as never }), TypeError, '"serveClient": yes, expected');
  await io.close();
});

Deno.test("clientFiles() with a table of one's own serves that", async () => {
  const gzip = new Uint8Array(
    await new Response(new Blob(["mine"]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  ).toBase64();
  const files = clientFiles({
    scripts: () => ({ "socket.io.own.js": () => Promise.resolve({ etag: '"1"', gzip }) }),
    path: () => "/socket.io",
  });
  assertEquals(await (await files(new Request(`${ORIGIN}/socket.io/socket.io.own.js`)))!.text(), "mine");
  assertEquals(files(new Request(`${ORIGIN}/socket.io/socket.io.js`)), undefined);
});
