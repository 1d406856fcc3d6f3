/**
 * `deno task ok`: everything a change must pass, one line per step. Stops at the first red step, shows its output
 * and exits with 1. Needs no network once the dependencies are cached.
 * @module
 */

const root = new URL("../../", import.meta.url);
const manifest = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
  exports: Record<string, string>;
};
const entryPoints = Object.values(manifest.exports);
const papers = ["README.md", ".github/ARCHITECTURE.md", ".github/COMPATIBILITY.md"].filter(exists);

const steps: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["format", ["fmt", "--check"]],
  ["lint", ["lint"]],
  ["types", ["check", "mod.ts", "src", "tests", "examples/**/*.ts"]],
  ["doc examples", ["test", "-A", "--doc", "--permit-no-files", "mod.ts", "src"]],
  // Those in papers are whole programs that listen: they must compile.
  ["paper examples", ["check", "--doc-only", ...papers]],
  ["layers", ["run", "-R", "tests/tools/layers.ts"]],
  ["tests", ["run", "-A", "tests/run.ts"]],
  ["doc lint", ["doc", "--lint", ...entryPoints]],
  ["publish", ["publish", "--dry-run", "--allow-dirty"]],
];

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}

const width = Math.max(...steps.map(([name]) => name.length));
for (const [name, args] of steps) {
  const start = performance.now();
  const output = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const text = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
  const counts = text.match(/^\d+ passed, \d+ failed.*$/gm)?.at(-1);
  const verdict = output.success ? "ok    " : "FAILED";
  console.log(`${verdict} ${name.padEnd(width)} ${seconds.padStart(6)} s${counts ? `  ${counts}` : ""}`);
  if (!output.success) {
    console.log(`\ndeno ${args.join(" ")}\n${text.trimEnd()}`);
    Deno.exit(1);
  }
}
