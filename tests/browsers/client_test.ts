/**
 * Our client in real browsers, as a page gets it: from the server, by a script tag.
 *
 * One story for each browser, since each step needs what the one before left: polling, upgrade, binary, a lost
 * connection, a killed server, a hidden page, a page that is left.
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { BROWSERS, type Page } from "../support/browsers.ts";
import { freePort } from "../support/browsers/browser.ts";
import { Road } from "../support/road.ts";
import { pause, within } from "../support/within.ts";

/** A server process. */
class TestServer implements AsyncDisposable {
  readonly port: number = freePort();
  #child: Deno.ChildProcess | undefined;

  async start(): Promise<void> {
    const child = this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", new URL("server.ts", import.meta.url).pathname, String(this.port)],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    const { done } = await within(reader.read(), "the server", 20_000);
    await reader.cancel();
    assert(!done, "the server ended");
  }

  /** As when its machine loses power. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  async get(path: string): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.port}${path}`)).text();
  }

  async state(): Promise<{ counted: number[]; left: string[]; sockets: number }> {
    return JSON.parse(await this.get("/state"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** Functions that the steps use in the page. */
const PRELUDE = `
  globalThis.until = async (what, check) => {
    for (let n = 0; n < 1000; n++) {
      if (await check()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error("waited in vain for " + what);
  };
  globalThis.bytes = (value) => {
    if (!(value instanceof ArrayBuffer)) throw new Error("no ArrayBuffer: " + value);
    return [...new Uint8Array(value)];
  };
  globalThis.connect = (options) => {
    const socket = io({ reconnectionDelay: 50, reconnectionDelayMax: 200, forceNew: true, ...options });
    const log = { began: [], news: [], reasons: [], recovered: [] };
    // When its namespace is joined it may have moved on.
    socket.io.on("open", () => log.began.push(socket.io.engine.transport.name));
    socket.on("connect", () => {
      log.recovered.push(socket.recovered);
    });
    socket.on("disconnect", (reason) => log.reasons.push(reason));
    socket.on("news", (n) => log.news.push(n));
    socket.on("question", (value, answer) => answer([value, new Uint8Array(bytes(value))]));
    return Object.assign(socket, { log });
  };
`;

for (const [name, browser] of Object.entries(BROWSERS)) {
  browser.test(
    `Client in ${name} connects, upgrades, sends binary, and comes back from losses`,
    async (start, t) => {
      await using server = new TestServer();
      await server.start();
      await using road = await Road.to(server.port);
      await using running = await start();
      const { page } = running;
      await page.goto(`${road.origin}/`);
      await page.run(PRELUDE);

      await t.step("it connects by polling and upgrades to WebSocket", async () => {
        const [first, then] = await page.run<[string, string]>(`
        globalThis.socket = connect({});
        await until("the connection", () => socket.connected);
        await until("the upgrade", () => socket.io.engine.transport.name === "websocket");
        return [socket.log.began[0], socket.io.engine.transport.name];`);
        assertEquals([first, then], ["polling", "websocket"]);
      });

      for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
        await t.step(
          `binary goes both ways over ${transports.join(" and ")}`,
          () => binary(page, transports),
        );
      }

      await t.step("what was missed comes, once, when the connection was lost", async () => {
        await page.run(`await until("the join", () => socket.connected); socket.log.news.length = 0;`);
        await server.get("/emit?n=1");
        await page.run(`await until("the first news", () => socket.log.news.length === 1);`);
        const id = await page.run<string>("return socket.id;");
        await page.run(`socket.io.reconnectionDelay(1_000);`); // time to miss something
        road.reset();
        await page.run(`await until("the loss", () => !socket.connected);`);
        for (const n of [2, 3]) {
          await server.get(`/emit?n=${n}`);
        }
        await page.run(`await until("the connection", () => socket.connected);`);
        await server.get("/emit?n=4");
        const [news, recovered, again] = await page.run<[number[], boolean[], string]>(`
        await until("the last news", () => socket.log.news.includes(4));
        socket.io.reconnectionDelay(50);
        return [socket.log.news, socket.log.recovered, socket.id];`);
        assertEquals([news, recovered, again], [[1, 2, 3, 4], [false, true], id]);
      });

      await t.step("what was emitted while the server was dead arrives once at the next", async () => {
        const id = await page.run<string>("return socket.id;");
        await server.kill();
        await page.run(`
        await until("the loss", () => !socket.connected);
        for (const n of [1, 2, 3]) socket.emit("count", n);
        await new Promise((resolve) => setTimeout(resolve, 500)); // attempts fail meanwhile
        if (socket.connected || !socket.active) throw new Error("no server, and yet connected or given up");`);
        await server.start();
        const next = await page.run<string>(`
        await until("the connection", () => socket.connected);
        await socket.timeout(5_000).emitWithAck("echo", 1);
        return socket.id;`);
        assertNotEquals(next, id);
        assertEquals((await server.state()).counted, [1, 2, 3]);
      });

      await t.step("a hidden page stays connected and hears, and is there when it is shown", async () => {
        await page.hide();
        const id = await page.run<string>("socket.log.news.length = 0; return socket.id;");
        await pause(2_500); // several pings
        await server.get("/emit?n=5");
        assertEquals(
          await page.run(`await until("the news", () => socket.log.news.length > 0);
          return [socket.id, socket.log.news, document.visibilityState];`),
          [id, [5], "hidden"],
        );
        await server.kill();
        await page.run(`await until("the loss", () => !socket.connected);`);
        await server.start();
        await page.show();
        await page.run(`await until("the connection", () => socket.connected);`);
      });

      await t.step(
        "a page that is left is gone at once, and connects again where it comes back",
        async () => {
          // Who leaves between two polls, or while one is ended by an upgrade, is found by the heartbeat.
          await page.run(
            `await until("the upgrade", () => socket.io.engine.transport.name === "websocket");`,
          );
          assertEquals((await server.state()).sockets, 1);
          await page.run("globalThis.isTheSame = true;");
          await page.goto(`${road.origin}/elsewhere`);
          await within(
            (async () => {
              while ((await server.state()).sockets > 0) await pause(20);
            })(),
            "the server to notice",
          );
          await page.run("setTimeout(() => history.back());");
          await pause(500);
          // A browser need not keep a page; one that it kept goes on.
          const kept = await page.run<boolean>("return globalThis.isTheSame === true;");
          console.log(`${name} ${kept ? "kept" : "did not keep"} the page`);
          if (kept) await page.run(`await until("the connection", () => socket.connected);`);
        },
      );
    },
  );
}

async function binary(page: Page, transports: string[]): Promise<void> {
  const got = await page.run(
    `
    const socket = connect({ transports: args[0] });
    const sent = { deep: [new Uint8Array([1, 2]).buffer, new Blob(["ab"])], view: new DataView(new ArrayBuffer(1)) };
    const back = await socket.timeout(5_000).emitWithAck("echo", sent);
    const large = new Uint8Array(300_000).map((_, n) => n * 7);
    const same = bytes(await socket.timeout(8_000).emitWithAck("echo", large));
    const [asked, copied] = await socket.timeout(5_000).emitWithAck("ask me");
    const closed = new Promise((resolve) => socket.io.engine.once("close", resolve));
    socket.disconnect();
    await closed;
    return [
      back.deep.map(bytes), bytes(back.view), bytes(asked), bytes(copied),
      same.length === large.length && same.every((byte, n) => byte === large[n]),
    ];`,
    transports,
  );
  assertEquals(got, [[[1, 2], [97, 98]], [0], [7], [7], true]);
}
