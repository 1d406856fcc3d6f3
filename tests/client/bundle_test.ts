/**
 * What a client weighs in a bundle, beside the official one, built the same way: esbuild, minified, ES modules, for
 * browsers; gzip -9. README's table is what comes out here.
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Case {
  readonly what: string;
  readonly ours: string;
  readonly official: string;
  /** Bytes, gzipped, that ours may have. */
  readonly max: number;
}

/** Bytes by which README may be off: an import in another order is no news. */
const TOLERANCE = 30;

const CLIENT = "./src/client";
const CASES: readonly Case[] = [
  {
    what: "`io()` with all transports",
    ours: `import { io } from "${CLIENT}/mod.ts"; globalThis.socket = io("https://x");`,
    official: `import { io } from "socket.io-client"; globalThis.socket = io("https://x");`,
    max: 8_000,
  },
  {
    what: "WebSocket only",
    ours: `import { io } from "${CLIENT}/core.ts"; import { websocket } from "${CLIENT}/websocket.ts";
      globalThis.socket = io("https://x", { transports: [websocket] });`,
    official: `import { io, WebSocket } from "socket.io-client";
      globalThis.socket = io("https://x", { transports: [WebSocket] });`,
    max: 6_700, // the target is 6,000
  },
  {
    what: "all transports, with msgpack",
    ours: `import { io } from "${CLIENT}/mod.ts"; import { msgpackParser } from "${CLIENT}/msgpack.ts";
      globalThis.socket = io("https://x", { parser: msgpackParser });`,
    official: `import { io } from "socket.io-client"; import * as parser from "socket.io-msgpack-parser";
      globalThis.socket = io("https://x", { parser });`,
    max: 11_200,
  },
];

async function gzipped(contents: string, resolveDir: string): Promise<{ size: number; code: string }> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  const { contents: bytes, text } = outputFiles[0]!;
  return { size: gzipSync(bytes, { level: 9 }).length, code: text };
}

const number = (size: number): string => size.toLocaleString("en");

Deno.test("Client bundles are as small as README says, and bring nothing of Node and no schema library", async () => {
  const folder = await Deno.makeTempDir({ prefix: "skein_bundle_" });
  try {
    const dependencies = { "socket.io-client": "4.8.4", "socket.io-msgpack-parser": "3.0.2" };
    await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ type: "module", dependencies }));
    const { success } = await new Deno.Command(Deno.execPath(), { args: ["install", "--quiet"], cwd: folder })
      .output();
    assert(success, "the official client could not be installed");
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    for (const { what, ours, official, max } of CASES) {
      const { size, code } = await gzipped(ours, ROOT);
      const theirs = (await gzipped(official, folder)).size;
      console.log(`| ${what} | ${number(size)} | ${number(theirs)} |`);
      assertLessOrEqual(size, max, what);
      assertEquals(/\brequire\(|node:|zod|~standard/.exec(code), null, what);
      const row = readme.split("\n").find((line) => line.startsWith(`| ${what} `));
      assert(row !== undefined, `README's table has no row "${what}"`);
      const [toldOurs, toldTheirs] = row.split("|").slice(2, 4).map((cell) =>
        Number(cell.replaceAll(",", ""))
      );
      assertAlmostEquals(toldOurs!, size, TOLERANCE, row);
      assertAlmostEquals(toldTheirs!, theirs, TOLERANCE, row);
    }
  } finally {
    await esbuild.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
