/**
 * What the page is told when it loads: the file `/settings.js`.
 * @module
 */
import { limits } from "./limits.ts";

/** How a client may connect. */
export type Transports = readonly ("polling" | "websocket")[];

/** The text of `/settings.js`. */
export function settingsScript(transports: Transports): string {
  return `export const limits = ${JSON.stringify(limits)};\n` +
    `export const transports = ${JSON.stringify(transports)};\n`;
}

/** Only our own files may run; pictures are blobs. Older browsers do not count ws: as 'self'. */
const policy = "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The headers of each file of the page. */
export const fileHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
