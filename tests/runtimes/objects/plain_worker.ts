/**
 * The Worker of plain_test.ts: a server in one isolate, without a Durable Object.
 * @module
 */
import { Server } from "../../../mod.ts";

const io: Server = new Server({ pingInterval: 300, pingTimeout: 3_000 });
const worker: { readonly fetch: Server["handler"] } = { fetch: io.handler };
export default worker;
