/**
 * Broadcasts by topic: whatever a program and its clients do, and in whatever order, each client gets exactly the
 * frames that it gets when every socket is sent to by itself, in the same order. The same script runs on two servers
 * that differ in nothing else, ids included.
 *
 * Blocked and slow clients, volatile events, Blobs, listeners that send, and rooms that change all the time.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { makeServer, type Server } from "../../src/server/server.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { TopicRuntime } from "../support/topic_runtime.ts";

const ROOMS = ["a", "b"];
/** Enough that rooms are worth a topic even when many are elsewhere. */
const CLIENTS = 24;

type Step =
  | { readonly do: "emit"; readonly room: string | undefined; readonly size: number; readonly kind: Kind }
  | { readonly do: "except"; readonly room: string; readonly but: string }
  | { readonly do: "send"; readonly at: number; readonly size: number }
  | { readonly do: "join" | "leave" | "del"; readonly at: number; readonly room: string }
  | { readonly do: "everybody" | "nobody"; readonly room: string }
  | { readonly do: "stall" | "read" | "lose" | "disconnect" | "poke" | "come"; readonly at: number }
  | { readonly do: "listen"; readonly at: number; readonly to: "outgoing" | "flush" | "packetCreate" }
  | { readonly do: "turn" }
  | { readonly do: "wait" };
type Kind = "plain" | "volatile" | "binary" | "blob";

const room = fc.constantFrom(...ROOMS);
const at = fc.nat(CLIENTS - 1);
/** Bytes; some fill what a socket may hold at once. */
const size = fc.oneof({ weight: 8, arbitrary: fc.nat(200) }, {
  weight: 2,
  arbitrary: fc.integer({ min: 30_000, max: 140_000 }),
});
const kind = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Kind>("plain") },
  { weight: 2, arbitrary: fc.constant<Kind>("volatile") },
  { weight: 2, arbitrary: fc.constant<Kind>("binary") },
  { weight: 1, arbitrary: fc.constant<Kind>("blob") },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant("emit" as const),
      room: fc.option(room, { nil: undefined }),
      size,
      kind,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("except" as const), room, but: room }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("send" as const), at, size }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom("join" as const, "leave" as const, "del" as const),
      at,
      room,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("everybody" as const), room }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("nobody" as const), room }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom("stall" as const, "read" as const, "poke" as const), at }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("lose" as const, "disconnect" as const, "come" as const),
      at,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("listen" as const),
      at,
      to: fc.constantFrom("outgoing" as const, "flush" as const, "packetCreate" as const),
    }),
  },
  { weight: 6, arbitrary: fc.constant<Step>({ do: "turn" }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: "wait" }) },
);

/** What happened over all runs, so that it can be seen that the scripts reach what they are for. */
const reached = { published: 0, frames: 0, ended: new Map<string, number>(), shown: 0 };

/** One server and its clients. */
class Stage {
  readonly clock = new ManualClock();
  readonly runtime: TopicRuntime;
  readonly io: Server;
  /** What listeners were shown, and why sockets ended. */
  readonly log: string[] = [];
  readonly #ids: string[] = [];
  /** Blobs that are being read. */
  readonly #blobs: Blob[] = [];
  #made = 0;
  #emitted = 0;

  constructor(hasTopics: boolean) {
    const runtime = this.runtime = new TopicRuntime(hasTopics);
    this.io = makeServer({ maxBufferedBytes: 300_000 }, {
      engine: { clock: this.clock, runtime: () => runtime.context() },
      makeId: () => `id${++this.#made}`,
      hasTopics,
    });
    this.io.on("connection", (socket) => {
      this.#ids.push(socket.id);
      // A listener that sends, to all and to itself, while its own message is being handled.
      socket.on("poke", () => {
        socket.emit("before");
        this.io.to("a").emit("poked", ++this.#emitted);
        socket.emit("after");
      });
      socket.on("disconnect", (reason) => {
        this.log.push(`${socket.id} ${reason}`);
        reached.ended.set(reason, (reached.ended.get(reason) ?? 0) + 1);
      });
    });
  }

  async come(): Promise<void> {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    await this.io.handler(new Request("http://a/socket.io/?EIO=4&transport=websocket", { headers }));
    this.runtime.sockets.at(-1)!.events.message("40");
  }

  async run(step: Step): Promise<void> {
    const { io, runtime } = this;
    const client = "at" in step ? runtime.sockets[step.at]! : undefined;
    const socket = "at" in step ? io.sockets.sockets.get(this.#ids[step.at]!) : undefined;
    // What clients do to their connection is seen in a later turn of Bun's loop; messages may come in the same one.
    if (step.do === "stall" || step.do === "read" || step.do === "lose") runtime.endTurn();
    switch (step.do) {
      case "emit": {
        const to = step.room === undefined ? io : io.to(step.room);
        const text = "x".repeat(step.size);
        const n = ++this.#emitted;
        if (step.kind === "volatile") to.volatile.emit("volatile", n, text);
        else if (step.kind === "binary") {
          to.emit("binary", n, new Uint8Array([n & 255]), new Uint8Array(step.size));
        } else if (step.kind === "blob") to.emit("blob", n, new Blob([text]));
        else to.emit("plain", n, text);
        break;
      }
      case "except":
        io.to(step.room).except(step.but).emit("except", ++this.#emitted);
        break;
      case "send":
        socket?.emit("own", ++this.#emitted, "x".repeat(step.size));
        break;
      case "join":
        socket?.join(step.room);
        break;
      case "leave":
        socket?.leave(step.room);
        break;
      case "del": // past the socket
        if (socket !== undefined) io.sockets.adapter.del(socket.id, step.room);
        break;
      case "everybody":
        io.socketsJoin(step.room);
        break;
      case "nobody":
        io.socketsLeave(step.room);
        break;
      case "stall":
        client!.read(false);
        break;
      case "read":
        client!.read(true);
        break;
      case "lose":
        client!.lose();
        break;
      case "disconnect":
        socket?.disconnect(true);
        break;
      case "poke":
        client!.events.message('42["poke"]');
        break;
      case "come":
        await this.come();
        break;
      case "listen":
        if (socket === undefined) break;
        if (step.to === "outgoing") {
          socket.onAnyOutgoing((event, n) => {
            reached.shown++;
            this.log.push(`${socket.id} sends ${event} ${n}`);
            if (event === "poked") socket.emit("shown", n);
          });
        } else socket.conn.on(step.to, () => void this.log.push(`${socket.id} ${step.to}`));
        break;
      case "turn":
        runtime.endTurn();
        break;
      case "wait":
        // Blobs are read, and what was blocked is looked at again.
        await Promise.all(this.#blobs.splice(0).map((blob) => blob.arrayBuffer()));
        await new Promise((resolve) => setTimeout(resolve, 0));
        runtime.endTurn();
        this.clock.advance(400);
        break;
      default:
        step satisfies never;
    }
  }

  /** Everybody reads everything. */
  async settle(): Promise<void> {
    for (let n = 0; n < 6; n++) {
      for (const socket of this.runtime.sockets) socket.read(true);
      await this.run({ do: "wait" });
    }
  }
}

async function play(hasTopics: boolean, steps: readonly Step[]): Promise<Stage> {
  const stage = new Stage(hasTopics);
  for (let n = 0; n < CLIENTS; n++) await stage.come();
  stage.io.socketsJoin("a");
  for (const step of steps) await stage.run(step);
  await stage.settle();
  return stage;
}

Deno.test("Clients get by topic exactly what they get one by one, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120, size: "max" }), async (steps) => {
      const [byTopic, oneByOne] = [await play(true, steps), await play(false, steps)];
      for (const [n, { got }] of oneByOne.runtime.sockets.entries()) {
        assertEquals(byTopic.runtime.sockets[n]!.got.map(short), got.map(short), `client ${n}`);
        reached.frames += got.length;
      }
      assertEquals(byTopic.log, oneByOne.log);
      assertEquals(oneByOne.runtime.published, 0);
      reached.published += byTopic.runtime.published;
      await Promise.all([byTopic.io.close(), oneByOne.io.close()]);
    }),
    { numRuns: 120 },
  );
  console.log(reached);
  assertGreater(reached.published, 300);
  assert(reached.ended.has("slow consumer"), "no client was slow");
  assertGreater(reached.shown, 0);
});

/** A frame, and what tells it from others of its kind. */
function short(frame: string | Uint8Array): string {
  return typeof frame === "string" ? `${frame.slice(0, 40)} ${frame.length}` : `${frame[0]} ${frame.length}`;
}
