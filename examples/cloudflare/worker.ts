/**
 * The chat on Cloudflare: the Worker takes requests to the one Durable Object that is the chat. While nobody speaks the
 * object sleeps and costs nothing, with all its clients connected. The files of the page are static assets: no Worker
 * runs for them.
 *
 * What a chat needs so that it can sleep is told in ../chat/chat.ts.
 * @module
 */
import { clientScripts } from "@skein/io/client-scripts/min";
import { type ObjectOptions, type Router, router, SkeinObject } from "@skein/io/workers";
import { type ChatData, type ChatServer, type NoEvents, runChat } from "../chat/chat.ts";
import type { ClientToServer, ServerToClient } from "../chat/events.ts";
import { limits } from "../chat/limits.ts";
import { fileHeaders, settingsScript, type Transports } from "../chat/settings.ts";

/**
 * WebSocket only. `["polling", "websocket"]` also lets in clients whose network allows no WebSocket, for a price: each
 * of them makes some 7,000 requests a day to the Worker and again to the object, and as long as one poll waits, which
 * is always, the object does not sleep (about $4 a month; $0 to $0.15 where it does).
 */
const transports: Transports = ["websocket"];

/** The chat. */
export class Chat extends SkeinObject<unknown, ClientToServer, ServerToClient, NoEvents, ChatData> {
  override readonly options: ObjectOptions = {
    transports,
    maxHttpBufferSize: limits.packet,
    // The chat's `connection` listener has nothing to do for sockets that slept, so nobody need be woken for it: what
    // comes from a socket wakes that one, and a broadcast all. The default, true, is for listeners that fill variables
    // or call `socket.on`: they have run again for every socket before anything is handled.
    announceAll: false,
  };

  /** Runs again after each sleep: what it sets up must come from code, from the sockets' `data` or from storage. */
  override setup(io: ChatServer): void {
    runChat(io, this.ctx.storage.kv);
  }
}

const worker: Router = router({
  binding: "CHAT",
  serveClient: clientScripts, // to the page, without waking the object
  fallback: (request) => {
    if (new URL(request.url).pathname !== "/settings.js") {
      return new Response("Not found", { status: 404 });
    }
    const headers = {
      ...fileHeaders,
      "content-type": "text/javascript; charset=utf-8",
    };
    return new Response(settingsScript(transports), { headers });
  },
});
export default worker;
