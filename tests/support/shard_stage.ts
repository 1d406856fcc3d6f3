/**
 * A server over several Durable Objects, shards and hubs, whose calls to each other may fail: without a network and
 * by a clock that is moved by hand.
 * @module
 */
import { ObjectHost } from "../../src/server/object_host.ts";
import type { ObjectOptions } from "../../src/server/object_options.ts";
import type { Server } from "../../src/server/server.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeObject, type FakeSocket } from "./fake_object.ts";

type Setup = (io: Server) => void | Promise<void>;

/** Calls between objects. */
export type CallKind = "hub" | "deliver" | "handOver";

/** The objects by name: `main/0`, `main/hub-0`. */
export class ShardStage {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  readonly errors: string[] = [];
  /** Calls so far, as `kind name`. */
  readonly calls: string[] = [];
  /** May throw instead of a call. */
  fault: (kind: CallKind, name: string) => void = () => {};
  readonly #setup: Setup;
  readonly #options: ObjectOptions;
  readonly #objects = new Map<string, FakeObject>();
  readonly #hosts = new Map<string, ObjectHost>();

  constructor(setup: Setup, options: ObjectOptions) {
    this.#setup = setup;
    this.#options = {
      binding: "OBJECTS",
      onError: (error, where) => this.errors.push(`${where}: ${error}`),
      ...options,
    };
  }

  /** The state of one object. */
  object(name: string): FakeObject {
    let object = this.#objects.get(name);
    if (object === undefined) {
      this.#objects.set(name, object = new FakeObject(this.clock, name));
      object.onAlarm = () => void this.host(name).alarm();
    }
    return object;
  }

  /** The object in its present life. */
  host(name: string): ObjectHost {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      const env = { OBJECTS: { idFromName: (id: string) => id, get: (id: string) => this.#stub(id) } };
      const program = { options: this.#options, setup: this.#setup };
      this.#hosts.set(name, host = new ObjectHost(this.object(name), env, program, this.clock));
    }
    return host;
  }

  /** The object's memory is gone; its WebSockets stay open. */
  evict(name: string): void {
    this.#hosts.delete(name);
  }

  /** All WebSockets of an object end without a word to it, and its memory is gone. */
  deploy(name: string): void {
    const object = this.object(name);
    for (const socket of object.sockets) object.remove(socket);
    this.evict(name);
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      for (let turn = 0; turn < 100; turn++) await undefined;
      await new Promise((resolve) => setTimeout(resolve, 0)); // responses with bodies take such a turn
    }
  }

  async advance(ms: number, steps = 10): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.clock.advance(ms / steps);
      await this.settle();
    }
  }

  /** A request to a shard. */
  async fetch(name: string, query: string, init: RequestInit = {}): Promise<Response> {
    return await this.host(name).fetch(new Request(`http://object/socket.io/?EIO=4${query}`, init));
  }

  /** A client on a shard's WebSocket that has asked to join the main namespace, or `nsp`. */
  async client(name: string, auth: Record<string, unknown> = {}, nsp = "/"): Promise<ShardClient> {
    const before = new Set(this.object(name).sockets);
    await this.fetch(name, "&transport=websocket", { headers: { upgrade: "websocket" } });
    const socket = this.object(name).sockets.find((one) => !before.has(one))!;
    const client = new ShardClient(this, name, socket, nsp);
    await this.settle();
    client.frames();
    client.send("0", JSON.stringify(auth));
    await this.settle();
    return client;
  }

  #stub(name: string): Record<string, (arg: unknown) => Promise<unknown>> {
    const call = async <T>(kind: CallKind, perform: (host: ObjectHost) => T): Promise<T> => {
      await undefined;
      this.calls.push(`${kind} ${name}`);
      this.fault(kind, name);
      return structuredClone(await perform(this.host(name)));
    };
    return {
      skeinHub: (calls) => call("hub", (host) => host.hub(structuredClone(calls) as never)),
      skeinDeliver: (batch) => call("deliver", (host) => host.deliver(structuredClone(batch) as never)),
      skeinHandOver: (what) => call("handOver", (host) => host.handOver(structuredClone(what) as never)),
    };
  }
}

/** A client of one shard. */
export class ShardClient {
  readonly #stage: ShardStage;
  readonly #name: string;
  readonly #socket: FakeSocket;
  readonly #nsp: string;

  constructor(stage: ShardStage, name: string, socket: FakeSocket, nsp: string) {
    this.#stage = stage;
    this.#name = name;
    this.#socket = socket;
    this.#nsp = nsp === "/" ? "" : `${nsp},`;
    socket.told = () => {
      if (socket.heard.at(-1) === "2") stage.object(name).answered(socket);
    };
  }

  /** Sends a packet in its namespace. */
  send(type: string, rest: string): void {
    const host = this.#stage.host(this.#name);
    (async () => await host.message(this.#socket as never, `4${type}${this.#nsp}${rest}`))()
      .catch((error) => this.#stage.errors.push(`message: ${error}`));
  }

  emit(...data: unknown[]): void {
    this.send("2", JSON.stringify(data));
  }

  /** The first argument with which an event is acknowledged. */
  async ask(...data: unknown[]): Promise<unknown> {
    this.frames();
    this.send("2", `7${JSON.stringify(data)}`);
    await this.#stage.settle();
    const answer = this.frames().find((frame) => frame.startsWith(`43${this.#nsp}7`));
    return answer && JSON.parse(answer.slice(answer.indexOf("[")))[0];
  }

  /** What came since the last call, without pings. */
  frames(): string[] {
    return this.#socket.heard.splice(0).map(String).filter((frame) => frame !== "2");
  }

  /** The events among it, as lists; and what the client was told when it joined. */
  hear(): { readonly events: unknown[][]; readonly joined: { sid: string; pid?: string } | undefined } {
    const frames = this.frames();
    const joined = frames.find((frame) => frame.startsWith(`40${this.#nsp}{`));
    return {
      events: frames.filter((frame) => frame.startsWith("42")).map((frame) =>
        JSON.parse(frame.slice(frame.indexOf("[")))
      ),
      joined: joined && JSON.parse(joined.slice(joined.indexOf("{"))),
    };
  }

  /** Its connection is gone, and the server notices. */
  async lose(): Promise<void> {
    await this.#stage.host(this.#name).closed(this.#socket as never, 1006);
    this.#stage.object(this.#name).remove(this.#socket);
    await this.#stage.settle();
  }
}
