/**
 * Connection state recovery against a client that behaves as the official one, over random orders of emits, losses,
 * returns and pauses: within the window no event is lost, none comes twice, all come in order.
 *
 * In memory: the wire loses what the server has sent but the client has not yet read.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { AnySocket } from "../../src/core/socket.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";

const WINDOW = 1_000;
const ROOMS = ["a", "b", "c"];

/** The official client's memory of a session, and all it has heard in it. */
class Client {
  readonly #core: TestCore;
  #wire: FakeClient | undefined;
  pid: string | undefined;
  #offset: string | undefined;
  id = "";
  /** Numbers of the events heard since the session began. */
  heard: number[] = [];
  /** Whether the last return was a recovery. */
  recovered = false;

  constructor(core: TestCore) {
    this.#core = core;
  }

  get isConnected(): boolean {
    return this.#wire !== undefined;
  }

  connect(reads: boolean): void {
    this.#wire = this.#core.open();
    const auth = this.pid === undefined ? {} : { pid: this.pid, offset: this.#offset };
    this.#wire.say(`0${JSON.stringify(auth)}`);
    if (reads) this.read();
  }

  /** Takes in what is on the wire, as `onpacket` and `emitEvent` of the official client do. */
  read(): void {
    const early: unknown[][] = [];
    let isAnswered = this.id !== "" && this.#answered;
    for (const frame of this.#wire?.heard() ?? []) {
      const text = String(frame);
      if (text.startsWith("0")) {
        const { sid, pid } = JSON.parse(text.slice(1));
        this.recovered = pid !== undefined && pid === this.pid;
        if (!this.recovered) this.heard = []; // but the offset stays, as in the official client
        this.id = sid;
        this.pid = pid;
        this.#answered = isAnswered = true;
        for (const args of early.splice(0)) this.#hear(args);
      } else {
        const args = JSON.parse(text.slice(1)) as unknown[];
        if (isAnswered) this.#hear(args);
        else early.push(args);
      }
    }
  }
  #answered = false;

  #hear(args: unknown[]): void {
    const last = args.at(-1);
    if (typeof last === "string") this.#offset = last;
    this.heard.push(args[1] as number);
  }

  /** The connection breaks; what was on the wire is gone. The server may learn of it much later, or never. */
  lose(tellServer: boolean): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#answered = false;
    if (tellServer) wire?.lose("transport close");
    else this.unaware.push(wire!);
  }

  /** Connections the server believes in. */
  readonly unaware: FakeClient[] = [];
}

type Step =
  | { do: "emit"; to: string | undefined; except: string | undefined; volatile: boolean }
  | { do: "direct" }
  | { do: "read" }
  | { do: "lose"; tell: boolean }
  | { do: "notice" }
  | { do: "connect"; reads: boolean }
  | { do: "wait"; ms: number };

const room = fc.constantFrom(...ROOMS);
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("emit" as const),
        to: fc.option(room, { nil: undefined }),
        except: fc.option(room, { nil: undefined, freq: 4 }),
        volatile: fc.constant(false),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ do: "direct" as const }) },
    { weight: 5, arbitrary: fc.constant({ do: "read" as const }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("lose" as const), tell: fc.boolean() }) },
    { weight: 2, arbitrary: fc.constant({ do: "notice" as const }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("connect" as const), reads: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(1_500) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

Deno.test("Recovery loses, doubles and reorders nothing within the window, in any order of events", () => {
  const ends: Record<string, number> = {};
  fc.assert(
    // Rooms are joined when a session begins: as official, what is replayed goes by the rooms at its end.
    fc.property(steps, fc.subarray(ROOMS), (list, joined) => {
      const core = testCore({ recovery: { maxDisconnectionDuration: WINDOW }, silence: 1_000_000 });
      const { main } = core.namespaces;
      const client = new Client(core);
      let socket: AnySocket | undefined;
      // What the session must have heard by now: fixed when the server emits, by the rooms it knows.
      let expected: number[] = [];
      const rooms = new Set(joined);
      let sessionId = "";
      let isAlive = false; // whether the session, connected or kept, still exists for the server
      main.on("connection", (one) => {
        socket = one;
        if (!one.recovered) {
          expected = [];
          one.join(joined);
        }
        isAlive = true;
        sessionId = one.id;
        one.on("disconnect", () => {
          if (socket === one) socket = undefined;
        });
      });
      main.on("session_expired", ({ id }) => {
        if (id === sessionId) isAlive = false;
      });
      // Where it does not read, the answer and the replay may be lost as anything else on the wire.
      const comeBack = (reads: boolean): void => {
        const wasAlive = isAlive && client.id === sessionId; // and the client has been told of it
        const before = client.heard.length;
        client.connect(reads);
        if (!reads) return;
        if (wasAlive) assert(client.recovered, "a session that was kept comes back");
        const end = !client.recovered
          ? "anew"
          : client.heard.length > before
          ? "with events"
          : "without events";
        ends[end] = (ends[end] ?? 0) + 1;
      };
      let number = 0;
      client.connect(true);
      for (const step of list) {
        switch (step.do) {
          case "emit": {
            const n = ++number;
            const isMeant = (step.to === undefined || rooms.has(step.to)) &&
              (step.except === undefined || !rooms.has(step.except));
            if (isAlive && isMeant) expected.push(n);
            let operator = step.to === undefined ? main.except([]) : main.to(step.to);
            if (step.except !== undefined) operator = operator.except(step.except);
            operator.emit("e", n);
            break;
          }
          case "direct":
            if (socket !== undefined) {
              expected.push(++number);
              socket.emit("e", number);
            }
            break;
          case "read":
            client.read();
            break;
          case "lose":
            if (client.isConnected) client.lose(step.tell);
            break;
          case "notice":
            client.unaware.shift()?.lose("ping timeout");
            break;
          case "connect":
            if (!client.isConnected) comeBack(step.reads);
            break;
          case "wait":
            core.clock.advance(step.ms);
        }
      }
      if (!client.isConnected) comeBack(true);
      client.read();
      assertEquals(client.heard, expected);
      assertEquals(core.errors, []);
      assert(main.sockets.has(client.id)); // others may be of connections that are not known to be dead
    }),
    { numRuns: 5_000 },
  );
  console.log(Object.entries(ends).map(([end, count]) => `${count} × ${end}`).join("; "));
  for (const end of ["with events", "without events", "anew"]) assert(ends[end]! > 100, end);
});
