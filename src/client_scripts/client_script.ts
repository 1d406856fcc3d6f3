/**
 * What this folder holds: our client as files for pages, each a module of its own. Those called `socket_io_….ts` are
 * made by `deno task client`.
 * @module
 */

/** One file. */
export interface ClientScript {
  /** Names the content: `"…"`, with its quotes. */
  readonly etag: string;
  /** The content, gzipped, as base64. */
  readonly gzip: string;
}

/** The files by name; each is loaded when it is first asked for. */
export interface ClientScripts {
  /** Loads one. */
  readonly [name: string]: () => Promise<ClientScript>;
}
