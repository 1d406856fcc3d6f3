/**
 * What Cloudflare is given: the size of the server for Workers, and that nothing of Node is in it.
 * @module
 */
import { assertEquals, assertLess } from "@std/assert";
import { bundleWorker } from "../../examples/launch/bundle.ts";

/** Bytes, gzipped, of src/server/workers.ts: a little over what it is. The target is 20 000. */
const MAX_SERVER = 51_000;
/** Bytes, gzipped, of the chat: the server, its rules, zod, and the client for its page. */
const MAX_CHAT = 89_000;

async function gzipped(code: string): Promise<number> {
  const stream = new Blob([code]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

for (
  const [what, entry, max] of [
    ["Server for Workers", "src/server/workers.ts", MAX_SERVER],
    ["Chat on Cloudflare", "examples/cloudflare/worker.ts", MAX_CHAT],
  ] as const
) {
  Deno.test(`${what} is small and brings everything it needs`, async () => {
    const { code, imports } = await bundleWorker(new URL(`../../${entry}`, import.meta.url), true);
    const size = await gzipped(code);
    console.log(`${entry}: ${new Blob([code]).size} bytes minified, ${size} gzipped (at most ${max})`);
    assertEquals(imports, ["cloudflare:workers"]);
    assertLess(size, max);
  });
}
