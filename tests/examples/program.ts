/**
 * A program of the examples as a person starts it: in a process of its own, found by the address that it prints.
 * @module
 */
import { io, type Socket } from "socket.io-client";
import { within } from "../support/within.ts";

/** A running program. Dispose of it (`await using`). */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly port: number;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts it, and waits until it prints its address. It is told the port by its environment. */
  static async start(
    executable: string,
    args: readonly string[],
    { port = freePort(), ...env }: { readonly port?: number; readonly [variable: string]: unknown } = {},
  ): Promise<Program> {
    const child = new Deno.Command(executable, {
      args: [...args],
      cwd: new URL("../..", import.meta.url),
      env: { ...env as Record<string, string>, PORT: String(port), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let said = "";
    const told = Promise.withResolvers<void>();
    const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (said.includes(`http://localhost:${port}/`)) told.resolve();
      }
    };
    const reading = Promise.all([read(child.stdout), read(child.stderr)]);
    reading.then(() => told.reject(new Error(`It ended: ${said}`)));
    await within(told.promise, `the address of ${args.join(" ")}`, 30_000);
    return new Program(child, port);
  }

  /** e.g. `http://localhost:40001`. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** As the terminal does on Ctrl+C, and a platform that wants it to end. */
  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** Its exit code, when it has ended. */
  async ended(): Promise<number> {
    return (await within(this.#child.status, "the end of the program", 15_000)).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM"); // those it started have to end with it
    } catch {
      // It has ended.
    }
    await this.#child.status;
  }
}

/** A port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Whether somebody listens there. */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A visitor of the chat, with the official client. */
export function visitor(url: string, nickname: string, options: Record<string, unknown> = {}): Socket {
  const auth = { nickname, key: `the key of ${nickname}`.padEnd(20, ".") };
  return io(url, { auth, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 100, ...options });
}

/** What a visitor says. */
export function draft(text: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { id: crypto.randomUUID(), room: "lobby", text, ...more };
}
