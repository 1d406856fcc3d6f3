/**
 * `deno task bench`: our server beside a bare WebSocket server and the official server, all on this Deno, under
 * the load generator of load/ (its README says what is measured and how far to trust it). Prints the ratio table
 * of load/report.mjs. Arguments go to load/bench.sh: `-s` scenarios, `-p` peers, `-r` repetitions.
 *
 * Everything is built and installed in .tmp/bench, which git ignores. Linux with gcc, node and npm.
 * @module
 */

import { BUN_VERSION } from "../support/bun.ts";
import { npmBinary } from "../support/npm_binary.ts";

const root = new URL("../../", import.meta.url);
const kit = new URL("load/", import.meta.url);
const work = new URL(".tmp/bench/", root);

/** A short run: a few minutes. What is given on the command line comes later and wins. */
const DEFAULTS = [
  ...["-r", "3"],
  ...["-s", "ack32d1,ack32d16,bcast1000,poll50"],
  ...["-p", "skein-deno,raw-deno,deno-sio-npm"],
  ...["-b", "raw-deno", "-o", "results.jsonl"],
];

/** The npm packages that a peer needs, by a word in its start command or its name. */
const NEEDS: readonly (readonly [pattern: RegExp, packages: readonly string[]])[] = [
  [/node-sio\.mjs|bun-engine\.mjs/, ["socket.io"]],
  [/node-raw\.mjs/, ["ws"]],
  [/bun-engine\.mjs/, ["@socket.io/bun-engine"]],
  [/node_modules\/bun\//, ["bun"]],
  [/node_modules\/workerd\//, ["workerd"]],
];

interface Peer {
  readonly name: string;
  readonly line: string;
}

/** Ours and those of load/peers.list, with the Deno that runs this instead of one from npm. */
async function peers(): Promise<Peer[]> {
  const flags = "run -A --v8-flags=--expose-gc";
  const server = new URL("servers/skein_deno.ts", import.meta.url).pathname;
  const config = `--config=${new URL("deno.json", root).pathname}`;
  const ours = `skein-deno|9800|${Deno.execPath()} ${flags} ${config} ${server}`;
  const onBun = new URL("servers/skein_bun.ts", import.meta.url).pathname;
  const bun = `skein-bun|9810|${await npmBinary("bun", BUN_VERSION)} run ${onBun}`;
  const list = await Deno.readTextFile(new URL("peers.list", kit));
  return [ours, bun, ...list.split("\n").filter((line) => line !== "" && !line.startsWith("#"))].map((
    line,
  ) => ({
    name: line.slice(0, line.indexOf("|")),
    line: line.replace("|node_modules/deno/deno ", `|${Deno.execPath()} `),
  }));
}

/** The value of the last option `name` in `args`. */
function option(args: readonly string[], name: string): string {
  return args[args.lastIndexOf(name) + 1] ?? "";
}

async function run(command: string, args: string[], stdin?: string): Promise<void> {
  const child = new Deno.Command(command, { args, cwd: work, stdin: stdin === undefined ? "null" : "piped" })
    .spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code } = await child.status;
  if (code !== 0) {
    throw new Error(`Cannot run the bench: "${command} ${args.join(" ")}" ended with code ${code}`);
  }
}

/** Copies the kit to the work folder, compiles it, and installs what `chosen` need and is not there yet. */
async function prepare(chosen: readonly Peer[]): Promise<void> {
  await Deno.mkdir(new URL("servers/", work), { recursive: true });
  for (const folder of ["", "servers/"]) {
    for await (const entry of Deno.readDir(new URL(folder, kit))) {
      if (entry.isFile) {
        await Deno.copyFile(new URL(folder + entry.name, kit), new URL(folder + entry.name, work));
      }
    }
  }
  // Ends the search for a configuration here: the peers have their own packages, not the project's.
  await Deno.writeTextFile(new URL("deno.json", work), `{ "nodeModulesDir": "manual" }\n`);
  await run("gcc", ["-O2", "-Wall", "-o", "sioload", "sioload.c"]);
  await run("gcc", ["-O2", "-Wall", "-o", "quiet", "quiet.c"]);

  const manifest = JSON.parse(await Deno.readTextFile(new URL("package.json", kit))) as {
    dependencies: Record<string, string>;
  };
  const wanted = new Set(
    chosen.flatMap(({ line }) => NEEDS.flatMap(([pattern, names]) => pattern.test(line) ? names : [])),
  );
  const missing = [...wanted].filter((name) => !isThere(`node_modules/${name}/package.json`));
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(", ")}`);
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies).filter(([name]) =>
      wanted.has(name) || isThere(`node_modules/${name}/package.json`)
    ),
  );
  await Deno.writeTextFile(
    new URL("package.json", work),
    JSON.stringify({ ...manifest, dependencies }, null, 2),
  );
  await run("npm", ["install", "--no-audit", "--no-fund"]);
  // Bun's install script puts its binary in place; it is run by hand where npm was told not to.
  if (wanted.has("bun")) await run("node", ["node_modules/bun/install.js"]);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, work)).isFile;
  } catch {
    return false;
  }
}

const all = await peers();
const args = [...DEFAULTS, ...Deno.args];
const names = option(args, "-p").split(",");
const unknown = names.filter((name) => !all.some((peer) => peer.name === name));
if (unknown.length > 0) {
  console.error(
    `Unknown peer ${unknown.join(", ")}, expected one of ${all.map((peer) => peer.name).join(", ")}`,
  );
  Deno.exit(2);
}
const chosen = all.filter((peer) => names.includes(peer.name));
await prepare(chosen);
await run("./bench.sh", ["-l", "-", ...args], chosen.map((peer) => peer.line).join("\n") + "\n");
