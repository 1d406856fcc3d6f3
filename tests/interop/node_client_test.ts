/**
 * The official socket.io-client in a Node process against the target.
 * @module
 */
import { assertEquals } from "@std/assert";
import { TRANSPORTS } from "../support/transports.ts";
import { executable, optional } from "../support/requires.ts";
import { serve, test } from "../support/target.ts";

/** The output of a command, which must succeed. */
async function run(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  if (!success) throw new Error(`${command} ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

const node = await optional("node", () => executable("node"));

test("socket.io-client in Node exchanges text, binary and acks over each transport", async () => {
  const command = node.found!;
  // Deno lays out node_modules from its own cache, so this needs no other package manager and no network.
  const folder = await Deno.makeTempDir({ prefix: "skein-node-client-" });
  try {
    const dependencies = { "socket.io-client": "4.8.4" };
    await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ type: "module", dependencies }));
    await Deno.copyFile(new URL("./node_client.mjs", import.meta.url), `${folder}/client.mjs`);
    await run(Deno.execPath(), ["install", "--quiet"], folder);
    await using server = await serve("socketio");
    for (const [, transports] of TRANSPORTS) {
      const output = await run(command, ["client.mjs", server.origin, JSON.stringify(transports)], folder);
      assertEquals(JSON.parse(output), {
        auth: { from: "node" },
        isBuffer: true,
        bytes: [1, 2, 3, 4],
        text: "text",
        object: { n: 1 },
        transport: transports.at(-1),
      });
      await server.logged("disconnect", { reason: "client namespace disconnect" });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, node);
