/**
 * What a browser tells its pages and workers about the network and about themselves. Elsewhere nothing is told.
 * Source: WHATWG HTML ("online", "offline", "beforeunload", "pagehide", "pageshow"), Page Visibility.
 * @module
 */

/** Whom it tells. */
export interface PageEvents {
  /** There is a network again. */
  online(): void;
  /** There is none; not told where the server is this machine. */
  offline(): void;
  /** The page is seen again, or goes on after it was frozen: timers may have been late. */
  shown(): void;
  /** The browser is about to leave the page; it may still be kept from that. */
  leaving(): void;
  /** It left the page, for good or (`mayReturn`) to come back with everything as it is now. */
  left(mayReturn: boolean): void;
}

/** Listens for a connection to `origin`; returns how to stop. */
export function watchPage(origin: string, events: PageEvents): () => void {
  const { document, navigator } = globalThis as {
    document?: EventTarget & { hidden: boolean };
    navigator?: { onLine?: boolean };
  };
  const stop = new AbortController();
  const listen = (event: string, listener: (event: Event) => void, target: EventTarget = globalThis): void =>
    target.addEventListener(event, listener as EventListener, { signal: stop.signal });
  if (navigator?.onLine !== undefined) {
    listen("online", events.online);
    if (!/\/\/(localhost|127\.|\[::1\])/.test(origin)) listen("offline", events.offline);
  }
  if (document) {
    listen("pageshow", events.shown);
    listen("beforeunload", events.leaving);
    listen("pagehide", (event) => events.left((event as Event & { persisted: boolean }).persisted));
    listen("visibilitychange", () => document.hidden || events.shown(), document);
  }
  return () => stop.abort();
}
