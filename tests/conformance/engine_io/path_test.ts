/**
 * Which requests are the server's: options `path` and `addTrailingSlash`. Source: socketio-behaviour.md, 1.1.
 * @module
 */
import { assertEquals } from "@std/assert";
import { RawConnection, rawRequest } from "../../support/raw_http.ts";
import { expected, serve, test } from "../../support/target.ts";

const QUERY = "?EIO=4&transport=polling";

interface Case {
  readonly options: Record<string, unknown>;
  readonly served: readonly string[];
  readonly foreign: readonly string[];
}

const CASES: Case[] = [
  {
    options: { path: "/socket.io" },
    served: ["/socket.io/", "/socket.io/x", "/socket.io/x/y"],
    foreign: ["/socket.io", "/socket.iofoo/", "/socket.iofoo", "/", "/x/socket.io/", "/socket/io/"],
  },
  { options: { path: "/socket.io/" }, served: ["/socket.io/"], foreign: ["/socket.io", "/socket.iofoo/"] },
  {
    options: { path: "/socket.io", addTrailingSlash: false },
    served: ["/socket.io", "/socket.io/", "/socket.io/x"],
    foreign: ["/", "/x/socket.io"].concat(expected.exactPath ? ["/socket.iofoo/", "/socket.iofoo"] : []),
  },
  { options: { path: "/a/b c" }, served: expected.exactPath ? ["/a/b%20c/"] : [], foreign: ["/a/b/", "/a/"] },
];

for (const { options, served, foreign } of CASES) {
  const name = Object.entries(options).map(([key, value]) => `${key} ${value}`).join(", ");
  test(`Option ${name} decides which requests are the server's`, async () => {
    await using server = await serve("engine", options);
    for (const path of served) {
      const response = await rawRequest(server.port, "GET", path + QUERY);
      assertEquals([path, response.status, response.body.charAt(0)], [path, 200, "0"]);
    }
    for (const path of foreign) {
      const response = await rawRequest(server.port, "GET", path + QUERY);
      assertEquals([path, response.status], [path, 404]);
    }
  });
}

test("Option path holds for upgrade requests too", async () => {
  await using server = await serve("engine", { path: "/socket.io", destroyUpgradeTimeout: 50 });
  using own = await RawConnection.open(server.port);
  assertEquals((await own.upgrade("/socket.io/?EIO=4&transport=websocket")).status, 101);
  if (!expected.exactPath) return; // the official server leaves such a request to others and cuts it
  using foreign = await RawConnection.open(server.port);
  assertEquals((await foreign.upgrade("/socket.iofoo/?EIO=4&transport=websocket")).status, 404);
});

test("Request target in absolute form is understood", async () => {
  await using server = await serve("engine", { path: "/socket.io" });
  const response = await rawRequest(server.port, "GET", `http://127.0.0.1:${server.port}/socket.io/${QUERY}`);
  // The official server compares the raw target: it does not know this form (RFC 9112, 3.2.2 says it must).
  assertEquals(response.status, expected.exactPath ? 200 : 404);
}, "takesAbsoluteTargets");
