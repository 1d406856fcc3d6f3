/**
 * The connections of a server: what the engine tells about its sessions ends up here.
 * @module
 */
import type { EngineHandler, EngineListener, EngineSocket } from "../engine/ports.ts";
import { Connection, type ConnectionPorts } from "./connection.ts";

/** All open connections. */
export class Connections implements EngineHandler {
  readonly #open = new Set<Connection>();
  readonly #ports: ConnectionPorts;
  #isClosed = false;

  constructor(ports: Omit<ConnectionPorts, "forget">) {
    this.#ports = {
      ...ports,
      find: (name, auth) => ports.find(name, auth),
      forget: (one) => this.#open.delete(one),
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

  opened(socket: EngineSocket): EngineListener {
    const connection = new Connection(socket, this.#ports);
    this.#open.add(connection);
    if (this.#isClosed) connection.close("server shutting down");
    return connection;
  }

  /** Ends every socket with "server shutting down" and closes the connections; those that still come as well. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#open]) connection.close("server shutting down");
  }
}
