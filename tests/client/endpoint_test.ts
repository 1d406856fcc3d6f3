import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { endpointOf } from "../../src/client/endpoint.ts";

const ORIGIN = "https://example.com:8443";

Deno.test("endpointOf() makes addresses as the protocol wants them", () => {
  const polling = endpointOf(ORIGIN, "polling", {});
  const url = new URL(polling.url("the sid"));
  assertEquals([url.origin, url.pathname], [ORIGIN, "/socket.io/"]);
  const { t, ...params } = Object.fromEntries(url.searchParams);
  assertEquals(params, { EIO: "4", transport: "polling", sid: "the sid" });
  assert(t);
  assertNotEquals(polling.url(undefined), polling.url(undefined)); // past any cache
  assertEquals(
    endpointOf(ORIGIN, "websocket", {}).url(undefined),
    "wss://example.com:8443/socket.io/?EIO=4&transport=websocket",
  );
  assertEquals(endpointOf("http://h", "websocket", {}).url("s").slice(0, 5), "ws://");
});

Deno.test("endpointOf() follows the options, those of the transport first", () => {
  const options = {
    path: "/p/",
    addTrailingSlash: false,
    query: { a: 1, EIO: "3" },
    timestampRequests: false,
    withCredentials: true,
    extraHeaders: { "x-all": "1" },
    protocols: ["p"],
    requestTimeout: 5,
    transportOptions: {
      websocket: {
        path: "/ws",
        extraHeaders: { "x-ws": "1" },
        timestampRequests: true,
        timestampParam: "ts",
      },
    },
  };
  const polling = endpointOf(ORIGIN, "polling", options);
  assertEquals(polling.url(undefined), `${ORIGIN}/p?a=1&EIO=4&transport=polling`);
  assertEquals(
    [polling.headers, polling.withCredentials, polling.protocols, polling.requestTimeout],
    [{ "x-all": "1" }, true, ["p"], 5],
  );
  const websocket = endpointOf(ORIGIN, "websocket", options);
  assert(websocket.url(undefined).startsWith("wss://example.com:8443/ws?a=1&EIO=4&transport=websocket&ts="));
  assertEquals(websocket.headers, { "x-ws": "1" });
});
