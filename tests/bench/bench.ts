/**
 * `deno task bench`: our server on Deno, Bun and workerd beside bare WebSocket servers and the official server, under
 * the load generator of load/ (its README says what is measured and how far to trust it).
 *
 * Without arguments it is the whole run of RESULTS.md and ratios.svg, which it writes (about 30 minutes; `--conclude`
 * writes them once more from the last one). With other arguments it is a look at something, which prints a table and writes nothing: `-s` scenarios, `-p` servers, `-r`
 * repetitions, as load/bench.sh has them, and `-b` the server whose rates the others are divided by.
 *
 * Everything is built and installed in .tmp/bench, which git ignores. Linux with gcc, node and npm.
 * @module
 */
import { VERSIONS } from "../support/capabilities.ts";
import { BUN_VERSION } from "../support/bun.ts";
import { type Peer, peersNamed, WORKERD_PORT } from "./peers.ts";
import { writeReport } from "./report.ts";
import { Results } from "./results.ts";
import { idleSection } from "./scale/idle.ts";
import { scaleSection } from "./scale/scale.ts";
import { GROUPS, ORIENTATION, SCENARIOS } from "./targets.ts";
import { writeWorker } from "./worker_config.ts";

const root = new URL("../../", import.meta.url);
const kit = new URL("load/", import.meta.url);
const work = new URL(".tmp/bench/", root);

/** What a look measures, where it is not told. */
const LOOK = [
  ...["-r", "3"],
  ...["-s", "ack32d1,ack32d16,bcast1000,poll50"],
  ...["-p", "skein-deno,raw-deno,deno-sio-npm"],
  ...["-b", "raw-deno", "-o", "results.jsonl"],
];

/** The repetitions of a whole run, and where it is kept. */
const REPETITIONS = 3;
const WHOLE = "whole.jsonl";

/** The npm packages that a server needs, by a word in its start command. Executables come from elsewhere: peers.ts. */
const NEEDS: readonly (readonly [pattern: RegExp, packages: readonly string[]])[] = [
  [/node-sio\.mjs|bun-engine\.mjs/, ["socket.io"]],
  [/node-raw\.mjs/, ["ws"]],
  [/bun-engine\.mjs/, ["@socket.io/bun-engine"]],
];

/** The value of the last option `name` in `args`. */
function option(args: readonly string[], name: string): string {
  return args[args.lastIndexOf(name) + 1] ?? "";
}

async function run(command: string, args: readonly string[], stdin?: string): Promise<void> {
  const piped = stdin === undefined ? "null" : "piped";
  const child = new Deno.Command(command, { args: [...args], cwd: work, stdin: piped }).spawn();
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

/** Copies the kit to the work folder, compiles it, and makes or installs what `chosen` need. */
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
  if (chosen.some(({ name }) => name === "skein-workerd")) {
    await writeWorker(new URL("servers/", work), WORKERD_PORT);
  }

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
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, work)).isFile;
  } catch {
    return false;
  }
}

/** Runs load/bench.sh with `chosen`. */
async function measure(chosen: readonly Peer[], args: readonly string[]): Promise<void> {
  await prepare(chosen);
  await run("./bench.sh", ["-l", "-", ...args], chosen.map(({ line }) => line).join("\n") + "\n");
}

async function look(args: readonly string[]): Promise<void> {
  const all = [...LOOK, ...args];
  await measure(await peersNamed(option(all, "-p").split(",")), all);
}

/** Measures all servers in all scenarios. */
async function whole(): Promise<void> {
  const names = GROUPS.flatMap(({ ours, raw, peers }) => [ours, raw, ...peers]);
  const args = ["-r", `${REPETITIONS}`, "-s", SCENARIOS.join(","), "-o", WHOLE];
  await measure(await peersNamed([...names, ORIENTATION]), args);
}

/** Writes what the last whole run measured, and measures what load/ cannot. */
async function conclude(): Promise<void> {
  const results = new Results(await Deno.readTextFile(new URL(WHOLE, work)));
  const sections = [await scaleSection(), await idleSection()];
  await writeReport(results, { versions: await versions(), sections });
  console.log("tests/bench/RESULTS.md and ratios.svg are written");
}

async function versions(): Promise<string[]> {
  const said = async (command: string, ...args: string[]): Promise<string> =>
    new TextDecoder().decode((await new Deno.Command(command, { args, cwd: root }).output()).stdout).trim();
  const cpu = /^model name\s*: (.*)$/m.exec(await Deno.readTextFile("/proc/cpuinfo"))?.[1] ?? "unknown";
  const packages = JSON.parse(await Deno.readTextFile(new URL("package.json", kit))) as {
    dependencies: Record<string, string>;
  };
  const official = ["socket.io", "@socket.io/bun-engine"].map((name) =>
    `${name} ${packages.dependencies[name]}`
  );
  return [
    `tree ${await said("git", "rev-parse", "--short", "HEAD:src")} of src, ${
      new Date().toISOString().slice(0, 10)
    }`,
    `Deno ${Deno.version.deno}, Bun ${BUN_VERSION}, workerd ${VERSIONS.workerd}, Node ${await said(
      "node",
      "--version",
    )}`,
    official.join(", "),
    `${cpu}, ${navigator.hardwareConcurrency} CPUs, Linux ${Deno.osRelease()}`,
  ];
}

if (Deno.args.length > 0 && Deno.args[0] !== "--conclude") await look(Deno.args);
else {
  if (Deno.args.length === 0) await whole();
  await conclude();
}
