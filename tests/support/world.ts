/**
 * A server, our client and the network between them, in memory and on one manual clock: connections take time, stall,
 * break, are refused, and become half-open. Hours pass in a moment.
 * @module
 */
import type { RequestContext } from "../../src/engine/runtime.ts";
import type { SocketEvents } from "../../src/engine/websocket.ts";
import { pollingOver } from "../../src/client/polling.ts";
import type { ClientTransport, Transport, TransportEvents } from "../../src/client/transport.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { makeServer, type Server } from "../../src/server/server.ts";
import type { ServerOptions } from "../../src/server/options.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { microtasks } from "./fake_transport.ts";

/**
 * What the network is like.
 * - `good`: everything takes the latency
 * - `stalled`: what is sent arrives when that is over
 * - `cut`: connections end, both sides are told, new ones are refused
 * - `gone`: connections and new ones go nowhere from now on, and nobody is told
 * - `deaf`, `mute`: what the client sends on the connections there are goes nowhere; what the server sends
 */
export type Weather = "good" | "stalled" | "cut" | "gone" | "deaf" | "mute";

type Way = "up" | "down";

/** What is on its way. */
interface Parcel {
  readonly time: number;
  readonly arrive: () => void;
}

/** One connection. Each way keeps its order. */
class Link {
  readonly #network: Network;
  readonly #dead: Record<Way, boolean> = { up: false, down: false };
  readonly #parcels: Record<Way, Parcel[]> = { up: [], down: [] };
  /** Told that the network cut it: the client's end, and the server's. */
  readonly cut: Record<Way, () => void>;

  constructor(network: Network, cut: Record<Way, () => void>) {
    this.#network = network;
    this.cut = cut;
  }

  /** Brings it to the other end. */
  carry(way: Way, arrive: () => void): void {
    if (this.#dead[way]) return;
    const { clock, latency } = this.#network;
    const time = clock.now() + latency;
    this.#parcels[way].push({ time, arrive });
    clock.at(time, () => this.#deliver(way));
  }

  kill(...ways: Way[]): void {
    for (const way of ways) this.#dead[way] = true;
  }

  /** The stall is over. */
  release(): void {
    this.#deliver("up");
    this.#deliver("down");
  }

  #deliver(way: Way): void {
    const { clock } = this.#network;
    const parcels = this.#parcels[way];
    while (parcels.length > 0 && parcels[0]!.time <= clock.now() && this.#network.weather !== "stalled") {
      const { arrive } = parcels.shift()!;
      if (!this.#dead[way]) arrive();
    }
  }
}

/** The network. */
export class Network {
  readonly clock: ManualClock;
  /** ms one way. */
  latency: number;
  weather: Weather = "good";
  readonly #links = new Set<Link>();

  constructor(clock: ManualClock, latency: number) {
    this.clock = clock;
    this.latency = latency;
  }

  /** A new connection, unless it is refused or goes nowhere. */
  link(cut: Record<Way, () => void>): Link {
    const link = new Link(this, cut);
    if (this.weather === "cut") {
      this.clock.at(this.clock.now() + this.latency, cut.down);
      link.kill("up", "down");
    } else if (this.weather === "gone") link.kill("up", "down");
    else this.#links.add(link);
    return link;
  }

  /** It is over. */
  unlink(link: Link): void {
    this.#links.delete(link);
  }

  change(weather: Weather): void {
    const wasStalled = this.weather === "stalled";
    this.weather = weather;
    for (const link of [...this.#links]) {
      if (weather === "cut") {
        this.#links.delete(link);
        link.kill("up", "down");
        link.cut.up();
        link.cut.down();
      }
      if (weather === "gone") link.kill("up", "down");
      if (weather === "deaf") link.kill("up");
      if (weather === "mute") link.kill("down");
      if (wasStalled) link.release();
    }
  }
}

/** A server and what clients of it need to reach it. Dispose of it. */
export class World implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock(1_700_000_000_000);
  readonly network: Network;
  readonly io: Server;
  /** By HTTP long-polling. */
  readonly polling: Transport = pollingOver((url, init) => this.#fetch(url, init));
  /** By WebSocket. */
  readonly websocket: Transport = {
    name: "websocket",
    open: (endpoint, sid, events) => this.#connect(endpoint.url(sid), events),
  };
  #random: number;
  readonly #systemRandom = Math.random;

  /** `seed`: of all that clients leave to chance, until it is disposed of. */
  constructor(options: ServerOptions, latency: number, seed: number) {
    this.network = new Network(this.clock, latency);
    this.io = makeServer(options, { engine: { clock: this.clock } });
    this.#random = seed;
    Math.random = () => {
      this.#random = (this.#random * 1_664_525 + 1_013_904_223) % 2 ** 32;
      return this.#random / 2 ** 32;
    };
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.now() + ms;
    await microtasks();
    for (let next = clock.next; next !== undefined && next <= end; next = clock.next) {
      clock.advance(Math.max(0, next - clock.now()));
      await microtasks();
    }
    clock.advance(end - clock.now());
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const gone = new AbortController();
    const link = this.network.link({
      up: () => gone.abort(),
      down: () => reject(new TypeError("connection lost")),
    });
    init.signal?.addEventListener("abort", () => {
      reject(init.signal!.reason);
      link.carry("up", () => gone.abort());
    });
    link.carry("up", async () => {
      const request = new Request(url, { method: init.method!, body: init.body!, signal: gone.signal });
      const response = await this.io.engine.handleRequest(request, { address: "", upgrade: noUpgrade });
      const text = await response.text();
      link.carry("down", () => resolve(new Response(text, { status: response.status })));
    });
    try {
      return await promise;
    } finally {
      this.network.unlink(link);
    }
  }

  #connect(url: string, events: TransportEvents): ClientTransport {
    let server: SocketEvents | undefined;
    let isOver = false;
    const over = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      this.network.unlink(link);
      transport.events.lost(error);
    };
    const link = this.network.link({
      up: () => server?.closed(new Error("connection lost")),
      down: () => over(new Error("websocket error")),
    });
    const context: RequestContext = {
      address: "",
      upgrade: (given) => {
        server = given;
        return new Response(null, { status: 101 });
      },
    };
    link.carry("up", async () => {
      const request = new Request(url.replace(/^ws/, "http"), { headers: { upgrade: "websocket" } });
      const response = await this.io.engine.handleRequest(request, context);
      if (response.status !== 101) return link.carry("down", () => over(new Error("websocket error")));
      server!.opened({
        send: (frame) => link.carry("down", () => isOver || transport.events.frame(copyOf(frame))),
        close: () => {
          link.carry("down", () => over({ description: "closed" }));
          server!.closed();
        },
      });
      link.carry("down", () => isOver || transport.events.opened());
    });
    const transport: ClientTransport = {
      events,
      isWritable: true,
      send: (frames) => {
        for (const frame of frames) link.carry("up", () => server!.message(copyOf(frame)));
        transport.events.drained();
      },
      close: () => {
        isOver = true;
        link.carry("up", () => server?.closed());
        this.network.unlink(link);
      },
    };
    return transport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.io.close();
    await this.pass(60_000);
    await closed;
    Math.random = this.#systemRandom;
  }
}

function copyOf(frame: Frame): Frame {
  return typeof frame === "string" ? frame : frame.slice();
}

function noUpgrade(): never {
  throw new TypeError("no upgrade over polling");
}
