/**
 * The class that users extend: a Durable Object that is a Socket.IO server, and sleeps while nobody talks.
 * @module
 */
import type { HubCall } from "../adapters/hub.ts";
import type { ShardBatch } from "../adapters/hub_bus.ts";
import type { DefaultEventsMap } from "../events/event_types.ts";
import { DurableObject } from "../runtimes/durable_object.ts";
import type { ObjectState, ObjectWebSocket } from "../runtimes/object_state.ts";
import { ObjectHost, type ObjectProgram } from "./object_host.ts";
import type { ObjectOptions } from "./object_options.ts";
import type { Server } from "./server.ts";
import type { HandoverCall } from "./session_handover.ts";

/**
 * A server in a Durable Object. Extend it, add listeners in {@linkcode SkeinObject.setup}, and name the class in the
 * Worker's configuration as a Durable Object with SQLite storage.
 *
 * Type parameters: the bindings of the Worker, and those of {@linkcode Server}.
 */
export class SkeinObject<
  Env = unknown,
  ListenEvents = DefaultEventsMap,
  EmitEvents = ListenEvents,
  ServerSideEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends DurableObject<Env> {
  /** Options of the server. */
  readonly options: ObjectOptions = {};
  readonly #host: ObjectHost;

  /** Made by the platform: when somebody comes, and again whenever something happens after sleep. */
  constructor(ctx: ObjectState, env: Env) {
    super(ctx, env);
    this.#host = new ObjectHost(ctx, env, this as unknown as ObjectProgram);
  }

  /**
   * Adds middlewares, listeners and handlers to the server. Runs once in each life of the object, before anything is
   * handled; what it awaits is waited for.
   */
  setup(_io: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void | Promise<void> {}

  /** The server. */
  get io(): Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    return this.#host.io as unknown as Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  }

  /** A request that the Worker passed on. */
  fetch(request: Request): Promise<Response> {
    return this.#host.fetch(request);
  }

  /** Called by the platform: a message of a WebSocket. */
  webSocketMessage(socket: ObjectWebSocket, message: string | ArrayBuffer): void | Promise<void> {
    return this.#host.message(socket, message);
  }

  /** Called by the platform: a WebSocket was closed by its client, or lost. */
  async webSocketClose(socket: ObjectWebSocket, code: number): Promise<void> {
    await this.#host.closed(socket, code);
  }

  /** Called by the platform: a WebSocket failed. */
  async webSocketError(socket: ObjectWebSocket, error: unknown): Promise<void> {
    await this.#host.closed(socket, 1011, error ?? new Error("WebSocket error"));
  }

  /** Called by the platform, once per `pingInterval` while clients are connected. Where you override it, call it. */
  async alarm(): Promise<void> {
    await this.#host.alarm();
  }

  /** Called by other objects of the class: calls for this one as a hub. */
  skeinHub(calls: unknown): unknown {
    return this.#host.hub(calls as readonly HubCall[]);
  }

  /** Called by other objects of the class: messages for this one as a shard. */
  async skeinDeliver(batch: unknown): Promise<void> {
    await this.#host.deliver(batch as ShardBatch);
  }

  /** Called by other objects of the class: the client of a session that may be here has come to another shard. */
  async skeinHandOver(call: unknown): Promise<unknown> {
    return await this.#host.handOver(call as HandoverCall);
  }
}
