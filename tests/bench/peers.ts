/**
 * The servers that the bench can start: ours, and those of load/peers.list, all with the programs that the tests use.
 * @module
 */
import { BUN_VERSION } from "../support/bun.ts";
import { VERSIONS } from "../support/capabilities.ts";
import { npmBinary } from "../support/npm_binary.ts";

/** A server as load/bench.sh is told of it. */
export interface Peer {
  readonly name: string;
  readonly line: string;
}

/** Where skein-workerd listens; its configuration says so itself. */
export const WORKERD_PORT = 9820;

/** Ours and those of load/peers.list. What they run on is downloaded when `names` ask for it. */
export async function peersNamed(names: readonly string[]): Promise<Peer[]> {
  const root = new URL("../../", import.meta.url);
  const server = (file: string): string => new URL(`tests/bench/servers/${file}`, root).pathname;
  const config = `--config=${new URL("deno.json", root).pathname}`;
  const kit = await Deno.readTextFile(new URL("load/peers.list", import.meta.url));
  const lines = [
    `skein-deno|9800|DENO run -A --v8-flags=--expose-gc ${config} ${server("skein_deno.ts")}`,
    `skein-bun|9810|BUN run ${server("skein_bun.ts")}`,
    `skein-workerd|${WORKERD_PORT}|WORKERD serve servers/skein-workerd.capnp`,
    ...kit.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
  ];
  const known = lines.map((line) => ({ name: line.slice(0, line.indexOf("|")), line }));
  const unknown = names.filter((name) => known.every((peer) => peer.name !== name));
  if (unknown.length > 0) {
    throw new TypeError(
      `Unknown server ${unknown.join(", ")}, expected some of ${known.map(({ name }) => name).join(", ")}`,
    );
  }
  const chosen = known.filter(({ name }) => names.includes(name));
  return await Promise.all(chosen.map(async ({ name, line }) => ({ name, line: await withProgram(line) })));
}

/** Ours and the kit's start on the same executable: a start through npm's own would fork, and need its install scripts. */
async function withProgram(line: string): Promise<string> {
  const [, program] = /\|(DENO|BUN|WORKERD|node_modules\/\S+) /.exec(line) ?? [];
  switch (program) {
    case undefined:
      return line;
    case "DENO":
    case "node_modules/deno/deno":
      return line.replace(program, Deno.execPath());
    case "BUN":
    case "node_modules/bun/bin/bun.exe":
      return line.replace(program, await npmBinary("bun", BUN_VERSION));
    default:
      return line.replace(program, await npmBinary("workerd", VERSIONS.workerd));
  }
}
