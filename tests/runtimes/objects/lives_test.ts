/**
 * What ends and begins lives of objects in real workerd: deployments, programs that fail or take time, snapshots that
 * cannot be written, WebSockets of the program's own.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { io, type ManagerOptions, type Socket } from "socket.io-client";
import { startWorkerd, type Workerd } from "../../support/targets/workerd_process.ts";
import { pause, within } from "../../support/within.ts";
import { bundle } from "./bundle.ts";

type Line = Record<string, unknown>;

/** The Worker, and what it printed. */
class Stage implements AsyncDisposable {
  readonly #sockets: Socket[] = [];

  private constructor(readonly workerd: Workerd, readonly lines: Line[]) {}

  static async start(): Promise<Stage> {
    const script = await bundle(new URL("./life_worker.ts", import.meta.url));
    const lines: Line[] = [];
    const workerd = await startWorkerd({
      script,
      className: "Life",
      settings: {},
      onLine: (line) => {
        if (line.startsWith("{")) lines.push(JSON.parse(line));
      },
    });
    return new Stage(workerd, lines);
  }

  /**
   * A client of an object, connected. One after the other: this workerd does not evict an object of which a WebSocket
   * was accepted while other requests were under way.
   */
  async client(object: string, options: Partial<ManagerOptions> = {}): Promise<Socket> {
    const socket = this.begin(object, options);
    await event(socket, "connect");
    return socket;
  }

  /** A client of an object, which begins to connect. */
  begin(object: string, options: Partial<ManagerOptions> = {}): Socket {
    const socket = io(`http://127.0.0.1:${this.workerd.port}`, {
      forceNew: true,
      transports: ["websocket"],
      query: { object },
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      ...options,
    });
    this.#sockets.push(socket);
    return socket;
  }

  async evict(object: string, webSockets: "hibernate" | "close" = "hibernate"): Promise<void> {
    const { port } = this.workerd;
    const response = await fetch(
      `http://127.0.0.1:${port}/evict?${new URLSearchParams({ object, webSockets })}`,
    );
    assertEquals(await response.text(), "evicted");
  }

  /** The first line that is so, printed or still to come. */
  async line(what: string, isSo: (line: Line) => boolean): Promise<Line> {
    for (let tries = 0; tries < 500; tries++) {
      const line = this.lines.find(isSo);
      if (line !== undefined) return line;
      await pause(10);
    }
    throw new Error(`no line: ${what}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect();
    await pause(50);
    await this.workerd.stop();
  }
}

function event(socket: Socket, name: string): Promise<unknown[]> {
  return within(
    new Promise((resolve) => socket.once(name, (...args: unknown[]) => resolve(args))),
    `"${name}" at a client`,
  );
}

const ask = (socket: Socket, ...args: [string, ...unknown[]]): Promise<unknown> =>
  socket.timeout(5_000).emitWithAck(...args);

function life(name: string, fn: (stage: Stage) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false, // sockets of Deno that are closed leave an op for a while
    sanitizeResources: false, // and themselves
    async fn() {
      await using stage = await Stage.start();
      await fn(stage);
    },
  });
}

life(
  "Deployment ends WebSockets: clients come back as who they were, and get what they missed",
  async (stage) => {
    const here = await stage.client("one");
    const gone = await stage.client("one");
    const other = await stage.client("one");
    const { id } = here;
    assertEquals(await ask(here, "set", { deep: [1, "two"] }), 18);
    const heard = event(here, "all");
    other.emit("all", "before"); // gives offsets to clients, without which nothing can be recovered
    await heard;
    const lost = event(here, "disconnect");
    gone.io.reconnection(false);
    here.io.reconnectionDelay(700).reconnectionDelayMax(700);
    const missed: unknown[] = [];
    here.on("all", (what: unknown) => missed.push(what));
    await stage.evict("one", "close");
    await lost;
    await event(other, "connect");
    other.emit("all", "missed");
    await event(here, "connect");
    assertEquals([here.id, here.recovered], [id, true]);
    assertEquals(await ask(here, "get"), { deep: [1, "two"] });
    assertEquals(missed, ["missed"]);
    assert(!gone.connected);
  },
);

life("Objects of one class are servers of their own", async (stage) => {
  const one = await stage.client("one");
  const two = await stage.client("two", { transports: ["polling", "websocket"] });
  const heard: unknown[] = [];
  two.on("all", (what: unknown) => heard.push(what));
  one.emit("all", 1);
  assertEquals([await ask(one, "name"), await ask(two, "name"), heard], ["one", "two", []]);
});

life("Setup that takes time is waited for, in each life", async (stage) => {
  const slow = await stage.client("slow");
  for (let round = 0; round < 2; round++) {
    await stage.evict("slow");
    const answers = await Promise.all([1, 2, 3].map((n) => ask(slow, "set", n)));
    assertEquals([answers, await ask(slow, "get")], [[1, 1, 1], 3]);
  }
});

life("Setup that fails is tried again with the next request", async (stage) => {
  const client = stage.begin("fails");
  const [error] = await event(client, "connect_error");
  assert(error instanceof Error);
  await event(client, "connect");
  assertEquals(await ask(client, "name"), "fails");
  assertMatch(stage.workerd.complaints.join("\n"), /no luck/);
});

life(
  "Snapshot that is large goes to the storage; one that cannot be kept names the socket",
  async (stage) => {
    const client = await stage.client("one");
    for (const size of [20_000, 300_000, 1_500_000]) {
      assertEquals(await ask(client, "fill", size), size);
      await stage.evict("one");
      assertEquals(await ask(client, "length"), size);
    }
    const { id } = client;
    const impossible: [what: [string, ...unknown[]], why: string][] = [
      [["fill", 3_000_000], "too"],
      [["function"], "clone"],
    ];
    for (const [what, why] of impossible) {
      stage.lines.length = 0;
      await ask(client, ...what);
      const { error } = await stage.line("an error of sleep", ({ where }) => where === "sleep");
      assert(String(error).includes(`socket "${id}" in "/"`), String(error));
      assert(String(error).includes(why), String(error));
      await stage.evict("one");
      assertEquals(await ask(client, "length"), 1_500_000); // what it had last
    }
    assertEquals(await ask(client, "set", "small"), 7);
    await stage.evict("one");
    assertEquals(await ask(client, "get"), "small");
  },
);

life("WebSockets of the program's own are left alone, and alarms may be shared", async (stage) => {
  const client = await stage.client("one");
  const own = new WebSocket(`ws://127.0.0.1:${stage.workerd.port}/own?object=one`);
  await within(new Promise((resolve) => own.onopen = resolve), "a WebSocket of the program's own");
  const answers: unknown[] = [];
  own.onmessage = ({ data }) => answers.push(data);
  for (let round = 1; round <= 2; round++) {
    await stage.evict("one");
    own.send(String(round));
    assertEquals(await ask(client, "name"), "one");
    let pings = 0;
    await within(
      new Promise<void>((resolve) => client.io.on("ping", () => ++pings === 2 ? resolve() : undefined)),
      "two pings",
    );
  }
  assertEquals(answers, ["own 1", "own 2"]);
  await stage.line("an alarm", ({ alarm }) => alarm === "one");
  client.disconnect();
  await stage.line("that the client left", ({ left }) => left !== undefined);
  await pause(1_300);
  stage.lines.length = 0;
  own.send("three");
  await pause(1_300);
  assertEquals([answers, stage.lines], [["own 1", "own 2", "own three"], []]); // no alarm where no client of ours is
  const closed = new Promise((resolve) => own.onclose = resolve);
  own.close();
  await closed;
});
