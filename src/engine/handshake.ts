/**
 * Decides what a request is: for a session that exists, a new session, or refused with one of the codes 0 to 5.
 * The order of the checks is the official server's, but for the `Origin`, which is looked at in handshakes only; nothing here waits or changes anything.
 * @module
 */
import { EngineErrorCode, type Refusal, refusal } from "./answers.ts";
import type { EngineSettings } from "./options.ts";
import { readQuery } from "./query.ts";

/** What a request asks for. */
export type Admission<D> =
  | { readonly kind: "session"; readonly sid: string; readonly session: D; readonly isUpgrade: boolean }
  | Handshake
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** A request for a new session. */
export interface Handshake {
  readonly kind: "handshake";
  readonly transport: "polling" | "websocket";
  readonly base64: boolean;
}

/** What of a session the checks look at. */
export interface KnownSession {
  readonly transportKind: string;
}

/** Whether the request asks for a WebSocket (RFC 6455, 4.2.1). */
export function isWebSocketRequest(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** Reads the query and the method of `request`. */
export function admit<D extends KnownSession>(
  request: Request,
  { transports, allowUpgrades }: Pick<EngineSettings, "transports" | "allowUpgrades">,
  sessions: ReadonlyMap<string, D>,
): Admission<D> {
  const { EIO: protocol, transport, sid, b64 } = readQuery(request.url);
  const isUpgrade = request.method !== "POST" && isWebSocketRequest(request); // a header is a call of the platform
  const refused = (code: number, context: Record<string, unknown>): Admission<D> => ({
    kind: "refused",
    refusal: refusal(code, context),
  });

  if (transport === undefined || !transports.has(transport)) {
    return refused(EngineErrorCode.UNKNOWN_TRANSPORT, { transport });
  }
  if (isUpgrade !== (transport === "websocket")) {
    return refused(EngineErrorCode.BAD_REQUEST, { name: "TRANSPORT_HANDSHAKE_ERROR", transport });
  }
  if (sid) {
    const session = sessions.get(sid);
    if (!session) return refused(EngineErrorCode.UNKNOWN_SID, { sid });
    const previousTransport = session.transportKind;
    if (isUpgrade ? !allowUpgrades : previousTransport !== transport) {
      return refused(EngineErrorCode.BAD_REQUEST, {
        name: "TRANSPORT_MISMATCH",
        transport,
        previousTransport,
      });
    }
    if (protocol !== "4") {
      return refused(EngineErrorCode.BAD_REQUEST, {
        name: "PROTOCOL_MISMATCH",
        protocol,
        previousProtocol: 4,
      });
    }
    if (request.method !== "GET" && request.method !== "POST") {
      return refused(EngineErrorCode.BAD_HANDSHAKE_METHOD, { method: request.method });
    }
    return { kind: "session", sid, session, isUpgrade };
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !isHeaderText(origin)) {
    return refused(EngineErrorCode.BAD_REQUEST, { name: "INVALID_ORIGIN", origin });
  }
  if (request.method !== "GET") {
    return refused(EngineErrorCode.BAD_HANDSHAKE_METHOD, { method: request.method });
  }
  if (protocol !== "4") {
    return refused(EngineErrorCode.UNSUPPORTED_PROTOCOL_VERSION, { protocol: Number(protocol) || undefined });
  }
  return { kind: "handshake", transport: transport as "polling" | "websocket", base64: b64 === "1" };
}

/** RFC 9110, 5.5: visible characters, space and tab. */
function isHeaderText(value: string): boolean {
  // deno-lint-ignore no-control-regex -- the control characters are what is looked for
  return !/[\x00-\x08\x0a-\x1f\x7f]/.test(value);
}
