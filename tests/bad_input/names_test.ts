/**
 * Names and values that a client chooses: of events, rooms, namespaces, sids, auth and query. None of them may meet
 * a prototype, and none that is odd but allowed may be refused or changed.
 */
import { assert, assertEquals } from "@std/assert";
import { readOpen } from "../support/wire.ts";
import { type ServerRow, serverRows, type ServerStage } from "./stage.ts";

const INHERITED = ["__proto__", "constructor", "hasOwnProperty", "toString", "prototype"];

/** Nothing was written to any prototype that objects share. */
function assertUnpolluted(): void {
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
  assertEquals(([] as unknown as Record<string, unknown>).polluted, undefined);
  assertEquals(Object.keys(Object.prototype), []);
}

/** A socket of the bystander's kind that joined, and the server's side of it. */
async function pair(stage: ServerStage, namespace = "/") {
  const known = new Set(stage.io.of(namespace).sockets.keys());
  const client = await stage.joined(namespace);
  const [id] = [...stage.io.of(namespace).sockets.keys()].filter((one) => !known.has(one));
  return { client, socket: stage.io.of(namespace).sockets.get(id!)! };
}

serverRows([
  ...[...INHERITED, "error", "connection", "message", "", "*", "a\u0000b", "\ud800", "\x1e"].map((
    name,
  ): ServerRow => ({
    id: "Event name",
    sent: JSON.stringify(name),
    outcome: "an event like any other: unheard it does nothing, heard it is delivered and can be sent back",
    async run(stage) {
      const { client, socket } = await pair(stage);
      const event = JSON.stringify([name, 1]);
      client.send(`42${event}`, '421["echo",1]');
      assertEquals(await client.text(), "431[1]");
      const got: unknown[] = [];
      socket.on(name, (value: unknown) => {
        got.push(value);
        socket.emit(name, value);
      });
      client.send(`42${event}`);
      assertEquals(await client.text(), `42${event}`);
      assertEquals(got, [1]);
      assertUnpolluted();
    },
  })),
  ...INHERITED.map((name): ServerRow => ({
    id: "Room name",
    sent: name,
    outcome: "a room like any other: joined, sent to, excepted, left",
    async run(stage) {
      const { client, socket } = await pair(stage);
      assert(!socket.rooms.has(name));
      socket.join(name);
      stage.io.to(name).emit("in", 1);
      stage.io.except(name).emit("out", 2);
      socket.leave(name);
      stage.io.to(name).emit("in", 3);
      client.send('421["echo"]');
      assertEquals([await client.text(), await client.text()], ['42["in",1]', "431[]"]);
      assertEquals(await stage.heardByBystander(), '42["out",2]');
      assertUnpolluted();
    },
  })),
  ...INHERITED.map((name): ServerRow => ({
    id: "Namespace name",
    sent: name,
    outcome: "Invalid namespace while nobody made it; an ordinary one once somebody did",
    async run(stage) {
      const socket = await stage.joined();
      socket.send(`40/${name},`);
      assertEquals(await socket.text(), `44/${name},{"message":"Invalid namespace"}`);
      stage.io.of(`/${name}`).on("connection", (one) => one.on("hi", (ack) => ack(one.nsp.name)));
      const client = await stage.joined(`/${name}`);
      client.send(`42/${name},7["hi"]`);
      assertEquals(await client.text(), `43/${name},7["/${name}"]`);
      assertUnpolluted();
    },
  })),
  ...[
    '/a"b',
    "/a\\b",
    "/a\u0000b",
    "/../../etc",
    "/" + "n".repeat(100_000),
    "/%2e",
    "//",
    "/custom/",
    "/CUSTOM",
  ].map((
    name,
  ): ServerRow => ({
    id: "Namespace name",
    sent: name.length > 20 ? "100,000 characters" : JSON.stringify(name),
    outcome: "Invalid namespace, told by its exact name; the connection goes on",
    async run(stage) {
      const socket = await stage.joined();
      socket.send(`40${name},`);
      assertEquals(await socket.text(), `44${name},{"message":"Invalid namespace"}`);
      socket.send('421["echo"]');
      assertEquals(await socket.text(), "431[]");
    },
  })),
  {
    id: "Auth",
    sent: "keys of prototypes, nested",
    outcome: "own data of socket.handshake.auth, no prototype changes",
    async run(stage) {
      const auth: unknown[] = [];
      stage.io.use((socket, next) => {
        auth.push(socket.handshake.auth);
        next();
      });
      const ws = await stage.ws();
      ws.send('40{"__proto__":{"polluted":1,"admin":true},"constructor":{"prototype":{"polluted":1}}}');
      assertEquals((await ws.text()).slice(0, 3), "40{");
      const [first] = auth as Record<string, unknown>[];
      assertEquals(Object.keys(first!), ["__proto__", "constructor"]);
      assertEquals([Object.getPrototypeOf(first), first!.admin], [Object.prototype, undefined]);
      assertUnpolluted();
    },
  },
  {
    id: "Query",
    sent: "keys of prototypes, many of one key, and no value",
    outcome: "socket.handshake.query holds them as own texts, the last of each key",
    async run(stage) {
      const query: unknown[] = [];
      stage.io.use((socket, next) => {
        query.push(socket.handshake.query);
        next();
      });
      const [, opened] = await stage.fetch(
        "transport=polling&__proto__=a&constructor=b&x=1&x=2&y&%00=%00&%ff=%ff",
      );
      const { sid } = readOpen(opened);
      assertEquals(await stage.post(sid, "40"), [200, "ok"]);
      const [first] = query as Record<string, string>[];
      assertEquals(Object.entries(first!), [
        ["EIO", "4"],
        ["transport", "polling"],
        ["__proto__", "a"],
        ["constructor", "b"],
        ["x", "2"],
        ["y", ""],
        ["\0", "\0"],
        ["\ufffd", "\ufffd"],
      ]);
      assertUnpolluted();
    },
  },
  {
    id: "Payload",
    sent: "keys of prototypes in arguments and in ack data",
    outcome: "own data, sent back as it came; no prototype changes",
    async run(stage) {
      const { client, socket } = await pair(stage);
      const json = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
      client.send(`421["echo",${json}]`);
      assertEquals(await client.text(), `431[${json}]`);
      const answer = socket.emitWithAck("ask");
      const id = /^42(\d+)/.exec(await client.text())![1];
      client.send(`43${id}[${json}]`);
      assertEquals(JSON.stringify(await answer), json);
      assertUnpolluted();
    },
  },
  {
    id: "Payload",
    sent: "toJSON, then and toString as data",
    outcome: "data, called by nobody",
    async run(stage) {
      const socket = await stage.joined();
      const json =
        '{"toJSON":1,"then":"x","toString":null,"valueOf":{},"length":-1,"_placeholder":true,"num":0}';
      socket.send(`421["echo",${json}]`);
      assertEquals(await socket.text(), `431[${json}]`);
    },
  },
  {
    id: "Payload",
    sent: "NULs, lone surrogates, separators and every escape in texts",
    outcome: "sent back as JSON writes them, on WebSocket and polling",
    async run(stage) {
      const text = JSON.stringify('\0\ud800x\udc00\x1e\u2028\u007f\\"/\b\u00e9\ud83d\ude00');
      const socket = await stage.joined();
      socket.send(`421["echo",${text}]`);
      assertEquals(await socket.text(), `431[${text}]`);
      const sid = await stage.handshake();
      assertEquals(await stage.post(sid, "40"), [200, "ok"]);
      await stage.poll(sid);
      assertEquals(await stage.post(sid, `421["echo",${text}]`), [200, "ok"]);
      assertEquals(await stage.poll(sid), [200, `431[${text}]`]);
    },
  },
]);
