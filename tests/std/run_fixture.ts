/**
 * Runs test code in a `deno test` of its own, to see what a failing or skipping test does.
 * @module
 */

const root = new URL("../../", import.meta.url).pathname;

/** What `deno test` printed, without colours, for a file with `code` in it. */
export async function runFixture(code: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "skein_fixture_" });
  try {
    await Deno.writeTextFile(`${folder}/fixture_test.ts`, code);
    const output = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        "--no-check",
        "--no-lock",
        `--config=${root}deno.json`,
        `${folder}/fixture_test.ts`,
      ],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return decoder.decode(output.stdout) + decoder.decode(output.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
