/**
 * The chat on Deno Deploy: entry point of the app, see README.md beside it. Runs on this machine as well:
 * `deno run -A examples/deno-deploy/main.ts`.
 *
 * The page's files are read, since the Deno of Deno Deploy has no text imports.
 * @module
 */
import { announce } from "../chat/announce.ts";
import type { ChatServer } from "../chat/chat.ts";
import { chatServer, chatSite } from "../chat/site.ts";
import type { Transports } from "../chat/settings.ts";

/** ms from SIGINT to the end, at most; Deno Deploy kills after 5 s. */
const DRAIN = 4_000;

/**
 * WebSocket only: a connection stays with the instance that accepted it. Polls are requests of their own, and there is
 * no session affinity: with `POLLING=1` clients whose network allows no WebSocket get in, but wherever there is more
 * than one instance their requests end up at one that does not know them ("Session ID unknown"), and they start over.
 */
const transports: Transports = Deno.env.get("POLLING") === "1" ? ["polling", "websocket"] : ["websocket"];

const io = chatServer(transports);
const app = chatSite(io, await pageFiles(), transports);
const server = Deno.serve({
  port: Number(Deno.env.get("PORT") || 8000), // on Deno Deploy it does not matter
  onListen: ({ port }) => announce(port),
}, app.fetch);

// A deployment, or an instance that is not needed any more.
Deno.addSignalListener("SIGINT", () => drain(io));

/** Everybody has to go, and clients connect again by themselves: to another instance. */
async function drain(io: ChatServer): Promise<void> {
  Deno.unrefTimer(setTimeout(() => Deno.exit(1), DRAIN)); // somebody does not hang up
  await io.close(); // first: `shutdown` cuts WebSockets, with whatever is still on its way to their clients
  await server.shutdown();
  // No exit: what is still to be written is written, and then there is nothing left to do.
}

async function pageFiles(): Promise<Record<string, string>> {
  const page = new URL("../chat/page/", import.meta.url);
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(page)) {
    files[name] = await Deno.readTextFile(new URL(name, page));
  }
  return files;
}
