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
  const storage = new URL("skein-workerd-storage/", folder); // rows exist on disk only
  await Deno.mkdir(storage, { recursive: true });
  await Deno.writeTextFile(new URL("skein-workerd.capnp", folder), configOf(port, storage.pathname));
}

function configOf(port: number, storage: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .w),
    (name = "disk", disk = (path = "${storage}", writable = true)),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ],
  v8Flags = ["--expose-gc"],
);
const w :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "skein-workerd.js") ],
  compatibilityDate = "2026-07-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [ (name = "BENCH", durableObjectNamespace = "Bench") ],
  durableObjectNamespaces = [ (className = "Bench", uniqueKey = "bench", enableSql = true) ],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}
