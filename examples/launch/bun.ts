/**
 * The chat on Bun, on this machine: `deno task start:bun`, then open the printed address in two tabs. Runs
 * ../chat/bun.ts with the Bun that is installed, else with one that Deno's npm client fetches. `PORT` chooses the port;
 * without it, it is 3000.
 *
 * Bun knows nothing of the names in deno.json, so Deno makes one file of the program first.
 * @module
 */
import { fileURLToPath } from "node:url";

const VERSION = "1.4.5";

/** The packages that hold the executable, by the name of the platform. */
const packages: Readonly<Record<string, string>> = {
  "linux-x86_64": "@oven/bun-linux-x64",
  "linux-aarch64": "@oven/bun-linux-aarch64",
  "darwin-x86_64": "@oven/bun-darwin-x64",
  "darwin-aarch64": "@oven/bun-darwin-aarch64",
  "windows-x86_64": "@oven/bun-windows-x64",
  "windows-aarch64": "@oven/bun-windows-aarch64",
};

const folder = await Deno.makeTempDir({ prefix: "skein_bun_" });
const script = `${folder}/chat.js`;
await deno("bundle", "--quiet", "--config=deno.json", `--output=${script}`, "examples/chat/bun.ts");

const child = new Deno.Command(await installed() ?? await fetched(), { args: ["run", script] }).spawn();
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

/** The Bun on the PATH. */
async function installed(): Promise<string | undefined> {
  try {
    const { success } = await new Deno.Command("bun", { args: ["--version"], stdout: "null" }).output();
    return success ? "bun" : undefined;
  } catch {
    return undefined; // there is none
  }
}

/** The Bun from npm, in Deno's cache. */
async function fetched(): Promise<string> {
  const { os, arch } = Deno.build;
  const holder = packages[`${os}-${arch}`];
  if (holder === undefined) throw new Error(`Cannot start Bun: install it, there is none for ${os}-${arch}`);
  const name = `${holder}@${VERSION}`;
  await deno("cache", "--quiet", "--no-config", "--no-lock", `npm:${name}`);
  const info = JSON.parse(await deno("info", "--json", "--no-config", "--no-lock", `npm:${name}`)) as {
    readonly npmPackages: Readonly<Record<string, { readonly localPath: string }>>;
  };
  return `${info.npmPackages[name]!.localPath}/bin/bun${os === "windows" ? ".exe" : ""}`;
}

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdin: "null",
  }).output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [
    string,
    string,
  ];
  if (!success) throw new Error(`deno ${args.join(" ")} failed: ${complained}`);
  return said;
}
