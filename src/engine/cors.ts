/**
 * Cross-origin headers, with the semantics of the `cors` package that the official server uses. Off by default:
 * the browser's same-origin rule then protects polling. It never protects WebSockets: use `allowRequest`.
 * @module
 */
import { flag, knownKeys, refuse, wholeNumber } from "./check.ts";

/** Which origins may read answers: `true` reflects any; a list or pattern reflects those that match. */
export type CorsOrigin =
  | boolean
  | string
  | RegExp
  | readonly (string | RegExp)[]
  | ((
    origin: string | undefined,
    callback: (
      error: Error | null,
      allowed?: boolean | string | RegExp | readonly (string | RegExp)[],
    ) => void,
  ) => void);

/** The `cors` option. */
export interface CorsOptions {
  /** Default `"*"`. */
  readonly origin?: CorsOrigin;
  /** Default `"GET,HEAD,PUT,PATCH,POST,DELETE"`. */
  readonly methods?: string | readonly string[];
  /** Default: what the preflight asks for. */
  readonly allowedHeaders?: string | readonly string[];
  /** Headers that scripts may read. Default none. */
  readonly exposedHeaders?: string | readonly string[];
  /** Default false. */
  readonly credentials?: boolean;
  /** Seconds that a preflight may be cached. */
  readonly maxAge?: number;
  /** Default false: preflights are answered here. */
  readonly preflightContinue?: boolean;
  /** Default 204. */
  readonly optionsSuccessStatus?: number;
}

/** Chooses the options for each request: by callback, or by return value (a promise too). */
export type CorsDelegate = (
  request: Request,
  callback: (error: Error | null, options?: CorsOptions) => void,
) => void | CorsOptions | Promise<CorsOptions>;

/** What CORS adds to one exchange. */
export interface CorsAnswer {
  /** Headers for the answer, whatever it is. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The whole answer to a preflight, where this is one. */
  readonly preflight?: Response | undefined;
}

const KEYS = [
  "origin",
  "methods",
  "allowedHeaders",
  "exposedHeaders",
  "credentials",
  "maxAge",
  "preflightContinue",
  "optionsSuccessStatus",
] as const;

/**
 * Checks the option once and returns what decides about a request, or undefined when CORS is off. The promise
 * rejects where a delegate or an origin function fails.
 */
export function corsPolicy(
  option: CorsOptions | CorsDelegate | boolean | undefined,
): ((request: Request) => Promise<CorsAnswer>) | undefined {
  if (option === undefined || option === false) return undefined;
  if (typeof option === "function") {
    return async (request) => {
      const options = await delegated(option, request);
      checkOptions(options);
      return await answer(options, request);
    };
  }
  const options = option === true ? {} : option;
  checkOptions(options);
  return (request) => answer(options, request);
}

function checkOptions(options: CorsOptions): void {
  knownKeys("cors", options, KEYS);
  const { origin } = options;
  const isOrigin = origin === undefined || typeof origin === "function" || typeof origin === "boolean" ||
    isPattern(origin) || (Array.isArray(origin) && origin.every(isPattern));
  if (!isOrigin) {
    refuse("cors.origin", origin, "true, false, a string, a RegExp, an array of these or a function");
  }
  for (const key of ["methods", "allowedHeaders", "exposedHeaders"] as const) {
    const value: unknown = options[key];
    const isList = value === undefined || typeof value === "string" ||
      (Array.isArray(value) && value.every((item) => typeof item === "string"));
    if (!isList) refuse(`cors.${key}`, value, "a string or an array of strings");
  }
  flag("cors.credentials", options.credentials, false);
  flag("cors.preflightContinue", options.preflightContinue, false);
  wholeNumber("cors.maxAge", options.maxAge, 0, 0);
  wholeNumber("cors.optionsSuccessStatus", options.optionsSuccessStatus, 204, 200, 299);
}

function isPattern(value: unknown): value is string | RegExp {
  return typeof value === "string" || value instanceof RegExp;
}

function delegated(delegate: CorsDelegate, request: Request): Promise<CorsOptions> {
  return new Promise((resolve, reject) => {
    const returned = delegate(request, (error, options) => error ? reject(error) : resolve(options ?? {}));
    // An async function in callback style returns a promise of nothing: its callback is still to come.
    if (returned instanceof Promise) returned.then((options) => options && resolve(options), reject);
    else if (returned !== undefined) resolve(returned);
  });
}

async function answer(options: CorsOptions, request: Request): Promise<CorsAnswer> {
  const requestOrigin = request.headers.get("origin") ?? undefined;
  const origin = typeof options.origin === "function"
    ? await resolved(options.origin, requestOrigin)
    : options.origin ?? "*";
  const isPreflight = request.method === "OPTIONS";
  if (origin === false) return { headers: [] };

  const headers: [string, string][] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value) headers.push([name, value]);
  };
  if (origin === "*") {
    add("access-control-allow-origin", "*");
  } else {
    const isAllowed = typeof origin === "string" || matches(requestOrigin, origin);
    if (isAllowed) add("access-control-allow-origin", typeof origin === "string" ? origin : requestOrigin);
    add("vary", "Origin");
  }
  if (options.credentials) add("access-control-allow-credentials", "true");
  add("access-control-expose-headers", list(options.exposedHeaders));
  if (!isPreflight) return { headers };

  add("access-control-allow-methods", list(options.methods) ?? "GET,HEAD,PUT,PATCH,POST,DELETE");
  const allowedHeaders = list(options.allowedHeaders);
  if (allowedHeaders === undefined) {
    add("vary", "Access-Control-Request-Headers");
    add("access-control-allow-headers", request.headers.get("access-control-request-headers") ?? undefined);
  } else {
    add("access-control-allow-headers", allowedHeaders);
  }
  add("access-control-max-age", options.maxAge?.toString());
  if (options.preflightContinue) return { headers };
  const status = options.optionsSuccessStatus ?? 204;
  return { headers, preflight: new Response(null, { status, headers: { "content-length": "0" } }) };
}

type ResolvedOrigin = Exclude<CorsOrigin, (...args: never[]) => unknown>;

function resolved(
  decide: Extract<CorsOrigin, (...args: never[]) => unknown>,
  origin: string | undefined,
): Promise<ResolvedOrigin> {
  return new Promise((resolve, reject) => {
    decide(origin, (error, allowed) => error ? reject(error) : resolve(allowed ?? false));
  });
}

function matches(origin: string | undefined, pattern: ResolvedOrigin): boolean {
  if (typeof pattern === "boolean") return pattern;
  if (origin === undefined) return false;
  if (typeof pattern === "string") return pattern === origin;
  if (pattern instanceof RegExp) {
    pattern.lastIndex = 0; // a global or sticky pattern would remember the request before
    return pattern.test(origin);
  }
  return pattern.some((item) => matches(origin, item));
}

function list(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(",") : value;
}
