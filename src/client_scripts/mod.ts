/**
 * The client as scripts for pages, by name, to be served where a server does not have them by itself (in a Worker's
 * bundle they would weigh too much for those who do not need them): the entry point `./client-scripts`.
 *
 * @example
 * ```ts ignore
 * import { clientScripts } from "@skein/io/client-scripts";
 * import { router } from "@skein/io/workers";
 *
 * export default router({ binding: "CHAT", serveClient: clientScripts });
 * ```
 * @module
 */
export { clientScripts } from "./table.ts";
export type { ClientScript, ClientScripts } from "./client_script.ts";
