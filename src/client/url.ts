/**
 * What `io(url)` is about: where the server is, which namespace, which query.
 * Source: socket.io-client 4.8: the path of the URL is the namespace, its query goes with every request.
 * @module
 */

/** An address, taken apart. */
export interface Address {
  /** `http://host:port`: what connections are shared by. */
  readonly origin: string;
  /** The namespace: the path of the URL as it was written; `/` for none. */
  readonly nsp: string;
  /** The query of the URL, without `?`. */
  readonly query: string;
}

/** Relative addresses are those of the page. Throws a TypeError where there is no page, or no host in it. */
export function readUrl(uri = "/"): Address {
  const page = globalThis.location?.href;
  // "example.com/chat" and "//example.com" are hosts, "/chat" is a path.
  const text = /^(\w+:)?\/\/|^\//.test(uri) ? uri : `${page ? "" : "https:"}//${uri}`;
  const [, start, nsp, query] = /^((?:\w+:)?\/\/[^/?#]*)?([^?#]*)\??([^#]*)/.exec(text)!;
  const { protocol, host } = new URL(start ?? "/", page);
  return { origin: `${protocol.replace("ws", "http")}//${host}`, nsp: nsp || "/", query: query! };
}
