/**
 * A server whose clients are function calls: what benches of our own code alone are made of. Nothing is sent anywhere.
 * @module
 */
import type { RuntimeSocket, SocketEvents } from "../../src/engine/websocket.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { makeServer, type Server } from "../../src/server/server.ts";

/** A client of a {@linkcode MemoryServer}. */
export interface MemoryClient {
  /** A frame came from it. */
  receive(frame: Frame): void;
  /** Its connection was cut. */
  lose(): void;
}

/** The server and how to connect to it. */
export class MemoryServer {
  readonly io: Server;
  /** Frames sent to all clients. */
  sent = 0;
  /** The one sent last. */
  last: Frame | undefined;
  #events: SocketEvents | undefined;

  constructor() {
    this.io = makeServer({}, {
      engine: {
        runtime: () => ({
          address: "127.0.0.1",
          upgrade: (events: SocketEvents) => {
            this.#events = events;
            return new Response(null);
          },
        }),
      },
    });
  }

  /** A client over WebSocket, in the main namespace once `settled` resolves. */
  async connect(): Promise<MemoryClient> {
    const headers = { upgrade: "websocket", connection: "Upgrade" };
    const url = "http://127.0.0.1/socket.io/?EIO=4&transport=websocket";
    await this.io.handler(new Request(url, { headers }));
    const events = this.#events!;
    const socket: RuntimeSocket = {
      send: (frame) => {
        this.sent++;
        this.last = frame;
      },
      close: () => {},
      bufferedAmount: 0,
    };
    events.opened(socket);
    events.message("40");
    return { receive: (frame) => events.message(frame), lose: () => events.closed() };
  }

  /** As many of them as `count`. */
  async connectMany(count: number): Promise<MemoryClient[]> {
    const clients: MemoryClient[] = [];
    for (let i = 0; i < count; i++) clients.push(await this.connect());
    await new Promise((resolve) => setTimeout(resolve)); // middlewares, none as they are, take a turn
    return clients;
  }
}
