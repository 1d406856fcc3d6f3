/**
 * The chat on Bun: `deno task start:bun`, or, with hono and zod installed, `bun run bun.ts`.
 *
 * What a program exports is what Bun serves. `PORT` chooses the port; without it, it is 3000.
 * @module
 */
import process from "node:process";
import { announce } from "./announce.ts";
import { chatApp, chatServer } from "./app.ts";
import type { ChatServer } from "./chat.ts";

const io = chatServer();
const port = Number(process.env.PORT || 3000);

const served: {
  readonly port: number;
  readonly fetch: ReturnType<typeof chatApp>["fetch"];
  readonly websocket: ChatServer["websocket"];
} = { port, fetch: chatApp(io).fetch, websocket: io.websocket };
export default served;

setTimeout(() => announce(port)); // Bun begins to serve when this module has been read
