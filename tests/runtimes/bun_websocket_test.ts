/**
 * Bun's side of a request and of a socket, with Bun made up: what real Bun does with it is in bun_test.ts.
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import type { RuntimeSocket, SocketEvents } from "../../src/engine/websocket.ts";
import { bunContext } from "../../src/runtimes/bun.ts";
import { type BunSocket, bunWebSocket, combineWebSocketHandlers } from "../../src/runtimes/bun_websocket.ts";

/** Bun's server. Notes what it is asked for. */
class FakeServer {
  readonly calls: unknown[] = [];
  upgraded: { readonly headers: Headers; readonly data: unknown } | undefined;
  accepts = true;
  address: string | undefined = "::ffff:10.1.2.3";

  requestIP(): { address: string } | null {
    this.calls.push("requestIP");
    return this.address === undefined ? null : { address: this.address };
  }

  timeout(_request: Request, seconds: number): void {
    this.calls.push(seconds);
  }

  publish(...args: unknown[]): number {
    this.calls.push(args);
    return 0;
  }

  upgrade(_request: Request, options: { readonly headers: Headers; readonly data: unknown }): boolean {
    this.upgraded = options;
    return this.accepts;
  }
}

/** What the engine hears of a socket. */
class Heard implements SocketEvents {
  readonly log: unknown[] = [];
  socket: RuntimeSocket | undefined;

  opened(socket: RuntimeSocket): void {
    this.socket = socket;
    this.log.push("opened");
  }

  message(data: string | Uint8Array): void {
    this.log.push(data);
  }

  drained(): void {
    this.log.push("drained");
  }

  closed(error?: unknown): void {
    this.log.push(error === undefined ? "closed" : `closed: ${(error as Error).message}`);
  }

  timedOut(): void {}
}

class FakeSocket implements BunSocket {
  readonly data: unknown;
  readonly sent: unknown[] = [];
  result = 1;

  constructor(data: unknown) {
    this.data = data;
  }

  send(data: string | Uint8Array): number {
    this.sent.push(data);
    return this.result;
  }

  close(...args: unknown[]): void {
    this.sent.push(["close", ...args]);
  }

  getBufferedAmount(): number {
    return 7;
  }

  subscribe(topic: string): void {
    this.sent.push(["subscribe", topic]);
  }

  unsubscribe(topic: string): void {
    this.sent.push(["unsubscribe", topic]);
  }
}

const request = new Request("http://a/socket.io/");

/** A socket that was upgraded, and what the engine heard of it. */
function upgraded(): { ws: FakeSocket; heard: Heard } {
  const server = new FakeServer();
  const heard = new Heard();
  bunContext(request, [server]).upgrade(heard, new Headers(), "sid");
  return { ws: new FakeSocket(server.upgraded!.data), heard };
}

Deno.test("bunContext finds Bun's server itself, or as `server` of what was passed", () => {
  for (const wrap of [(server: FakeServer) => server, (server: FakeServer) => ({ server })]) {
    const server = new FakeServer();
    assertEquals(bunContext(request, [wrap(server)]).address, "10.1.2.3");
  }
  for (const passed of [[], [undefined], [null], [{}], [{ server: {} }], ["text"]]) {
    assertThrows(
      () => bunContext(request, passed),
      TypeError,
      "(request, server) => io.handler(request, server)",
    );
  }
});

Deno.test("bunContext asks for the address only where it is looked at, and takes none for empty", () => {
  const server = new FakeServer();
  const context = bunContext(request, [server]);
  assertEquals(server.calls, []);
  for (const [told, address] of [["::FFFF:1.2.3.4", "1.2.3.4"], ["::1", "::1"], [undefined, ""]] as const) {
    server.address = told;
    assertEquals(context.address, address);
  }
});

Deno.test("bunContext lifts the timeout while a poll is parked, and stretches it for hooks", () => {
  const server = new FakeServer();
  const context = bunContext(request, [server]);
  const unpark = context.park!();
  assertEquals(server.calls, [0]);
  unpark();
  assertEquals(server.calls, [0, 10]);
  context.watch!();
  assertEquals(server.calls, [0, 10, 255]);
});

Deno.test("bunContext upgrades with the headers, and throws where Bun refuses", () => {
  const server = new FakeServer();
  const context = bunContext(request, [server]);
  const headers = new Headers({ "x-a": "1" });
  assertEquals(context.upgrade(new Heard(), headers, "sid").status, 101);
  assertEquals(server.upgraded!.headers.get("x-a"), "1");
  server.accepts = false;
  assertThrows(() => context.upgrade(new Heard(), headers, "sid"), TypeError, "Cannot upgrade");
});

Deno.test("Bun's callbacks reach the engine, bytes as a plain Uint8Array", () => {
  const { ws, heard } = upgraded();
  const handler = bunWebSocket(1_000);
  handler.open(ws);
  handler.message(ws, "4text");
  handler.message(ws, Buffer.from([0, 1, 2, 3]).subarray(1, 3));
  handler.drain(ws);
  assertEquals(heard.log, ["opened", "4text", new Uint8Array([1, 2]), "drained"]);
  assertInstanceOf(heard.log[2], Uint8Array);
  assert(!(heard.log[2] instanceof Buffer));
});

Deno.test("The end of a socket on Bun is a fault only where Bun names one", () => {
  const handler = bunWebSocket(1_000);
  for (
    const [code, reason, outcome] of [
      [1000, "", "closed"],
      [1001, "bye", "closed"],
      [1006, "", "closed"],
      [1006, "Received too big message", "closed: Received too big message"],
    ] as const
  ) {
    const { ws, heard } = upgraded();
    handler.close(ws, code, reason);
    assertEquals(heard.log, [outcome]);
  }
});

Deno.test("A socket on Bun throws for a frame that was dropped, not for one that waits or is empty", () => {
  const { ws, heard } = upgraded();
  bunWebSocket(1_000).open(ws);
  const socket = heard.socket!;
  ws.result = -1;
  socket.send("4waits");
  ws.result = 0;
  socket.send(new Uint8Array(0));
  assertThrows(() => socket.send("4lost"), Error, "Bun dropped it");
  assertThrows(() => socket.send(new Uint8Array(1)), Error, "Bun dropped it");
  assertEquals(socket.bufferedAmount, 7);
  socket.close(1009, "Message too big");
  assertEquals(ws.sent.at(-1), ["close", 1009, "Message too big"]);
});

Deno.test("Bun's settings let the engine answer first, and never drop a frame", () => {
  const { maxPayloadLength, backpressureLimit, closeOnBackpressureLimit } = bunWebSocket(1_000_000);
  assertEquals([maxPayloadLength, backpressureLimit, closeOnBackpressureLimit], [3_048_576, 0, false]);
  assertEquals(bunWebSocket(2 ** 40).maxPayloadLength, 2 ** 32 - 1);
});

Deno.test("bunWebSocket leaves the sockets of others alone", () => {
  const handler = bunWebSocket(1_000);
  for (const data of [undefined, null, "text", {}, { open: () => assert(false) }]) {
    const ws = new FakeSocket(data);
    handler.open(ws);
    handler.message(ws, "text");
    handler.drain(ws);
    handler.close(ws, 1000, "");
    assertEquals(ws.sent, []);
  }
});

Deno.test("combineWebSocketHandlers takes each socket to its own callbacks, with what it had", () => {
  const log: unknown[] = [];
  class Other {
    readonly idleTimeout = 30;
    readonly maxPayloadLength = 5;
    open(this: unknown, ws: FakeSocket): void {
      log.push(["open", ws.data, this === other]);
    }
    message(_ws: FakeSocket, message: string): void {
      log.push(["message", message]);
    }
    ping(_ws: FakeSocket, data: string): void {
      log.push(["ping", data]);
    }
  }
  const other = new Other();
  const combined = combineWebSocketHandlers(bunWebSocket(1_000), other);
  assertEquals([combined.idleTimeout, combined.maxPayloadLength, combined.sendPings], [30, 1_050_576, true]);
  const { ws: own, heard } = upgraded();
  const { open, message, ping, drain, close } = combined as unknown as Record<
    string,
    (...args: unknown[]) => void
  >;
  for (const ws of [own, new FakeSocket("theirs")]) {
    open!(ws);
    message!(ws, "4text");
    ping!(ws, "data");
    drain!(ws);
    close!(ws, 1000, "");
  }
  assertEquals(heard.log, ["opened", "4text", "drained", "closed"]);
  assertEquals(log, [["open", "theirs", true], ["message", "4text"], ["ping", "data"]]);
});

Deno.test("combineWebSocketHandlers counts with Bun's default where the other says nothing", () => {
  const other = { message: () => {} };
  const { maxPayloadLength } = combineWebSocketHandlers(bunWebSocket(1_000), other);
  assertEquals(maxPayloadLength, 16 * 1024 * 1024);
});

Deno.test("Sockets of one Bun server share a hub, which publishes without compression", () => {
  const server = new FakeServer();
  const topics = [1, 2].map(() => {
    const heard = new Heard();
    bunContext(request, [server]).upgrade(heard, new Headers(), "sid");
    const ws = new FakeSocket(server.upgraded!.data);
    bunWebSocket(1_000).open(ws);
    return { ws, topics: heard.socket!.topics! };
  });
  const [first, second] = topics as [typeof topics[0], typeof topics[0]];
  assert(first.topics.hub === second.topics.hub);
  first.topics.hub.publish("topic", "4text");
  assertEquals(server.calls, [["topic", "4text", false]]);
  first.topics.subscribe("topic");
  first.topics.unsubscribe("topic");
  assertEquals(first.ws.sent, [["subscribe", "topic"], ["unsubscribe", "topic"]]);
  const { ws, heard } = upgraded();
  bunWebSocket(1_000).open(ws);
  assert(heard.socket!.topics!.hub !== first.topics.hub, "another server, another hub");
});

Deno.test("combineWebSocketHandlers does without topics where Bun might drop what is published", () => {
  const message = (): void => {};
  const cases: [object, boolean][] = [
    [{ message }, true],
    [{ message, backpressureLimit: 0 }, true],
    [{ message, backpressureLimit: 1_048_576 }, true],
    [{ message, backpressureLimit: 1_048_575 }, false],
    [{ message, open: message, backpressureLimit: 1 }, false],
  ];
  for (const [other, hasTopics] of cases) {
    const { ws, heard } = upgraded();
    const combined = combineWebSocketHandlers(bunWebSocket(1_000), other as { message(): void });
    (combined as unknown as { open(ws: BunSocket): void }).open(ws);
    assertEquals([heard.log, heard.socket!.topics !== undefined], [["opened"], hasTopics]);
  }
});
