/**
 * Several shards of one server in memory: what must hold where calls between them fail, objects sleep and clients
 * move from one to another.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ObjectOptions } from "../../src/server/object_options.ts";
import type { Server } from "../../src/server/server.ts";
import { type ShardClient, ShardStage } from "../support/shard_stage.ts";

type Ack = (answer: unknown) => void;

function setup(io: Server): void {
  for (const namespace of [io.sockets, io.of(/^\/dyn-\d+$/)]) {
    namespace.on("connection", (socket) => {
      socket.on("join", (room: string, ack: Ack) => (socket.join(room), ack(0)));
      socket.on("say", (room: string[], what: unknown) => void socket.nsp.to(room).emit("said", what));
      socket.on("recovered", (ack: Ack) => ack(socket.recovered));
      const told = (work: Promise<unknown[]>, ack: Ack): void =>
        void work.then((values) => ack(values.length), (error) => ack(String(error)));
      socket.on("fetch", (ack: Ack) => told(io.fetchSockets(), ack));
      socket.on("servers", (ack: Ack) => told(io.serverSideEmitWithAck("who") as Promise<unknown[]>, ack));
    });
  }
  io.on("who", (ack: Ack) => ack("me"));
}

function shards(count: number, options: ObjectOptions = {}): ShardStage {
  return new ShardStage(setup, { shards: count, ...options });
}

const RECOVERY = { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } };

/** The texts that were said, and the last offset. */
function said(client: ShardClient): { readonly texts: unknown[]; readonly offset: unknown } {
  const { events } = client.hear();
  return { texts: events.map(([, text]) => text), offset: events.at(-1)?.at(-1) };
}

Deno.test("Shard whose clients are all on polling stays in its rooms for longer than a lease", async () => {
  const stage = shards(2);
  const answer = await stage.fetch("main/0", "&transport=polling");
  const { sid } = JSON.parse((await answer.text()).slice(1));
  const post = async (body: string): Promise<unknown> =>
    await stage.fetch("main/0", `&transport=polling&sid=${sid}`, { method: "POST", body });
  const heard: string[] = [];
  let isOver = false;
  const polling = (async () => {
    while (!isOver) {
      const poll = await stage.fetch("main/0", `&transport=polling&sid=${sid}`);
      for (const frame of (await poll.text()).split("\x1e")) {
        if (frame === "2") await post("3");
        else heard.push(frame);
      }
    }
  })();
  await post("40");
  await post('420["join","red"]');
  const other = await stage.client("main/1");
  await stage.advance(7_300_000, 400);
  other.emit("say", ["red"], "late");
  await stage.settle();
  assertEquals(heard.at(-1), '42["said","late"]');
  assertEquals(await other.ask("fetch"), 2);
  isOver = true;
  await post("1");
  await polling;
});

Deno.test("Shard without anybody asks for no alarm in the end", async () => {
  const stage = shards(2);
  const client = await stage.client("main/0");
  assertEquals(await client.ask("join", "red"), 0);
  assert(stage.object("main/0").alarm !== undefined);
  await client.lose();
  await stage.advance(4_000_000, 40);
  assertEquals(stage.object("main/0").alarm, undefined);
});

Deno.test("Questions say so where a shard could not be reached", async () => {
  const stage = shards(3);
  const [one] = [await stage.client("main/0"), await stage.client("main/1"), await stage.client("main/2")];
  assertEquals([await one.ask("fetch"), await one.ask("servers")], [3, 2]);
  stage.fault = (kind, name) => {
    if (kind === "deliver" && name === "main/1") throw Object.assign(new Error("busy"), { overloaded: true });
  };
  assertMatch(String(await one.ask("fetch")), /Cannot reach server s1: busy/);
  assertMatch(String(await one.ask("servers")), /Cannot reach server s1: busy/);
  assert(stage.errors.length > 0);
});

Deno.test("Secrets that a client invents cost at most three calls a connection, and hinder nobody", async () => {
  const stage = shards(2, RECOVERY);
  const victim = await stage.client("main/0");
  const { joined } = victim.hear();
  await victim.lose();
  const attacker = await stage.client("main/1");
  for (let n = 0; n < 110; n++) {
    attacker.send("1", "");
    await stage.settle();
    attacker.send("0", `{"pid":"s0~forged${n}"}`);
    await stage.settle();
  }
  assertEquals(stage.calls.filter((call) => call.startsWith("handOver")).length, 3);
  const back = await stage.client("main/1", { pid: joined!.pid });
  await stage.advance(1_000);
  assertEquals([await back.ask("recovered"), stage.errors], [true, []]);
});

Deno.test("Sids of generateId name their shard too", async () => {
  const stage = shards(4, { generateId: () => "mine" });
  const answer = await stage.fetch("main/2", "&transport=polling");
  assertEquals(JSON.parse((await answer.text()).slice(1)).sid, "s2~mine");
});

Deno.test("Handover that fails keeps no later room from being forgotten", async () => {
  const stage = shards(3, RECOVERY);
  const client = await stage.client("main/0");
  const { joined } = client.hear();
  await client.lose();
  const moved = await stage.client("main/1", { pid: joined!.pid });
  await stage.advance(12_000);
  assertEquals(await moved.ask("recovered"), true);
  await moved.lose();
  stage.fault = (kind, name) => {
    if (kind === "handOver" && name === "main/1") throw new Error("lost");
  };
  await stage.client("main/2", { pid: joined!.pid });
  await stage.advance(1_000);
  stage.fault = () => {};
  const other = await stage.client("main/0");
  await other.ask("join", "solo");
  await other.lose();
  await stage.advance(200_000, 20);
  const rooms = stage.object("main/hub-0").storage.kv.keys("skein/hub/");
  assertEquals(rooms.filter((key) => key.includes("solo")), []);
});

Deno.test("Setup may ask the other shards", async () => {
  let asked: number | undefined;
  const stage = new ShardStage(async (io) => {
    setup(io);
    asked = (await io.fetchSockets()).length;
  }, { shards: 2 });
  await stage.client("main/0");
  const second = await stage.client("main/1");
  await stage.settle();
  assertEquals([asked, await second.ask("fetch"), stage.errors], [1, 2, []]);
});

Deno.test("Client that flaps between shards is recovered each time, with each event once", async () => {
  for (
    const road of [["main/0", "main/0"], ["main/1", "main/1"], ["main/1", "main/2"], ["main/1", "main/0"]]
  ) {
    const stage = shards(3, RECOVERY);
    const sender = await stage.client("main/2");
    let client = await stage.client("main/0");
    const { sid, pid } = client.hear().joined!;
    const say = async (text: string): Promise<void> => {
      sender.emit("say", [], text);
      await stage.settle();
    };
    await say("before");
    let { offset } = said(client);
    await client.lose();
    await say("first");
    client = await stage.client(road[0]!, { pid, offset });
    await stage.advance(1_000);
    const first = said(client);
    offset = first.offset;
    await say("second"); // and dies before it has heard it
    await client.lose();
    await say("third");
    client = await stage.client(road[1]!, { pid, offset });
    await stage.advance(1_000);
    assertEquals([first.texts, said(client).texts], [["first"], ["second", "third"]], road.join());
    assertEquals([await client.ask("recovered"), stage.errors], [true, []], road.join());
    client.emit("say", [sid], "own room");
    await stage.settle();
    assertEquals(said(client).texts, ["own room"]);
  }
});

Deno.test("Session of a namespace that a pattern made hears of what is sent while its shard sleeps", async () => {
  const stage = shards(2, RECOVERY);
  const client = await stage.client("main/0", {}, "/dyn-7");
  const other = await stage.client("main/1", {}, "/dyn-7");
  const { pid } = client.hear().joined!;
  other.emit("say", [], "before");
  await stage.settle();
  const { offset } = said(client);
  await client.lose();
  stage.evict("main/0");
  other.emit("say", [], "missed");
  await stage.settle();
  const back = await stage.client("main/0", { pid, offset }, "/dyn-7");
  await stage.advance(1_000);
  assertEquals(said(back).texts, ["missed"]);
});

Deno.test("Shard that was deployed anew is in the rooms of those who may come back, and in no others", async () => {
  const stage = shards(2, RECOVERY);
  const sender = await stage.client("main/1");
  const client = await stage.client("main/0");
  const { pid } = client.hear().joined!;
  await client.ask("join", "red");
  const { offset } = said(client);
  await stage.advance(30_000);
  stage.deploy("main/0");
  await stage.client("main/0");
  sender.emit("say", ["red"], "missed");
  await stage.settle();
  const back = await stage.client("main/1", { pid, offset });
  await stage.advance(1_000);
  assertEquals(said(back).texts, ["missed"]);
  stage.calls.length = 0;
  await stage.advance(200_000, 20);
  sender.emit("say", ["blue"], "nobody's");
  await stage.settle();
  assertEquals(stage.calls.filter((call) => call.startsWith("deliver")), []);
});
