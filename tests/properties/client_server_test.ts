/**
 * Our client and our server against each other through hours of bad weather (tests/support/world.ts), over each
 * transport, with upgrades in the middle of it.
 *
 * Invariants, in words:
 * - what the server sends arrives in order and never twice; as long as the session is recovered, none is missing
 * - what the client sends with `retries` is handled in order, and its callback is called once, with the answer
 * - what it sends without arrives in order, and never twice; where no connection was lost, all of it
 * - `connect` and `disconnect` take turns
 * - once the weather is good the client is connected within the time that the options give it
 * - the server then has one session; nothing of the others is left, and no timer when all is closed
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "fast-check";
import { Manager } from "../../src/client/manager.ts";
import type { Transport } from "../../src/client/transport.ts";
import { type Weather, World } from "../support/world.ts";

interface Phase {
  readonly weather: Weather;
  /** ms. */
  readonly lasts: number;
  /** Messages each way, spread over it. */
  readonly messages: number;
  /** Whether this device sleeps through it: none of its timers goes off. */
}

interface Plan {
  readonly seed: number;
  readonly transports: "polling" | "websocket" | "both";
  readonly latency: number;
  readonly phases: readonly Phase[];
}

const phase: fc.Arbitrary<Phase> = fc.record({
  weather: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Weather>("good") },
    { weight: 4, arbitrary: fc.constantFrom<Weather>("stalled", "cut", "gone", "deaf", "mute") },
  ),
  lasts: fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
    { weight: 3, arbitrary: fc.integer({ min: 2_000, max: 60_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 1_000_000 }) },
  ),
  messages: fc.integer({ min: 0, max: 6 }),
});

const plan: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(),
  transports: fc.constantFrom("polling", "websocket", "both"),
  latency: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 100, max: 2_000 })),
  phases: fc.array(phase, { minLength: 1, maxLength: 12, size: "max" }),
});

const PING = { pingInterval: 25_000, pingTimeout: 20_000 };
/** ms within which a client is connected again: to notice, to give up an attempt, to wait, to connect. */
const RECOVERY_TIME = 25_000 + 20_000 + 20_000 + 5_000 + 30_000;

/** What came of all runs: a property that never meets a case says nothing of it. */
const seen = { ms: 0, lost: 0, recovered: 0, fresh: 0, upgraded: 0, "ping timeout": 0, again: 0 };

async function live({ seed, transports, latency, phases }: Plan): Promise<void> {
  await using world = new World(
    {
      ...PING,
      connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
    },
    latency,
    seed,
  );
  const { io, clock, network } = world;
  const handled: number[] = [];
  const plain: number[] = [];
  io.on("connection", (socket) => {
    socket.on("asked", (n: number, answer: (n: number) => void) => {
      if (handled.at(-1)! >= n) seen.again++; // at least once is what is promised
      else handled.push(n);
      answer(n);
    });
  });
  io.of("/plain").on("connection", (socket) => void socket.on("said", (n: number) => plain.push(n)));

  const kinds: Record<Plan["transports"], Transport[]> = {
    polling: [world.polling],
    websocket: [world.websocket],
    both: [world.polling, world.websocket],
  };
  const manager = new Manager("http://server", { clock, transports: kinds[transports] });
  const socket = manager.socket("/", { retries: 1e9, ackTimeout: 10_000 });
  const other = manager.socket("/plain");

  /** Thrown in a listener they would be nobody's. */
  const faults: string[] = [];
  let sent = 0;
  let isOver = false;
  const answered: number[] = [];
  const talk = (): void => {
    if (isOver) return;
    const n = sent++;
    io.emit("news", n);
    socket.emit("asked", n, (error: Error | null, answer: number) => {
      if (error !== null || answer !== n) faults.push(`${n} was answered ${error} ${answer}`);
      answered.push(n);
    });
    other.emit("said", n);
  };

  const heard: number[] = [];
  let mayMiss = true;
  let isConnected = false;
  let losses = 0;
  socket.on("connect", () => {
    if (isConnected) faults.push("connect twice");
    isConnected = true;
    if (!socket.recovered) mayMiss = true;
    seen[socket.recovered ? "recovered" : "fresh"]++;
    talk();
  });
  socket.on("disconnect", (reason) => {
    isConnected = false;
    losses++;
    seen.lost++;
    if (reason === "ping timeout") seen["ping timeout"]++;
  });
  manager.on("open", () => {
    // What is sent while nothing may be sent on either transport.
    manager.engine!.on("upgrading", talk);
    manager.engine!.on("upgrade", () => seen.upgraded++);
  });
  socket.on("news", (n: number) => {
    const last = heard.at(-1) ?? -1;
    if (n <= last) faults.push(`${n} after ${last}`);
    if (!mayMiss && n > last + 1) faults.push(`${n} after ${last} although the session was kept`);
    mayMiss = false;
    heard.push(n);
  });

  await world.pass(10_000);
  talk();
  for (const { weather, lasts, messages } of phases) {
    network.change(weather);
    for (let i = 0; i < messages; i++) {
      await world.pass(Math.floor(lasts / (messages + 1)));
      talk();
    }
    await world.pass(lasts - messages * Math.floor(lasts / (messages + 1)));
  }
  network.change("good");
  await world.pass(RECOVERY_TIME + 20 * latency);
  assert(socket.connected && other.connected, "not connected although the weather is good");
  talk();
  isOver = true;
  // Each that still waits for its answer may need a try, and the pings of sessions that are gone their time.
  await world.pass(200_000 + sent * 4 * latency);
  assertEquals(faults, []);
  assertEquals(handled, Array.from({ length: sent }, (_, n) => n));
  assertEquals(answered, handled);
  assertEquals(heard.at(-1), sent - 1);
  assertEquals(plain, [...new Set(plain)].sort((a, b) => a - b));
  assertEquals(plain.at(-1), sent - 1);
  if (losses === 0) assertEquals(plain, handled);
  assertEquals(io.engine.clientsCount, 1);
  assertEquals(io.of("/").sockets.size, 1);

  socket.disconnect();
  other.disconnect();
  await world.pass(20 * latency + 1_000);
  assertEquals(io.engine.clientsCount, 0);
  seen.ms += clock.now() - 1_700_000_000_000;
  await world[Symbol.asyncDispose]();
  assertEquals(clock.pending, 0, "a timer is left");
}

Deno.test("Client and server keep what they promise through hours of bad weather", async () => {
  await fc.assert(fc.asyncProperty(plan, live), { numRuns: 400 });
  console.log(`simulated ${(seen.ms / 3_600_000).toFixed(1)} hours: ${JSON.stringify(seen)}`);
  for (const [what, count] of Object.entries(seen)) assertGreater(count, 10, `${what} was hardly met`);
  assertLess(seen.again, seen.lost * 20);
});
