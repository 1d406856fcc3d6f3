/**
 * The layers of src and what each may import (.github/ARCHITECTURE.md, "Layers"), type imports included, and the
 * check that a tree of files keeps to them: no upward import, no ring, no platform global outside the runtimes.
 *
 * `deno run -R tests/tools/layers.ts` checks this repository.
 * @module
 */
import { importsOf, lineOf, scan } from "./source.ts";

/** What a layer may import besides itself: other layers, or single files of them. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  time: [],
  protocol: [],
  events: ["time"],
  engine: ["protocol", "time", "events/emitter.ts", "events/listenable.ts"],
  contract: ["events", "protocol/socket_packet.ts"],
  core: ["contract", "protocol", "events", "time", "engine/ports.ts"],
  adapters: ["core", "protocol", "time"],
  runtimes: ["engine", "core", "protocol", "time", "adapters/key_value.ts"],
  integrations: ["server", "runtimes", "core", "events"],
  client: [
    "contract",
    "protocol",
    "events",
    "time",
    "engine/ports.ts",
    "engine/heartbeat.ts",
    "engine/outbox.ts",
  ],
  client_scripts: [],
  server: [
    "client_scripts",
    "contract",
    "core",
    "engine",
    "adapters",
    "runtimes",
    "protocol",
    "events",
    "time",
  ],
};

/** What an entry point may import besides what its folder may; and the types of anything. */
const ENTRY_POINT: readonly string[] = ["server"];

/** Layers that run everywhere, a browser included: no package may come in. */
const WITHOUT_DEPENDENCIES = new Set([
  "time",
  "protocol",
  "events",
  "contract",
  "engine",
  "core",
  "client",
  "",
]);

/** Layers that may name a platform. */
const WITH_PLATFORM = new Set(["runtimes"]);

const PLATFORM_MODULE = /^(node|cloudflare|bun|workerd):|^bun$/;

/** Platform globals in code from which comments and strings were blanked. */
const PLATFORM_GLOBALS: readonly RegExp[] = [
  /(?<![\w$])(Deno|Bun|WebSocketPair)(?![\w$])/g,
  // As a member of something else (`queue.process()`) these are ordinary names.
  /(?:(?<![\w$.#])|(?<=\.{3}))(process|Buffer)(?![\w$])/g,
  /(?<![\w$])(?:globalThis|self|window|global)\b[^;\n]{0,60}?\.\s*(process|Buffer)(?![\w$])/g,
  /(?<![\w$.])(globalThis)\s*(?:as\s[^)\n]*\)\s*)?(?:\?\.)?\s*\[/g,
];

/** Everything wrong with `files` (path from the root, `mod.ts` or `src/…`, to source text), one line each. */
export function checkLayers(files: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of [...files].sort(([a], [b]) => a < b ? -1 : 1)) {
    const targets: string[] = [];
    graph.set(path, targets);
    const layer = layerOf(path);
    if (layer === undefined) {
      problems.push(`${path}: belongs to no layer, expected one of ${Object.keys(LAYERS).join(", ")}`);
      continue;
    }
    for (const { specifier, isTypeOnly, line } of importsOf(source)) {
      const problem = checkImport(path, layer, specifier, isTypeOnly);
      if (problem) problems.push(`${path}:${line}: ${problem}`);
      if (specifier?.startsWith(".")) targets.push(resolve(path, specifier));
    }
    if (!WITH_PLATFORM.has(layer)) problems.push(...platformGlobals(path, source));
  }
  for (const ring of ringsOf(graph)) problems.push(`ring: ${ring.join(" -> ")} -> ${ring[0]}`);
  return problems;
}

/** The layer's name, `""` for the root entry point. */
function layerOf(path: string): string | undefined {
  if (path === "mod.ts") return "";
  const layer = /^src\/([^/]+)\/./.exec(path)?.[1];
  return layer !== undefined && Object.hasOwn(LAYERS, layer) ? layer : undefined;
}

function isEntryPoint(path: string): boolean {
  return path === "mod.ts" || /^src\/[^/]+\/mod\.ts$/.test(path);
}

function checkImport(
  path: string,
  layer: string,
  specifier: string | undefined,
  isTypeOnly: boolean,
): string | undefined {
  if (specifier === undefined) {
    return WITH_PLATFORM.has(layer) ? undefined : "imports a computed address, which nothing can check";
  }
  if (!specifier.startsWith(".")) {
    if (PLATFORM_MODULE.test(specifier)) {
      return WITH_PLATFORM.has(layer)
        ? undefined
        : `imports "${specifier}", a platform module, outside src/runtimes`;
    }
    if (/^(https?|data|file):|^\//.test(specifier)) return `imports "${specifier}", an absolute address`;
    return WITHOUT_DEPENDENCIES.has(layer)
      ? `imports the package "${specifier}", which may have none`
      : undefined;
  }
  const target = resolve(path, specifier);
  if (isEntryPoint(target)) return `imports the entry point ${target}`;
  const to = layerOf(target);
  if (to === undefined) return `imports ${target}, outside the layers`;
  if (to === layer) return undefined;
  const file = target.slice("src/".length);
  const allows = (list: readonly string[]): boolean => list.includes(to) || list.includes(file);
  if (allows(LAYERS[layer] ?? [])) return undefined;
  if (isEntryPoint(path) && (isTypeOnly || allows(ENTRY_POINT))) return undefined;
  return `imports ${target}: ${isEntryPoint(path) ? "an entry point" : layer} may not import ${to}`;
}

/** `specifier` as a path from the root; empty segments and `..` above the root are dropped. */
function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function platformGlobals(path: string, source: string): string[] {
  const { code } = scan(source);
  const found = new Map<string, number>();
  for (const pattern of PLATFORM_GLOBALS) {
    for (const match of code.matchAll(pattern)) {
      const line = lineOf(source, match.index);
      found.set(`${path}:${line}: names the platform global ${match[1] ?? ""}`, line);
    }
  }
  return [...found].sort(([, a], [, b]) => a - b).map(([problem]) => problem);
}

/** The rings in a graph, each once and in import order (Tarjan's strongly connected components). */
export function ringsOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const rings: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node)!, low.get(next)!));
      } else if (stack.includes(next)) {
        low.set(node, Math.min(low.get(node)!, index.get(next)!));
      }
    }
    if (low.get(node) !== index.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    if (component.length > 1 || graph.get(node)?.includes(node)) rings.push(component);
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return rings;
}

/** The files the rules are about: mod.ts and every .ts file of src. */
export function readTree(root: URL): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of Deno.readDirSync(new URL(folder, root))) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) walk(`${path}/`);
      else if (/\.[cm]?[jt]sx?$/.test(entry.name)) {
        files.set(path, Deno.readTextFileSync(new URL(path, root)));
      }
    }
  };
  walk("src/");
  try {
    files.set("mod.ts", Deno.readTextFileSync(new URL("mod.ts", root)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // the type check tells that it is missing
  }
  return files;
}

if (import.meta.main) {
  const files = readTree(new URL("../../", import.meta.url));
  const problems = checkLayers(files);
  for (const problem of problems) console.error(problem);
  console.log(`${files.size} files, ${problems.length} problems`);
  if (problems.length > 0) Deno.exit(1);
}
