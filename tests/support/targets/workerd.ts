/**
 * Target "workerd": our Engine and Server in the one isolate of a plain Worker.
 * @module
 */
import { runWorkerdHost } from "./workerd_host.ts";

await runWorkerdHost({ entry: "plain" });
