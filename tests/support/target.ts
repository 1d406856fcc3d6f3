/**
 * A server under test: a real one, listening in a child process, driven over a control port. The suites under
 * tests/conformance, tests/interop and tests/runtimes/suite know nothing else of it, so another runtime is one more
 * script in targets/.
 *
 * `SKEIN_TARGET` names the script (default "deno"); "official" runs the same suites against the official server,
 * which is how each expectation was proven. `deno task test` runs them once for each target.
 * @module
 */
import { bytesOut } from "./targets/wire_values.ts";
import { isOurs } from "./client_choice.ts";
import { type Capabilities, targetOf } from "./capabilities.ts";
import type { Expectations } from "./expectations.ts";
import { npmBinary } from "./npm_binary.ts";
import { type Optional, optional, skip } from "./requires.ts";
import { within } from "./within.ts";

/** What the server does with its clients; see targets/apps.ts. */
export type App = "engine" | "socketio";

/** One line of a server's log, written by targets/apps.ts. */
export interface LogEntry {
  readonly event: string;
  readonly [key: string]: unknown;
}

const target = targetOf(Deno.env.get("SKEIN_TARGET") ?? "deno");

/** Where this target differs from the official server, on purpose. */
export const expected: Expectations = target.expected;

/** What this target can do. */
export const can: Capabilities = target.can;

interface Host {
  readonly child: Deno.ChildProcess;
  readonly url: string;
}

/** Starts the child process of this test file. It ends with its stdin, so also when this process is killed. */
async function startHost(): Promise<Host> {
  const script = new URL(`./targets/${target.name}.ts`, import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script.pathname],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await within(reader.read(), `port of the target "${target.name}"`, 30_000);
    if (done) throw new Error(`The target "${target.name}" ended before it printed its port`);
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return { child, url: `http://127.0.0.1:${Number(text)}` };
}

const binary = target.binary;
const runtime = await optional(
  `the runtime of target "${target.name}"`,
  async () => {
    if (binary === undefined) return "";
    try {
      return await npmBinary(...binary);
    } catch (error) {
      throw new Error((error as Error).message.split("\n")[0]); // what follows is a stack
    }
  },
);
// A target that is there and does not start is no reason to skip: then this file fails.
const host: Host | undefined = runtime.found === undefined ? undefined : await startHost();
// The child lives as long as this test file: started before, and ended after all of its tests (sanitizers stay on).
globalThis.addEventListener("unload", () => host?.child.kill("SIGTERM"));

/**
 * Registers a test of the target, which its name then names. It is skipped where the target cannot what it `needs`,
 * or where something else that it needs is not installed.
 */
export function test(
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
  ...needs: (keyof Capabilities | Optional<unknown>)[]
): void {
  const full = `[${target.name}${isOurs ? ", our client" : ""}] ${name}`;
  for (const need of needs) {
    if (typeof need === "object") {
      if (need.reason !== undefined) return need.test(full, () => {});
    } else {
      const reason = can[need];
      if (reason !== true) return skip(full, reason);
    }
  }
  runtime.test(full, async (_, t) => {
    try {
      await fn(t);
    } catch (error) {
      throw error instanceof SuppressedError ? both(error) : error;
    }
  });
}

/** Deno's report shows neither what failed first nor what failed when the test cleaned up. */
function both({ suppressed, error }: SuppressedError): Error {
  const text = (one: unknown): string => one instanceof Error ? one.stack ?? one.message : String(one);
  return new Error(`${text(suppressed)}\nand then, when the test ended: ${text(error)}`);
}

async function control(path: string, body?: unknown): Promise<unknown> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await within(fetch(host!.url + path, init), `the target's answer to ${path}`, 20_000);
  const text = await response.text();
  if (!response.ok) throw new Error(`Target "${target.name}" on ${path}: ${text}`);
  return JSON.parse(text);
}

/** One listening server. Dispose of it (`await using`) at the end of the test. */
export class TargetServer {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  readonly #app: App;
  readonly #path: string;
  #read = 0;

  constructor(app: App, port: number, path: string) {
    this.#app = app;
    this.port = port;
    this.#path = path;
  }

  /** e.g. `http://127.0.0.1:40001`. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The full URL below the path, with `EIO=4` unless `query` says otherwise; scheme `http` or `ws`. */
  url(query: string, scheme: "http" | "ws" = "http"): string {
    return `${scheme}://127.0.0.1:${this.port}${this.target(query)}`;
  }

  /** The request target, e.g. `/engine.io/?EIO=4&transport=polling`. */
  target(query: string): string {
    const version = /(^|&)EIO=/.test(query) || query.includes("NO_EIO") ? "" : "EIO=4&";
    return `${this.#path}?${version}${query.replace(/&?NO_EIO/, "")}`;
  }

  /** Makes the server do something; the actions are those of its app in targets/apps.ts. */
  async act(action: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return await control(`/servers/${this.port}/act`, { action, ...bytesOut(args) as object });
  }

  /** The next log entry of this kind that no earlier call returned; waits for it. Entries before it are skipped. */
  async logged(event: string, match: Partial<LogEntry> = {}): Promise<LogEntry> {
    const deadline = Date.now() + 8_000;
    const seen: LogEntry[] = [];
    do {
      const entries = await control(`/servers/${this.port}/log?from=${this.#read}`) as LogEntry[];
      for (const entry of entries) {
        this.#read++;
        seen.push(entry);
        if (entry.event === event && Object.entries(match).every(([key, value]) => entry[key] === value)) {
          return entry;
        }
      }
    } while (Date.now() < deadline);
    throw new Error(
      `Not logged: "${event}" ${JSON.stringify(match)}; but: ${JSON.stringify(seen).slice(-2_000)}`,
    );
  }

  /** Everything logged so far, without waiting. */
  async log(): Promise<LogEntry[]> {
    return await control(`/servers/${this.port}/log?from=0&now`) as LogEntry[];
  }

  /** How many engine sessions the server holds. */
  async clientsCount(): Promise<number> {
    return await this.act("count") as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await control(`/servers/${this.port}/close`, {});
  }

  /** Which app runs here. */
  get app(): App {
    return this.#app;
  }
}

/** Options of the server, plus these of the app; values must survive JSON (see targets/wire_values.ts). */
export type ServeOptions = Record<string, unknown> & {
  /** Listen on this port instead of any free one: a server that comes back. */
  readonly port?: number;
};

/** Starts a server of this app in the target's process. */
export async function serve(app: App, options: ServeOptions = {}): Promise<TargetServer> {
  const path = (options["path"] as string | undefined) ?? (app === "engine" ? "/engine.io" : "/socket.io");
  const { port } = await control("/servers", { app, options: bytesOut({ path, ...options }) }) as {
    port: number;
  };
  return new TargetServer(app, port, path.replace(/\/$/, "") + "/");
}
