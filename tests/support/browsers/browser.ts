/**
 * What a test asks of a real browser, whichever it is. Values that go to a page and come from it are JSON.
 * @module
 */

/** One page. */
export interface Page {
  /** Opens this address, and waits until it is loaded. */
  goto(url: string): Promise<void>;
  /** Runs the body of an async function in the page: `return await …`, its arguments in `args`. */
  run<T>(body: string, ...args: unknown[]): Promise<T>;
  /** Puts it out of sight: its `visibilityState` becomes "hidden". */
  hide(): Promise<void>;
  /** Brings it back. */
  show(): Promise<void>;
}

/** One browser with one page. Dispose of it (`await using`): its process ends and its profile is removed. */
export interface Browser extends AsyncDisposable {
  readonly page: Page;
}

/** A child process that is killed with this one, and whose temporary folder goes with it. */
export class BrowserProcess implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #unload = (): void => this.#kill("SIGKILL");

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.child = child;
    this.#folder = folder;
    globalThis.addEventListener("unload", this.#unload);
  }

  /** Starts it; `args` are told a folder of its own, which is its home too. What it prints is read by nobody. */
  static async start(
    command: string,
    args: (folder: string) => string[],
    env: Record<string, string> = {},
    stderr: "null" | "piped" = "null",
  ): Promise<BrowserProcess> {
    const folder = await Deno.makeTempDir({ prefix: "skein_browser_" });
    const child = new Deno.Command(command, {
      args: args(folder),
      env: { HOME: folder, ...env },
      stdin: "null",
      stdout: "null",
      stderr,
    }).spawn();
    return new BrowserProcess(child, folder);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.child.kill(signal);
    } catch { /* It has ended by itself. */ }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.removeEventListener("unload", this.#unload);
    this.#kill("SIGTERM");
    const late = setTimeout(this.#unload, 3_000);
    await this.child.status;
    clearTimeout(late);
    for (let tries = 0;; tries++) {
      try {
        return await Deno.remove(this.#folder, { recursive: true });
      } catch (error) { // helpers of the browser still write into it
        if (tries === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}
