/**
 * Makes the scripts that the option `serveClient` serves, from src/client with esbuild: `deno task client`.
 *
 * They are modules of src/client_scripts, because what is published to JSR is source: a server that is imported from
 * there has no file to read and no bundler. A test (tests/server/client_scripts_test.ts) holds them to be current.
 * @module
 */
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";

/** The files by name, each with its entry and how it is made. */
const SCRIPTS: Readonly<Record<string, { entry: string; minify: boolean; format: "iife" | "esm" }>> = {
  "socket.io.js": { entry: "script.ts", minify: false, format: "iife" },
  "socket.io.min.js": { entry: "script.ts", minify: true, format: "iife" },
  "socket.io.esm.min.js": { entry: "script_esm.ts", minify: true, format: "esm" },
  "socket.io.msgpack.min.js": { entry: "script_msgpack.ts", minify: true, format: "iife" },
};

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL("src/client_scripts/", ROOT);

/** The texts of all files, maps included, by name. */
export async function bundleScripts(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, { entry, minify, format }] of Object.entries(SCRIPTS)) {
    const { outputFiles } = await esbuild.build({
      absWorkingDir: fileURLToPath(ROOT),
      entryPoints: [`src/client/${entry}`],
      outfile: name,
      bundle: true,
      minify,
      format,
      target: "es2022",
      sourcemap: "linked",
      legalComments: "none",
      banner: { js: "/* Skein's client for Socket.IO servers: @skein/io, MIT */" },
      write: false,
      logLevel: "warning",
    });
    for (const { path, text } of outputFiles) files.set(path.split("/").at(-1)!, text);
  }
  await esbuild.stop();
  return files;
}

/** The module in which a file is kept. */
export function moduleOf(name: string): string {
  return `${name.replaceAll(/[.]/g, "_")}.ts`;
}

async function moduleText(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64();
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const gzip = new Uint8Array(await new Response(stream).arrayBuffer()).toBase64();
  return `// Made by \`deno task client\`.
/** Names the content. */
export const etag: string = ${JSON.stringify(JSON.stringify(hash.slice(0, 22)))};
/** The content, gzipped, as base64. */
export const gzip: string =
  ${JSON.stringify(gzip)};
`;
}

if (import.meta.main) {
  const files = await bundleScripts();
  for (const [name, text] of files) {
    await Deno.writeTextFile(new URL(moduleOf(name), FOLDER), await moduleText(text));
    console.log(`${name.padEnd(32)} ${text.length} characters`);
  }
}
