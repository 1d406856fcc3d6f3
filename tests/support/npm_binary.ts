/**
 * Executables that npm packages bring for this machine: Bun, workerd and older versions of Deno.
 *
 * They come through Deno's own npm client into its cache: it follows NPM_CONFIG_REGISTRY and .npmrc, checks
 * what it downloads against the registry's integrity and needs no node_modules folder. What is asked for is
 * the package that holds the executable, not the one that chooses it in an install script: no script runs,
 * and the packages of other platforms need not exist in the registry.
 * @module
 */

/** A program that {@linkcode npmBinary} knows. */
export type BinaryName = "bun" | "workerd" | "deno";

/** Where a program lies: per `os-arch` of `Deno.build` its package, and the file in it without `.exe`. */
interface Source {
  readonly packages: Readonly<Record<string, string>>;
  readonly file: string;
}

const sources: Readonly<Record<BinaryName, Source>> = {
  bun: {
    packages: {
      "linux-x86_64": "@oven/bun-linux-x64",
      "linux-aarch64": "@oven/bun-linux-aarch64",
      "darwin-x86_64": "@oven/bun-darwin-x64",
      "darwin-aarch64": "@oven/bun-darwin-aarch64",
      "windows-x86_64": "@oven/bun-windows-x64",
      "windows-aarch64": "@oven/bun-windows-aarch64",
    },
    file: "bin/bun",
  },
  workerd: {
    packages: {
      "linux-x86_64": "@cloudflare/workerd-linux-64",
      "linux-aarch64": "@cloudflare/workerd-linux-arm64",
      "darwin-x86_64": "@cloudflare/workerd-darwin-64",
      "darwin-aarch64": "@cloudflare/workerd-darwin-arm64",
      "windows-x86_64": "@cloudflare/workerd-windows-64",
    },
    file: "bin/workerd",
  },
  deno: {
    packages: {
      "linux-x86_64": "@deno/linux-x64-glibc",
      "linux-aarch64": "@deno/linux-arm64-glibc",
      "darwin-x86_64": "@deno/darwin-x64",
      "darwin-aarch64": "@deno/darwin-arm64",
      "windows-x86_64": "@deno/win32-x64",
      "windows-aarch64": "@deno/win32-arm64",
    },
    file: "deno",
  },
};

const found = new Map<string, Promise<string>>();

/**
 * The path of the executable `name` in exactly that version, e.g. `npmBinary("bun", "1.4.5")`. Downloads it
 * once per cache of Deno (DENO_DIR); afterwards no network is needed. Rejects with what Deno says where the
 * registry cannot be reached or has no such version, and where there is none for this platform.
 */
export function npmBinary(name: BinaryName, version: string): Promise<string> {
  const key = `${name}@${version}`;
  const known = found.get(key);
  if (known) return known;
  const path = locate(name, version);
  found.set(key, path);
  return path;
}

async function locate(name: BinaryName, version: string): Promise<string> {
  const { packages, file } = sources[name];
  const { os, arch } = Deno.build;
  const holder = packages[`${os}-${arch}`];
  if (holder === undefined) throw new Error(`Cannot run ${name} ${version}: not made for ${os}-${arch}`);
  // The version is exact, so `info` answers from the cache where the package was downloaded before.
  const known = await folderOf(`${holder}@${version}`);
  if (known === undefined) await deno("cache", `npm:${holder}@${version}`); // says what is wrong
  const folder = known ?? await folderOf(`${holder}@${version}`);
  const path = `${folder}/${file}${os === "windows" ? ".exe" : ""}`;
  if (!(await exists(path))) await deno("cache", `npm:${holder}@${version}`);
  if (!(await exists(path))) throw new Error(`Cannot run ${name} ${version}: no ${file} in ${folder}`);
  return path;
}

/** Where Deno unpacks the package, whether or not it has done so. Undefined where it cannot be resolved. */
async function folderOf(spec: string): Promise<string | undefined> {
  const info = JSON.parse(await deno("info", "--json", `npm:${spec}`)) as {
    readonly npmPackages?: Readonly<Record<string, { readonly localPath?: string }>>;
  };
  return info.npmPackages?.[spec]?.localPath;
}

/** Runs Deno apart from this project, whose lock file and imports do not know these packages. */
async function deno(command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--no-config", "--no-lock", "--node-modules-dir=none", ...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`deno ${command} ${args.join(" ")} failed: ${decoder.decode(stderr).trim()}`);
  }
  return decoder.decode(stdout);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
