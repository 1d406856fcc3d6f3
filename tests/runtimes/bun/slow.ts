/**
 * A server whose clients may stop reading. With a number as its argument, that is the `backpressureLimit`, above which
 * Bun drops frames.
 * @module
 */
import process from "node:process";
import { Server } from "../../../mod.ts";
import { combineWebSocketHandlers } from "../../../src/server/bun.ts";
import { Bun, obey, say, serveClients } from "./talk.ts";

const limit = process.argv[2];
const io = new Server({ maxBufferedBytes: 1_000_000 });
serveClients(io);
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: io.handler,
  websocket: limit === undefined
    ? io.websocket
    : combineWebSocketHandlers(io.websocket, { message: () => {}, backpressureLimit: Number(limit) }),
});
say("listening", { port: server.port });

const chunk = "x".repeat(65_536);
let sent = 0;
obey({
  /** 64 KiB for everybody, that many times. */
  pour: (times) => {
    for (let n = 0; n < Number(times); n++) io.emit("chunk", sent++, chunk);
    say("poured", { sent, rss: process.memoryUsage().rss });
  },
});
