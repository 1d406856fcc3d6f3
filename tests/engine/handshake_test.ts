import { assertEquals, assertStrictEquals } from "@std/assert";
import { admit, isWebSocketRequest } from "../../src/engine/handshake.ts";

const polling = { transportKind: "polling" };
const websocket = { transportKind: "websocket" };
const SESSIONS = new Map([["poll", polling], ["ws", websocket]]);
const BOTH = { transports: new Set(["polling", "websocket"]), allowUpgrades: true };

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly settings?: typeof BOTH;
}

const UPGRADE = { upgrade: "websocket", connection: "Upgrade" };

/** What the request with this query is found to be; a refusal as its code and context. */
function ask(query: string, { method = "GET", headers = {}, settings = BOTH }: Asked = {}): unknown {
  const request = new Request(`http://h/engine.io/?${query}`, { method, headers });
  const admission = admit(request, settings, SESSIONS);
  if (admission.kind !== "refused") return admission;
  const { code, context } = admission.refusal;
  return [code, context];
}

Deno.test("admit finds a handshake on polling, and one on WebSocket", () => {
  assertEquals(ask("EIO=4&transport=polling"), { kind: "handshake", transport: "polling", base64: false });
  assertEquals(ask("EIO=4&transport=websocket", { headers: UPGRADE }), {
    kind: "handshake",
    transport: "websocket",
    base64: false,
  });
});

Deno.test("admit reads b64=1 of a handshake, and no other value", () => {
  const isBase64 = (query: string): unknown =>
    (ask(`EIO=4&transport=polling&${query}`) as { base64: boolean }).base64;
  assertEquals([isBase64("b64=1"), isBase64("b64=true"), isBase64("b64"), isBase64("")], [
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("admit takes an empty sid for none", () => {
  assertEquals((ask("EIO=4&transport=polling&sid=") as { kind: string }).kind, "handshake");
});

Deno.test("admit finds the session of a poll, of a POST and of an upgrade", () => {
  const query = "EIO=4&transport=polling&sid=poll";
  assertEquals(ask(query), { kind: "session", sid: "poll", session: polling, isUpgrade: false });
  assertEquals(ask(query, { method: "POST" }), {
    kind: "session",
    sid: "poll",
    session: polling,
    isUpgrade: false,
  });
  const upgrade = ask("EIO=4&transport=websocket&sid=poll", { headers: UPGRADE });
  assertEquals(upgrade, { kind: "session", sid: "poll", session: polling, isUpgrade: true });
  assertStrictEquals((upgrade as { session: unknown }).session, polling);
});

Deno.test("admit lets a second WebSocket through to the session, which decides about it", () => {
  const upgrade = ask("EIO=4&transport=websocket&sid=ws", { headers: UPGRADE });
  assertEquals(upgrade, { kind: "session", sid: "ws", session: websocket, isUpgrade: true });
});

const POLL = "EIO=4&transport=polling";
const SOCKET = "EIO=4&transport=websocket";
const HANDSHAKE_ERROR = (transport: string): unknown => [3, { name: "TRANSPORT_HANDSHAKE_ERROR", transport }];

const REFUSED: readonly [what: string, query: string, asked: Asked, refusal: unknown][] = [
  ["no transport", "EIO=4", {}, [0, { transport: undefined }]],
  ["an empty transport", "EIO=4&transport=", {}, [0, { transport: "" }]],
  ["an unknown transport", "EIO=4&transport=abc", {}, [0, { transport: "abc" }]],
  ["WebTransport", "EIO=4&transport=webtransport", {}, [0, { transport: "webtransport" }]],
  // CVE-2023-31125: names that every object inherits.
  ["transport __proto__", "EIO=4&transport=__proto__", {}, [0, { transport: "__proto__" }]],
  ["transport constructor", "EIO=4&transport=constructor", {}, [0, { transport: "constructor" }]],
  ["transport __proto__ with a known sid", "EIO=4&transport=__proto__&sid=poll", {}, [0, {
    transport: "__proto__",
  }]],
  ["transport __proto__ on an upgrade", "EIO=4&transport=__proto__", { headers: UPGRADE }, [0, {
    transport: "__proto__",
  }]],
  ["a transport of another case", "EIO=4&transport=Polling", {}, [0, { transport: "Polling" }]],
  ["a second transport key that is wrong", `${POLL}&transport=abc`, {}, [0, { transport: "abc" }]],
  ["a transport that is turned off", POLL, {
    settings: { ...BOTH, transports: new Set(["websocket"]) },
  }, [0, { transport: "polling" }]],
  ["websocket by a plain GET", SOCKET, {}, HANDSHAKE_ERROR("websocket")],
  ["websocket by a plain GET with a sid", `${SOCKET}&sid=poll`, {}, HANDSHAKE_ERROR("websocket")],
  ["another protocol to upgrade to", SOCKET, { headers: { upgrade: "h2c" } }, HANDSHAKE_ERROR("websocket")],
  ["polling by an upgrade request", POLL, { headers: UPGRADE }, HANDSHAKE_ERROR("polling")],
  [
    "polling by an upgrade request with a sid",
    `${POLL}&sid=poll`,
    { headers: UPGRADE },
    HANDSHAKE_ERROR(
      "polling",
    ),
  ],
  ["an unknown sid", `${POLL}&sid=gone`, {}, [1, { sid: "gone" }]],
  // GHSA-gr94-w7qr-f4j3: sessions in an object would be found under the names that it inherits.
  ["sid __proto__", `${POLL}&sid=__proto__`, {}, [1, { sid: "__proto__" }]],
  ["sid constructor on an upgrade", `${SOCKET}&sid=constructor`, { headers: UPGRADE }, [1, {
    sid: "constructor",
  }]],
  ["a second sid key that is unknown", `${POLL}&sid=poll&sid=gone`, {}, [1, { sid: "gone" }]],
  ["an unknown sid before a wrong revision", "EIO=3&transport=polling&sid=gone", {}, [1, { sid: "gone" }]],
  ["a poll of a session on WebSocket", `${POLL}&sid=ws`, {}, [3, {
    name: "TRANSPORT_MISMATCH",
    transport: "polling",
    previousTransport: "websocket",
  }]],
  ["an upgrade where upgrades are off", `${SOCKET}&sid=poll`, {
    headers: UPGRADE,
    settings: { ...BOTH, allowUpgrades: false },
  }, [3, { name: "TRANSPORT_MISMATCH", transport: "websocket", previousTransport: "polling" }]],
  // Fixed silently in engine.io 6.6.10, where it killed the process: the revision belongs to the session.
  ...["3", "5", "", "04"].flatMap((revision): [string, string, Asked, unknown][] => {
    const context = { name: "PROTOCOL_MISMATCH", protocol: revision, previousProtocol: 4 };
    return [
      [`revision "${revision}" of a known session`, `EIO=${revision}&transport=polling&sid=poll`, {}, [
        3,
        context,
      ]],
      [`revision "${revision}" on an upgrade`, `EIO=${revision}&transport=websocket&sid=poll`, {
        headers: UPGRADE,
      }, [3, context]],
    ];
  }),
  ["no revision for a known session", "transport=polling&sid=poll", {}, [3, {
    name: "PROTOCOL_MISMATCH",
    protocol: undefined,
    previousProtocol: 4,
  }]],
  ...["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"].map((method): [string, string, Asked, unknown] => [
    `${method} for a known session`,
    `${POLL}&sid=poll`,
    { method },
    [2, { method }],
  ]),
  ...["POST", "PUT", "DELETE", "OPTIONS", "HEAD"].map((method): [string, string, Asked, unknown] => [
    `${method} as a handshake`,
    POLL,
    { method },
    [2, { method }],
  ]),
  ["a wrong method before a wrong revision", "EIO=3&transport=polling", { method: "POST" }, [2, {
    method: "POST",
  }]],
  ["no revision", "transport=polling", {}, [5, { protocol: undefined }]],
  ["revision 3", "EIO=3&transport=polling", {}, [5, { protocol: 3 }]],
  ["revision 5", "EIO=5&transport=polling", {}, [5, { protocol: 5 }]],
  ["revision 4.0", "EIO=4.0&transport=polling", {}, [5, { protocol: 4 }]],
  ["revision abc", "EIO=abc&transport=polling", {}, [5, { protocol: undefined }]],
  ["revision 3 on a direct WebSocket", "EIO=3&transport=websocket", { headers: UPGRADE }, [5, {
    protocol: 3,
  }]],
  ["revisions 4 and then 3", "EIO=4&EIO=3&transport=polling", {}, [5, { protocol: 3 }]],
];

for (const [what, query, asked, refusal] of REFUSED) {
  Deno.test(`admit refuses ${what}`, () => {
    assertEquals(ask(query, asked), refusal);
  });
}

Deno.test("admit takes revisions 3 and then 4 for 4", () => {
  assertEquals((ask(`EIO=3&${POLL}`) as { kind: string }).kind, "handshake");
});

/** A request whose Origin holds what `Headers` would not take: other runtimes let it through. */
function withOrigin(origin: string, query = POLL): Request {
  const request = new Request(`http://h/engine.io/?${query}`);
  Object.defineProperty(request, "headers", {
    value: { get: (name: string) => name.toLowerCase() === "origin" ? origin : null },
  });
  return request;
}

for (const origin of ["http://a\x01", "a\x7f", "a\nb", "\0"]) {
  Deno.test(`admit refuses a handshake from the origin ${JSON.stringify(origin)}`, () => {
    const admission = admit(withOrigin(origin), BOTH, SESSIONS);
    assertEquals(admission.kind === "refused" && [admission.refusal.code, admission.refusal.context], [3, {
      name: "INVALID_ORIGIN",
      origin,
    }]);
  });
}

for (const origin of ["http://a", "null", "", "a\tb", "http://é", "chrome-extension://x"]) {
  Deno.test(`admit lets a handshake from the origin ${JSON.stringify(origin)} through`, () => {
    assertEquals(admit(withOrigin(origin), BOTH, SESSIONS).kind, "handshake");
  });
}

Deno.test("isWebSocketRequest reads the Upgrade header in any case", () => {
  const asks = (headers: Record<string, string>): boolean =>
    isWebSocketRequest(new Request("http://h/", { headers }));
  assertEquals([asks({ upgrade: "websocket" }), asks({ Upgrade: "WebSocket" })], [true, true]);
  assertEquals([asks({}), asks({ upgrade: "h2c" }), asks({ connection: "upgrade" })], [false, false, false]);
});
