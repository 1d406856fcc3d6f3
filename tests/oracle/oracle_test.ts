/**
 * Every script against the official server and against Skein: the same transcript, or exactly the difference that
 * the script explains. `deno run -A tests/oracle/report.ts` prints the table.
 * @module
 */
import { assertEquals } from "@std/assert";
import { transcriptOf } from "./harness.ts";
import { scripts } from "./scripts.ts";
import { diff } from "./transcript.ts";

for (const script of scripts) {
  Deno.test(`Oracle: ${script.name}`, async () => {
    const official = await transcriptOf(script, "official");
    const skein = await transcriptOf(script, "skein");
    if (script.difference === undefined) return assertEquals(skein, official);
    const { official: officialOnly, skein: skeinOnly } = script.difference;
    assertEquals(diff(official, skein), { official: [...officialOnly], skein: [...skeinOnly] });
  });
}

Deno.test("Oracle: every script has a name of its own", () => {
  const names = scripts.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
});
