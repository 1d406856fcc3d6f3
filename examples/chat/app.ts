/**
 * The chat with its page.
 *
 * Files are text imports: they are loaded with the program, so that serving them needs no permission to read
 * and works offline.
 * @module
 */
import type { Hono } from "hono";
import type { ChatServer } from "./chat.ts";
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
import { chatServer, chatSite } from "./site.ts";

export { chatServer };

const files: Record<string, string> = {
  "index.html": html,
  "style.css": style,
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

/** Makes the app around `io`, by default with a chat of its own. */
export function chatApp(io: ChatServer = chatServer()): Hono {
  return chatSite(io, files);
}
