/**
 * `socket.handshake`: what a client said when it came, in the official shape, read from the engine's
 * {@linkcode PeerInfo}. Made when first asked for: most programs look at one field, or none.
 * @module
 */
import type { PeerInfo } from "../engine/ports.ts";

/** The details of a handshake. */
export interface Handshake {
  /** The request's headers, names in lower case. No prototype: any name may come. */
  readonly headers: Record<string, string | undefined>;
  /** When the socket was made, as text. */
  readonly time: string;
  /** The client's network address; empty where the runtime does not tell. */
  readonly address: string;
  /** Whether the request carried an `Origin`. */
  readonly xdomain: boolean;
  /** Whether the request's URL was `https:`; behind a proxy that ends TLS it is not. */
  readonly secure: boolean;
  /** When the socket was made, ms since the epoch. */
  readonly issued: number;
  /** Path and query of the request. */
  readonly url: string;
  /** The query, the protocol's own keys included. The last of equal keys wins. No prototype. */
  readonly query: Record<string, string | undefined>;
  /** The `auth` of the CONNECT packet; an empty object where there is none. */
  // deno-lint-ignore no-explicit-any -- whatever the client sent, as official; validate it
  readonly auth: Record<string, any>;
}

/** The handshake of a socket made at `issued` for a client that sent `auth`. */
export function makeHandshake(peer: PeerInfo, auth: Record<string, unknown>, issued: number): Handshake {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of peer.headers) {
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  // By hand: the URL's host is what the client wrote into its Host header, and need not be one.
  const url = peer.url.slice(peer.url.indexOf("/", peer.url.indexOf("://") + 3));
  const queryStart = url.indexOf("?");
  const query: Record<string, string | undefined> = Object.create(null);
  if (queryStart >= 0) {
    for (const [key, value] of new URLSearchParams(url.slice(queryStart))) query[key] = value;
  }
  return {
    headers,
    time: new Date(issued).toString(),
    address: peer.address,
    xdomain: headers.origin !== undefined,
    secure: /^(https|wss):/.test(peer.url),
    issued,
    url,
    query,
    auth,
  };
}
