import { assertEquals } from "@std/assert";
import type { Server } from "../../src/server/server.ts";
import { ObjectStage } from "../support/object_stage.ts";

type Ack = (...args: unknown[]) => void;

let late: Ack | undefined;

function program(io: Server): void {
  io.on("connection", (socket) => {
    socket.on("echo", (value, ack) => ack(value));
    socket.on("late", (ack) => late = ack);
    socket.on("read", (ack) => ack(socket.data.count));
    socket.on("join", (room) => void socket.join(room));
  });
}

function lending(io: Server): void {
  io.on("connection", (socket) => {
    const { data } = socket; // held, and changed without our notice
    data.count ??= 0;
    socket.on("grow", () => data.count++);
    socket.on("read", (ack) => ack(data.count));
  });
}

Deno.test("Snapshot is written when what is kept changes, and not for each message", async () => {
  const stage = new ObjectStage(program);
  const client = await stage.join();
  const before = client.socket.written;
  const said = async (frame: string): Promise<number> => {
    client.say(frame);
    await stage.settle();
    return client.socket.written - before;
  };
  assertEquals([await said('20["echo",1]'), await said('2["nobody listens"]'), await said("3")], [0, 0, 0]);
  assertEquals([await said('2["join","red"]'), await said('21["echo",2]')], [1, 1]);
  assertEquals(await said('22["read"]'), 2); // whoever reads `data` may change it
  assertEquals(await said('23["echo",3]'), 3); // and hold it from now on
});

Deno.test("Snapshot has what a listener changed in data that it held", async () => {
  const stage = new ObjectStage(lending);
  const client = await stage.join();
  for (let life = 0; life < 3; life++) {
    client.say('2["grow"]');
    await stage.settle();
    assertEquals(stage.evict(), true);
  }
  client.hear();
  client.say('20["read"]');
  await stage.settle();
  assertEquals(client.hear(), ["30[3]"]);
});

Deno.test("Object stays awake for an ack that is to come, and not for one that was given", async () => {
  const stage = new ObjectStage(program);
  const client = await stage.join();
  client.say('20["echo",1]');
  await stage.settle();
  assertEquals(stage.pins, []);
  client.say('21["late"]');
  await stage.settle();
  assertEquals(stage.pins, ["timer"]);
  late!("now");
  await stage.settle();
  assertEquals(stage.pins, []);
});

Deno.test("Packet whose attachments follow at once is not written, one that waits is", async () => {
  const stage = new ObjectStage(program);
  const client = await stage.join();
  client.hear();
  const before = client.socket.written;
  const head = '51-0["echo",{"_placeholder":true,"num":0}]';
  client.say(head);
  client.raw(new Uint8Array([1]));
  await stage.settle();
  assertEquals([client.hear(), client.socket.written - before], [[
    '61-0[{"_placeholder":true,"num":0}]',
    new Uint8Array([1]),
  ], 0]);
  await stage.advance(60);
  assertEquals([stage.pins, client.socket.written - before], [[], 0]);
  client.say(head);
  await stage.advance(60);
  assertEquals(client.socket.written - before, 1);
  stage.crash(); // the timer of the packet would keep it awake
  client.raw(new Uint8Array([2]));
  await stage.settle();
  assertEquals(client.hear().at(-1), new Uint8Array([2]));
  assertEquals([stage.pins, client.socket.written - before], [[], 2]); // without the packet
});
