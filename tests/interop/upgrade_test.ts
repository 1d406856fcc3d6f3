/**
 * The upgrade under load with the official clients: both sides send text and bytes before, while and after the
 * session moves from HTTP long-polling to WebSocket. None may be lost, doubled or overtaken.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Socket as EngineClient } from "engine.io-client";
import { polling, type Transport, websocket } from "../../src/client/mod.ts";
import { bytesOf, closed, io, isOurs } from "../support/client.ts";
import { serve, test } from "../support/target.ts";
import { within } from "../support/within.ts";

const COUNT = 2_000;
const ROUNDS = 3;
const IN_ORDER = Array.from({ length: COUNT }, (_, n) => n);

/**
 * What `upgrade: false` keeps the client from doing when it opens. Here the test decides when: in the middle of
 * the load, not before it, however fast the machine is.
 */
interface Upgradable {
  readonly transport: { readonly name: string };
  _probe(transport: string): void;
}

/** For our client: its transports, of which the second waits after it was opened until `begin` is called. */
function heldBack(): { transports: Transport[]; begin: () => void } {
  const gate = Promise.withResolvers<void>();
  const late: Transport = {
    name: "websocket",
    open: (endpoint, sid, events) =>
      websocket.open(endpoint, sid, {
        ...events,
        opened: () => void gate.promise.then(() => events.opened()),
      }),
  };
  return { transports: [polling, late], begin: gate.resolve };
}

/**
 * Calls `send` for 0 to COUNT - 1, some in each turn. The upgrade begins at the first quarter; the last quarter
 * is held back until it is finished. Returns how many left while it was under way.
 */
async function sendAcrossUpgrade(
  send: (n: number) => void,
  engine: Upgradable,
  begin: () => void = () => engine._probe("websocket"),
): Promise<number> {
  const isUpgraded = (): boolean => engine.transport.name === "websocket";
  let duringUpgrade = 0;
  let isBegun = false;
  const deadline = Date.now() + 10_000;
  for (let n = 0; n < COUNT;) {
    if (Date.now() > deadline) throw new Error(`No upgrade after ${n} messages`);
    const isHeldBack = n >= COUNT * 0.75 && !isUpgraded();
    if (n >= COUNT * 0.25 && !isBegun) {
      isBegun = true;
      begin();
    }
    for (let i = 0; i < 12 && n < COUNT && !isHeldBack; i++, n++) {
      send(n);
      if (isBegun && !isUpgraded()) duringUpgrade++;
    }
    await new Promise((resolve) => setTimeout(resolve, isHeldBack ? 5 : 0));
  }
  return duringUpgrade;
}

test(`socket.io-client loses nothing of ${COUNT} messages each way while it upgrades`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await using server = await serve("socketio");
    const { transports, begin } = heldBack();
    const how = isOurs ? { transports: transports as unknown as string[] } : { upgrade: false };
    const socket = io(server.origin, { forceNew: true, reconnection: false, ...how });
    await using _client = { [Symbol.asyncDispose]: () => closed({ socket }) };
    await within(new Promise<void>((resolve) => socket.once("connect", () => resolve())), "the connection");
    const engine = socket.io.engine as unknown as Upgradable;
    assertEquals(engine.transport.name, "polling");
    const ticks: number[] = [];
    const echoes: number[] = [];
    const wrong: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      const check = (): void => {
        if (ticks.length >= COUNT && echoes.length >= COUNT) resolve();
      };
      socket.on("tick", (n: number, content: unknown, more?: { deep: unknown }) => {
        if (n % 3 !== 2 ? content !== `text ${n}` : bytesOf(more?.deep)[0] !== 7) {
          wrong.push([n, content, more]);
        }
        if (n % 3 === 2 && bytesOf(content)[0] !== (n & 255)) wrong.push([n, content]);
        ticks.push(n);
        check();
      });
      socket.on("message-back", (n: number, content: unknown) => {
        const isRight = n % 4 === 1 ? bytesOf(content)[1] === (n & 255) : content === `é ${n}`;
        if (!isRight) wrong.push([n, content]);
        echoes.push(n);
        check();
      });
    });
    socket.emit("stream", COUNT);
    const during = await sendAcrossUpgrade(
      (n) => socket.emit("message", n, n % 4 === 1 ? new Uint8Array([9, n & 255]) : `é ${n}`),
      engine,
      isOurs ? begin : undefined,
    );
    await within(done, "all messages", 30_000);
    assert(during > 0, "the load did not span the upgrade");
    assertEquals(wrong, []);
    assertEquals(ticks, IN_ORDER);
    assertEquals(echoes, IN_ORDER);
    assertEquals(await socket.timeout(5_000).emitWithAck("transport"), "websocket");
  }
});

test(`engine.io-client loses nothing of ${COUNT} messages each way while it upgrades`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await using server = await serve("engine");
    const client = new EngineClient(server.origin, { path: "/engine.io", upgrade: false });
    client.binaryType = "arraybuffer";
    const streamed: number[] = [];
    const echoed: number[] = [];
    const done = new Promise<void>((resolve) => {
      client.on("message", (data: string | ArrayBuffer) => {
        const text = typeof data === "string" ? data : new TextDecoder().decode(data);
        if (text.startsWith("e")) echoed.push(Number(text.slice(1)));
        else streamed.push(Number(text));
        if (streamed.length >= COUNT && echoed.length >= COUNT) resolve();
      });
    });
    await within(
      new Promise<void>((resolve) => client.once("open", () => resolve())),
      "engine.io-client to open",
    );
    const streaming = server.act("stream", { sid: client.id, count: COUNT, perTurn: 25 });
    const during = await sendAcrossUpgrade(
      (n) => client.send(n % 3 === 0 ? new TextEncoder().encode(`e${n}`) : `e${n}`),
      client as unknown as Upgradable,
    );
    await streaming;
    await within(done, "all messages", 30_000);
    assert(during > 0, "the load did not span the upgrade");
    assertEquals(streamed, IN_ORDER);
    assertEquals(echoed, IN_ORDER);
    const ended = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.close();
    await within(ended, "engine.io-client to close");
    await server.logged("close", { reason: "transport close" });
  }
});
