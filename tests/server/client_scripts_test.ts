/**
 * The scripts of src/client_scripts are what `deno task client` makes of src/client.
 * @module
 */
import { assertEquals } from "@std/assert";
import { clientScripts } from "../../src/client_scripts/table.ts";
import { bundleScripts } from "../tools/client_scripts.ts";

Deno.test("Client scripts are current: else run `deno task client`", async () => {
  const made = await bundleScripts();
  assertEquals(Object.keys(clientScripts).sort(), [...made.keys()].sort());
  for (const [name, text] of made) {
    const { gzip } = await clientScripts[name]!();
    const stream = new Blob([Uint8Array.fromBase64(gzip)]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    // Not assertEquals: it would print both.
    assertEquals(
      await new Response(stream).text() === text,
      true,
      `${name} is old: run \`deno task client\``,
    );
  }
});
