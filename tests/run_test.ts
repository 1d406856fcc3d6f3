import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { type Run, summary } from "./run.ts";
import { type Outcome, readJunit } from "./tools/junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="7" failures="3" errors="0" time="0.013">
    <testsuite name="./a_test.ts" tests="6" disabled="2" errors="0" failures="3">
        <testcase name="Plain &quot;a&quot; &lt;b&gt; &amp;" classname="./a_test.ts" time="0.000" line="1" col="6">
        </testcase>
        <testcase name="Left out" classname="./a_test.ts" time="0.000" line="2" col="6">
            <skipped/>
        </testcase>
        <testcase name="Has steps" classname="./a_test.ts" time="0.003" line="4" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="Has steps &gt; one" classname="./a_test.ts" time="0.000" line="4" col="47">
        </testcase>
        <testcase name="Has steps &gt; two" classname="./a_test.ts" time="0.001" line="4" col="128">
            <failure message="Uncaught Error: &lt;skipped/&gt;">Error: d</failure>
        </testcase>
        <testcase name="Fails beside its step" classname="./a_test.ts" time="0.001" line="4" col="128">
            <failure message="Uncaught Error: x">Error: x</failure>
        </testcase>
        <testcase name="Fails beside its step &gt; one" classname="./a_test.ts" time="0.001" line="4" col="128">
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("readJunit() counts a test by its steps and unescapes names", () => {
  assertEquals(readJunit(REPORT).map(({ name, result }) => `${result} ${name}`), [
    'passed Plain "a" <b> &',
    "skipped Left out",
    "passed Has steps > one",
    "failed Has steps > two",
    "failed Fails beside its step",
    "passed Fails beside its step > one",
  ]);
});

Deno.test("The summary names skips with their reason and ends with the counts", () => {
  const note = { name: "Left out", file: "./b_test.ts", reason: "needs chromium: no chromium on the PATH" };
  const { lines, isGood } = summary([{
    outcomes: readJunit(REPORT),
    notes: new Map([[note.name, note]]),
    code: 1,
  }]);
  assertFalse(isGood);
  assertEquals(lines[0], "5 tests ran in 1 files");
  assert(lines.includes("skipped: Left out: needs chromium: no chromium on the PATH (./b_test.ts)"));
  assertEquals(lines.at(-1), "3 passed, 2 failed, 1 skipped");
});

Deno.test("The summary is good only when something ran and nothing failed", () => {
  const passed = { file: "a", name: "a", result: "passed" } as const;
  const skipped = { file: "a", name: "b", result: "skipped" } as const;
  const last = (outcomes: Run["outcomes"], code: number): [string | undefined, boolean] => {
    const { lines, isGood } = summary([{ outcomes, notes: new Map(), code }]);
    return [lines.at(-1), isGood];
  };
  assertEquals(last([passed], 0), ["1 passed, 0 failed", true]);
  assertEquals(last([], 0), ["0 passed, 1 failed", false]);
  assertEquals(last([skipped], 0), ["0 passed, 1 failed, 1 skipped", false]);
  assertEquals(last([], 1), ["0 passed, 1 failed", false]);
  assertEquals(last([passed], 1), ["1 passed, 1 failed", false]);
});

Deno.test("The summary adds up the runs of several targets; one may be skipped as a whole, with reasons", () => {
  const one = (name: string, result: Outcome["result"]): Outcome => ({ file: "a", name, result });
  const note = { name: "[b] x", file: "a", reason: "needs the runtime of target b: offline" };
  const a: Run = { outcomes: [one("[a] x", "passed"), one("[a] y", "passed")], notes: new Map(), code: 0 };
  const b: Run = {
    outcomes: [one("[b] x", "skipped"), one("[b] y", "skipped")],
    notes: new Map([[note.name, note]]),
    code: 0,
    target: "b",
  };
  assertEquals(summary([a, b]).lines, [
    "2 tests ran in 1 files",
    "skipped: all 2 tests of target b: needs the runtime of target b: offline",
    "2 passed, 0 failed, 2 skipped",
  ]);
  assertEquals(summary([a, { ...b, notes: new Map() }]).lines.at(-1), "2 passed, 1 failed, 2 skipped");
  assertEquals(summary([a, { ...b, code: 1 }]).lines.at(-1), "2 passed, 1 failed, 2 skipped");
  assertEquals(summary([a, { outcomes: [], notes: new Map(), code: 1, target: "d" }]).lines.slice(1), [
    "failed: deno test for target d ended with code 1 without naming a test, see its output above",
    "2 passed, 1 failed",
  ]);
  const broken = { outcomes: [one("[c] x", "failed")], notes: new Map(), code: 1 };
  const { lines, isGood } = summary([a, broken]);
  assertFalse(isGood);
  assertEquals(lines.slice(1), ["failed: [c] x (a)", "2 passed, 1 failed"]);
});

/** Runs the runner itself on a file with `code` in it. */
async function runOn(
  code: string,
  env: Record<string, string> = {},
): Promise<{ code: number; text: string }> {
  const folder = await Deno.makeTempDir({ prefix: "skein_run_" });
  try {
    await Deno.writeTextFile(`${folder}/made_up_test.ts`, code);
    const root = new URL("../", import.meta.url).pathname;
    const output = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-lock",
        `${root}tests/run.ts`,
        "--no-lock",
        `--config=${root}deno.json`,
        folder,
      ],
      env: { NO_COLOR: "1", SKEIN_REQUIRE_ALL: "0", ...env },
      stdin: "null",
    }).output();
    return { code: output.code, text: new TextDecoder().decode(output.stdout).trimEnd() };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const NEEDS = `
  import { optional } from "${new URL("./support/requires.ts", import.meta.url)}";
  Deno.test("There", () => {});
  const thing = await optional("a thing", () => undefined as string | undefined);
  thing.test("Needs it", () => {});
`;

Deno.test("The runner skips a test that needs what is missing, and fails it when all is required", async () => {
  const skipped = await runOn(NEEDS);
  assertEquals(skipped.code, 0);
  assertMatch(
    skipped.text,
    /skipped: Needs it: needs a thing: not found \(.*made_up_test\.ts\)\n1 passed, 0 failed, 1 skipped$/,
  );
  const required = await runOn(NEEDS, { SKEIN_REQUIRE_ALL: "1" });
  assertEquals(required.code, 1);
  assertMatch(required.text, /\n1 passed, 1 failed$/);
});

Deno.test("The runner fails on a type error and still prints its last line", async () => {
  const { code, text } = await runOn(`const wrong: number = "text"; Deno.test("Never", () => {});`);
  assertEquals(code, 1);
  assertMatch(text, /\n0 passed, 1 failed$/);
});

Deno.test("The runner fails when a file throws while it loads or focuses on one test", async () => {
  const thrown = await runOn(`Deno.test("Never", () => {}); throw new Error("at load");`);
  assertEquals(thrown.code, 1);
  assertMatch(thrown.text, /\n0 passed, 1 failed$/);
  const focused = await runOn(`Deno.test.only("One", () => {});`);
  assertEquals(focused.code, 1);
  assertMatch(focused.text, /\n1 passed, 1 failed$/);
});
