/**
 * Servers of a cluster in one test: cores on manual clocks, joined by buses in memory.
 * @module
 */
import { clusterAdapter, type ClusterOptions } from "../../src/adapters/cluster_adapter.ts";
import type { ClusterMessage } from "../../src/adapters/cluster_messages.ts";
import { heartbeats } from "../../src/adapters/membership.ts";
import type { AnyNamespace } from "../../src/core/namespace.ts";
import type { AnySocket } from "../../src/core/socket.ts";
import { type CoreOptions, type FakeClient, type TestCore, testCore } from "./fake_engine.ts";
import { MemoryNetwork } from "./memory_bus.ts";

/** A server of the cluster. */
export interface ClusterServer extends TestCore {
  readonly id: string;
  /** The main namespace. */
  readonly main: AnyNamespace;
  /** A client in the main namespace, its socket in rooms. */
  enter(...rooms: string[]): { readonly client: FakeClient; readonly socket: AnySocket };
  /** Ends its adapters, as `io.close()` does. */
  close(): Promise<void>;
}

/** Some servers. */
export interface Cluster {
  readonly network: MemoryNetwork;
  readonly servers: ClusterServer[];
  /** One more. */
  add(options?: CoreOptions): ClusterServer;
  /** Lets all messages arrive, and promise reactions run, until nothing happens any more. */
  settle(): Promise<void>;
  /** Time passes for everyone, and what it sets off arrives. */
  advance(ms: number): Promise<void>;
  /** What was published since the last call, presence left out. */
  published(): ClusterMessage[];
}

/** How a cluster differs from the default: a network without knowledge. */
export interface ClusterSetup {
  readonly knows?: boolean;
  readonly options?: ClusterOptions;
  readonly core?: CoreOptions;
}

/** Lets promise reactions run. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** A cluster of `count` servers that know each other: "s0", "s1" and so on. */
export async function cluster(count: number, setup: ClusterSetup = {}): Promise<Cluster> {
  const { knows = false } = setup;
  const network = new MemoryNetwork({ knows });
  const servers: ClusterServer[] = [];
  const made: Cluster = {
    network,
    servers,
    add(options) {
      const id = `s${servers.length}`;
      const makeAdapter = clusterAdapter(network.bus(id), {
        ...(!knows && { membership: heartbeats() }),
        ...setup.options,
      });
      const core = testCore({ ...setup.core, ...options, makeAdapter });
      const { main } = core.namespaces;
      const server: ClusterServer = {
        ...core,
        id,
        main,
        enter(...rooms) {
          const client = core.join();
          const socket = [...main.sockets.values()].at(-1)!;
          if (rooms.length > 0) socket.join(rooms);
          return { client, socket };
        },
        async close() {
          const closed = core.namespaces.close();
          await made.settle();
          await closed;
        },
      };
      servers.push(server);
      return server;
    },
    async settle() {
      do {
        network.flush();
        await turns();
      } while (network.busy.length > 0);
    },
    async advance(ms) {
      await made.settle();
      // In steps: nobody is cut off from the others' signs of life.
      for (let left = ms; left > 0; left -= 1_000) {
        for (const { clock } of servers) clock.advance(Math.min(left, 1_000));
        await made.settle();
      }
    },
    published: () =>
      network.published.splice(0).filter(({ type }) => !["hello", "alive", "bye"].includes(type)),
  };
  for (let n = 0; n < count; n++) made.add();
  await made.settle();
  return made;
}
