/**
 * The README's code, taken from the README and run as it says: every server block serves, and the client block
 * prints what is promised.
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { io } from "socket.io-client";
import officialMsgpack from "npm:socket.io-msgpack-parser@3.0.2";

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
      "@skein/io/contract": new URL("src/contract/mod.ts", root).href,
      "@skein/io/engine": new URL("src/server/engine.ts", root).href,
      "@skein/io/msgpack": new URL("src/server/msgpack.ts", root).href,
    },
    lock: false,
  }),
);

/** Runs one block in a process of its own; `localhost:8000` becomes `localhost:port`. */
async function start(name: string, port: number, ...command: string[]): Promise<Deno.ChildProcess> {
  await Deno.writeTextFile(
    `${project}/${name}`,
    blocks.get(name)!.replaceAll("localhost:8000", `localhost:${port}`),
  );
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
  ]);
});

Deno.test("README's code passes the type check", async () => {
  for (const name of blocks.keys()) {
    const child = await start(name, 8000, "check");
    const { success, stderr } = await child.output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(success, true, `${name}: ${said}`);
    assertStringIncludes(said, `Check ${name}`); // it was not passed over
  }
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
      const client = await start("client.ts", port, "run", "--allow-all", "--quiet");
      const { stdout } = await client.output();
      assertEquals(new TextDecoder().decode(stdout), "delivered\n");
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
    serving("contract.ts", run, async (url) => {
      assertEquals(await acks(url), ["hello", "hello"]);
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
