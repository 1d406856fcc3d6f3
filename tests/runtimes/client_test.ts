/**
 * Our client on Bun, in a Worker and in a Durable Object, against the target. On Deno the suites show more of it.
 * @module
 */
import { assertEquals } from "@std/assert";
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";
import { BunProcess } from "../support/bun.ts";
import { VERSIONS } from "../support/capabilities.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { npmBinary } from "../support/npm_binary.ts";
import { optional } from "../support/requires.ts";
import { serve, type TargetServer, test } from "../support/target.ts";
import { startWorkerd, type Workerd } from "../support/targets/workerd_process.ts";
import type { Told } from "./client/scenario.ts";

type Play = (url: string, transports: readonly string[]) => Promise<Told>;

async function onBun(url: string, transports: readonly string[]): Promise<Told> {
  await using bun = await BunProcess.start("tests/runtimes/client/bun.ts", {
    args: [url, JSON.stringify(transports)],
  });
  return (await bun.said("told")).told as Told;
}

/** A workerd process with the client in it. Dispose of it. */
async function startWorker(): Promise<Workerd & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "skein_client_worker_" });
  try {
    const script = `${folder}/worker.js`;
    await esbuild.build({
      entryPoints: [fileURLToPath(new URL("client/worker.ts", import.meta.url))],
      outfile: script,
      bundle: true,
      format: "esm",
      platform: "neutral",
      external: ["cloudflare:workers"],
      logLevel: "warning",
    });
    await esbuild.stop();
    const workerd = await startWorkerd({
      script,
      className: "ClientObject",
      settings: {},
      connects: true,
      onLine: (line) => console.log(line),
    });
    return { ...workerd, [Symbol.asyncDispose]: () => workerd.stop() };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function inWorker(port: number, path: string, order: unknown): Promise<Told> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    body: JSON.stringify(order),
  });
  const { told, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return told;
}

async function plays(server: TargetServer, play: Play, headersBy: readonly string[]): Promise<void> {
  for (const [, transports] of TRANSPORTS) {
    const told = await play(server.origin, transports);
    assertEquals(told, {
      transport: transports.at(-1)!,
      echo: { é: "\u{1F600}" },
      bytes: [[1, 2], [97, 98], [], [9]],
      answered: "why",
      auth: { from: "a runtime" },
      refused: "not authorized",
      isBack: true,
      reasons: [told.reasons[0]!, "io client disconnect"],
    });
    const { handshake } = await server.logged("connect") as unknown as { handshake: { probe?: string } };
    assertEquals(handshake.probe, headersBy.includes(transports[0]!) ? "mine" : undefined);
    await server.logged("disconnect", { reason: "client namespace disconnect" });
  }
}

const bun = await optional("Bun", () => npmBinary("bun", VERSIONS.bun));
const workerd = await optional("workerd", () => npmBinary("workerd", VERSIONS.workerd));

test("Client on Bun connects by each transport, with headers on all of them", async () => {
  await using server = await serve("socketio");
  await plays(server, onBun, ["polling", "websocket"]);
}, bun);

test("Client in a Worker connects by each transport, with headers where it can", async () => {
  await using server = await serve("socketio");
  await using worker = await startWorker();
  await plays(server, (url, transports) => inWorker(worker.port, "/", { url, transports }), ["polling"]);
}, workerd);

test("Client in a Durable Object connects by each transport", async () => {
  await using server = await serve("socketio");
  await using worker = await startWorker();
  await plays(server, (url, transports) => inWorker(worker.port, "/object", { url, transports }), [
    "polling",
  ]);
}, workerd);
