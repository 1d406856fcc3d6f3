/**
 * Our client against the official server in a Node process, over each transport and with both wire formats.
 * @module
 */
import { assertEquals } from "@std/assert";
import { io } from "../../src/client/mod.ts";
import { msgpackParser } from "../../src/client/msgpack.ts";
import { scenario } from "../runtimes/client/scenario.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { executable, optional } from "../support/requires.ts";
import { Road } from "../support/road.ts";
import { pause, within } from "../support/within.ts";

const node = await optional("node", () => executable("node"));

/** A folder with the packages, for all tests here. Made by Deno from its own cache: no other package manager. */
let installed: Promise<string> | undefined;

async function install(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "skein_node_server_" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const dependencies = { "socket.io": "4.8.4", "socket.io-msgpack-parser": "3.0.2" };
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ type: "module", dependencies }));
  await Deno.copyFile(new URL("./node_server.mjs", import.meta.url), `${folder}/server.mjs`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: folder,
  })
    .output();
  if (!success) throw new Error(`Cannot install socket.io: ${new TextDecoder().decode(stderr)}`);
  return folder;
}

/** The server. Dispose of it. */
class NodeServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #text = "";

  private constructor(child: Deno.ChildProcess, lines: ReadableStreamDefaultReader<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.#stdin = child.stdin.getWriter();
    this.port = port;
  }

  static async start(command: string, format: "json" | "msgpack"): Promise<NodeServer> {
    const cwd = await (installed ??= install());
    const child = new Deno.Command(command, {
      args: ["server.mjs", format],
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await within(lines.read(), "the port", 20_000)).value ?? "\n";
    return new NodeServer(child, lines, Number(/port (\d+)/.exec(text)![1]));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async news(n: number): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(`news ${n}\n`));
  }

  /** Waits for the next client to leave; why it did. */
  async left(): Promise<string> {
    for (;;) {
      const found = /left (.*)\n/.exec(this.#text);
      if (found) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found[1]!;
      }
      const { value, done } = await within(this.#lines.read(), "a client to leave");
      if (done) throw new Error("The server ended");
      this.#text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close();
    await this.#child.status;
    await this.#lines.cancel();
  }
}

for (const [name, transports] of TRANSPORTS) {
  node.test(`Client over ${name} talks to the official server in Node`, async (command) => {
    await using server = await NodeServer.start(command, "json");
    const told = await scenario(server.origin, transports);
    assertEquals(told, {
      transport: transports.at(-1)!,
      echo: { é: "\u{1F600}" },
      bytes: [[1, 2], [97, 98], [], [9]],
      answered: "why",
      auth: { from: "a runtime" },
      refused: "not authorized",
      isBack: true,
      reasons: [told.reasons[0]!, "io client disconnect"],
    });
    assertEquals([await server.left(), await server.left()], ["forced close", "client namespace disconnect"]);
  });

  node.test(`Client over ${name} is recovered by the official server in Node`, async (command) => {
    await using server = await NodeServer.start(command, "json");
    await using road = await Road.to(server.port);
    const socket = io(road.origin, {
      transports,
      forceNew: true,
      reconnectionDelay: 300,
      randomizationFactor: 0,
    });
    const heard: number[] = [];
    const until = (n: number): Promise<void> =>
      within(
        new Promise<void>((resolve) => {
          const check = (): unknown => heard.includes(n) && resolve();
          socket.on("news", check);
          check();
        }),
        `the news ${n}`,
      );
    socket.on("news", (n: number) => heard.push(n));
    await within(new Promise<void>((resolve) => socket.on("auth", () => resolve())), "the connection");
    const { id } = socket;
    await server.news(1);
    await until(1);
    const lost = new Promise((resolve) => socket.once("disconnect", resolve));
    await pause(100); // between two polls there is nothing to cut
    road.reset();
    await server.left();
    for (const n of [2, 3]) await server.news(n);
    await lost;
    await until(3);
    await server.news(4);
    await until(4);
    assertEquals([heard, socket.recovered, socket.id], [[1, 2, 3, 4], true, id]);
    const closed = new Promise<void>((resolve) => socket.io.engine!.once("close", () => resolve()));
    socket.disconnect();
    await closed;
    assertEquals(await server.left(), "client namespace disconnect");
  });

  node.test(`Client over ${name} speaks MessagePack with the official server in Node`, async (command) => {
    await using server = await NodeServer.start(command, "msgpack");
    const socket = io(server.origin, { transports, forceNew: true, parser: msgpackParser, auth: { a: 1 } });
    const auth = new Promise((resolve) => socket.once("auth", resolve));
    assertEquals(await within(auth, "the auth event"), { a: 1 });
    const sent = { n: 1.5, list: [null, "é", true], bytes: new Uint8Array([1, 2]) };
    assertEquals(await socket.timeout(5_000).emitWithAck("message-with-ack", sent), {
      ...sent,
      bytes: sent.bytes.buffer,
    });
    const closed = new Promise<void>((resolve) => socket.io.engine!.once("close", () => resolve()));
    socket.disconnect();
    await closed;
    assertEquals(await server.left(), "client namespace disconnect");
  });
}
