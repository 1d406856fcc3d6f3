/**
 * The HTTP answers of the engine. Source: Engine.IO protocol v4 and the official server's error table.
 * @module
 */
import { compressText } from "./compression.ts";

/** Why a request was refused. The codes and messages are part of the protocol that clients know. */
export const EngineErrorCode = {
  UNKNOWN_TRANSPORT: 0,
  UNKNOWN_SID: 1,
  BAD_HANDSHAKE_METHOD: 2,
  BAD_REQUEST: 3,
  FORBIDDEN: 4,
  UNSUPPORTED_PROTOCOL_VERSION: 5,
} as const;

/** The message of each code. */
export const ENGINE_ERROR_MESSAGES: readonly string[] = [
  "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
  "Unsupported protocol version",
];

/** A refused request: what the client is told, and the context for the `connection_error` event. */
export interface Refusal {
  /** 0 to 5, see {@linkcode EngineErrorCode}. */
  readonly code: number;
  /** The standard text of the code. */
  readonly message: string;
  /** Details by code: `sid`, `transport`, `name` of the fault… */
  readonly context: Readonly<Record<string, unknown>>;
}

/** A refusal with the standard message of its code. */
export function refusal(code: number, context: Readonly<Record<string, unknown>> = {}): Refusal {
  return { code, message: ENGINE_ERROR_MESSAGES[code] ?? "Bad request", context };
}

/**
 * The answer to a refused request; an upgrade request is told the message alone, as official servers do. A
 * refusing `allowRequest` may have a text of its own, in the context.
 */
export function refusalAnswer({ code, message: standard, context }: Refusal, isUpgrade: boolean): Response {
  const message = code === EngineErrorCode.FORBIDDEN ? String(context.message ?? standard) : standard;
  if (isUpgrade) {
    return new Response(message, { status: 400, headers: { "content-type": "text/plain; charset=UTF-8" } });
  }
  return new Response(JSON.stringify({ code, message }), {
    status: code === EngineErrorCode.FORBIDDEN ? 403 : 400,
    headers: { "content-type": "application/json" },
  });
}

const PAYLOAD: ResponseInit = { headers: { "content-type": "text/plain; charset=UTF-8" } };
const POSTED: ResponseInit = { headers: { "content-type": "text/html" } };

/** The answer to a poll. */
export function payloadAnswer(payload: string, encoding: "gzip" | "deflate" | undefined): Response {
  if (encoding === undefined) return uncached(new Response(payload, PAYLOAD));
  const init: ResponseInit & { readonly encodeBody: "manual" } = {
    encodeBody: "manual", // Workers would compress once more
    headers: {
      "content-type": "text/plain; charset=UTF-8",
      "cache-control": "no-store",
      "content-encoding": encoding,
      "vary": "Accept-Encoding",
    },
  };
  return new Response(compressText(payload, encoding), init);
}

/** The answer to a POST whose body was taken. */
export function postAnswer(): Response {
  return uncached(new Response("ok", POSTED));
}

/** In two steps: on Deno two headers at once take 1.5 us, one and then another a third of that. */
function uncached(response: Response): Response {
  response.headers.append("cache-control", "no-store");
  return response;
}

/** An answer without a body. */
export function emptyAnswer(status: number): Response {
  return new Response(null, { status });
}
