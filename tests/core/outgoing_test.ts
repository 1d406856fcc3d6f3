import { assertEquals } from "@std/assert";
import { Outgoing } from "../../src/core/outgoing.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { FakeClient } from "../support/fake_engine.ts";

Deno.test("Outgoing sends at once while nothing waits", () => {
  const client = new FakeClient();
  const outgoing = new Outgoing(client);
  outgoing.send(["4a", "4b"], { volatile: true });
  assertEquals(client.heard(), ["a", "b"]);
  assertEquals(client.options, [{ volatile: true }]);
});

Deno.test("Outgoing keeps what comes after a promise behind it, and closes last", async () => {
  const client = new FakeClient();
  const outgoing = new Outgoing(client);
  const first = Promise.withResolvers<readonly Frame[]>();
  const second = Promise.withResolvers<readonly Frame[]>();
  outgoing.send(["40"], undefined);
  outgoing.send(first.promise, undefined);
  outgoing.send(["42"], undefined);
  outgoing.send(second.promise, undefined);
  outgoing.send(["44"], { compress: false });
  outgoing.close();
  assertEquals(client.heard(), ["0"]);
  second.resolve(["43"]);
  await second.promise;
  assertEquals(client.heard(), []);
  first.resolve(["41"]);
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assertEquals(client.heard(), ["1", "2", "3", "4"]);
  assertEquals(client.options.at(-1), { compress: false });
  assertEquals(client.readyState, "closed");
});

Deno.test("Outgoing sends at once again when what waited has left; no frames are no message", async () => {
  const client = new FakeClient();
  const outgoing = new Outgoing(client);
  outgoing.send(Promise.resolve([]), undefined);
  outgoing.send(["41"], undefined);
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assertEquals(client.batches.length, 1);
  outgoing.send(["42"], undefined);
  assertEquals(client.heard(), ["1", "2"]);
  outgoing.close();
  assertEquals(client.readyState, "closed");
});

Deno.test("Outgoing drops what is volatile behind a promise", async () => {
  const client = new FakeClient();
  const outgoing = new Outgoing(client);
  outgoing.send(Promise.resolve(["41"]), undefined);
  outgoing.send(["4lost"], { volatile: true });
  outgoing.send(Promise.resolve(["4lost too"]), { volatile: true });
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assertEquals(client.heard(), ["1"]);
  outgoing.send(["4kept"], { volatile: true });
  assertEquals(client.heard(), ["kept"]);
});

Deno.test("Outgoing keeps the order of what comes while a list is being sent", async () => {
  const client = new FakeClient();
  const outgoing = new Outgoing(client);
  for (let n = 0; n < 5; n++) {
    outgoing.send(Promise.resolve([`4${n}a`]), undefined);
    await Promise.resolve();
    outgoing.send([`4${n}b`], undefined);
  }
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  assertEquals(client.heard(), ["0a", "0b", "1a", "1b", "2a", "2b", "3a", "3b", "4a", "4b"]);
});
