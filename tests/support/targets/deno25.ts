/**
 * Target "deno25": target "deno" on the oldest Deno that is supported, which is what Deno Deploy runs. Without the
 * project's configuration: no unstable feature can be switched on there.
 * @module
 */
import { VERSIONS } from "../capabilities.ts";
import { npmBinary } from "../npm_binary.ts";

const deno = await npmBinary("deno", VERSIONS.deno25);
const child = new Deno.Command(deno, {
  args: ["run", "-A", "--quiet", "--no-config", "--no-lock", new URL("./deno.ts", import.meta.url).pathname],
  env: { DENO_NO_UPDATE_CHECK: "1" },
  stdin: "inherit",
  stdout: "inherit",
  stderr: "inherit",
}).spawn();
Deno.exit((await child.status).code);
