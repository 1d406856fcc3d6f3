/**
 * The error of a transport, with the fields and messages of socket.io-client 4.8.
 * @module
 */

/** Why a connection failed. */
export interface TransportError extends Error {
  /** Always this. */
  readonly type: "TransportError";
  /** The HTTP status, or what the platform said. */
  readonly description: unknown;
  /** The response or event, where there is one. */
  readonly context: unknown;
}

/** Makes one of what a request or a WebSocket gave. */
export function transportError(message: string, cause: unknown): TransportError {
  const description = (cause as Partial<Response>)?.status ?? cause;
  return Object.assign(new Error(message), { type: "TransportError" as const, description, context: cause });
}
