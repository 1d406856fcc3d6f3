/**
 * The chat on Cloudflare Workers, on this machine: `deno task start:workers`, then open the printed address in two
 * tabs. Runs what ../cloudflare/wrangler.jsonc says in miniflare, without an account; what is said is forgotten at the
 * end. `PORT` chooses the port; without it, it is 8787.
 * @module
 */
import { Miniflare } from "miniflare";
import { announce } from "../chat/announce.ts";
import { writeAssets } from "../cloudflare/assets.mjs";
import { bundleWorker } from "./bundle.ts";

/** The parts of wrangler.jsonc that are used. */
interface Config {
  readonly name: string;
  readonly main: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: string[];
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
}

const folder = new URL("../cloudflare/", import.meta.url);
const text = await Deno.readTextFile(new URL("wrangler.jsonc", folder));
const config = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, "")) as Config;

const { code } = await bundleWorker(new URL(config.main, folder));
const assets = await Deno.makeTempDir({ prefix: "skein_assets_" });
writeAssets(assets);

const miniflare = new Miniflare({
  name: config.name,
  modules: [{ type: "ESModule", path: "worker.js", contents: code }],
  compatibilityDate: config.compatibility_date,
  compatibilityFlags: config.compatibility_flags,
  durableObjects: Object.fromEntries(
    config.durable_objects.bindings.map(({ name, class_name }) => [
      name,
      { className: class_name, useSQLite: true },
    ]),
  ),
  assets: { directory: assets, routerConfig: { has_user_worker: true } },
  port: Number(Deno.env.get("PORT") || 8787),
});
announce(Number((await miniflare.ready).port));

const stopped = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stopped.resolve);
await stopped.promise;
await miniflare.dispose();
await Deno.remove(assets, { recursive: true });
Deno.exit();
