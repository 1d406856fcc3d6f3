/**
 * When the server pings and when it gives up.
 * @module
 */
import { assertEquals } from "@std/assert";
import { Heartbeat } from "../../src/engine/heartbeat.ts";

const INTERVAL = 25_000;
const TIMEOUT = 20_000;

function heartbeat(now = 0): Heartbeat {
  return new Heartbeat(INTERVAL, TIMEOUT, now);
}

Deno.test("Heartbeat asks for a ping pingInterval after the handshake, once", () => {
  const beat = heartbeat(100);
  assertEquals(beat.deadline, 25_100);
  assertEquals(beat.tick(25_099), undefined);
  assertEquals(beat.tick(25_100), "ping");
  assertEquals(beat.deadline, 45_100);
  assertEquals(beat.tick(25_100), undefined);
});

Deno.test("Heartbeat gives up pingTimeout after the ping", () => {
  const beat = heartbeat();
  beat.tick(25_000);
  assertEquals(beat.tick(44_999), undefined);
  assertEquals(beat.tick(45_000), "timeout");
});

Deno.test("Heartbeat counts pingTimeout from the ping that left, not from when it was due", () => {
  const beat = heartbeat();
  assertEquals(beat.tick(90_000), "ping");
  assertEquals(beat.deadline, 110_000);
});

Deno.test("Heartbeat asks for the next ping pingInterval after the pong", () => {
  const beat = heartbeat();
  beat.tick(25_000);
  beat.pong(30_000);
  assertEquals(beat.deadline, 55_000);
  assertEquals(beat.tick(54_999), undefined);
  assertEquals(beat.tick(55_000), "ping");
});

Deno.test("Heartbeat is neither put off nor hastened by a pong that nobody asked for", () => {
  const beat = heartbeat();
  beat.pong(20_000);
  assertEquals(beat.deadline, 25_000);
  beat.tick(25_000);
  beat.pong(25_010);
  beat.pong(40_000);
  assertEquals(beat.deadline, 50_010);
});

Deno.test("Heartbeat gives a client that is heard while its pong is missing pingTimeout more, once per ping", () => {
  const beat = heartbeat();
  beat.tick(25_000);
  beat.heard(44_000);
  assertEquals(beat.deadline, 64_000);
  beat.heard(60_000);
  assertEquals(beat.deadline, 64_000);
  beat.pong(61_000);
  assertEquals(beat.tick(86_000), "ping");
  beat.heard(100_000); // a new ping, a new chance
  assertEquals(beat.deadline, 120_000);
  assertEquals(beat.tick(120_000), "timeout");
});

Deno.test("Heartbeat takes no notice of what is heard while no pong is missing", () => {
  const beat = heartbeat();
  beat.heard(10_000);
  assertEquals(beat.deadline, 25_000);
  beat.tick(25_000);
  beat.pong(26_000);
  beat.heard(27_000);
  assertEquals(beat.deadline, 51_000);
});
