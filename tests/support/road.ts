/**
 * The road between a client and a server: a TCP proxy that tests can block, cut or reset, at a moment that they
 * choose. On node:net, since Deno's own connections cannot be reset.
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { pause, within } from "./within.ts";

interface State {
  bytes: number;
  isBlocked: boolean;
}

/** Dispose of it (`await using`). */
export class Road implements AsyncDisposable {
  /** Where clients connect, on 127.0.0.1. */
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: [client: Socket, server: Socket][];
  readonly #state: State;

  private constructor(server: Server, port: number, pairs: [Socket, Socket][], state: State) {
    this.#server = server;
    this.port = port;
    this.#pairs = pairs;
    this.#state = state;
  }

  /** A road to this port. */
  static async to(port: number): Promise<Road> {
    const pairs: [Socket, Socket][] = [];
    const state: State = { bytes: 0, isBlocked: false };
    const server = createServer((client) => {
      const to = connect(port, "127.0.0.1");
      pairs.push([client, to]);
      if (state.isBlocked) return;
      client.on("data", (chunk: Uint8Array) => {
        to.write(chunk);
        state.bytes += chunk.length;
      });
      to.on("data", (chunk: Uint8Array) => void client.write(chunk));
      for (const [one, other] of [[client, to], [to, client]] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
        one.on("end", () => other.end());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Road(server, (server.address() as { port: number }).port, pairs, state);
  }

  /** e.g. `http://127.0.0.1:40001`; stands for a server where a client is to be connected. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Bytes of clients that have left for the server. */
  get bytes(): number {
    return this.#state.bytes;
  }

  /** Waits until `count` bytes of clients have left for the server. */
  async passed(count: number): Promise<void> {
    await within(
      (async () => {
        while (this.bytes < count) await pause(2);
      })(),
      `${count} bytes on the road`,
    );
    await pause(20); // now they are on their way; nothing tells when they arrive
  }

  /** From here on nothing passes, new connections included, and nobody is told. */
  block(): void {
    this.#state.isBlocked = true;
    for (const pair of this.#pairs) pair.forEach((end) => end.pause().removeAllListeners("data"));
  }

  /** Resets every connection (RST) towards the server, as when a machine is gone; the client sees an end too. */
  reset(): void {
    for (const [client, server] of this.#pairs.splice(0)) {
      server.resetAndDestroy();
      client.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.#pairs) pair.forEach((end) => end.destroy());
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
