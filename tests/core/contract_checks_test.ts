/**
 * An event contract at work: what is not as agreed reaches no handler, and everybody who has to know is told.
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { defineContract } from "../../src/contract/contract.ts";
import type { AnySocket } from "../../src/core/socket.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

const contract = defineContract({
  clientToServer: {
    add: { args: z.tuple([z.number(), z.coerce.number()]), ack: z.number() },
    slow: { args: z.tuple([z.string().refine((text) => Promise.resolve(text === "ok"), "slowly no")]) },
    bytes: { args: z.tuple([z.instanceof(Uint8Array)]) },
  },
  serverToClient: {
    said: { args: z.tuple([z.string()]) },
    ask: { args: z.tuple([]), ack: z.coerce.number() },
  },
});

interface Stage {
  readonly core: TestCore;
  readonly client: FakeClient;
  readonly socket: AnySocket;
  /** What handlers heard, of any kind. */
  readonly heard: unknown[];
  readonly invalid: unknown[];
}

function stage(validateOutgoing = false): Stage {
  const core = testCore({ validateOutgoing });
  const { main } = core.namespaces;
  main.contract(contract);
  const heard: unknown[] = [];
  const invalid: unknown[] = [];
  main.on("invalid", (socket, what) => void invalid.push([socket.id.length, what]));
  main.onEvent("add", (_socket, ...args) => heard.push(["handler", ...args.slice(0, 2)]));
  const client = core.join();
  const [socket] = [...main.sockets.values()] as [AnySocket];
  socket.onAny((...args) => heard.push(["any", ...args.slice(0, 3)]));
  socket.use((event) => void heard.push(["middleware", ...event.slice(0, 3)]));
  socket.on("add", (a, b, ack) => {
    heard.push(["listener", a, b]);
    ack?.(a + b);
  });
  return { core, client, socket, heard, invalid };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("A contract gives every handler the arguments as the schema made them", () => {
  const { client, heard } = stage();
  client.say('27["add",1,"2"]');
  assertEquals(heard, [["any", "add", 1, 2], ["middleware", "add", 1, 2], ["handler", 1, 2], [
    "listener",
    1,
    2,
  ]]);
  assertEquals(client.heard(), ["37[3]"]);
});

Deno.test("A contract lets no handler hear what it does not allow: the server is told, the ack gets an error", () => {
  const { client, heard, invalid, socket } = stage();
  client.say('27["add","1",2]', '28["unknown"]', '2["add"]');
  assertEquals(heard, []);
  const answers = client.heard().map((frame) => JSON.parse(String(frame).slice(2)));
  assertEquals(answers.map(([{ error }]) => [error.code, error.event]), [
    ["INVALID_EVENT", "add"],
    ["INVALID_EVENT", "unknown"],
  ]);
  assertEquals(answers[0][0].error.issues[0].path, [0]);
  assertEquals(invalid.length, 3);
  const [length, what] = invalid[1] as [number, unknown];
  assertEquals([length, what], [20, {
    event: "unknown",
    what: "event",
    issues: [{ message: 'the contract has no event "unknown"', path: [] }],
  }]);
  assert(socket.connected);
});

Deno.test("A contract takes binary arguments", () => {
  const { client, invalid } = stage();
  client.say('51-["bytes",{"_placeholder":true,"num":0}]', new Uint8Array([1]));
  assertEquals(invalid, []);
  client.say('2["bytes","text"]');
  assertEquals(invalid.length, 1);
});

Deno.test("A contract with an asynchronous schema delivers when it has decided, unless the socket is gone", async () => {
  const { client, socket, invalid } = stage();
  const heard: unknown[] = [];
  socket.on("slow", (text) => void heard.push(text));
  client.say('2["slow","ok"]', '2["slow","no"]');
  assertEquals(heard, []);
  await settle();
  assertEquals([heard, invalid.length], [["ok"], 1]);
  client.say('2["slow","ok"]', "1");
  await settle();
  assertEquals(heard, ["ok"]);
});

Deno.test("A contract checks and transforms what clients answer", async () => {
  const { client, socket, invalid } = stage();
  const good = socket.emitWithAck("ask");
  client.say('30["5"]');
  assertEquals(await good, 5);
  const bad = socket.timeout(50).emitWithAck("ask");
  client.say('31["x"]');
  await assertRejects(() => bad, Error, 'invalid ack of "ask"');
  let called = 0;
  socket.emit("ask", () => called++);
  client.say('32["x"]');
  assertEquals([called, invalid.length], [0, 2]);
  assertEquals((invalid[0] as [number, { what: string }])[1].what, "ack");
});

Deno.test("A contract checks each answer to a broadcast; the good ones are not lost", async () => {
  const { core, client } = stage();
  const other = core.join();
  const error = core.namespaces.main.timeout(50).emitWithAck("ask").then(() => undefined, (error) => error);
  client.say('30["5"]');
  other.say('30["x"]');
  const { message, responses } = await error;
  assert(message.startsWith('invalid ack of "ask"'));
  assertEquals(responses, [5]);
});

Deno.test("A contract is for what is sent only where asked, and then throws at the emitter", async () => {
  const lax = stage(false);
  lax.socket.emit("said", 5);
  lax.core.namespaces.main.emit("nope");
  assertEquals(lax.client.heard().length, 2);
  const { core, socket, client } = stage(true);
  const { main } = core.namespaces;
  for (
    const emit of [
      () => socket.emit("said", 5),
      () => socket.emit("nope"),
      () => socket.volatile.emit("said", 5),
      () => main.emit("said", 5),
      () => main.to("x").emit("said", 5),
    ]
  ) assertThrows(emit, TypeError, "Cannot emit");
  await assertRejects(() => socket.emitWithAck("ask", 1), TypeError, "Cannot emit");
  await assertRejects(() => main.timeout(5).emitWithAck("ask", 1), TypeError, "Cannot emit");
  assertEquals(client.heard(), []);
  socket.emit("said", "x");
  main.emit("said", "y");
  assertEquals(client.heard(), ['2["said","x"]', '2["said","y"]']);
});

Deno.test("A contract of a pattern is for its namespaces; one of their own goes before it", () => {
  const core = testCore();
  const parent = core.namespaces.ofPattern(/^\/a/);
  parent.contract(defineContract({ clientToServer: { x: {} } }));
  core.namespaces.of("/a2").contract(defineContract({ clientToServer: { y: {} } }));
  const heard: string[] = [];
  for (const event of ["x", "y"]) {
    parent.onEvent(event, (socket) => heard.push(`${socket.nsp.name} ${event}`));
  }
  const client = core.open().say("0/a1,", "0/a2,");
  client.say('2/a1,["x"]', '2/a1,["y"]', '2/a2,["x"]', '2/a2,["y"]');
  assertEquals(heard, ["/a1 x", "/a2 y"]);
});

Deno.test("A contract of one namespace is none of another", () => {
  const { core, client } = stage();
  const heard: string[] = [];
  core.namespaces.of("/b").onEvent("anything", () => heard.push("anything"));
  client.say("0/b,", '2/b,["anything"]');
  assertEquals(heard, ["anything"]);
});

Deno.test("A contract that defineContract did not make is refused", () => {
  assertThrows(() => testCore().namespaces.main.contract({} as never), TypeError, "defineContract");
});

Deno.test("A contract gives a handler the ack it promises, also where the client wants none", () => {
  const { core, client, heard } = stage();
  core.namespaces.main.onEvent("add", (_socket, a, b, ack) => ack(a + b));
  client.say('2["add",1,2]');
  assertEquals([heard.at(-1), client.heard(), core.errors], [["listener", 1, 2], [], []]);
});

Deno.test("A contract checks the server's own answers where what is sent is checked", () => {
  const { core, client } = stage(true);
  core.namespaces.main.onEvent("add", (_socket, _a, _b, ack) => {
    assertThrows(() => ack("text"), TypeError, 'Cannot answer "add"');
    ack(5);
  });
  client.say('27["add",1,2]');
  assertEquals(client.heard(), ["37[5]"]);
});

Deno.test("A contract gives no event an ack that it does not name", () => {
  const { core, client, invalid } = stage();
  const heard: unknown[] = [];
  core.namespaces.main.onEvent("slow", (...args) => heard.push(args));
  client.say('27["slow","ok"]');
  const [[{ error }]] = client.heard().map((frame) => JSON.parse(String(frame).slice(2)));
  assertEquals([error.issues, heard, invalid.length], [
    [{ message: "the event takes no ack", path: [] }],
    [],
    1,
  ]);
});
