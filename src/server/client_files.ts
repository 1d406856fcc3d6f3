/**
 * Serves our client to pages that load it by a script tag: `<path>/socket.io.js` and its like, as the official server
 * does with its own.
 * Source: socket.io 4.8, option `serveClient`; RFC 9110, 8.8.3 (ETag), 13.1.2 (If-None-Match).
 * @module
 */
import type { ClientScript, ClientScripts } from "../client_scripts/client_script.ts";
import { chooseEncoding } from "../engine/compression.ts";
import type { CorsAnswer } from "../engine/cors.ts";
import { fromBase64 } from "../protocol/frame.ts";

/** What `serveClient: true` stands for; unset where a program does not import `@skein/io` itself. */
let standard: ClientScripts | undefined;

/** Sets it. Not an import: whatever imports the files, a Worker's bundle contains. */
export function setStandardScripts(scripts: ClientScripts): void {
  standard = scripts;
}

/** The files that an option `serveClient` means; undefined for none. Throws a TypeError on what it cannot mean. */
export function clientScriptsOption(value: boolean | ClientScripts | undefined): ClientScripts | undefined {
  if (value === undefined) return standard;
  if (value === false) return undefined;
  if (typeof value === "object" && value !== null) return value;
  if (value === true && standard !== undefined) return standard;
  throw new TypeError(
    `Cannot use option "serveClient": ${value}, expected false or \`clientScripts\` of "@skein/io/client-scripts"`,
  );
}

/** What a request for a file is answered with, and by which rules. */
export interface ClientFilesOptions {
  /** The files; undefined for none. */
  scripts(): ClientScripts | undefined;
  /** Under which path; without a slash at its end. */
  path(): string;
  /** The headers for other origins. */
  readonly cors?: ((request: Request) => Promise<CorsAnswer>) | undefined;
}

/** Answers requests for the files, and leaves others alone: undefined. */
export function clientFiles(
  { scripts, path, cors }: ClientFilesOptions,
): (request: Request) => Promise<Response> | undefined {
  return (request) => {
    if (!request.url.includes("/socket.io.")) return undefined; // nearly always
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const { pathname } = new URL(request.url);
    const name = pathname.startsWith(`${path()}/`) ? pathname.slice(path().length + 1) : "";
    const table = scripts();
    if (table === undefined || !Object.hasOwn(table, name)) return undefined;
    return answer(request, name, table[name]!, cors);
  };
}

async function answer(
  request: Request,
  name: string,
  load: () => Promise<ClientScript>,
  cors: ClientFilesOptions["cors"],
): Promise<Response> {
  const { etag, gzip } = await load();
  const { headers: asked, method } = request;
  const isZipped = chooseEncoding(asked.get("accept-encoding")) === "gzip";
  // Two forms of one content have two names (RFC 9110, 8.8.3.3); who knows either knows the content.
  const own = isZipped ? etag.replace(/"$/, '-gzip"') : etag;
  const headers: [string, string][] = [
    ["etag", own],
    ["cache-control", "public, max-age=0"],
    ["vary", "Accept-Encoding"],
    ...((await cors?.(request))?.headers ?? []) as [string, string][],
  ];
  if (isMatch(asked.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  headers.push([
    "content-type",
    `application/${name.endsWith(".map") ? "json" : "javascript"}; charset=utf-8`,
  ]);
  if (isZipped) headers.push(["content-encoding", "gzip"]);
  // Workers would compress once more.
  const init: ResponseInit & { readonly encodeBody?: "manual" } = {
    headers,
    ...isZipped && { encodeBody: "manual" },
  };
  if (method === "HEAD") return new Response(null, init);
  const bytes = fromBase64(gzip) as Uint8Array<ArrayBuffer>;
  return new Response(isZipped ? bytes : unzipped(bytes), init);
}

function unzipped(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
}

/** Whether `If-None-Match` names the content; weakly, as a GET compares. */
function isMatch(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header.trim() === "*" ||
    header.split(",").some((one) => one.trim().replace(/^W\//, "").replace(/-gzip"$/, '"') === etag);
}
