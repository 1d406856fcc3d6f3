/**
 * The connections of a server: what the engine tells about its sessions ends up here.
 * @module
 */
import type { EngineHandler, EngineListener, EngineSocket } from "../engine/ports.ts";
import { Connection, type ConnectionPorts } from "./connection.ts";
import type { ConnectionSnapshot } from "./sleep.ts";

/** All open connections. */
export class Connections implements EngineHandler {
  readonly #open = new Map<string, Connection>();
  readonly #ports: ConnectionPorts;
  #isClosed = false;

  constructor(ports: Omit<ConnectionPorts, "forget">) {
    this.#ports = {
      ...ports,
      find: (name, auth) => ports.find(name, auth),
      forget: (one) => this.#open.delete(one.conn.id),
    };
  }

  /** ms that a client may be in no namespace. */
  get connectTimeout(): number {
    return this.#ports.connectTimeout;
  }

  set connectTimeout(ms: number) {
    this.#ports.connectTimeout = ms;
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** `state`: what the connection was before it slept. */
  opened(socket: EngineSocket, state?: unknown): EngineListener {
    const connection = new Connection(socket, this.#ports, state as ConnectionSnapshot | undefined);
    this.#open.set(socket.id, connection);
    if (this.#isClosed) connection.close("server shutting down");
    return connection;
  }

  /** One connection as data; undefined where it is not at rest. */
  snapshot(sid: string): ConnectionSnapshot | undefined {
    return this.#open.get(sid)?.snapshot();
  }

  /** Runs the `connection` listeners for the sockets that slept, in the order in which they woke. */
  announceAll(): void {
    for (const connection of [...this.#open.values()]) connection.announceAll();
  }

  /** Ends every socket with "server shutting down" and closes the connections; those that still come as well. */
  close(): void {
    this.#isClosed = true;
    this.#ports.sleeper?.wakeAll();
    for (const connection of [...this.#open.values()]) connection.close("server shutting down");
  }
}
