/**
 * Puts the page's files where wrangler.jsonc says: those of the chat, and their headers.
 * Run by wrangler with Node; `deno task start:workers` imports it.
 * @module
 */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Writes them into `folder`, which is emptied first.
 * @param {string} folder
 */
export function writeAssets(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(here("../chat/page"), folder, { recursive: true });
  cpSync(here("_headers"), `${folder}/_headers`);
}

/** @param {string} path */
function here(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}

if (process.argv[1] === here("assets.mjs")) {
  writeAssets(here("assets"));
}
