/**
 * README's matrix "feature by runtime": each row is a test that runs on every target, and a cell says "no" exactly
 * where that test is skipped since the platform cannot, with the reason that the summary of `deno task test` gives.
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Capabilities, targetOf, TARGETS, VERSIONS } from "../support/capabilities.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

/** The column of each target. */
const columns: Readonly<Record<string, string>> = {
  deno: "Deno 2.9",
  deno25: `Deno ${VERSIONS.deno25.replace(/\.0$/, "")}`,
  bun: `Bun ${VERSIONS.bun.replace(/\.\d+$/, "")}`,
  workerd: "Workers, one isolate",
  "workerd-do": "Durable Object",
  "workerd-sharded": "Durable Objects, sharded",
};

const ENGINE = "tests/conformance/engine_io";
const SUITE = "tests/runtimes/suite";

/** The test behind each row: its file, and its name as the source has it. */
const rows: Readonly<Record<string, readonly [file: string, name: string]>> = {
  "HTTP long-polling": [
    `${ENGINE}/polling_test.ts`,
    "Polling carries several messages in one body, in order",
  ],
  "WebSocket": [`${ENGINE}/websocket_test.ts`, "WebSocket keeps a thousand mixed messages in order"],
  "upgrade from one to the other": [
    "tests/interop/upgrade_test.ts",
    "socket.io-client loses nothing of ${COUNT} messages each way while it upgrades",
  ],
  "official client: events, acks, binary": [
    "tests/interop/socket_io_client_test.ts",
    "socket.io-client over ${name} exchanges text, binary and acks",
  ],
  "our client on Bun": [
    "tests/runtimes/client_test.ts",
    "Client on Bun connects by each transport, with headers on all of them",
  ],
  "our client in a Durable Object": [
    "tests/runtimes/client_test.ts",
    "Client in a Durable Object connects by each transport",
  ],
  "our client's script, served and run": [
    `${SUITE}/client_files_test.ts`,
    "Server's script makes a client that talks to it",
  ],
  "namespaces by name and by pattern": [
    `${SUITE}/namespaces_test.ts`,
    "Namespaces of names and patterns are apart from each other over ${name}",
  ],
  "middleware and `auth`": [
    `${SUITE}/namespaces_test.ts`,
    "Namespace that nobody made, or that a middleware refuses, says why; the others stay",
  ],
  "rooms and broadcasts": [
    `${SUITE}/rooms_test.ts`,
    "Broadcast of the server reaches the union of rooms once, without those left out",
  ],
  "order of each sender's broadcasts": [
    `${SUITE}/rooms_test.ts`,
    "Broadcasts of one sender arrive in order, nothing lost, on every client",
  ],
  "broadcast acks": [
    `${SUITE}/rooms_test.ts`,
    "Broadcast with acks collects one answer of each, and tells who was silent",
  ],
  "`fetchSockets`, `socketsJoin` and the like": [
    `${SUITE}/rooms_test.ts`,
    "Sockets join, leave and are described by the server's word",
  ],
  "volatile events": [
    `${SUITE}/rooms_test.ts`,
    "Volatile events are dropped while nobody polls, and arrive while somebody does",
  ],
  "connection state recovery": [
    `${SUITE}/recovery_test.ts`,
    "Recovery over ${name} brings back id, rooms, data and each missed event once, in order",
  ],
  "silent clients are found": [
    `${ENGINE}/heartbeat_test.ts`,
    "Heartbeat ends a WebSocket session without a pong",
  ],
  "a talking client's missing pong is found in time": [
    `${ENGINE}/heartbeat_test.ts`,
    "Heartbeat is put off by a message at most once per ping",
  ],
  "a lost connection ends its session": [
    `${SUITE}/resets_test.ts`,
    "Reset of a WebSocket ${what} ends the session",
  ],
  "a polling client that hangs up ends its session": [
    `${ENGINE}/polling_test.ts`,
    "Polling ends the session when the client aborts its GET",
  ],
  "a client that never reads is closed": [
    `${ENGINE}/polling_limits_test.ts`,
    'Client that never reads its WebSocket is a "slow consumer" above maxBufferedBytes',
  ],
  "a client that stops reading holds up nobody": [
    `${SUITE}/slow_consumers_test.ts`,
    "Client that stops reading ${COUNT * TEXT.length / 1e6} MB of broadcasts holds up nobody",
  ],
  "compression of polling, as the options say": [
    `${ENGINE}/polling_limits_test.ts`,
    "Compression follows httpCompression: false and its threshold",
  ],
  "CORS": [`${ENGINE}/cors_test.ts`, "CORS headers are on every answer: POST, GET, refusals, 413"],
  "headers on the answer to an upgrade": [
    `${ENGINE}/cors_test.ts`,
    "CORS does not keep a foreign origin from a WebSocket, and its headers are on the 101",
  ],
  "`io.close()` tells everybody": [
    `${SUITE}/shutdown_test.ts`,
    "Server that closes tells its clients over ${name}, and lets nobody in any more",
  ],
  "sleeps while its clients stay connected": [
    `${SUITE}/hibernation_test.ts`,
    "Pings go on from objects that were evicted, and sockets stay who they are",
  ],
  "heartbeats while it sleeps": [
    `${SUITE}/hibernation_test.ts`,
    "Pongs reach no code of ours, and pings come by one alarm for all",
  ],
};

/** What a test in a file needs of its target, read from its source. Throws where there is no such test. */
async function needsOf([file, name]: readonly [file: string, name: string]): Promise<(keyof Capabilities)[]> {
  const source = await Deno.readTextFile(new URL(file, root));
  const isForTargets = /import \{[^}]*\btest\b[^}]*\} from "[./]*support\/target\.ts"/.test(source);
  assert(isForTargets, `${file} is not run on every target`);
  const start = ['"', "`", "'"].map((quote) => source.indexOf(`test(${quote}${name}${quote},`)).find((at) =>
    at >= 0
  );
  assert(start !== undefined, `${file} has no test "${name}"`);
  const indent = /[ ]*$/.exec(source.slice(0, start))![0];
  const [, needs] = new RegExp(`^${indent}\\}(?:, ([^\\n]*))?\\);$`, "m").exec(source.slice(start))!;
  return [...(needs ?? "").matchAll(/"(\w+)"/g)].map(([, need]) => need as keyof Capabilities);
}

/** The lines of the table, as lists of cells. */
function table(): string[][] {
  const [section] = readme.split("## What works where\n")[1]!.split("\n## ");
  const lines = section!.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The numbered reasons below the table. */
const reasons = new Map(
  [...readme.matchAll(/^(\d+)\. (.*(?:\n {3}.*)*)/gm)].map((
    [, n, text],
  ) => [n, text!.replaceAll(/\n\s+/g, " ")]),
);

Deno.test("README's matrix has a column for each target, and a row for each test that backs one", () => {
  const [head, , ...body] = table();
  assertEquals(head!.slice(1), TARGETS.map((name) => columns[name]!));
  assertEquals(body.map(([row]) => row!), Object.keys(rows));
});

for (const [row, evidence] of Object.entries(rows)) {
  Deno.test(`README's matrix is right about: ${row}`, async () => {
    const needs = await needsOf(evidence);
    const cells = table().find(([name]) => name === row)!.slice(1);
    for (const [at, name] of TARGETS.entries()) {
      const { can } = targetOf(name);
      const reason = needs.map((need) => can[need]).find((can) => can !== true);
      const cell = cells[at]!;
      if (reason === undefined) {
        assertEquals(cell, "yes", `${row} on ${name}`);
        continue;
      }
      assertMatch(cell, /^no \(\d+\)$/, `${row} on ${name}: ${reason}`);
      assertStringIncludes(reasons.get(/\d+/.exec(cell)![0]) ?? "", String(reason));
    }
  });
}
