/**
 * Target "workerd-do": our Server in one Durable Object, behind the router.
 * @module
 */
import { runWorkerdHost } from "./workerd_host.ts";

await runWorkerdHost({ entry: "object" });
