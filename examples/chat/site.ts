/**
 * The chat as a hono app: the page's files, and Socket.IO under `/socket.io/`.
 * @module
 */
import { Hono } from "hono";
import { Server } from "../../mod.ts";
import { type ChatServer, runChat } from "./chat.ts";
import { limits } from "./limits.ts";
import { fileHeaders, settingsScript, type Transports } from "./settings.ts";

/** How people may connect where nothing is said. */
const ALL_TRANSPORTS: Transports = ["polling", "websocket"];

/** A Socket.IO server with a chat on it. */
export function chatServer(transports: Transports = ALL_TRANSPORTS): ChatServer {
  const io: ChatServer = new Server({ maxHttpBufferSize: limits.packet, transports });
  runChat(io);
  return io;
}

/** Makes the app around `io`. `files`: the page's, by name; `transports`: how the page connects. */
export function chatSite(
  io: ChatServer,
  files: Readonly<Record<string, string>>,
  transports: Transports = ALL_TRANSPORTS,
): Hono {
  const app = new Hono();
  // hono's `env` is what the runtime passes beside the request: on Bun, its server.
  app.all("/socket.io/*", (c) => io.handler(c.req.raw, c.env));
  app.get("/", () => answer("index.html", files["index.html"]!));
  for (const [name, text] of Object.entries({ ...files, "settings.js": settingsScript(transports) })) {
    app.get(`/${name}`, () => answer(name, text));
  }
  return app;
}

const types: Readonly<Record<string, string>> = { html: "text/html", css: "text/css", js: "text/javascript" };

function answer(name: string, text: string): Response {
  const type = types[name.split(".").at(-1)!];
  return new Response(text, { headers: { ...fileHeaders, "content-type": `${type}; charset=utf-8` } });
}
