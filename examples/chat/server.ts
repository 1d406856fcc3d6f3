/**
 * Starts the chat: `deno task start`, then open the printed address in two tabs.
 *
 * `PORT` chooses the port. Without it, it is 3000 or the next free one.
 * @module
 */
import { announce } from "./announce.ts";
import { chatApp } from "./app.ts";

const FIRST_PORT = 3000;
const TRIES = 20;

const wanted = Deno.env.get("PORT");
const app = chatApp();

if (wanted === undefined || wanted === "") {
  listenFrom(FIRST_PORT, TRIES);
} else if (/^\d{1,5}$/.test(wanted) && Number(wanted) <= 65_535) {
  listenFrom(Number(wanted), 1);
} else {
  stop(`PORT is ${JSON.stringify(wanted)}, expected a number from 0 to 65535.`);
}

/** Listens on the first free one of `count` ports. */
function listenFrom(port: number, count: number): void {
  for (let next = port; next < port + count; next++) {
    try {
      Deno.serve({ port: next, onListen: ({ port }) => announce(port) }, app.fetch);
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  const taken = count === 1 ? `Port ${port} is` : `The ports from ${port} to ${port + count - 1} are`;
  stop(`${taken} in use. Choose another: PORT=8080 deno task start`);
}

function stop(message: string): void {
  console.error(message);
  Deno.exitCode = 1;
}
