/**
 * What the targets on workerd have in common: each server of a test is one workerd process with a Worker of
 * worker/, bundled once. Actions go to it over HTTP, outside the server's path; its log is what it prints.
 * @module
 */
import * as esbuild from "esbuild";
import type { Actions, Log } from "./apps.ts";
import { type Listening, runHost } from "./host.ts";
import { bytesOut } from "./wire_values.ts";
import type { Printed } from "./worker/wiring.ts";
import { startWorkerd, stopAllWorkerds, type Workerd } from "./workerd_process.ts";

/** One of the Workers. */
export interface WorkerdTarget {
  /** The Worker's file in worker/. */
  readonly entry: "plain" | "object";
  /** Over how many objects connections are spread. */
  readonly shards?: number;
}

/** How often each entry point of each object was called, by the object's name; `made` counts constructions. */
export type Lives = Record<string, Record<string, number>>;

/** Runs a target's host. */
export async function runWorkerdHost(target: WorkerdTarget): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "skein_worker_" });
  const script = `${folder}/worker.js`;
  await esbuild.build({
    entryPoints: [new URL(`./worker/${target.entry}.ts`, import.meta.url).pathname],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd"],
    external: ["cloudflare:workers", "workerd:unsafe"],
    logLevel: "warning",
  });
  await esbuild.stop();
  globalThis.addEventListener("unload", () => {
    stopAllWorkerds();
    Deno.removeSync(folder, { recursive: true });
  });
  Deno.addSignalListener("SIGTERM", () => Deno.exit());
  runHost((app, options, log) => start(target, script, app, options, log));
}

async function start(
  { entry, shards = 1 }: WorkerdTarget,
  script: string,
  app: string,
  { port, compatibilityDate, ...options }: Record<string, unknown>,
  log: Log,
): Promise<Listening> {
  const lives: Lives = {};
  const workerd = await startWorkerd({
    script,
    className: entry === "object" ? "TestObject" : undefined,
    settings: { app, shards, options: bytesOut(options) },
    port: port as number | undefined,
    compatibilityDate: compatibilityDate as string | undefined,
    onLine: (line) => {
      if (!line.startsWith("{")) return console.error(`[workerd] ${line}`);
      const printed = JSON.parse(line) as Printed;
      if ("life" in printed) count(lives, printed);
      else log(printed.event, printed.facts);
    },
  });
  const act = (action: string, args: Record<string, unknown>): Promise<unknown> =>
    control(workerd, action, args);
  return {
    port: workerd.port,
    actions: new Proxy<Actions>({ lives: () => structuredClone(lives) }, {
      get: (own, action) =>
        own[String(action)] ?? ((args: Record<string, unknown>) => act(String(action), args)),
    }),
    close: async () => {
      try {
        await act("closeServer", {});
        // Goodbyes leave; nothing tells when they have.
        await new Promise((resolve) => setTimeout(resolve, 20));
      } finally {
        await workerd.stop();
      }
      const errors = workerd.complaints.filter((complaint) => !isHarmless(complaint));
      if (errors.length > 0) throw new Error(`workerd complained:\n${errors.join("\n")}`);
    },
  };
}

function count(lives: Lives, { life, object }: Extract<Printed, { life: string }>): void {
  const calls = lives[object] ??= {};
  calls[life] = (calls[life] ?? 0) + 1;
}

async function control(workerd: Workerd, action: string, args: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${workerd.port}/__control`, {
    method: "POST",
    body: JSON.stringify({ ...bytesOut(args) as object, action }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/** What workerd says of clients that break the protocol, or are reset within a request: many tests are about them. */
function isHarmless(complaint: string): boolean {
  return /WebSocket protocol error/.test(complaint) ||
    /different request context .* already been completed or canceled/.test(complaint);
}
