/**
 * `io()`: the socket of a URL, over a connection that others to the same server share.
 * @module
 */
import type { DefaultEventsMap } from "../events/event_types.ts";
import { Manager } from "./manager.ts";
import type { ClientOptions } from "./options.ts";
import type { Socket } from "./socket.ts";
import type { Transport } from "./transport.ts";
import { readUrl } from "./url.ts";

/** Connects to the namespace that the path of `uri` names; without one to the page's server. */
export interface Io {
  <ListenEvents = DefaultEventsMap, EmitEvents = ListenEvents>(
    uri?: string,
    options?: ClientOptions<ListenEvents, EmitEvents>,
  ): Socket<ListenEvents, EmitEvents>;
  /** The same without a URL. */
  <ListenEvents = DefaultEventsMap, EmitEvents = ListenEvents>(
    options: ClientOptions<ListenEvents, EmitEvents>,
  ): Socket<ListenEvents, EmitEvents>;
}

/** An `io()` whose sockets share connections. `available`: the transports that options may name. */
export function makeIo(available: readonly Transport[]): Io {
  const managers = new Map<string, [manager: Manager, namespaces: Set<string>]>();
  return <L, E>(given?: string | ClientOptions, more: ClientOptions = {}): Socket<L, E> => {
    const [uri, options] = typeof given === "object" ? [undefined, given] : [given, more];
    const { origin, nsp } = readUrl(uri);
    const key = origin + (options.path ?? "/socket.io");
    let shared = managers.get(key);
    if (options.forceNew || options.multiplex === false || shared?.[1].has(nsp)) {
      return new Manager(uri, options, available).socket(nsp, options);
    }
    if (!shared) managers.set(key, shared = [new Manager(uri, options, available), new Set()]);
    shared[1].add(nsp);
    return shared[0].socket(nsp, options);
  };
}
