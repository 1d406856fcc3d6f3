/**
 * Makes one script of a Worker, as wrangler does: with esbuild, for what has neither Node's modules nor a file system.
 * Names that are not files are those of deno.json.
 * @module
 */
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";

/** A Worker in one script. */
export interface Bundle {
  readonly code: string;
  /** The modules it still imports. */
  readonly imports: readonly string[];
}

/** Bundles the program `entry`, the URL of a file. */
export async function bundleWorker(entry: URL, minify = false): Promise<Bundle> {
  await download(entry);
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "workerd:*"],
    minify,
    write: false,
    metafile: true,
    outdir: "/",
    logLevel: "warning",
    plugins: [byDeno],
  });
  await esbuild.stop();
  const [output] = Object.values(metafile.outputs);
  return { code: outputFiles[0]!.text, imports: output!.imports.map(({ path }) => path) };
}

/** Has Deno fetch the packages that a program imports, where they are not on this machine yet. */
async function download(entry: URL): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    // Named, since beside the program there may be a package.json, which is for others.
    args: ["cache", "--quiet", "--config=deno.json", fileURLToPath(entry)],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot fetch imports of ${entry}: ${new TextDecoder().decode(stderr)}`);
}

const byDeno: esbuild.Plugin = {
  name: "deno.json",
  setup({ onResolve }) {
    onResolve({ filter: /^[@a-z]/ }, ({ path, kind }) => {
      if (kind === "entry-point" || /^(cloudflare|workerd):/.test(path)) return;
      const url = import.meta.resolve(path);
      if (!url.startsWith("file:")) return { path, external: true };
      return { path: fileURLToPath(url) };
    });
  },
};
