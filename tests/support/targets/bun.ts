/**
 * Target "bun": our Engine and Server on Bun.serve. Started by Deno, as all targets are, it starts itself once more
 * with Bun, on the same stdin and stdout.
 * @module
 */
import type { Engine } from "../../../src/server/engine.ts";
import type { Server } from "../../../mod.ts";
import { BUN_VERSION } from "../bun.ts";
import { npmBinary } from "../npm_binary.ts";
import { runHost } from "./host.ts";
import { startWith } from "./server.ts";

/** The part of Bun that is used here: its types would bring names of their own into every file. */
interface BunNamespace {
  serve(
    options: Pick<Server | Engine, "websocket"> & {
      readonly fetch: Server["handler"];
      readonly port: number;
      readonly hostname: string;
    },
  ): { readonly port: number; stop(closeAll: boolean): Promise<void> };
}

const { Bun } = globalThis as unknown as { Bun?: BunNamespace };

if (Bun !== undefined) {
  runHost(startWith((io, port) => {
    const { handler: fetch, websocket } = io;
    const http = Bun.serve({ port, hostname: "127.0.0.1", fetch, websocket });
    return { port: http.port, close: () => http.stop(false) };
  }));
} else {
  const bun = await npmBinary("bun", BUN_VERSION);
  const child = new Deno.Command(bun, {
    args: ["run", import.meta.filename!],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  Deno.exit((await child.status).code);
}
