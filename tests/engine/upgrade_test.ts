/**
 * The candidate transport: how far it came, its timeout, its nudges.
 * @module
 */
import { assertEquals } from "@std/assert";
import { Upgrade } from "../../src/engine/upgrade.ts";

Deno.test("Upgrade expires at its timeout, not before, probed or not", () => {
  for (const isProbed of [false, true]) {
    const upgrade = new Upgrade("ws", 10_000, 500);
    if (isProbed) upgrade.probed(600);
    assertEquals(upgrade.isExpired(10_499), false);
    assertEquals(upgrade.isExpired(10_500), true);
    assertEquals(upgrade.isExpired(99_999), true);
  }
});

Deno.test("Upgrade nudges nobody before the probe", () => {
  const upgrade = new Upgrade("ws", 10_000, 0);
  assertEquals([upgrade.isProbed, upgrade.deadline], [false, 10_000]);
  assertEquals(upgrade.nudge(9_999), false);
});

Deno.test("Upgrade nudges at once when probed, then every 100 ms", () => {
  const upgrade = new Upgrade("ws", 10_000, 0);
  upgrade.probed(50);
  assertEquals([upgrade.isProbed, upgrade.deadline], [true, 50]);
  assertEquals(upgrade.nudge(50), true);
  assertEquals(upgrade.deadline, 150);
  assertEquals(upgrade.nudge(149), false);
  assertEquals(upgrade.nudge(170), true);
  assertEquals(upgrade.deadline, 270);
});

Deno.test("Upgrade asks to be looked at no later than its timeout", () => {
  const upgrade = new Upgrade("ws", 1_000, 0);
  upgrade.probed(950);
  upgrade.nudge(950);
  assertEquals(upgrade.deadline, 1_000);
});

Deno.test("Upgrade keeps the transport that it was given", () => {
  const transport = { kind: "websocket" };
  assertEquals(new Upgrade(transport, 1, 0).transport === transport, true);
});
