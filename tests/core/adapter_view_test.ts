import { assertEquals, assertStrictEquals } from "@std/assert";
import { testCore } from "../support/fake_engine.ts";

Deno.test("AdapterView tells what happens to rooms, in the official order", () => {
  const core = testCore();
  const { adapter } = core.namespaces.main;
  const log: unknown[] = [];
  for (const event of ["create-room", "join-room", "leave-room", "delete-room"] as const) {
    adapter.on(event, (...args: unknown[]) => log.push([event, ...args]));
  }
  const client = core.join();
  const [socket] = [...core.namespaces.main.sockets.values()];
  const { id } = socket!;
  assertEquals(log.splice(0), [["create-room", id], ["join-room", id, id]]);
  socket!.join(["a", "a"]);
  assertEquals(log.splice(0), [["create-room", "a"], ["join-room", "a", id]]);
  socket!.leave("a");
  socket!.leave("a");
  assertEquals(log.splice(0), [["leave-room", "a", id], ["delete-room", "a"]]);
  client.lose("transport close");
  assertEquals(log, [["leave-room", id, id], ["delete-room", id]]);
});

Deno.test("AdapterView shows rooms and sockets as they are", async () => {
  const core = testCore();
  const { adapter } = core.namespaces.main;
  core.join();
  core.join();
  const [one, two] = [...core.namespaces.main.sockets.values()];
  one!.join("a");
  assertEquals(adapter.rooms.get("a"), new Set([one!.id]));
  assertEquals(adapter.rooms.get("none"), undefined);
  assertEquals(adapter.sids.get(one!.id), new Set([one!.id, "a"]));
  assertEquals([...adapter.sids.keys()], [one!.id, two!.id]);
  assertEquals(adapter.socketRooms(two!.id), new Set([two!.id]));
  assertEquals(adapter.socketRooms("none"), undefined);
  assertEquals(await adapter.sockets(new Set(["a"])), new Set([one!.id]));
  assertEquals(await adapter.sockets(new Set()), new Set([one!.id, two!.id]));
  assertEquals(await adapter.serverCount(), 1);
  assertStrictEquals(adapter.nsp, core.namespaces.main);
  assertStrictEquals(one!.adapter, adapter);
});

Deno.test("AdapterView does with many sockets what its methods say", async () => {
  const core = testCore();
  const { adapter } = core.namespaces.main;
  const clients = [core.join(), core.join()];
  const [one, two] = [...core.namespaces.main.sockets.values()];
  const only = { rooms: new Set([one!.id]) };
  adapter.addSockets(only, ["a", "b"]);
  adapter.delSockets(only, ["b"]);
  assertEquals([...one!.rooms], [one!.id, "a"]);
  adapter.addAll(two!.id, new Set(["a"]));
  adapter.del(two!.id, "a");
  assertEquals([...two!.rooms], [two!.id]);
  adapter.broadcast({ data: ["x", 1] }, { rooms: new Set(), except: new Set(["a"]) });
  assertEquals(clients.map((client) => client.heard()), [[], ['2["x",1]']]);
  const answers: unknown[] = [];
  adapter.broadcastWithAck(
    { data: ["ask"] },
    { rooms: new Set(), flags: { timeout: 50 } },
    (count) => answers.push(count),
    (value) => answers.push(value),
  );
  clients[1]!.say('30["yes"]');
  core.clock.advance(50);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assertEquals(answers, [2, "yes"]);
  assertEquals((await adapter.fetchSockets(only)).map(({ id }) => id), [one!.id]);
  adapter.disconnectSockets(only);
  assertEquals([one!.connected, two!.connected], [false, true]);
  adapter.delAll(two!.id);
  assertEquals(adapter.sids.size, 0);
});
