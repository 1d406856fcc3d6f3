import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { makeIo } from "../../src/client/io.ts";
import { connect, io, Manager } from "../../src/client/mod.ts";
import { Stage } from "./stage.ts";

Deno.test("io() shares a connection among the namespaces of a server and path, unless told otherwise", () => {
  const stage = new Stage({ autoConnect: false });
  const io = makeIo([stage.kind("websocket")]);
  const options = { clock: stage.clock };
  const main = io("http://server", options);
  const chat = io("http://server:80/chat?q=1", options);
  assertStrictEquals(chat.io, main.io);
  assertEquals([main.nsp, chat.nsp], ["/", "/chat"]);
  assertEquals(stage.connections.length, 1);
  for (
    const [uri, more] of [
      ["http://server", {}], // the same namespace once more
      ["http://server/new", { forceNew: true }],
      ["http://server/other", { multiplex: false }],
      ["http://server/path", { path: "/else" }],
      ["https://server/secure", {}],
    ] as const
  ) {
    const other = io(uri, { ...options, ...more });
    assertNotStrictEquals(other.io, main.io, uri);
    other.disconnect();
  }
  main.disconnect();
  chat.disconnect();
  assertEquals(stage.clock.pending, 0);
});

Deno.test("io() without a URL takes options alone, and needs a page", () => {
  const stage = new Stage({ autoConnect: false });
  const io = makeIo([stage.kind("websocket")]);
  Object.defineProperty(globalThis, "location", { value: { href: "http://page/dir/" }, configurable: true });
  try {
    const socket = io({ clock: stage.clock, query: { a: 1 } });
    assertEquals([socket.nsp, new URL(stage.last.url).host], ["/", "page"]);
    assert(stage.last.url.includes("a=1"));
    socket.disconnect();
    const manager = new Manager({ clock: stage.clock, autoConnect: false });
    assertEquals(manager.opts.autoConnect, false);
  } finally {
    delete (globalThis as { location?: unknown }).location;
  }
});

Deno.test("connect is io", () => {
  assertStrictEquals(connect, io);
});
