/**
 * The client in a Bun process: argv = URL, transports as JSON.
 * @module
 */
import { scenario } from "./scenario.ts";

const [url, transports] = (globalThis as unknown as { Bun: { argv: string[] } }).Bun.argv.slice(2);
console.log(JSON.stringify({ event: "told", told: await scenario(url!, JSON.parse(transports!)) }));
