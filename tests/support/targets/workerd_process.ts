/**
 * One workerd process: the real one, without anything in front of it, started in some 30 ms. What its Worker
 * prints comes back line by line, which wakes no Durable Object and outlives each of them.
 *
 * Not Miniflare: its own Worker would stand between client and server, and starting it takes ten times as long.
 * @module
 */
import { VERSIONS } from "../capabilities.ts";
import { npmBinary } from "../npm_binary.ts";

/** The compatibility date of the suites. */
export const COMPATIBILITY_DATE = "2026-07-01";

/** What is to run. */
export interface WorkerdOptions {
  /** The file of the bundled Worker. */
  readonly script: string;
  /** The Durable Object class in it, bound as `OBJECTS`. */
  readonly className?: string | undefined;
  /** Bound as `SETTINGS`; survives JSON. */
  readonly settings: unknown;
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  readonly compatibilityDate?: string | undefined;
  /** Compatibility flags beside `unsafe_module`. Default: `enable_request_signal`. */
  readonly flags?: readonly string[] | undefined;
  /** Whether the Worker may connect to this machine. Default false: it connects to nothing. */
  readonly connects?: boolean | undefined;
  /** Of workerd. Default: that of the suites. */
  readonly version?: string | undefined;
  /** A line that the Worker printed. */
  onLine(line: string): void;
}

/** A process that listens. */
export interface Workerd {
  readonly port: number;
  /** What workerd itself said on stderr, with stacks: errors that nobody caught are among it. */
  readonly complaints: readonly string[];
  /** Ends it at once, as a crash would; resolves when it is gone and nothing is left of it. */
  stop(): Promise<void>;
}

/** Those that run, with their folders. */
const running = new Map<Deno.ChildProcess, string>();

/** Ends all that run, at once: what ends this process leaves nothing behind. */
export function stopAllWorkerds(): void {
  for (const [child, folder] of running) {
    child.kill("SIGKILL");
    Deno.removeSync(folder, { recursive: true });
  }
  running.clear();
}

/** Starts it; resolves when it listens. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const binary = await npmBinary("workerd", options.version ?? VERSIONS.workerd);
  const folder = await Deno.makeTempDir({ prefix: "skein_workerd_" });
  await Deno.mkdir(`${folder}/storage`);
  await Deno.copyFile(options.script, `${folder}/worker.js`); // embeds only what is beside the configuration
  await Deno.writeTextFile(`${folder}/settings.json`, JSON.stringify(options.settings));
  await Deno.writeTextFile(`${folder}/config.capnp`, configOf(options));
  const child = new Deno.Command(binary, {
    args: ["serve", "config.capnp", "--experimental", "--control-fd=1"],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  running.set(child, folder);
  const listening = Promise.withResolvers<number>();
  const complaints: string[] = [];
  const reading = [
    eachLine(child.stdout, (line) => {
      if (line.startsWith('{"event":"listen"')) listening.resolve(JSON.parse(line).port);
      else options.onLine(line);
    }),
    eachLine(child.stderr, (line) => {
      const isMore = /^(\s|stack: )/.test(line) && complaints.length > 0;
      if (isMore) complaints[complaints.length - 1] += `\n${line}`;
      else complaints.push(line);
    }),
  ];
  const ended = child.status.then(async ({ code }) => {
    await Promise.all(reading);
    running.delete(child);
    await Deno.remove(folder, { recursive: true });
    listening.reject(new Error(`workerd ended with code ${code}: ${complaints.join("\n")}`));
  });
  return {
    port: await listening.promise,
    complaints,
    stop: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await ended;
    },
  };
}

function configOf(
  { className, port = 0, compatibilityDate, flags = ["enable_request_signal"], connects }: WorkerdOptions,
): string {
  const object = className === undefined ? "" : `
    durableObjectNamespaces = [(className = "${className}", uniqueKey = "skein", enableSql = true)],
    durableObjectStorage = (localDisk = "storage"),`;
  const binding = className === undefined
    ? ""
    : `, (name = "OBJECTS", durableObjectNamespace = "${className}")`;
  const internet = connects
    ? `
    (name = "internet", network = (allow = ["private", "local"])),`
    : "";
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "storage", disk = (path = "storage", writable = true)),${internet}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibilityDate ?? COMPATIBILITY_DATE}",
  compatibilityFlags = ${JSON.stringify([...flags, "unsafe_module"])},
  bindings = [(name = "SETTINGS", json = embed "settings.json")${binding}],${object}
);
`;
}

async function eachLine(stream: ReadableStream<Uint8Array>, deal: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) deal(line);
  }
  if (rest !== "") deal(rest);
}
