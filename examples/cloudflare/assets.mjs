/**
 * Puts the page's files where wrangler.jsonc says: those of the chat, the official client, and their headers.
 * Run by wrangler with Node; `deno task start:workers` imports it.
 * @module
 */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Writes them into `folder`, which is emptied first.
 * @param {string} folder
 * @param {string} client The path of the official client's script.
 */
export function writeAssets(folder, client) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(here("../chat/page"), folder, { recursive: true });
  cpSync(client, `${folder}/socket.io.js`);
  cpSync(here("_headers"), `${folder}/_headers`);
}

/** @param {string} path */
function here(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}

if (process.argv[1] === here("assets.mjs")) {
  writeAssets(here("assets"), createRequire(import.meta.url).resolve("socket.io-client/dist/socket.io.js"));
}
