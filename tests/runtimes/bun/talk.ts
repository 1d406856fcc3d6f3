/**
 * How a program that runs in Bun talks to the test that started it, in lines; see tests/support/bun.ts.
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Server } from "../../../mod.ts";

/** The parts of Bun that the programs use. */
export interface BunNamespace {
  serve(options: {
    readonly port: number;
    readonly hostname?: string;
    readonly idleTimeout?: number;
    fetch(request: Request, server: BunServer): Response | undefined | Promise<Response | undefined>;
    readonly websocket: object;
  }): BunServer;
}

/** A server of Bun. */
export interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { readonly data: unknown }): boolean;
  publish(topic: string, data: string | Uint8Array, compress: boolean): number;
  stop(closeAll?: boolean): Promise<void>;
}

/** Bun. */
export const Bun: BunNamespace = (globalThis as unknown as { Bun: BunNamespace }).Bun;

/** Says something to the test. */
export function say(event: string, facts: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ event, ...facts }));
}

/** What the test may tell; each is called with the rest of the line. */
export function obey(commands: Record<string, (rest: string) => unknown>): void {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [name, ...rest] = line.split(" ");
    commands[name!]!(rest.join(" "));
  });
}

/** Echoes events, says who came and how sessions ended. */
export function serveClients(io: Server): void {
  io.on("connection", (socket) => {
    socket.emit("auth", socket.handshake.address);
    socket.on("echo", (...args) => {
      const ack = args.pop() as (...args: unknown[]) => void;
      ack(...args);
    });
    socket.on("plain", (bytes, ack) => ack(bytes.constructor.name));
    socket.on("disconnect", (reason) => say("disconnect", { id: socket.id, reason }));
  });
  io.engine.on("connection", (socket) => {
    say("open", { sid: socket.id });
    socket.on("close", (reason) => say("close", { sid: socket.id, reason }));
  });
}
