import { assertEquals } from "@std/assert";
import type { SocketId } from "../../src/core/ids.ts";
import { RoomTopics, WORTHWHILE } from "../../src/core/room_topics.ts";
import type { TopicHub, TopicSocket } from "../../src/engine/ports.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { makeServer, type Server } from "../../src/server/server.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { TopicRuntime } from "../support/topic_runtime.ts";

const id = (name: string): SocketId => name as SocketId;

/** A hub and a socket of it. Both write down what they are told, without the name of the topic. */
class Fake implements TopicHub, TopicSocket {
  readonly log: string[] = [];
  readonly hub: TopicHub;

  constructor(hub?: TopicHub) {
    this.hub = hub ?? this;
  }

  subscribe(): void {
    this.log.push("subscribe");
  }

  unsubscribe(): void {
    this.log.push("unsubscribe");
  }

  publish(_topic: string, frame: Frame): void {
    this.log.push(`publish ${frame}`);
  }
}

/** A server on made-up WebSockets with topics, and `count` clients of it. */
async function serve(count: number, options = {}): Promise<{ io: Server; runtime: TopicRuntime }> {
  const runtime = new TopicRuntime(true);
  const io = makeServer(options, {
    engine: { clock: new ManualClock(), runtime: () => runtime.context() },
    hasTopics: true,
  });
  for (let n = 0; n < count; n++) {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    await io.handler(new Request("http://a/socket.io/?EIO=4&transport=websocket", { headers }));
    runtime.sockets.at(-1)!.events.message("40");
  }
  return { io, runtime };
}

Deno.test("RoomTopic subscribes a socket once, and publishes each frame once however many there are", () => {
  const topic = new RoomTopics().of(undefined);
  const hub = new Fake();
  const sockets = [new Fake(hub), new Fake(hub)];
  for (const frame of ["4a", "4b"]) {
    for (const [n, socket] of sockets.entries()) assertEquals(topic.cover(id(`${n}`), socket), true);
    topic.publish([frame], () => true);
  }
  assertEquals(hub.log, ["publish 4a", "publish 4b"]);
  assertEquals(sockets.map(({ log }) => log), [["subscribe"], ["subscribe"]]);
});

Deno.test("RoomTopic lets go of a socket that is to be sent to by itself, and of one that is another by now", () => {
  const topic = new RoomTopics().of(undefined);
  const [first, second] = [new Fake(), new Fake()];
  topic.cover(id("a"), first);
  assertEquals(topic.cover(id("a"), undefined), false);
  assertEquals([first.log, topic.size], [["subscribe", "unsubscribe"], 0]);
  topic.cover(id("a"), first);
  topic.cover(id("a"), second);
  assertEquals([first.log.slice(2), second.log, topic.size], [
    ["subscribe", "unsubscribe"],
    ["subscribe"],
    1,
  ]);
});

Deno.test("RoomTopic lets go before it publishes of whoever was not covered and is no member", () => {
  const topic = new RoomTopics().of(undefined);
  const [stays, gone] = [new Fake(), new Fake()];
  for (const [name, socket] of [["stays", stays], ["gone", gone]] as const) topic.cover(id(name), socket);
  topic.publish(["4a"], () => true);
  topic.cover(id("stays"), stays);
  topic.publish(["4b"], (one) => one === id("stays"));
  assertEquals(gone.log, ["subscribe", "publish 4a", "unsubscribe"]);
  assertEquals(stays.log, ["subscribe", "publish 4a", "publish 4b"]);
});

Deno.test("RoomTopic that covers nobody publishes nothing", () => {
  const topic = new RoomTopics().of(undefined);
  const socket = new Fake();
  topic.cover(id("a"), socket);
  topic.publish(["4a"], () => true);
  topic.publish(["4b"], () => true);
  assertEquals(socket.log, ["subscribe", "publish 4a"]);
});

Deno.test("RoomTopics forget a room that the last subscriber has left, and never use a name twice", () => {
  const topics = new RoomTopics();
  const names: string[] = [];
  const socket: TopicSocket = {
    hub: { publish: (topic) => names.push(topic) },
    subscribe: (topic) => names.push(topic),
    unsubscribe: (topic) => names.push(topic),
  };
  for (let n = 0; n < 2; n++) {
    topics.of(undefined).cover(id("a"), socket);
    topics.left(id("b"), undefined);
    assertEquals(topics.size, 1);
    topics.left(id("a"), undefined);
    assertEquals(topics.size, 0);
  }
  assertEquals(new Set(names.slice(0, 2)).size, 1);
  assertEquals(new Set(names.slice(2)).size, 1);
  assertEquals(new Set(names).size, 2);
});

Deno.test("A namespace publishes to many, and sends to few one by one", async () => {
  const { io, runtime } = await serve(WORTHWHILE);
  io.emit("all", 1);
  assertEquals(runtime.published, 1);
  [...io.sockets.sockets.values()][0]!.disconnect(true);
  io.emit("all", 2);
  assertEquals(runtime.published, 1);
  runtime.endTurn();
  for (const { got } of runtime.sockets.slice(1)) assertEquals(got.slice(2), ['42["all",1]', '42["all",2]']);
  assertEquals(runtime.sockets[0]!.got.slice(2), ['42["all",1]', "41", "closed 1000"]);
});

Deno.test("A namespace unsubscribes at once whoever leaves a room, the namespace or the server", async () => {
  const { io, runtime } = await serve(WORTHWHILE + 3);
  const sockets = [...io.sockets.sockets.values()];
  io.socketsJoin("room");
  io.emit("all");
  io.to("room").emit("room");
  const counts = (): number[] => runtime.sockets.slice(0, 3).map(({ subscribed }) => subscribed.size);
  assertEquals(counts(), [2, 2, 2]);
  sockets[0]!.leave("room");
  sockets[1]!.disconnect();
  sockets[2]!.disconnect(true);
  assertEquals(counts(), [1, 0, 0]);
});

Deno.test("A namespace sends one by one to several rooms, with exceptions, and with recovery", async () => {
  const { io, runtime } = await serve(WORTHWHILE + 1);
  io.socketsJoin(["a", "b"]);
  io.to(["a", "b"]).emit("two");
  io.to("a").except("c").emit("but");
  assertEquals(runtime.published, 0);
  const other = await serve(WORTHWHILE, { connectionStateRecovery: {} });
  other.io.emit("all");
  assertEquals(other.runtime.published, 0);
});

Deno.test("A namespace publishes the frames of a binary event together", async () => {
  const { io, runtime } = await serve(WORTHWHILE);
  io.emit("bytes", new Uint8Array([1, 2]));
  runtime.endTurn();
  assertEquals(runtime.published, 2);
  for (const { got } of runtime.sockets) {
    assertEquals(got.slice(2), ['451-["bytes",{"_placeholder":true,"num":0}]', new Uint8Array([1, 2])]);
  }
});
