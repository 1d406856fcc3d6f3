/**
 * What Durable Objects cost: `deno run -A tests/bench/objects/objects.ts [idle seconds]` prints the size of a sleeping
 * socket, how often an idle object wakes, how long waking takes with 5,000 sockets, and what is billed for 1,000
 * broadcasts over 1, 8 and 32 shards; and, by arithmetic with Cloudflare's list prices, a month of 100,000 sockets.
 *
 * In workerd on this machine: counts are exact, times are of this machine. It needs a workerd that evicts objects
 * whose WebSockets came at once, which that of the suites does not (see ARCHITECTURE.md).
 * @module
 */
import { serialize } from "node:v8";
import { bundle } from "../../runtimes/objects/bundle.ts";
import { median } from "../median.ts";
import { startWorkerd, type Workerd } from "../../support/targets/workerd_process.ts";

const VERSION = "1.20261117.1";
const BROWSER = {
  "user-agent":
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "accept-language": "en-US,en;q=0.9",
  origin: "https://chat.example.com",
  cookie: "session=0123456789abcdef0123456789abcdef",
};

/** A client that counts what it hears. */
class Client {
  heard = 0;
  readonly connected: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #socket: WebSocket;
  readonly #waiting: (() => void)[] = [];

  constructor(port: number) {
    const options = { headers: BROWSER } as unknown as string[];
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, options);
    this.#socket.onmessage = ({ data }) => {
      const frame = String(data);
      if (frame.startsWith("0")) this.#socket.send("40");
      else if (frame === "2") this.#socket.send("3");
      else if (frame.startsWith("40{")) this.connected.resolve();
      else if (frame.startsWith("42")) this.heard++;
      else this.#waiting.shift()?.();
    };
  }

  ask(frame: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.send(frame);
    });
  }

  close(): void {
    this.#socket.close();
  }
}

interface Stage extends AsyncDisposable {
  readonly clients: Client[];
  get(path: string): Promise<string>;
}

const script = await bundle(new URL("./worker.ts", import.meta.url));

async function stage(sockets: number, settings: Record<string, unknown> = {}): Promise<Stage> {
  const workerd: Workerd = await startWorkerd({
    script,
    className: "Bench",
    version: VERSION,
    settings: { shards: 1, recovery: false, announceAll: false, ...settings },
    onLine: console.error,
  });
  const clients: Client[] = [];
  while (clients.length < sockets) {
    const batch = Array.from(
      { length: Math.min(50, sockets - clients.length) },
      () => new Client(workerd.port),
    );
    await Promise.all(batch.map(({ connected }) => connected.promise));
    clients.push(...batch);
  }
  return {
    clients,
    get: async (path) => await (await fetch(`http://127.0.0.1:${workerd.port}${path}`)).text(),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await workerd.stop();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

console.log("## A sleeping socket\n");
for (const recovery of [false, true]) {
  await using one = await stage(1, { recovery });
  await one.clients[0]!.ask('420["join",["lobby","team-42","document-0123"]]');
  await one.clients[0]!.ask("40/second,");
  const bytes = serialize(JSON.parse(await one.get("/snapshot"))).length;
  console.log(
    `- 3 rooms, 2 namespaces, a browser's headers, recovery ${recovery ? "on" : "off"}: ${bytes} bytes`,
  );
}

const seconds = Number(Deno.args[0] ?? 110);
const IDLE = 100;
let alarmsPerHour = 0;
{
  await using idle = await stage(IDLE);
  await idle.get("/counts");
  await pause(seconds * 1_000);
  const counts = JSON.parse(await idle.get("/counts"));
  alarmsPerHour = counts.alarms / seconds * 3_600;
  console.log(`\n## ${IDLE} silent sockets for ${seconds} s\n\n- counted: ${JSON.stringify(counts)}`);
  console.log(`- ${alarmsPerHour.toFixed(0)} wakes an hour of the object, however many sockets it has`);
  console.log(
    `- wakes per socket-hour: ${(alarmsPerHour / IDLE).toFixed(2)} at ${IDLE} sockets, ` +
      `${(alarmsPerHour / 5_000).toFixed(3)} at 5,000`,
  );
}

console.log("\n## Waking with 5,000 sockets, ms until the first event is answered\n");
for (const announceAll of [false, true]) {
  await using many = await stage(5_000, { announceAll });
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    await many.get("/evict");
    const start = performance.now();
    await many.clients[2_500]!.ask('420["echo",1]');
    times.push(performance.now() - start);
  }
  await many.get("/evict");
  const start = performance.now();
  await many.clients[0]!.ask('421["broadcast",1,0]');
  while (many.clients.some(({ heard }) => heard === 0)) await pause(1);
  const all = performance.now() - start;
  console.log(
    `- ${announceAll ? "`connection` listeners for all" : "`onEvent` handlers"}: ` +
      `${median(times).toFixed(0)} (${times.map((time) => time.toFixed(0)).join(", ")}); ` +
      `an event that is broadcast has reached all after ${all.toFixed(0)}`,
  );
}

console.log("\n## 1,000 broadcasts to 64 sockets\n");
for (const recovery of [false, true]) {
  for (const shards of [1, 8, 32]) {
    await using few = await stage(64, { shards, recovery });
    for (const [gap, words] of [[0, "in one turn"], [5, "each by itself"]] as const) {
      await few.get("/counts");
      for (const client of few.clients) client.heard = 0;
      await few.clients[0]!.ask(`420["broadcast",1000,${gap}]`);
      while (few.clients.some(({ heard }) => heard < 1_000)) await pause(10);
      await pause(200);
      const counts = JSON.parse(await few.get("/counts"));
      const requests = (counts["calls to hubs"] ?? 0) + (counts["calls to shards"] ?? 0) +
        (counts.messages ?? 0) / 20;
      const written = (counts["row put"] ?? 0) + (counts["row delete"] ?? 0);
      const read = (counts["row get"] ?? 0) + (counts["row list"] ?? 0);
      console.log(
        `- ${shards} shards, recovery ${recovery ? "on" : "off"}, ${words}: ` +
          `${requests.toFixed(1)} requests, ${written} rows written, ${read} reads`,
      );
    }
  }
}

// List prices (edge-platforms.md 2.4), without what is included: $ per request, row written, GB-s.
const REQUEST = 0.15e-6;
const ROW = 1e-6;
const GB_S = 12.5e-6;
const HOURS = 720;
const SOCKETS = 100_000;
const PER_OBJECT = 3_125;
const objects = SOCKETS / PER_OBJECT;
const alarms = alarmsPerHour * HOURS * objects;
/** Each socket connects and says something ten times a day; the object is awake for 20 ms for each. */
const messages = SOCKETS * 10 * 30;
const connects = SOCKETS * 2 * 30;
const awake = (messages * 0.02 + alarms * 0.2) * 0.125;
const sleeping = alarms * (REQUEST + ROW) + (messages / 20 + connects) * REQUEST + awake * GB_S;
const neverSleeping = objects * HOURS * 3_600 * 0.125 * GB_S + (messages / 20 + connects) * REQUEST;
console.log(
  `\n## A month of ${SOCKETS.toLocaleString("en")} sockets in ${objects} objects (arithmetic)\n
- assumed: two connections and ten messages of each socket a day, 20 ms awake for each message, 200 ms for each alarm
- asleep in between: $${sleeping.toFixed(2)} (alarms $${(alarms * (REQUEST + ROW)).toFixed(2)}, requests ` +
    `$${((messages / 20 + connects) * REQUEST).toFixed(2)}, duration $${(awake * GB_S).toFixed(2)})
- objects that never sleep: $${neverSleeping.toFixed(2)}; with pongs that reach them ` +
    `$${(neverSleeping + SOCKETS * alarmsPerHour * HOURS / 20 * REQUEST).toFixed(2)}`,
);
