/**
 * A session as data, so that it can go on after whoever held it was taken out of memory: a Durable Object that
 * sleeps while its WebSockets stay open.
 * @module
 */
import { HandshakeRequest, type HeaderPair } from "./handshake_request.ts";

/** An open session on a WebSocket, with nothing under way. Structured-cloneable. */
export interface SessionSnapshot {
  /** The sid. */
  readonly sid: string;
  /** Of the handshake request: its absolute URL, its headers, the client's address. */
  readonly url: string;
  readonly headers: readonly HeaderPair[];
  readonly address: string;
  /** Whether it began on polling. */
  readonly upgraded: boolean;
  /** Whether its client asked for base64 instead of binary frames. */
  readonly base64: boolean;
}

/** The handshake request of a session that goes on. */
export function peerOf({ url, headers, address }: SessionSnapshot): HandshakeRequest {
  return new HandshakeRequest(url, address, headers);
}
