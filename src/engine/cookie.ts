/**
 * The session cookie of the polling handshake, for load balancers. Source: RFC 6265; the defaults are the
 * official server's.
 * @module
 */
import { flag, knownKeys, refuse, wholeNumber } from "./check.ts";

/** The `cookie` option: its value is the sid. */
export interface CookieOptions {
  /** Default `"io"`. */
  readonly name?: string;
  /** Default `"/"`. */
  readonly path?: string;
  /** Default: the host that set it. */
  readonly domain?: string;
  /** Default true. */
  readonly httpOnly?: boolean;
  /** Default `"lax"`. */
  readonly sameSite?: "strict" | "lax" | "none" | boolean;
  /** Only over TLS. Default false. */
  readonly secure?: boolean;
  /** Seconds. */
  readonly maxAge?: number;
  /** Default: with the browser. */
  readonly expires?: Date;
  /** Kept apart for each top-level site. Default false. */
  readonly partitioned?: boolean;
  /** What a full browser keeps longest. */
  readonly priority?: "low" | "medium" | "high";
}

const KEYS = [
  "name",
  "path",
  "domain",
  "httpOnly",
  "sameSite",
  "secure",
  "maxAge",
  "expires",
  "partitioned",
  "priority",
] as const;

/** RFC 6265: a cookie name is an HTTP token; path and domain are visible ASCII without `;`. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;

/**
 * Checks the option once and returns what makes the `Set-Cookie` value for a sid, or undefined when cookies are
 * off. A name or attribute that could inject another header throws a TypeError.
 */
export function cookieWriter(
  option: boolean | CookieOptions | undefined,
): ((sid: string) => string) | undefined {
  if (option === undefined || option === false) return undefined;
  const options: CookieOptions = option === true ? {} : option;
  knownKeys("cookie", options, KEYS);
  const { name = "io", path = "/", domain, sameSite = "lax", expires, priority } = options;
  if (typeof name !== "string" || !TOKEN.test(name)) refuse("cookie.name", name, "an HTTP token");
  for (const [key, value] of [["path", path], ["domain", domain]] as const) {
    if (value !== undefined && (typeof value !== "string" || !ATTRIBUTE.test(value))) {
      refuse(`cookie.${key}`, value, 'printable ASCII without ";"');
    }
  }
  if (!["strict", "lax", "none", true, false].includes(sameSite)) {
    refuse("cookie.sameSite", sameSite, '"strict", "lax", "none", true or false');
  }
  if (expires !== undefined && !(expires instanceof Date && !Number.isNaN(expires.getTime()))) {
    refuse("cookie.expires", expires, "a valid Date");
  }
  if (priority !== undefined && !["low", "medium", "high"].includes(priority)) {
    refuse("cookie.priority", priority, '"low", "medium" or "high"');
  }
  const attributes: string[] = [];
  if (options.maxAge !== undefined) {
    attributes.push(`Max-Age=${wholeNumber("cookie.maxAge", options.maxAge, 0, 0)}`);
  }
  if (domain) attributes.push(`Domain=${domain}`);
  if (path) attributes.push(`Path=${path}`);
  if (expires) attributes.push(`Expires=${expires.toUTCString()}`);
  if (flag("cookie.httpOnly", options.httpOnly, true)) attributes.push("HttpOnly");
  if (flag("cookie.secure", options.secure, false)) attributes.push("Secure");
  if (priority) attributes.push(`Priority=${capitalised(priority)}`);
  if (sameSite !== false) {
    attributes.push(`SameSite=${sameSite === true ? "Strict" : capitalised(sameSite)}`);
  }
  if (flag("cookie.partitioned", options.partitioned, false)) attributes.push("Partitioned");
  return (sid) => [`${name}=${encodeURIComponent(sid)}`, ...attributes].join("; ");
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
