/**
 * The two servers a script runs against, in this process: the official one on node:http, Skein on Deno.serve.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as OfficialServer, type ServerOptions } from "socket.io";
import { Server as SkeinServer, type ServerOptions as SkeinOptions } from "../../mod.ts";
import { within } from "../support/within.ts";

/** Whose server it is. */
export type Flavour = "official" | "skein";

/**
 * The public API as scripts see it: the official types. That Skein's server is one too is what the scripts show.
 */
export type Io = OfficialServer;

/** A server that listens. */
export interface Listening {
  readonly io: Io;
  /** e.g. `http://127.0.0.1:40001`. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Told what reaches the process: errors that no listener caught, and warnings on the console. */
export type Uncaught = (how: "uncaught" | "rejection" | "onError" | "warning", error: unknown) => void;

/** Starts a server on a free port. */
export async function listen(
  flavour: Flavour,
  options: Partial<ServerOptions>,
  uncaught: Uncaught,
): Promise<Listening> {
  return flavour === "official" ? await listenOfficial(options, uncaught) : listenSkein(options, uncaught);
}

async function listenOfficial(options: Partial<ServerOptions>, uncaught: Uncaught): Promise<Listening> {
  const onError = (event: ErrorEvent): void => {
    event.preventDefault();
    uncaught("uncaught", event.error);
  };
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    uncaught("rejection", event.reason);
  };
  const { warn } = console;
  console.warn = (text: string) => uncaught("warning", new Error(text));
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  const http = createServer((_request, response) => response.writeHead(404).end());
  const io = new OfficialServer(http, { serveClient: false, ...options });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    io,
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise((resolve) => http.listening ? http.once("close", resolve) : resolve(0));
      const closing = io.close();
      http.closeAllConnections();
      await within(Promise.all([closing, closed]), "the official server to close");
      console.warn = warn;
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
}

function listenSkein(options: Partial<ServerOptions>, uncaught: Uncaught): Listening {
  const io = new SkeinServer({
    ...options as unknown as SkeinOptions,
    onError: (error) => uncaught("onError", error),
  });
  const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, io.handler);
  return {
    io: io as unknown as Io,
    origin: `http://127.0.0.1:${http.addr.port}`,
    close: async () => {
      await within(io.close(), "Skein's server to close");
      await within(http.shutdown(), "Deno.serve to shut down");
    },
  };
}
