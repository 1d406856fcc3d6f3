/**
 * The addresses of one server for its transports.
 * Source: Engine.IO protocol v4, "HTTP long-polling" and "WebSocket": the parameters EIO, transport, sid, t.
 * @module
 */
import type { ManagerOptions } from "./options.ts";
import type { Endpoint } from "./transport.ts";

let requests = 0;

/** Where `origin` answers over a transport, as the options say. */
export function endpointOf(origin: string, transport: string, all: ManagerOptions): Endpoint {
  const {
    path = "/socket.io",
    addTrailingSlash = true,
    extraHeaders = {},
    withCredentials = false,
    protocols = [],
    requestTimeout = 0,
    timestampParam = "t",
    timestampRequests = transport === "polling",
    query,
  } = { ...all, ...all.transportOptions?.[transport] };
  const base = origin.replace(/^http/, transport === "websocket" ? "ws" : "http") +
    path.replace(/\/$/, "") + (addTrailingSlash ? "/?" : "?");
  return {
    headers: extraHeaders,
    withCredentials,
    protocols,
    requestTimeout,
    url(sid) {
      const params = new URLSearchParams(query as Record<string, string>);
      params.set("EIO", "4");
      params.set("transport", transport);
      if (sid !== undefined) params.set("sid", sid);
      if (timestampRequests) params.set(timestampParam, Date.now().toString(36) + requests++);
      return base + params;
    },
  };
}
