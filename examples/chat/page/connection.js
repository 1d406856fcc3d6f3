/**
 * The socket, and what the page tells about it: which transport is in use, and the reconnect banner.
 * @module
 */
import { find } from "./elements.js";
import { hello } from "./session.js";
import { transports } from "./settings.js";

const banner = find("banner", "div");
const bannerText = find("banner-text", "span");
const status = find("status", "span");
const statusText = find("status-text", "span");

// The client's script, which the server serves, defines a global.
const { io } = /** @type {{ io: (options: object) => any }} */ (/** @type {unknown} */ (globalThis));

/**
 * @import { Socket } from "@skein/io/client"
 * @import { ClientToServer, ServerToClient } from "../events.ts"
 */

/** The connection to the chat; it opens when the person has a nickname. @type {Socket<ServerToClient, ClientToServer>} */
export const socket = io({
  autoConnect: false,
  transports,
  auth: (/** @type {(auth: object) => void} */ tell) => tell(hello()),
  reconnectionDelay: 500,
  reconnectionDelayMax: 3_000,
  timeout: 10_000,
});

let attempts = 0;

socket.on("connect", () => {
  attempts = 0;
  banner.hidden = true;
  const { engine } = socket.io;
  show(engine.transport.name);
  engine.on("upgrade", (transport) => show(transport.name));
});

socket.on("disconnect", (reason) => {
  show("offline");
  // The person left on purpose (rename): no banner.
  if (reason !== "io client disconnect") warn("Connection lost. Reconnecting …");
});

socket.on("connect_error", () => {
  // A refusal by the server ends the attempts (`active` is false); everything else is tried again.
  if (!socket.active) banner.hidden = true;
  else if (attempts === 0) warn("The server cannot be reached. Reconnecting …");
});

socket.io.on("reconnect_attempt", () => {
  attempts += 1;
  warn(`Connection lost. Reconnecting, attempt ${attempts} …`);
});

find("banner-retry", "button").addEventListener("click", () => {
  socket.disconnect().connect(); // ends the wait of the running attempt
  attempts += 1;
  warn(`Connection lost. Reconnecting, attempt ${attempts} …`);
});

/** @param {string} text */
function warn(text) {
  bannerText.textContent = text;
  banner.hidden = false;
}

/** @param {string} state `polling`, `websocket` or `offline` */
function show(state) {
  status.dataset.state = state;
  statusText.textContent = state;
}
