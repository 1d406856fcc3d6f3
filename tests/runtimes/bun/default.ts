/**
 * A server as Bun's convention has it: what a program exports is served.
 * @module
 */
import { Server } from "../../../mod.ts";
import { serveClients } from "./talk.ts";

const io: Server = new Server();
serveClients(io);

const served: {
  readonly port: number;
  readonly hostname: string;
  readonly fetch: Server["handler"];
  readonly websocket: Server["websocket"];
} = { port: 0, hostname: "127.0.0.1", fetch: io.handler, websocket: io.websocket };
export default served;
