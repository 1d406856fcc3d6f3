/**
 * `deno run -A tests/oracle/report.ts [part of a name]`: runs the scripts and prints the table: equal, different
 * (why), or wrong. With `--lines` the transcript of each as well. Exit code 1 when one is wrong.
 * @module
 */
import { type Script, transcriptOf } from "./harness.ts";
import { scripts } from "./scripts.ts";
import { type Diff, diff, isSame } from "./transcript.ts";

interface Row {
  readonly name: string;
  readonly result: "equal" | "different" | "WRONG";
  readonly notes: readonly string[];
}

function show({ official, skein }: Diff): string[] {
  return [...official.map((line) => `official | ${line}`), ...skein.map((line) => `skein    | ${line}`)];
}

async function examine(script: Script): Promise<Row> {
  const { name, difference } = script;
  try {
    const official = await transcriptOf(script, "official");
    const skein = await transcriptOf(script, "skein");
    const found = diff(official, skein);
    const lines = Deno.args.includes("--lines") ? official : [];
    const expected = difference ?? { official: [], skein: [] };
    if (!isSame(found, expected)) return { name, result: "WRONG", notes: [...lines, ...show(found)] };
    if (difference === undefined) return { name, result: "equal", notes: lines };
    return { name, result: "different", notes: [difference.why, ...lines, ...show(found)] };
  } catch (error) {
    return { name, result: "WRONG", notes: [String(error)] };
  }
}

if (import.meta.main) {
  const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
  const chosen = scripts.filter(({ name }) => wanted.every((part) => name.includes(part)));
  const counts = { equal: 0, different: 0, WRONG: 0 };
  for (const script of chosen) {
    const { name, result, notes } = await examine(script);
    counts[result]++;
    console.log(`${result.padEnd(9)} ${name}`);
    for (const note of notes) console.log(`            ${note}`);
  }
  console.log(
    `\n${chosen.length} scripts: ${counts.equal} equal, ${counts.different} different, ${counts.WRONG} wrong`,
  );
  Deno.exit(counts.WRONG === 0 ? 0 : 1);
}
