/**
 * Many shards with many sockets, in real workerd: what is sent to a room reaches each of its members once, in the
 * order of each sender, and nobody else; questions reach everybody.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { startWorkerd } from "../../support/targets/workerd_process.ts";
import { bundle } from "./bundle.ts";

const SHARDS = 32;
const SOCKETS = 2_000;
const ROOMS = 7;
const SENDERS = 10;
const MESSAGES = 30;

/** A client without a library: 2,000 of the official ones would take this machine's memory. */
class Client {
  readonly heard: unknown[][] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: unknown[]) => void>();
  readonly #connected = Promise.withResolvers<string>();
  #ids = 0;

  constructor(port: number, readonly number: number) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.onmessage = ({ data }) => this.#take(String(data));
    this.#socket.onerror = () => this.#connected.reject(new Error("WebSocket error"));
  }

  get room(): string {
    return `room ${this.number % ROOMS}`;
  }

  /** The shard. */
  async shard(): Promise<string> {
    return (await this.#connected.promise).split("~")[0]!;
  }

  emit(...data: unknown[]): void {
    this.#socket.send(`42${JSON.stringify(data)}`);
  }

  ask(...data: unknown[]): Promise<unknown[]> {
    const id = this.#ids++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(`42${id}${JSON.stringify(data)}`);
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
  }

  #take(frame: string): void {
    const [, type, id, rest] = /^(\d{1,2})(\d*)(.*)$/s.exec(frame.startsWith("4") ? frame : `${frame[0]}`)!;
    if (frame.startsWith("0")) this.#socket.send("40");
    else if (frame === "2") this.#socket.send("3");
    else if (type === "40") this.#connected.resolve(JSON.parse(frame.slice(2)).sid);
    else if (type === "43") this.#waiting.get(Number(id))!(JSON.parse(rest!));
    else if (type === "42") {
      const [event, ...args] = JSON.parse(rest!);
      if (event === "question") this.#socket.send(`43${id}[${this.number}]`);
      else this.heard.push(args);
    }
  }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test({
  name: `${SHARDS} shards with ${SOCKETS} sockets take what is for a room to each member once, in order`,
  sanitizeOps: false, // sockets of Deno that are closed leave an op for a while
  async fn() {
    const script = await bundle(new URL("./worker.ts", import.meta.url));
    const complaints: string[] = [];
    const workerd = await startWorkerd({
      script,
      className: "Shard",
      settings: { shards: SHARDS },
      onLine: (line) => complaints.push(line),
    });
    const clients: Client[] = [];
    try {
      while (clients.length < SOCKETS) {
        const batch = Array.from(
          { length: 50 },
          (_, index) => new Client(workerd.port, clients.length + index),
        );
        await Promise.all(batch.map(async (client) => {
          await client.shard();
          await client.ask("join", client.room);
        }));
        clients.push(...batch);
      }
      const shards = new Set(await Promise.all(clients.map((client) => client.shard())));
      assertEquals(shards.size, SHARDS);

      const senders = clients.slice(0, SENDERS);
      for (let n = 0; n < MESSAGES; n++) {
        for (const sender of senders) sender.emit("say", `room ${n % 3}`, sender.number, n);
        if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const due = (client: Client): number =>
        client.number % ROOMS < 3 ? SENDERS * Math.ceil((MESSAGES - client.number % ROOMS) / 3) : 0;
      await until(() => clients.every((client) => client.heard.length >= due(client)), "what was said");
      for (const client of clients) {
        assertEquals(client.heard.length, due(client), `client ${client.number}`);
        for (const sender of senders) {
          const numbers = client.heard.filter(([from]) => from === sender.number).map(([, n]) => n as number);
          assertEquals(numbers, numbers.toSorted((a, b) => a - b), `client ${client.number}`);
          assertEquals(new Set(numbers).size, numbers.length);
        }
      }

      const one = clients[77]!;
      assertEquals(await one.ask("count"), [SOCKETS]);
      const answers = (await one.ask("ask", "room 5"))[0] as number[];
      const members = clients.filter(({ room }) => room === "room 5").map(({ number }) => number);
      assertEquals(answers.toSorted((a, b) => a - b), members);
      const others = (await one.ask("servers"))[0] as string[];
      assertEquals(new Set(others).size, SHARDS - 1);
      assert(!others.includes(`main/${(await one.shard()).slice(1)}`));
      assertEquals(complaints, []);
    } finally {
      await Promise.all(clients.map((client) => client.close()));
      await workerd.stop();
    }
  },
});
