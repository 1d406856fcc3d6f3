/**
 * The control port of a target process: starts and stops servers, makes them act, hands out their logs.
 * On node:http, so that the same file serves Deno, Node and Bun. Prints its port, ends with stdin.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { bytesIn, bytesOut } from "./wire_values.ts";
import type { Action, Actions, Log } from "./apps.ts";

/** A server that listens. */
export interface Listening {
  readonly port: number;
  readonly actions: Actions;
  close(): unknown;
}

/** What a target script provides. `options` may hold `port`. */
export type Start = (app: string, options: Record<string, unknown>, log: Log) => Promise<Listening>;

class LogBook {
  readonly entries: unknown[] = [];
  #wake: (() => void)[] = [];

  add(entry: Record<string, unknown>): void {
    this.entries.push(bytesOut(entry));
    for (const wake of this.#wake.splice(0)) wake();
  }

  async after(count: number): Promise<unknown[]> {
    if (this.entries.length <= count) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#wake.push(() => (clearTimeout(timer), resolve()));
      });
    }
    return this.entries.slice(count);
  }
}

/** Serves the control port until stdin ends. */
export function runHost(start: Start): void {
  const servers = new Map<string, { listening: Listening; book: LogBook }>();

  async function answer(
    path: string,
    params: URLSearchParams,
    body: Record<string, unknown>,
  ): Promise<unknown> {
    const [, , port, verb] = path.split("/");
    if (port === undefined) {
      const book = new LogBook();
      const options = bytesIn(body.options) as Record<string, unknown>;
      const listening = await start(
        String(body.app),
        options,
        (event, facts) => book.add({ event, ...facts }),
      );
      servers.set(String(listening.port), { listening, book });
      return { port: listening.port };
    }
    const server = servers.get(port);
    if (!server) throw new Error(`no server on port ${port}`);
    if (verb === "log") {
      const from = Number(params.get("from"));
      return params.has("now") ? server.book.entries.slice(from) : await server.book.after(from);
    }
    if (verb === "close") {
      servers.delete(port);
      await server.listening.close();
      return {};
    }
    const action: Action | undefined = server.listening.actions[String(body.action)];
    if (!action) throw new Error(`no action "${body.action}"`);
    return bytesOut(await action(bytesIn(body) as Record<string, unknown>)) ?? null;
  }

  const control = createServer((request, response) => {
    const url = new URL(request.url!, "http://control");
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => text += chunk);
    request.on("end", () => {
      answer(url.pathname, url.searchParams, text === "" ? {} : JSON.parse(text)).then(
        (value) => response.end(JSON.stringify(value)),
        (error) => response.writeHead(500).end(String(error?.stack ?? error)),
      );
    });
  });
  control.listen(0, "127.0.0.1", () => console.log((control.address() as AddressInfo).port));
  process.stdin.on("end", () => process.exit(0));
  process.stdin.resume();
  // A crash is what many tests look for: it must end the process visibly, under every runtime.
  process.on("uncaughtException", (error: unknown) => {
    console.error("TARGET CRASHED (uncaught exception)", error);
    process.exit(70);
  });
  process.on("unhandledRejection", (error: unknown) => {
    console.error("TARGET CRASHED (unhandled rejection)", error);
    process.exit(71);
  });
}
