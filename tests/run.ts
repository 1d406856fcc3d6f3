/**
 * `deno task test`: runs `deno test` over tests/, and those of its files that want a server under test once more for
 * each other target (tests/support/capabilities.ts). Then says how many tests ran, which were skipped and why, and
 * closes with the line `N passed, N failed` (and `, N skipped`).
 *
 * Arguments go to `deno test`; paths among them replace tests/, and only SKEIN_TARGET (default "deno") is run then.
 * SKEIN_TARGETS names the targets of a whole run, with commas between. Exit code 1 when a test failed, when the tests
 * do not compile, and when none ran.
 * @module
 */
import { CLIENT_ENV } from "./support/client_choice.ts";
import { TARGETS } from "./support/capabilities.ts";
import { type Note, NOTES } from "./support/requires.ts";
import { type Outcome, readJunit } from "./tools/junit.ts";

const root = new URL("../", import.meta.url);

/** One `deno test`. */
export interface Run {
  readonly outcomes: readonly Outcome[];
  /** By the test's name. */
  readonly notes: ReadonlyMap<string, Note>;
  /** What `deno test` exited with. */
  readonly code: number;
  /** The target, where there are several runs. */
  readonly target?: string | undefined;
}

/** The closing lines for `runs`, and whether all is good. */
export function summary(runs: readonly Run[]): { lines: string[]; isGood: boolean } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const files = new Set<string>();
  const lines: string[] = [];
  const broken: string[] = [];
  for (const run of runs) {
    const why = whyNotAtAll(run);
    if (why !== undefined) {
      counts.skipped += run.outcomes.length;
      lines.push(`skipped: all ${run.outcomes.length} tests of target ${run.target}: ${why}`);
      continue;
    }
    const fileOf = ({ file, name }: Outcome): string => run.notes.get(name.split(" > ")[0]!)?.file || file;
    for (const one of run.outcomes) {
      counts[one.result]++;
      if (one.result === "skipped") {
        lines.push(`skipped: ${one.name}: ${reasonOf(one, run)} (${fileOf(one)})`);
      } else files.add(fileOf(one));
      if (one.result === "failed") lines.push(`failed: ${one.name} (${fileOf(one)})`);
    }
    const fault = faultOf(run);
    if (fault !== undefined) broken.push(`failed: ${fault}`);
  }
  lines.unshift(`${counts.passed + counts.failed} tests ran in ${files.size} files`);
  const failed = counts.failed + broken.length;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  return {
    lines: [...lines, ...broken, `${counts.passed} passed, ${failed} failed${skipped}`],
    isGood: failed === 0,
  };
}

function reasonOf({ name }: Outcome, { notes }: Run): string {
  return notes.get(name)?.reason ?? "no reason given";
}

/** Why all tests of a target were skipped: its runtime is not to be had. */
function whyNotAtAll(run: Run): string | undefined {
  if (run.target === undefined || run.code !== 0 || run.outcomes.some(({ result }) => result !== "skipped")) {
    return;
  }
  return [...run.notes.values()].map(({ reason }) => reason).find((reason) =>
    reason?.startsWith("needs the runtime")
  );
}

/** What is wrong with a run beside its failed tests. */
function faultOf({ outcomes, code, target }: Run): string | undefined {
  const of = target === undefined ? "" : ` for target ${target}`;
  if (code !== 0 && outcomes.every(({ result }) => result !== "failed")) {
    return `deno test${of} ended with code ${code} without naming a test, see its output above`;
  }
  return outcomes.every(({ result }) => result === "skipped") ? `no test ran${of}` : undefined;
}

/** One `deno test` that is to be run. */
interface Job {
  readonly args: readonly string[];
  /** Undefined: what SKEIN_TARGET says. */
  readonly target?: string;
  /** Whether suites that use a client use ours. */
  readonly isOurClient?: boolean;
}

/** Runs it. What it prints is shown at once, or kept until it turns out that a test of the target failed. */
async function run({ args, target, isOurClient = false }: Job): Promise<Run> {
  const folder = await Deno.makeTempDir({ prefix: "skein_tests_" });
  try {
    const report = `${folder}/junit.xml`;
    const notesFile = `${folder}/notes.jsonl`;
    const begin = performance.now();
    const isShown = target === undefined;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", `--junit-path=${report}`, ...args],
      cwd: root,
      env: {
        [NOTES]: notesFile,
        ...!isShown && { SKEIN_TARGET: target },
        ...isOurClient && { [CLIENT_ENV]: "skein" },
      },
      stdin: "null",
      stdout: isShown ? "inherit" : "piped",
      stderr: isShown ? "inherit" : "piped",
    }).spawn();
    const output = isShown ? "" : await textFrom(child);
    const { code } = await child.status;
    const notes = new Map<string, Note>();
    for (const line of (await textOf(notesFile)).split("\n").filter((line) => line !== "")) {
      const note = JSON.parse(line) as Note;
      notes.set(note.name, note);
    }
    const outcomes = readJunit(await textOf(report));
    if (!isShown) {
      if (code !== 0) console.log(output);
      const seconds = ((performance.now() - begin) / 1_000).toFixed(0);
      const passed = outcomes.filter(({ result }) => result === "passed").length;
      const client = isOurClient ? " with our client" : "";
      console.log(
        `target ${target}${client}: ${code === 0 ? "ok" : "FAILED"}, ${passed} passed, ${seconds} s`,
      );
    }
    return { outcomes, notes, code, target };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the child prints, in the order in which it comes. */
async function textFrom({ stdout, stderr }: Deno.ChildProcess): Promise<string> {
  let text = "";
  await Promise.all([stdout, stderr].map(async (stream) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) text += part;
  }));
  return text;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false; // then it is the value of an option
  }
}

/** The file's text; empty where it was never written (nothing compiled, nothing was skipped). */
async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** What suites import that want a server under test, and those that also want a client of either kind. */
const SERVER = /^import .*support\/target\.ts";$/m;
const CLIENT = /^(?:import |\} from ).*support\/client\.ts";$/m;

/** The test files below `folder` (with a slash at its end) that import these. */
async function suites(folder: string, ...imports: readonly RegExp[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    const path = folder + name;
    if (isDirectory) found.push(...await suites(`${path}/`, ...imports));
    else if (name.endsWith("_test.ts")) {
      const text = await Deno.readTextFile(new URL(path, root));
      if (imports.every((one) => one.test(text))) found.push(path);
    }
  }
  return found.sort();
}

async function jobsFor(args: readonly string[]): Promise<Job[]> {
  if (args.some((arg) => !arg.startsWith("-") && exists(arg))) return [{ args }];
  const targets = Deno.env.get("SKEIN_TARGETS")?.split(",") ?? TARGETS;
  const files = await suites("tests/", SERVER);
  return [
    { args: [...args, "tests/"] },
    // The first target is that of the whole.
    ...targets.filter((target) => target !== TARGETS[0]).map((target) => ({
      args: [...args, ...files],
      target,
    })),
    ...await Promise.all([...targets, "official"].map(async (target) => ({
      // The suites of runtimes/ ask for more than the official server does.
      args: [...args, ...await suites(target === "official" ? "tests/interop/" : "tests/", SERVER, CLIENT)],
      target,
      isOurClient: true,
    }))),
  ];
}

/** How many jobs run at a time. Most of their time they wait. */
const LANES = 2;

if (import.meta.main) {
  const jobs = await jobsFor(Deno.args);
  const runs: Run[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: LANES }, async () => {
    while (next < jobs.length) {
      const n = next++;
      runs[n] = await run(jobs[n]!);
    }
  }));
  const { lines, isGood } = summary(runs);
  console.log(`\n${lines.join("\n")}`);
  Deno.exit(isGood ? 0 : 1);
}
