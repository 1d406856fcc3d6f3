/**
 * `deno task test`: runs `deno test` over tests/, then says how many tests ran, which were skipped and why, and
 * closes with the line `N passed, N failed` (and `, N skipped`). Arguments go to `deno test`; paths among them
 * replace tests/. Exit code 1 when a test failed, when the tests do not compile, and when none ran.
 * @module
 */
import { type Note, NOTES } from "./support/requires.ts";
import { type Outcome, readJunit } from "./tools/junit.ts";

const root = new URL("../", import.meta.url);

/** The closing lines for `outcomes`, and whether the run is good. `code` is what `deno test` exited with. */
export function summary(
  outcomes: readonly Outcome[],
  notes: ReadonlyMap<string, Note>,
  code: number,
): { lines: string[]; isGood: boolean } {
  const of = (result: Outcome["result"]): Outcome[] => outcomes.filter((one) => one.result === result);
  const passed = of("passed").length;
  const skipped = of("skipped");
  const failures = of("failed");
  const ran = passed + failures.length;
  const fileOf = ({ file, name }: Outcome): string => notes.get(name.split(" > ")[0]!)?.file || file;
  const files = new Set(outcomes.filter((one) => one.result !== "skipped").map(fileOf)).size;
  const lines = [`${ran} tests ran in ${files} files`];
  for (const one of skipped) {
    lines.push(`skipped: ${one.name}: ${notes.get(one.name)?.reason ?? "no reason given"} (${fileOf(one)})`);
  }
  for (const one of failures) lines.push(`failed: ${one.name} (${fileOf(one)})`);
  let failed = failures.length;
  if (failed === 0 && code !== 0) {
    lines.push(`failed: deno test ended with code ${code} without naming a test, see its output above`);
    failed = 1;
  } else if (ran === 0) {
    lines.push("failed: no test ran");
    failed = 1;
  }
  lines.push(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
  return { lines, isGood: failed === 0 };
}

interface Run {
  readonly outcomes: Outcome[];
  /** By the test's name. */
  readonly notes: Map<string, Note>;
  /** The exit code of `deno test`. */
  readonly code: number;
}

/** Runs `deno test` with `args`. */
async function runTests(args: readonly string[]): Promise<Run> {
  const folder = await Deno.makeTempDir({ prefix: "skein_tests_" });
  try {
    const report = `${folder}/junit.xml`;
    const notesFile = `${folder}/notes.jsonl`;
    const paths = args.some((arg) => !arg.startsWith("-") && exists(arg)) ? [] : ["tests/"];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", `--junit-path=${report}`, ...args, ...paths],
      cwd: root,
      env: { [NOTES]: notesFile },
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    const notes = new Map<string, Note>();
    for (const line of (await textOf(notesFile)).split("\n").filter((line) => line !== "")) {
      const note = JSON.parse(line) as Note;
      notes.set(note.name, note);
    }
    return { outcomes: readJunit(await textOf(report)), notes, code };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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

if (import.meta.main) {
  const { outcomes, notes, code } = await runTests(Deno.args);
  const { lines, isGood } = summary(outcomes, notes, code);
  console.log(`\n${lines.join("\n")}`);
  Deno.exit(isGood ? 0 : 1);
}
