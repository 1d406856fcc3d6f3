/**
 * Option `cors`, with the semantics of the package that the official server uses. Source: socketio-behaviour.md, 1.4.
 * @module
 */
import { assertEquals } from "@std/assert";
import { RawConnection, rawRequest } from "../../support/raw_http.ts";
import { serve, test } from "../../support/target.ts";
import { PollingSession } from "../../support/wire.ts";

const ORIGIN = "https://app.example";

/** The CORS headers of an answer, by their short names. */
function corsHeaders(headers: Headers): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (name.startsWith("access-control-")) found[name.slice("access-control-".length)] = value;
  }
  return found;
}

/** Whether `Vary` names the header. */
function varies(headers: Headers, name: string): boolean {
  return (headers.get("vary") ?? "").toLowerCase().split(/,\s*/).includes(name);
}

async function handshake(cors: unknown, origin: string | undefined): Promise<Headers> {
  await using server = await serve("engine", { cors });
  const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin };
  const response = await rawRequest(server.port, "GET", server.target("transport=polling"), headers);
  assertEquals(response.status, 200);
  return response.headers;
}

test("CORS is off by default: no headers, and OPTIONS is no handshake", async () => {
  assertEquals(corsHeaders(await handshake(undefined, ORIGIN)), {});
  await using server = await serve("engine");
  const response = await rawRequest(server.port, "OPTIONS", server.target("transport=polling"), {
    Origin: ORIGIN,
    "Access-Control-Request-Method": "POST",
  });
  assertEquals([response.status, corsHeaders(response.headers)], [400, {}]);
  assertEquals(JSON.parse(response.body).code, 2);
});

test("CORS with origin * allows all and varies with nothing", async () => {
  const headers = await handshake({ origin: "*" }, ORIGIN);
  assertEquals(corsHeaders(headers), { "allow-origin": "*" });
  assertEquals(varies(headers, "origin"), false);
});

test("CORS with a text origin names it, whoever asks", async () => {
  for (const origin of [ORIGIN, "https://evil.example", undefined]) {
    const headers = await handshake({ origin: ORIGIN }, origin);
    assertEquals([corsHeaders(headers), varies(headers, "origin")], [{ "allow-origin": ORIGIN }, true]);
  }
});

test("CORS with a list reflects the origins on it and no others", async () => {
  const origin = [ORIGIN, "https://other.example"];
  assertEquals(corsHeaders(await handshake({ origin }, "https://other.example")), {
    "allow-origin": "https://other.example",
  });
  const refused = await handshake({ origin }, "https://evil.example");
  assertEquals([corsHeaders(refused), varies(refused, "origin")], [{}, true]);
  assertEquals(corsHeaders(await handshake({ origin }, "https://app.example.evil.example")), {});
});

test("CORS with a regular expression reflects what matches", async () => {
  const origin = /^https:\/\/\w+\.example$/;
  assertEquals(corsHeaders(await handshake({ origin }, ORIGIN)), { "allow-origin": ORIGIN });
  assertEquals(corsHeaders(await handshake({ origin }, "https://evil.example.com")), {});
  assertEquals(corsHeaders(await handshake({ origin: [/^https:\/\/b/, origin] }, ORIGIN)), {
    "allow-origin": ORIGIN,
  });
});

test("CORS with origin true reflects, with false is off", async () => {
  assertEquals(corsHeaders(await handshake({ origin: true }, ORIGIN)), { "allow-origin": ORIGIN });
  assertEquals(corsHeaders(await handshake({ origin: false }, ORIGIN)), {});
});

test("CORS with credentials and exposed headers says so", async () => {
  const cors = { origin: ORIGIN, credentials: true, exposedHeaders: ["x-one", "x-two"] };
  assertEquals(corsHeaders(await handshake(cors, ORIGIN)), {
    "allow-origin": ORIGIN,
    "allow-credentials": "true",
    "expose-headers": "x-one,x-two",
  });
});

test("CORS preflight is answered with 204 and what was asked for", async () => {
  await using server = await serve("engine", { cors: { origin: ORIGIN, credentials: true, maxAge: 600 } });
  const response = await rawRequest(server.port, "OPTIONS", server.target("transport=polling"), {
    Origin: ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-custom, content-type",
  });
  assertEquals([response.status, response.body], [204, ""]);
  assertEquals(corsHeaders(response.headers), {
    "allow-origin": ORIGIN,
    "allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
    "allow-headers": "x-custom, content-type",
    "allow-credentials": "true",
    "max-age": "600",
  });
  assertEquals([
    varies(response.headers, "origin"),
    varies(response.headers, "access-control-request-headers"),
  ], [
    true,
    true,
  ]);
});

test("CORS preflight names the methods, headers and status that were configured", async () => {
  await using server = await serve("engine", {
    cors: { origin: "*", methods: ["GET", "POST"], allowedHeaders: ["x-only"], optionsSuccessStatus: 200 },
  });
  const response = await rawRequest(server.port, "OPTIONS", server.target("transport=polling"), {
    Origin: ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-custom",
  });
  assertEquals(response.status, 200);
  assertEquals(corsHeaders(response.headers), {
    "allow-origin": "*",
    "allow-methods": "GET,POST",
    "allow-headers": "x-only",
  });
});

test("CORS preflight works for a session too", async () => {
  await using server = await serve("engine", { cors: { origin: ORIGIN } });
  const session = await PollingSession.start(server);
  const response = await rawRequest(server.port, "OPTIONS", session.target, {
    Origin: ORIGIN,
    "Access-Control-Request-Method": "POST",
  });
  assertEquals([response.status, response.headers.get("access-control-allow-origin")], [204, ORIGIN]);
  await session.assertEchoes();
});

test("CORS headers are on every answer: POST, GET, refusals, 413", async () => {
  await using server = await serve("engine", { cors: { origin: ORIGIN }, maxHttpBufferSize: 100 });
  const allow = { "allow-origin": ORIGIN };
  const session = await PollingSession.start(server);
  const post = await session.send("4x");
  assertEquals([await post.text(), corsHeaders(post.headers)], ["ok", allow]);
  const get = await session.get();
  assertEquals([await get.text(), corsHeaders(get.headers)], ["4x", allow]);
  for (const query of ["transport=abc", "transport=polling&sid=abc", "transport=polling&EIO=3"]) {
    const refused = await rawRequest(server.port, "GET", server.target(query));
    assertEquals([refused.status, corsHeaders(refused.headers)], [400, allow]);
  }
  const tooLarge = await session.send("4" + "x".repeat(100));
  await tooLarge.body?.cancel();
  assertEquals([tooLarge.status, corsHeaders(tooLarge.headers)], [413, allow]);
});

test("CORS does not keep a foreign origin from a WebSocket, and its headers are on the 101", async () => {
  await using server = await serve("engine", { cors: { origin: ORIGIN } });
  using connection = await RawConnection.open(server.port);
  const response = await connection.upgrade(server.target("transport=websocket"), {
    Origin: "https://evil.example",
  });
  assertEquals([response.status, corsHeaders(response.headers)], [101, { "allow-origin": ORIGIN }]);
}, "setsUpgradeHeaders");

test("CORS delegate chooses by request", async () => {
  await using server = await serve("engine", { corsDelegate: true });
  const ask = async (tenant: string): Promise<Record<string, string>> => {
    const response = await rawRequest(server.port, "GET", server.target("transport=polling"), {
      Origin: "https://a.example",
      "X-Tenant": tenant,
    });
    assertEquals(response.status, 200);
    return corsHeaders(response.headers);
  };
  assertEquals(await ask("a"), { "allow-origin": "https://a.example" });
  assertEquals(await ask("b"), {});
});
