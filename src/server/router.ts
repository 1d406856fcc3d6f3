/**
 * The Worker in front of the objects: takes each request to the object that is to answer it.
 * @module
 */
import type { ClientScripts } from "../client_scripts/client_script.ts";
import { emptyAnswer } from "../engine/answers.ts";
import { wholeNumber } from "../engine/check.ts";
import { pathOption } from "../engine/options.ts";
import { isUnder } from "../engine/path.ts";
import { readQuery } from "../engine/query.ts";
import { clientFiles } from "./client_files.ts";
import { MAX_SHARDS } from "./object_options.ts";
import { bindingIn, shardName, shardOf, type ShardStub } from "./sharding.ts";

/** Options of {@linkcode router}. */
export interface RouterOptions {
  /** The name of the binding of the object class in the Worker's configuration. */
  readonly binding: string;
  /** The path of the server; the objects' option `path` must be the same. Default `"/socket.io"`. */
  readonly path?: string;
  /**
   * Names the object a request is for: one server for each name. Default: all requests go to `"main"`. A name must
   * not depend on anything but what a client sends with every request, such as its host or its query.
   */
  readonly name?: (request: Request) => string;
  /** Over how many objects connections are spread. The objects' option `shards` must be the same. Default 1. */
  readonly shards?: number;
  /** Answers `<path>/socket.io.js` and its like with our client, without waking an object. Default: none. */
  readonly serveClient?: ClientScripts;
  /** Answers requests outside `path`. Default: 404. */
  readonly fallback?: (request: Request, env: unknown, ctx: unknown) => Response | Promise<Response>;
}

/** What a Worker exports. */
export interface Router {
  /** Answers a request. */
  fetch(request: Request, env: unknown, ctx?: unknown): Response | Promise<Response>;
}

/** The Worker: `export default router({ binding: "CHAT" })`. */
export function router(options: RouterOptions): Router {
  const { binding, name = () => "main", fallback, serveClient } = options;
  const path = pathOption(options.path ?? "/socket.io");
  const shards = wholeNumber("shards", options.shards, 1, 1, MAX_SHARDS);
  const files = clientFiles({ scripts: () => serveClient, path: () => path });
  return {
    fetch(request, env, ctx) {
      const file = files(request);
      if (file !== undefined) return file;
      if (!isUnder(request.url, path, false)) {
        return fallback ? fallback(request, env, ctx) : emptyAnswer(404);
      }
      const objects = bindingIn(env, binding);
      const object = nameOf(name(request), shards, readQuery(request.url).sid);
      return (objects.get(objects.idFromName(object)) as ShardStub).fetch(request);
    },
  };
}

/** The object that has the session, or that is to begin one. */
function nameOf(name: string, shards: number, sid: string | undefined): string {
  if (shards === 1) return name;
  return shardName(name, shardOf(sid ?? "", shards) ?? Math.floor(Math.random() * shards));
}
