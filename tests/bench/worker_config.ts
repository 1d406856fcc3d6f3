/**
 * Makes servers/skein_workerd.ts a program for workerd: one bundled module and its configuration, which is that of
 * load/servers/workerd-hib.capnp but for the class and what our server asks of the platform.
 * @module
 */
import { bundle } from "../runtimes/objects/bundle.ts";

/** Writes `skein-workerd.js` and `skein-workerd.capnp` into `folder`, to listen on `port`. */
export async function writeWorker(folder: URL, port: number): Promise<void> {
  const script = await bundle(new URL("servers/skein_workerd.ts", import.meta.url));
  await Deno.copyFile(script, new URL("skein-workerd.js", folder)); // embeds only what is beside the configuration
  await Deno.writeTextFile(new URL("skein-workerd.capnp", folder), configOf(port));
}

function configOf(port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .w) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ],
  v8Flags = ["--expose-gc"],
);
const w :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "skein-workerd.js") ],
  compatibilityDate = "2026-07-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [ (name = "BENCH", durableObjectNamespace = "Bench") ],
  durableObjectNamespaces = [ (className = "Bench", uniqueKey = "bench", enableSql = true) ],
  durableObjectStorage = (inMemory = void),
);
`;
}
