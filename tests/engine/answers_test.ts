import { assertEquals } from "@std/assert";
import {
  emptyAnswer,
  ENGINE_ERROR_MESSAGES,
  EngineErrorCode,
  payloadAnswer,
  postAnswer,
  refusal,
  refusalAnswer,
} from "../../src/engine/answers.ts";

/** Status, content type and body of the official server's refusals, by code. */
const REFUSALS: readonly [code: number, status: number, message: string][] = [
  [EngineErrorCode.UNKNOWN_TRANSPORT, 400, "Transport unknown"],
  [EngineErrorCode.UNKNOWN_SID, 400, "Session ID unknown"],
  [EngineErrorCode.BAD_HANDSHAKE_METHOD, 400, "Bad handshake method"],
  [EngineErrorCode.BAD_REQUEST, 400, "Bad request"],
  [EngineErrorCode.FORBIDDEN, 403, "Forbidden"],
  [EngineErrorCode.UNSUPPORTED_PROTOCOL_VERSION, 400, "Unsupported protocol version"],
];

for (const [code, status, message] of REFUSALS) {
  Deno.test(`refusalAnswer answers code ${code} with ${status} and "${message}"`, async () => {
    const refused = refusal(code, { name: "SECRET" });
    assertEquals(refused, { code, message, context: { name: "SECRET" } });
    const answer = refusalAnswer(refused, false);
    assertEquals(answer.status, status);
    assertEquals(answer.headers.get("content-type"), "application/json");
    // The context is for the server's own listeners: the client sees code and message alone.
    assertEquals(await answer.text(), JSON.stringify({ code, message }));
  });

  Deno.test(`refusalAnswer answers an upgrade request with code ${code} with 400 and the message alone`, async () => {
    const answer = refusalAnswer(refusal(code), true);
    assertEquals(answer.status, 400);
    assertEquals(await answer.text(), message);
  });
}

Deno.test("The codes count the messages through", () => {
  assertEquals(Object.values(EngineErrorCode), [0, 1, 2, 3, 4, 5]);
  assertEquals(ENGINE_ERROR_MESSAGES.length, 6);
});

Deno.test("refusalAnswer tells the client the text of a refusing allowRequest, on HTTP and on upgrades", async () => {
  const refused = refusal(EngineErrorCode.FORBIDDEN, { message: "no <b>entry</b>" });
  assertEquals(await refusalAnswer(refused, false).json(), { code: 4, message: "no <b>entry</b>" });
  const answer = refusalAnswer(refused, true);
  assertEquals(await answer.text(), "no <b>entry</b>");
  // Not as HTML: the text may hold what the client sent.
  assertEquals(answer.headers.get("content-type"), "text/plain; charset=UTF-8");
});

Deno.test("refusalAnswer takes no text from the context of any code but 4", async () => {
  const refused = refusal(EngineErrorCode.BAD_REQUEST, { message: "inner detail" });
  assertEquals(await refusalAnswer(refused, false).json(), { code: 3, message: "Bad request" });
});

Deno.test("payloadAnswer is text that nobody may keep", async () => {
  const answer = payloadAnswer("4é", undefined);
  assertEquals(answer.status, 200);
  assertEquals(answer.headers.get("content-type"), "text/plain; charset=UTF-8");
  assertEquals(answer.headers.get("cache-control"), "no-store");
  assertEquals(answer.headers.get("content-encoding"), null);
  assertEquals(await answer.text(), "4é");
});

for (const encoding of ["gzip", "deflate"] as const) {
  Deno.test(`payloadAnswer compresses with ${encoding} and says so`, async () => {
    const answer = payloadAnswer("4" + "é".repeat(5000), encoding);
    assertEquals(answer.headers.get("content-encoding"), encoding);
    assertEquals(answer.headers.get("vary"), "Accept-Encoding");
    assertEquals(answer.headers.get("cache-control"), "no-store");
    const text = await new Response(answer.body!.pipeThrough(new DecompressionStream(encoding))).text();
    assertEquals(text, "4" + "é".repeat(5000));
  });
}

Deno.test("postAnswer says ok as the official server does", async () => {
  const answer = postAnswer();
  assertEquals([answer.status, answer.headers.get("content-type"), await answer.text()], [
    200,
    "text/html",
    "ok",
  ]);
});

Deno.test("emptyAnswer has the status and no body", () => {
  const answer = emptyAnswer(413);
  assertEquals([answer.status, answer.body], [413, null]);
});
