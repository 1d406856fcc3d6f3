/**
 * Programs of this project in a Bun process: for the tests, and `deno run -A tests/support/bun.ts <script>` for people.
 *
 * Bun itself comes from npm. It knows nothing of the imports of deno.json, so where a program uses any, Deno makes one
 * file of it first.
 * @module
 */
import { npmBinary } from "./npm_binary.ts";
import { within } from "./within.ts";

/** The version under test; README names it. */
export const BUN_VERSION = "1.4.5";

/** Something the process said: a line of JSON, or of other text as `{ event: "text", text }`. */
export interface Said {
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** How a program is run. */
export interface BunOptions {
  /** Arguments of the program. */
  readonly args?: readonly string[];
  /** Whether it uses imports of deno.json. Default false. */
  readonly bundle?: boolean;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
}

/** A Bun process that talks in lines. Dispose of it (`await using`). */
export class BunProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #folder: string | undefined;
  readonly #said: Said[] = [];
  readonly #reading: Promise<void>;
  #wake = Promise.withResolvers<void>();
  #isOver = false;

  private constructor(child: Deno.ChildProcess, folder: string | undefined) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#folder = folder;
    this.#reading = this.#read();
  }

  /** Starts `script`, a path within the project. */
  static async start(
    script: string,
    { args = [], bundle = false, env = {} }: BunOptions = {},
  ): Promise<BunProcess> {
    const bun = await npmBinary("bun", BUN_VERSION);
    const folder = bundle ? await Deno.makeTempDir({ prefix: "skein_bun_" }) : undefined;
    const file = folder === undefined ? path(script) : await bundled(script, folder);
    const child = new Deno.Command(bun, {
      args: ["run", file, ...args],
      cwd: path("."),
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new BunProcess(child, folder);
  }

  /** The next thing of this kind that it said or will say. What else it said can still be asked for. */
  async said(event: string): Promise<Said> {
    return await within(this.#next(event), `"${event}" from the Bun process`);
  }

  /** What it said so far and nobody asked for. */
  get unheard(): readonly Said[] {
    return this.#said;
  }

  /** Writes a line to its stdin. */
  async tell(line: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(line + "\n"));
  }

  /** Closes its stdin and waits for it to end by itself; its exit code. */
  async ended(): Promise<number> {
    await this.#stdin.close();
    return (await within(this.#child.status, "the end of the Bun process")).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#stdin.close().catch(() => {});
    await this.#reading;
    if (this.#folder !== undefined) await Deno.remove(this.#folder, { recursive: true });
  }

  async #next(event: string): Promise<Said> {
    for (;;) {
      const at = this.#said.findIndex((said) => said.event === event);
      if (at >= 0) return this.#said.splice(at, 1)[0]!;
      if (this.#isOver) throw new Error(`The Bun process ended without "${event}"`);
      await this.#wake.promise;
    }
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#said.push(understood(line));
      this.#awake();
    }
    this.#isOver = true;
    this.#awake();
  }

  #awake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

function understood(line: string): Said {
  return line.startsWith("{") ? JSON.parse(line) as Said : { event: "text", text: line };
}

function path(script: string): string {
  return new URL(`../../${script}`, import.meta.url).pathname;
}

/** Makes one file of a program, with what deno.json names put in. */
async function bundled(script: string, folder: string): Promise<string> {
  const file = `${folder}/program.js`;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", `--output=${file}`, path(script)],
    cwd: path("."),
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot bundle ${script}: ${new TextDecoder().decode(stderr)}`);
  return file;
}

if (import.meta.main) {
  const [script, ...args] = Deno.args;
  if (script === undefined) throw new TypeError("Cannot run Bun: name a script, e.g. examples/chat/bun.ts");
  const folder = await Deno.makeTempDir({ prefix: "skein_bun_" });
  const child = new Deno.Command(await npmBinary("bun", BUN_VERSION), {
    args: ["run", await bundled(script, folder), ...args],
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended: the terminal told it too.
      }
    });
  }
  const { code } = await child.status;
  await Deno.remove(folder, { recursive: true });
  Deno.exit(code);
}
