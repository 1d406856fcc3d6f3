/**
 * The chat on Cloudflare: it goes on after sleep as if nothing had been, and it deploys as it is.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Socket } from "socket.io-client";
import { bundleWorker } from "../../examples/launch/bundle.ts";
import { fileHeaders } from "../../examples/chat/settings.ts";
import { VERSIONS } from "../support/capabilities.ts";
import { npmBinary } from "../support/npm_binary.ts";
import { closed, next } from "../support/client.ts";
import { executable, optional } from "../support/requires.ts";
import { COMPATIBILITY_DATE, startWorkerd } from "../support/targets/workerd_process.ts";
import { draft, visitor } from "./program.ts";

const example = new URL("../../examples/cloudflare/", import.meta.url);
const workerd = await optional("workerd", () => npmBinary("workerd", VERSIONS.workerd));
const node = await optional("node", () => executable("node"));

/** A chat whose object can be put to sleep, and who is in its lobby. */
class Stage implements AsyncDisposable {
  readonly #workerd: Awaited<ReturnType<typeof startWorkerd>>;
  readonly #sockets: Socket[] = [];
  readonly #lives: { count: number };

  private constructor(workerd: Awaited<ReturnType<typeof startWorkerd>>, lives: { count: number }) {
    this.#workerd = workerd;
    this.#lives = lives;
  }

  static async open(): Promise<Stage> {
    const script = await Deno.makeTempFile({ suffix: ".js" });
    const { code } = await bundleWorker(new URL("./cloudflare_worker.ts", import.meta.url));
    await Deno.writeTextFile(script, code);
    const lives = { count: 0 };
    const onLine = (line: string): void => {
      if (line === "life") lives.count++;
    };
    const process = await startWorkerd({ script, className: "Chat", settings: {}, onLine });
    await Deno.remove(script);
    return new Stage(process, lives);
  }

  /** How often the object was made. */
  get lives(): number {
    return this.#lives.count;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#workerd.port}`;
  }

  async sleep(): Promise<void> {
    assertEquals(await (await fetch(`${this.url}/sleep`)).text(), "asleep");
  }

  /** Somebody new. */
  come(nickname: string): Socket {
    const socket = visitor(this.url, nickname, { transports: ["websocket"], reconnection: false });
    this.#sockets.push(socket);
    return socket;
  }

  /** Somebody new in the lobby, and what he sees there. */
  async enter(nickname: string, room = "lobby"): Promise<[Socket, View]> {
    const socket = this.come(nickname);
    return [socket, await ask<View>(socket, "join", room)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) await closed({ socket });
    await this.#workerd.stop();
  }
}

interface View {
  readonly people: readonly { readonly nickname: string }[];
  readonly history: readonly { readonly text: string }[];
}

async function ask<T>(socket: Socket, event: string, argument: unknown): Promise<T> {
  const result = await socket.timeout(8_000).emitWithAck(event, argument);
  assert(result.ok, result.error);
  return result.value;
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const names = (people: readonly { readonly nickname: string }[]): string[] =>
  people.map(({ nickname }) => nickname);

workerd.test("Chat on Cloudflare goes on after sleep: people, rooms, history, pictures", async () => {
  await using stage = await Stage.open();
  const [ada] = await stage.enter("Ada");
  const [grace] = await stage.enter("Grace");
  const said = draft("look", { picture: { type: "image/png", bytes: PNG } });
  await ask(ada, "say", said);

  await stage.sleep();
  const bytes = await ask<ArrayBuffer>(grace, "picture", said["id"]);
  assertEquals(new Uint8Array(bytes), PNG);

  await stage.sleep();
  const heard = next(grace, "message");
  await ask(ada, "say", draft("still here"));
  assertEquals((await heard as [{ text: string }])[0].text, "still here");

  await stage.sleep();
  const [refusal] = await next(stage.come("ADA"), "connect_error") as [Error];
  assertMatch(refusal.message, /called ADA already/);
  const joined = next(ada, "notice");
  const [, view] = await stage.enter("Linus");
  assertEquals(names(view.people), ["Ada", "Grace", "Linus"]);
  assertEquals(view.history.map(({ text }) => text), ["look", "still here"]);
  assertEquals((await joined as [{ kind: string }])[0].kind, "joined");

  await stage.sleep();
  const [left, people] = [next(grace, "notice"), next(grace, "people")];
  ada.disconnect();
  assertEquals((await left as [{ kind: string; person: unknown }])[0].kind, "left");
  assertEquals(names((await people)[0] as { nickname: string }[]), ["Grace", "Linus"]);
  assertEquals(stage.lives, 5);
});

workerd.test("Room that somebody opened is there after sleep, and goes with its last person", async () => {
  await using stage = await Stage.open();
  const [ada] = await stage.enter("Ada", "sea-side");
  const [grace] = await stage.enter("Grace");
  await ask(ada, "say", draft("waves", { room: "sea-side" }));

  await stage.sleep();
  assertEquals((await ask<View>(grace, "join", "sea-side")).history.map(({ text }) => text), ["waves"]);
  await ask(grace, "join", "lobby");

  await stage.sleep();
  const list = next(grace, "rooms");
  ada.disconnect();
  assertEquals((await list as [{ name: string }[]])[0].map(({ name }) => name), [
    "lobby",
    "design",
    "random",
  ]);
  assertEquals((await ask<View>(grace, "join", "sea-side")).history, []);
});

workerd.test("Chat on Cloudflare takes WebSockets only, and tells its page", async () => {
  await using stage = await Stage.open();
  const answer = await fetch(`${stage.url}/socket.io/?EIO=4&transport=polling`);
  assertEquals([answer.status, (await answer.json()).message], [400, "Transport unknown"]);
  const settings = await fetch(`${stage.url}/settings.js`);
  assertEquals(settings.headers.get("content-security-policy"), fileHeaders["content-security-policy"]!);
  assertMatch(await settings.text(), /transports = \["websocket"\]/);
  const other = await fetch(`${stage.url}/other`);
  assertEquals([other.status, await other.text()], [404, "Not found"]);
});

Deno.test("Headers of the page on Cloudflare are those of the chat elsewhere", async () => {
  const lines = (await Deno.readTextFile(new URL("_headers", example))).trim().split("\n").slice(1);
  const headers = Object.fromEntries(lines.map((line) => line.trim().split(/: (.*)/)));
  for (const [name, value] of Object.entries(headers)) assertEquals(value, fileHeaders[name]!);
  assertEquals(Object.keys(headers).length, 3);
});

Deno.test("Cloudflare example is configured for the compatibility date that is tested", async () => {
  assertMatch(
    await Deno.readTextFile(new URL("wrangler.jsonc", example)),
    new RegExp(`"compatibility_date": "${COMPATIBILITY_DATE}"`),
  );
});

node.test("Cloudflare example deploys as it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "skein_wrangler_" });
  try {
    for (const part of ["mod.ts", "src", "examples"]) {
      await copy(new URL(`../../${part}`, import.meta.url).pathname, `${folder}/${part}`);
    }
    const cwd = `${folder}/examples/cloudflare`;
    const manifest = JSON.parse(await Deno.readTextFile(`${cwd}/package.json`));
    // The last wrangler that runs everywhere, and by Deno: nothing else has to be installed.
    const dependencies = { ...manifest.dependencies, wrangler: "4.86.0" };
    await Deno.writeTextFile(`${cwd}/package.json`, JSON.stringify({ type: "module", dependencies }));
    await run(cwd, "install", "--quiet", "--node-modules-dir=auto");
    const said = await run(
      cwd,
      ...["run", "-A", "npm:wrangler@4.86.0", "deploy", "--dry-run", "--minify", "--outdir", "out"],
    );
    assertMatch(said, /Read 12 files from the assets directory/);
    assertMatch(said, /env\.CHAT \(Chat\)\s+Durable Object/);
    const script = await Deno.readTextFile(`${cwd}/out/worker.js`);
    assertEquals([...script.matchAll(/from ?"([^".]+)"/g)].map(([, name]) => name), ["cloudflare:workers"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function run(cwd: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", CI: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, said);
  return said;
}

/** Copies a file, or a folder but for what was installed or made in it. */
async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    if (!["node_modules", "assets", ".wrangler"].includes(name)) {
      await copy(`${from}/${name}`, `${to}/${name}`);
    }
  }
}
