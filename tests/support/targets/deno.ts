/**
 * Target "deno": our Engine and Server on Deno.serve.
 * @module
 */
import { runHost } from "./host.ts";
import { startWith } from "./server.ts";

runHost(startWith((io, port) => {
  const http = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, io.handler);
  return { port: http.addr.port, close: () => http.shutdown() };
}));
