/**
 * `serveClient` on real servers: what travels, and that it is a client.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RawConnection } from "../../support/raw_http.ts";
import { serve, test } from "../../support/target.ts";

const NAME = "socket.io/socket.io.min.js";

test("Server serves the client's script, gzipped for those who take it, once", async () => {
  await using server = await serve("socketio");
  const plain = await fetch(`${server.origin}/${NAME}`, { headers: { "accept-encoding": "identity" } });
  assertEquals([plain.status, plain.headers.get("content-encoding")], [200, null]);
  assertEquals(plain.headers.get("content-type"), "application/javascript; charset=utf-8");
  const script = await plain.text();
  const zipped = await fetch(`${server.origin}/${NAME}`, { headers: { "accept-encoding": "gzip" } });
  assert(await zipped.text() === script, "the scripts differ");

  // Below fetch, which would undo one gzip and hide a second.
  using raw = await RawConnection.open(server.port);
  await raw.request("GET", `/${NAME}`, { "accept-encoding": "gzip" });
  const { headers, bytes } = await raw.response();
  assertEquals(headers.get("content-encoding"), "gzip");
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  assert(await new Response(stream).text() === script, "not gzipped once");

  const etag = plain.headers.get("etag")!;
  const again = await fetch(`${server.origin}/${NAME}`, { headers: { "if-none-match": etag } });
  assertEquals([again.status, await again.text()], [304, ""]);
});

test("Server's script makes a client that talks to it", async () => {
  await using server = await serve("socketio");
  for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"]) {
    const script = await (await fetch(`${server.origin}/socket.io/${name}`)).text();
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const module = await import(url);
    URL.revokeObjectURL(url);
    const { io } = name.includes("esm") ? module : globalThis as unknown as typeof module;
    assertEquals([io.protocol ?? module.protocol, typeof io], [5, "function"]);
    const socket = io(server.origin, { forceNew: true, transports: ["websocket"] });
    assertEquals(await socket.timeout(5_000).emitWithAck("message-with-ack", name), name);
    const closed = new Promise((resolve) => socket.io.engine.once("close", resolve));
    socket.disconnect();
    await closed;
    await server.logged("disconnect");
  }
  delete (globalThis as { io?: unknown }).io;
});
