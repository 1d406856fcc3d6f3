/**
 * The README's code, taken from the README and run as it says: every server block serves, and the client block
 * prints what is promised.
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { io } from "socket.io-client";
import officialMsgpack from "npm:socket.io-msgpack-parser@3.0.2";
import { bundleWorker } from "../../examples/launch/bundle.ts";
import { VERSIONS } from "../support/capabilities.ts";
import { npmBinary } from "../support/npm_binary.ts";
import { closed, next } from "../support/client.ts";
import { optional } from "../support/requires.ts";
import { COMPATIBILITY_DATE, startWorkerd } from "../support/targets/workerd_process.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

/** The code of each block, by the name in its first line. */
const blocks = new Map<string, string>();
for (const [, code = ""] of readme.matchAll(/^```ts(?: ignore)?\n(.*?)^```$/gms)) {
  blocks.set(/^\/\/ (\S+)\n/.exec(code)?.[1] ?? "unnamed", code);
}

/** A user's project: the package by its name, and compiler options that are not ours. */
const project = await Deno.makeTempDir({ prefix: "skein_readme_" });
globalThis.addEventListener("unload", () => Deno.removeSync(project, { recursive: true }));
await Deno.writeTextFile(
  `${project}/deno.json`,
  JSON.stringify({
    imports: {
      "@skein/io": new URL("mod.ts", root).href,
      "@skein/io/bun": new URL("src/server/bun.ts", root).href,
      "@skein/io/client": new URL("src/client/mod.ts", root).href,
      "@skein/io/client/contract": new URL("src/client/contract.ts", root).href,
      "@skein/io/client/core": new URL("src/client/core.ts", root).href,
      "@skein/io/client/websocket": new URL("src/client/websocket.ts", root).href,
      "@skein/io/contract": new URL("src/contract/mod.ts", root).href,
      "@skein/io/engine": new URL("src/server/engine.ts", root).href,
      "@skein/io/msgpack": new URL("src/server/msgpack.ts", root).href,
      "@skein/io/workers": new URL("src/server/workers.ts", root).href,
      "hono": "npm:hono@4.13.19",
      "hono/bun": "npm:hono@4.13.19/bun",
    },
    lock: false,
  }),
);

/** The types of the one global that Deno does not know. */
const BUN = "declare const Bun: { serve(options: object): unknown };\n";

/** Writes one block as a file; its port becomes `port`. */
async function write(name: string, port: number): Promise<void> {
  await Deno.writeTextFile(
    `${project}/${name}`,
    blocks.get(name)!.replaceAll("localhost:8000", `localhost:${port}`)
      .replace("port: 3000", `port: ${port}`) + (name === "bun.ts" ? BUN : ""),
  );
}

/** Runs one block in a process of its own. */
async function start(name: string, port: number, ...command: string[]): Promise<Deno.ChildProcess> {
  await write(name, port);
  return new Deno.Command(Deno.execPath(), {
    args: [...command, ...(command[0] === "serve" ? [`--port=${port}`] : []), name],
    cwd: project,
    // Where Deno listens instead of on port 8000; `deno serve` has a flag for it.
    env: { NO_COLOR: "1", ...(command[0] === "run" && { DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` }) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function serving(
  name: string,
  command: readonly string[],
  use: (url: string, port: number) => Promise<void>,
): Promise<void> {
  const port = freePort();
  const child = await start(name, port, ...command);
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  try {
    await untilListening(port, child);
    await use(`http://localhost:${port}`, port);
  } catch (error) {
    end(child);
    throw new Error(`${name} said: ${(await output).join("\n")}`, { cause: error });
  }
  end(child);
  await output;
  await child.status;
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself; the test tells.
  }
}

async function untilListening(port: number, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  const deadline = Date.now() + 60_000;
  while (!ended && Date.now() < deadline) {
    try {
      (await Deno.connect({ port })).close();
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  throw new Error("It does not listen");
}

function freePort(): number {
  const listener = Deno.listen({ port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** What the server of a block acknowledges, over each transport in turn. */
async function acks(url: string): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const transport of ["polling", "websocket"]) {
    const socket = io(url, { transports: [transport], forceNew: true, reconnection: false });
    try {
      answers.push(await socket.timeout(10_000).emitWithAck("say", "hello"));
    } finally {
      socket.disconnect();
    }
  }
  return answers;
}

/** The official client's timers and sockets outlive its `disconnect()` by a moment. */
const foreign = { sanitizeOps: false, sanitizeResources: false };
const run = ["run", "--allow-net", "--quiet"];

Deno.test("README names all of its code", () => {
  assertEquals([...blocks.keys()], [
    "server.ts",
    "client.ts",
    "typed.ts",
    "contract.ts",
    "recovery.ts",
    "hono.ts",
    "fetch.ts",
    "engine.ts",
    "msgpack.ts",
    "client_websocket.ts",
    "client_contract.ts",
    "bun.ts",
    "bun_export.ts",
    "bun_hono.ts",
    "worker.ts",
    "sharded.ts",
    "deploy.ts",
  ]);
});

Deno.test("README's code passes the type check", async () => {
  const names = [...blocks.keys()];
  for (const name of names) await write(name, 8000);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", ...names],
    cwd: project,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assertEquals(success, true, said);
  for (const name of names) assertStringIncludes(said, `Check ${name}`); // it was not passed over
});

Deno.test({
  name: "README's server serves, and its client prints what it promises",
  ...foreign,
  fn: () =>
    serving("server.ts", run, async (url, port) => {
      assertEquals(await acks(url), ["delivered", "delivered"]);
      const missing = await fetch(`${url}/else`);
      await missing.body?.cancel();
      assertEquals(missing.status, 404);
      for (const name of ["client.ts", "client_websocket.ts"]) {
        const client = await start(name, port, "run", "--allow-net", "--quiet");
        const { stdout } = await client.output();
        assertEquals(new TextDecoder().decode(stdout), "delivered\n", name);
      }
    }),
});

Deno.test({
  name: "README's typed server answers with a number",
  ...foreign,
  fn: () =>
    serving("typed.ts", run, async (url) => {
      assertEquals((await acks(url)).map((answer) => typeof answer), ["number", "number"]);
    }),
});

Deno.test({
  name: "README's contract answers what is right, and says what is wrong",
  ...foreign,
  fn: () =>
    serving("contract.ts", run, async (url, port) => {
      assertEquals(await acks(url), ["hello", "hello"]);
      const client = await start("client_contract.ts", port, "run", "--allow-net", "--quiet");
      const { stdout } = await client.output();
      assertEquals(new TextDecoder().decode(stdout).split("\n").sort().at(-1), "hello");
      const socket = io(url, { forceNew: true, reconnection: false });
      const answer = await socket.timeout(10_000).emitWithAck("say", "   ");
      socket.disconnect();
      assertEquals([answer.error.code, answer.error.event], ["INVALID_EVENT", "say"]);
    }),
});

Deno.test({
  name: "README's MessagePack server answers the official parser",
  ...foreign,
  fn: () =>
    serving("msgpack.ts", run, async (url) => {
      const socket = io(url, { forceNew: true, reconnection: false, parser: officialMsgpack });
      assertEquals(await socket.timeout(10_000).emitWithAck("say", "hello"), "hello");
      socket.disconnect();
    }),
});

Deno.test({
  name: "README's recovery lets a client come back",
  ...foreign,
  fn: () =>
    serving("recovery.ts", run, async (url) => {
      assertEquals(await acks(url), ["hello", "hello"]);
      const socket = io(url, { forceNew: true, reconnectionDelay: 50 });
      const connect = (): Promise<void> => new Promise((done) => socket.once("connect", () => done()));
      await connect();
      const { id } = socket;
      socket.io.engine.close(); // as a lost connection does
      await connect();
      assertEquals([socket.recovered, socket.id === id], [true, true]);
      socket.disconnect();
    }),
});

Deno.test({
  name: "README's hono app serves both its own routes and Socket.IO",
  ...foreign,
  fn: () =>
    serving("hono.ts", run, async (url) => {
      assertEquals(await (await fetch(url)).text(), "Hello");
      assertEquals(await acks(url), ["hello", "hello"]);
    }),
});

Deno.test({
  name: "README's default export runs under deno serve",
  ...foreign,
  fn: () =>
    serving("fetch.ts", ["serve", "--quiet"], async (url) => {
      assertEquals(await acks(url), ["hello", "hello"]);
    }),
});

Deno.test({
  name: "README's engine echoes",
  ...foreign,
  fn: () =>
    serving("engine.ts", run, async (_url, port) => {
      const socket = new WebSocket(`ws://localhost:${port}/engine.io/?EIO=4&transport=websocket`);
      const messages: string[] = [];
      await new Promise<void>((done, fail) => {
        socket.onerror = () => fail(new Error("No WebSocket"));
        socket.onmessage = ({ data }) => {
          if (messages.push(data) === 1) socket.send("4hello");
          else done();
        };
      });
      socket.close();
      assertStringIncludes(messages[0]!, '"sid"');
      assertEquals(messages[1], "4hello");
    }),
});

const bun = await optional("bun", () => npmBinary("bun", VERSIONS.bun));

for (const name of ["bun.ts", "bun_export.ts", "bun_hono.ts"]) {
  bun.test({ name: `README's ${name} serves on Bun`, ...foreign }, async (path) => {
    const port = freePort();
    // Bun does not know what names mean here, so Deno makes one file of it.
    const bundle = await start(name, port, "bundle", "--quiet", `--output=${name}.js`);
    assertEquals((await bundle.output()).code, 0);
    const child = new Deno.Command(path, {
      args: ["run", `${name}.js`],
      cwd: project,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    try {
      await untilListening(port, child);
      assertEquals(await acks(`http://localhost:${port}`), ["hello", "hello"]);
      if (name !== "bun_hono.ts") return;
      assertEquals(await (await fetch(`http://localhost:${port}`)).text(), "Hello");
      const own = new WebSocket(`ws://localhost:${port}/own`);
      const answer = new Promise((done) => own.onmessage = ({ data }) => done(data));
      own.onopen = () => own.send("this");
      assertEquals(await answer, "You said this");
      const closed = new Promise((done) => own.onclose = done);
      own.close();
      await closed;
    } finally {
      end(child);
      await child.status;
    }
  });
}

const workerd = await optional("workerd", () => npmBinary("workerd", VERSIONS.workerd));

/** Runs a block in workerd, its one binding being that of the object class, where it has one. */
async function inWorkerd(name: string, use: (url: string) => Promise<void>): Promise<void> {
  const code = blocks.get(name)!.replace('binding: "CHAT"', 'binding: "OBJECTS"');
  await Deno.writeTextFile(`${project}/${name}`, code);
  const bundle = await bundleWorker(new URL(`file://${project}/${name}`));
  await Deno.writeTextFile(`${project}/${name}.js`, bundle.code);
  const className = code.includes("class Chat") ? "Chat" : undefined;
  const onLine = (line: string): void => console.log(line);
  const process = await startWorkerd({ script: `${project}/${name}.js`, className, settings: {}, onLine });
  try {
    await use(`http://127.0.0.1:${process.port}`);
  } finally {
    await process.stop();
  }
}

for (
  const [name, answer] of [["worker.ts", "delivered"], ["sharded.ts", "delivered"], [
    "fetch.ts",
    "hello",
  ]] as const
) {
  workerd.test(
    { name: `README's ${name} serves on Workers`, ...foreign },
    () =>
      inWorkerd(name, async (url) => {
        assertEquals(await acks(url), [answer, answer]);
        if (answer === "hello") return;
        // Eight clients are hardly ever all on one shard.
        const sockets = Array.from(
          { length: 8 },
          () => io(url, { transports: ["websocket"], forceNew: true }),
        );
        try {
          await Promise.all(sockets.map((socket) => next(socket, "connect")));
          const [first, ...others] = sockets;
          const heard = Promise.all(others.map((socket) => next(socket, "said")));
          assertEquals(await first!.emitWithAck("say", "to all"), "delivered");
          for (const [id, text] of await heard) assertEquals([id, text], [first!.id, "to all"]);
        } finally {
          for (const socket of sockets) await closed({ socket });
        }
      }),
  );
}

Deno.test("README's wrangler.jsonc is for its worker.ts, and of the compatibility date that is tested", () => {
  const [, text] = /^```jsonc\n\/\/ wrangler.jsonc\n(.*?)^```$/ms.exec(readme)!;
  const config = JSON.parse(text!);
  assertEquals(config.compatibility_date, COMPATIBILITY_DATE);
  assertEquals(config.main, "worker.ts");
  const [{ name, class_name }] = config.durable_objects.bindings;
  assertEquals(config.migrations[0].new_sqlite_classes, [class_name]);
  assertStringIncludes(blocks.get("worker.ts")!, `binding: "${name}"`);
  assertStringIncludes(blocks.get("worker.ts")!, `class ${class_name} extends SkeinObject`);
});

Deno.test({
  name: "README's server for Deno Deploy sends its clients away without telling them to stay away",
  ...foreign,
  fn: async () => {
    const port = freePort();
    const child = await start("deploy.ts", port, "run", "--allow-net", "--quiet");
    try {
      await untilListening(port, child);
      const socket = io(`http://localhost:${port}`, { transports: ["websocket"], forceNew: true });
      await next(socket, "connect");
      const lost = next(socket, "disconnect");
      child.kill("SIGINT");
      assertEquals((await lost)[0], "transport close");
      assert(socket.active);
      await closed({ socket });
      assertEquals((await child.status).code, 0);
    } finally {
      end(child);
      await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
    }
  },
});
