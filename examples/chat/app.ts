/**
 * The chat as a hono app: the page's files, and Socket.IO under `/socket.io/`.
 *
 * Files are text imports: they are loaded with the program, so that serving them needs no permission to read
 * and works offline.
 * @module
 */
import { Hono } from "hono";
import clientScript from "socket.io-client/dist/socket.io.js" with { type: "text" };
import { Server } from "../../mod.ts";
import { type ChatServer, runChat } from "./chat.ts";
import { limits } from "./limits.ts";
import html from "./page/index.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import composer from "./page/composer.js" with { type: "text" };
import connection from "./page/connection.js" with { type: "text" };
import elements from "./page/elements.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import outbox from "./page/outbox.js" with { type: "text" };
import pictures from "./page/pictures.js" with { type: "text" };
import session from "./page/session.js" with { type: "text" };
import sidebar from "./page/sidebar.js" with { type: "text" };
import timeline from "./page/timeline.js" with { type: "text" };

const scripts: Record<string, string> = {
  "socket.io.js": clientScript,
  "limits.js": `export const limits = ${JSON.stringify(limits)};\n`,
  "composer.js": composer,
  "connection.js": connection,
  "elements.js": elements,
  "main.js": main,
  "outbox.js": outbox,
  "pictures.js": pictures,
  "session.js": session,
  "sidebar.js": sidebar,
  "timeline.js": timeline,
};

/** Only our own files may run; pictures are blobs. Older browsers do not count ws: as 'self'. */
const policy = "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Makes the app, with a chat of its own. */
export function chatApp(): Hono {
  // A picture is one packet; on HTTP long-polling it travels as base64, a third larger.
  const io: ChatServer = new Server({ maxHttpBufferSize: 2 * limits.picture });
  runChat(io);

  const app = new Hono();
  app.all("/socket.io/*", (c) => io.handler(c.req.raw, c.env));
  app.get("/", () => file(html, "text/html"));
  app.get("/style.css", () => file(style, "text/css"));
  for (const [name, text] of Object.entries(scripts)) {
    app.get(`/${name}`, () => file(text, "text/javascript"));
  }
  return app;
}

function file(text: string, type: string): Response {
  return new Response(text, {
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": "no-cache",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}
