/**
 * Makes one module of a Worker for workerd.
 * @module
 */
import * as esbuild from "esbuild";

/** The module at `entry` with all that it imports, as a file that goes with this process. */
export async function bundle(entry: URL): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "skein_worker_" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const outfile = `${folder}/worker.js`;
  await esbuild.build({
    entryPoints: [entry.pathname],
    outfile,
    bundle: true,
    format: "esm",
    platform: "neutral",
    external: ["cloudflare:workers", "workerd:unsafe"],
    logLevel: "warning",
  });
  await esbuild.stop();
  return outfile;
}
