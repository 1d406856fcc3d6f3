/**
 * Target "workerd-sharded": our Server in three Durable Objects, behind the router.
 * @module
 */
import { runWorkerdHost } from "./workerd_host.ts";

await runWorkerdHost({ entry: "object", shards: 3 });
