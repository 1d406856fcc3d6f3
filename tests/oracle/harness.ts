/**
 * What a script holds beside the server: official clients and raw WebSockets, the transcript, and ways to wait.
 * Nothing here sleeps to see that nothing comes: `sync()` goes to the server and back on the same connection.
 * @module
 */
import {
  io as connect,
  type ManagerOptions,
  type Socket as ClientSocket,
  type SocketOptions,
} from "socket.io-client";
import type { ServerOptions, Socket } from "socket.io";
import { closed } from "../support/client.ts";
import { WireSocket } from "../support/wire.ts";
import { PATIENCE, within } from "../support/within.ts";
import { type Flavour, type Io, listen } from "./servers.ts";
import { type Diff, Transcript } from "./transcript.ts";

/** A difference that is meant: the lines that only one transcript has. One that disappears fails. */
export interface Difference extends Diff {
  /** In which way Skein is better, or why it cannot be the same. */
  readonly why: string;
}

/** One behaviour, written against the public API that both servers have. */
export interface Script {
  /** What is shown; unique. */
  readonly name: string;
  /** Of the server. */
  readonly options?: Partial<ServerOptions>;
  /** Absent: the transcripts must be equal. */
  readonly difference?: Difference;
  run(io: Io, harness: Harness): Promise<void>;
}

/** Writes a script down. */
export function script(
  name: string,
  run: (io: Io, harness: Harness) => Promise<void>,
  more: { options?: Partial<ServerOptions>; difference?: Difference } = {},
): Script {
  return { name, run, ...more };
}

/** How a client connects. */
export interface ClientOptions extends Partial<ManagerOptions & SocketOptions> {
  /** Default `/`. */
  readonly nsp?: string;
  /** Shares the connection of this client. */
  readonly via?: Client;
}

/** A listener of any event. */
// deno-lint-ignore no-explicit-any -- listener argument list
type Listener = (...args: any[]) => void;

interface Seen {
  readonly event: string;
  readonly args: unknown[];
}

/** An official client. What it sees is in the transcript, under its name. */
export class Client {
  readonly name: string;
  readonly socket: ClientSocket;
  readonly #seen: Seen[] = [];
  readonly #wake: (() => void)[] = [];

  constructor(name: string, socket: ClientSocket, log: (...facts: unknown[]) => void) {
    this.name = name;
    this.socket = socket;
    const see = (event: string, args: unknown[], facts: unknown[]): void => {
      log(...facts);
      this.#seen.push({ event, args });
      for (const wake of this.#wake.splice(0)) wake();
    };
    socket.on("connect", () => see("connect", [], ["connected", { recovered: socket.recovered }]));
    socket.on(
      "connect_error",
      (error: Error & { data?: unknown }) =>
        see("connect_error", [error], ["connect_error", error.message, error.data]),
    );
    socket.on("disconnect", (reason) => see("disconnect", [reason], ["disconnected", reason]));
    socket.onAny((event: string, ...args: unknown[]) => see(event, args, ["event", event, ...args]));
  }

  /** The id, which both servers draw. */
  get id(): string {
    return this.socket.id!;
  }

  /** The arguments of the first event of this name that no earlier call returned; waits for it. */
  async next(event: string): Promise<unknown[]> {
    return await within(this.#take([event]), `"${event}" at client ${this.name}`).then(({ args }) => args);
  }

  /** The first of several events. */
  async nextOf(...events: string[]): Promise<string> {
    return await within(this.#take(events), `${events} at client ${this.name}`).then(({ event }) => event);
  }

  /** Sends an event. */
  emit(event: string, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  /** Sends an event and returns the answer. */
  async ask(event: string, ...args: unknown[]): Promise<unknown> {
    return await within(this.socket.emitWithAck(event, ...args), `the ack of "${event}" for ${this.name}`);
  }

  /** Returns when all that was sent to it so far has arrived, and all that it sent. Only after `join`. */
  async sync(): Promise<void> {
    await this.ask("sync");
  }

  /** Disconnects, and waits until it has noticed. */
  async leave(): Promise<void> {
    this.socket.disconnect();
    await this.next("disconnect");
  }

  /** Breaks the connection below, as a lost network does. */
  async cut(): Promise<void> {
    this.socket.io.engine.close();
    await this.next("disconnect");
  }

  async #take(events: readonly string[]): Promise<Seen> {
    for (;;) {
      const index = this.#seen.findIndex(({ event }) => events.includes(event));
      if (index >= 0) return this.#seen.splice(index, 1)[0]!;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

/** A WebSocket without a client: every frame is in the transcript, under its name. */
export class Wire {
  readonly #socket: WireSocket;
  readonly #log: (...facts: unknown[]) => void;

  constructor(socket: WireSocket, log: (...facts: unknown[]) => void) {
    this.#socket = socket;
    this.#log = log;
  }

  /** Sends frames, and says so. */
  send(...frames: (string | Uint8Array<ArrayBuffer>)[]): void {
    for (const frame of frames) {
      this.#log("out", frame);
      this.#socket.send(frame);
    }
  }

  /** The next frame. */
  async next(): Promise<string | Uint8Array> {
    const frame = await this.#socket.next();
    this.#log("in", frame);
    return frame;
  }

  /** Sends a frame that differs from run to run: it is not in the transcript. */
  sendQuietly(frame: string): void {
    this.#socket.send(frame);
  }

  /** The next frame as text, which is not in the transcript. */
  async quietText(): Promise<string> {
    return String(await this.#socket.next());
  }

  /** The next frame, as text. */
  async text(): Promise<string> {
    return String(await this.next());
  }

  /** The next frames. */
  async take(count: number): Promise<string[]> {
    const frames: string[] = [];
    for (let i = 0; i < count; i++) frames.push(await this.text());
    return frames;
  }

  /** The next frames, up to the first that begins so. */
  async until(beginning: string): Promise<void> {
    while (!(await this.text()).startsWith(beginning));
  }

  /** Waits until the server has closed it. */
  async end(): Promise<void> {
    await this.#socket.end();
    this.#log("closed");
  }

  /** Goes away. */
  async close(): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}

/** See the module. */
export class Harness {
  readonly transcript: Transcript = new Transcript();
  readonly #io: Io;
  readonly #origin: string;
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(io: Io, origin: string) {
    this.#io = io;
    this.#origin = origin;
  }

  /** Where the server listens. */
  get origin(): string {
    return this.#origin;
  }

  /** Adds a line of what the server's user sees. */
  log(...facts: unknown[]): void {
    this.transcript.add("server", facts);
  }

  /** Logs what a call returns, or the class of what it throws. Returned objects of the API: only their kind. */
  attempt(label: string, call: () => unknown): void {
    try {
      this.log(label, "returned", call());
    } catch (error) {
      this.log(label, "threw", (error as Error).name);
    }
  }

  /** The same with what a promise becomes. */
  async settle(label: string, call: () => unknown): Promise<void> {
    try {
      this.log(label, "resolved", await within(Promise.resolve(call()), label));
    } catch (error) {
      this.log(label, "rejected", (error as Error).name);
    }
  }

  /** A client that tries to connect, by WebSocket unless told otherwise; returns when it is in or refused. */
  async client(name: string, options: ClientOptions = {}): Promise<Client> {
    const client = this.start(name, options);
    await client.nextOf("connect", "connect_error");
    return client;
  }

  /** The same, without waiting. */
  start(name: string, { nsp = "/", via, ...options }: ClientOptions = {}): Client {
    const socket = via ? via.socket.io.socket(nsp, options) : connect(this.#origin + nsp, {
      forceNew: true,
      transports: ["websocket"],
      reconnection: false,
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      ...options,
    });
    const client = new Client(name, socket, (...facts) => this.transcript.add(name, facts));
    if (!via) this.#closing.push(() => closed({ socket }));
    return client;
  }

  /** A connected client, which can `sync()`, and its socket on the server. */
  async join(name: string, options: ClientOptions = {}): Promise<{ client: Client; socket: Socket }> {
    const client = await this.client(name, options);
    const socket = this.#io.of(options.nsp ?? "/").sockets.get(client.id);
    if (!socket) throw new Error(`Client ${name} is not connected`);
    socket.on("sync", (ack: () => void) => ack());
    return { client, socket };
  }

  /** An open WebSocket session, its open packet taken. */
  async wire(name: string, query = ""): Promise<Wire> {
    const url = `${this.#origin.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket${query}`;
    const socket = await WireSocket.connect(url);
    this.#closing.push(() => socket[Symbol.asyncDispose]());
    await socket.next();
    return new Wire(socket, (...facts) => this.transcript.add(name, facts));
  }

  /** The arguments of the next event of a server-side object. To be called before it happens. */
  async heard(
    emitter: { once(event: string, listener: Listener): unknown },
    event: string,
  ): Promise<unknown[]> {
    const args = new Promise<unknown[]>((resolve) => {
      emitter.once(event, (...args: unknown[]) => resolve(args));
    });
    return await within(args, `"${event}" on the server`);
  }

  /** Waits for a state that no event tells of. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE} ms in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Closes all clients. */
  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
  }
}

/** Runs a script against one of the servers; returns the transcript. What the script throws, this throws. */
export async function transcriptOf(script: Script, flavour: Flavour): Promise<string[]> {
  let harness: Harness | undefined = undefined;
  const listening = await listen(flavour, script.options ?? {}, (how, error) => {
    harness?.transcript.add("errors", [how, (error as Error)?.name, (error as Error)?.message]);
  });
  const running = harness = new Harness(listening.io, listening.origin);
  try {
    await within(script.run(listening.io, running), `the end of "${script.name}"`, 2 * PATIENCE);
    const lines = running.transcript.lines();
    if (lines.length === 0) throw new Error("The script has logged nothing");
    return lines;
  } finally {
    await running.close();
    await listening.close();
  }
}

/** For scripts that hold these as variables. */
export type { Io, Socket };
