/**
 * What silent clients cost: `deno run -A tests/bench/scale/idle.ts` keeps 10,000 WebSockets open that only answer
 * pings, on Deno and on Bun, and prints the CPU of the server process. Linux.
 * @module
 */
import { BUN_VERSION } from "../../support/bun.ts";
import { npmBinary } from "../../support/npm_binary.ts";

const SOCKETS = 10_000;
/** s of each measurement: three heartbeats of the default 25 s. */
const SECONDS = 75;
/** ms for connections and the garbage they made to settle: all pings of one interval fall into the measurement. */
const SETTLING = 3_000;
/** How many clients connect at a time. */
const AT_A_TIME = 100;
/** The ticks of /proc/PID/stat per second. Source: proc(5); 100 on all Linux machines there are. */
const TICKS = 100;

/** 10,000 connections need as many files; a shell raises the limit, and is replaced by the program. */
const WITH_FILES = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

/** Resolves when a client of ours is connected; it then answers pings for as long as this process lives. */
function connect(port: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
    socket.onerror = () => reject(new Error("Cannot connect an idle client"));
    socket.onmessage = ({ data }) => {
      if (data === "2") socket.send("3");
      else if (String(data).startsWith("0")) socket.send("40");
      else resolve(socket);
    };
  });
}

/** s of CPU that a process has used. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function measure(command: string, args: readonly string[], port: number): Promise<number> {
  await using server = new Deno.Command("bash", {
    args: ["-c", WITH_FILES, "-", command, ...args],
    env: { PORT: `${port}` },
    stdout: "null",
  }).spawn();
  while (!await fetch(`http://127.0.0.1:${port}/gc`).then((answer) => answer.text(), () => undefined)) {
    await pause(50);
  }
  for (let i = 0; i < SOCKETS; i += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, () => connect(port)));
  }
  await pause(SETTLING);
  const before = await cpuOf(server.pid);
  await pause(SECONDS * 1_000);
  const spent = await cpuOf(server.pid) - before;
  server.kill("SIGKILL");
  return spent / SECONDS;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What they cost, in Markdown. In a process of its own: the clients need as many files as the server. */
export async function idleSection(): Promise<string> {
  const { code, stdout } = await new Deno.Command("bash", {
    args: ["-c", WITH_FILES, "-", Deno.execPath(), "run", "-A", new URL(import.meta.url).pathname],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`Cannot measure idle sockets: the clients ended with code ${code}`);
  return new TextDecoder().decode(stdout);
}

async function section(): Promise<string> {
  const root = new URL("../../../", import.meta.url);
  const file = (name: string): string => new URL(`tests/bench/servers/${name}`, root).pathname;
  const config = `--config=${new URL("deno.json", root).pathname}`;
  const deno = await measure(Deno.execPath(), ["run", "-A", config, file("skein_deno.ts")], 9830);
  const bun = await measure(await npmBinary("bun", BUN_VERSION), ["run", file("skein_bun.ts")], 9831);
  const line = (name: string, share: number): string =>
    `| ${name} | ${(share * 100).toFixed(2)} % | ${(share * 1e6 * 25 / SOCKETS).toFixed(1)} µs |`;
  return [
    `## ${SOCKETS.toLocaleString("en")} silent sockets`,
    "",
    `CPU of the server over ${SECONDS} s, with a ping and a pong for each socket every 25 s. In a Durable Object ` +
    "they cost one alarm per 25 s and object, and its sends: see README.",
    "",
    "| runtime | CPU | per socket and heartbeat |",
    "|---|---|---|",
    line("Deno", deno),
    line("Bun", bun),
    "",
  ].join("\n");
}

if (import.meta.main) {
  console.log(await section());
  Deno.exit(0); // the sockets
}
