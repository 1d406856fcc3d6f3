/**
 * Sleep that no client notices: a random script of clients and of the server is played twice, once against an object
 * that stays in memory, once against one that is evicted between any two steps. Every client must get exactly the
 * same frames in each step; ids are compared by when they first appeared.
 *
 * In memory, over a fake platform: `tests/runtimes/suite/hibernation_test.ts` does less of it on the real one.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { Namespace } from "../../src/core/namespace.ts";
import type { Socket } from "../../src/core/socket.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { ObjectOptions } from "../../src/server/object_options.ts";
import type { Server } from "../../src/server/server.ts";
import { ObjectStage, type StageClient } from "../support/object_stage.ts";

const SPACES = ["/", "/chat", "/made-1", "/made-2", "/late"] as const;
const ROOMS = ["red", "blue", "green"] as const;
const CLIENTS = 4;

type Ack = (...args: unknown[]) => void;

/** The server under test. What it knows of a socket is in its `data`, its rooms and its handshake, and nowhere else. */
function program(io: Server): void {
  const late = io.of("/late");
  late.use(async (socket, next) => {
    await undefined;
    if (socket.handshake.auth.token === "wrong") return next(new Error("not you"));
    socket.data.seen = "by a middleware";
    next();
  });
  for (const nsp of [io.sockets, io.of("/chat"), late, io.of(/^\/made-\d$/)]) {
    nsp.on("connection", (socket: Socket) => listen(socket));
    nsp.onEvent("handled", (socket: Socket, arg: unknown, ack?: Ack) => {
      socket.data.handled = arg;
      ack?.("handled", socket.data.number);
    });
  }
}

function listen(socket: Socket): void {
  if (!socket.recovered) {
    Object.assign(socket.data, { number: 0, list: [], map: new Map([["when", new Date(5)]]) });
    socket.join("everybody");
    const { auth, query, issued, address } = socket.handshake;
    socket.emit("welcome", socket.nsp.name, auth, query.color, address, typeof issued);
  }
  socket.on("join", (room: string) => socket.join(room));
  socket.on("leave", (room: string) => socket.leave(room));
  socket.on("count", (by: number, ack: Ack) => ack(socket.data.number += by));
  socket.on("note", (what: unknown) => socket.data.list.push(what));
  socket.on("replace", (data: unknown) => socket.data = { number: 1, list: [data] });
  socket.on("tell", (ack: Ack) => {
    const { data, id, handshake } = socket;
    ack(named(socket), id, data.number, data.list, data.map?.get("when"), data.handled, handshake.auth);
  });
  socket.on("later", async (what: unknown) => {
    const { data } = socket;
    for (let turn = 0; turn < 5; turn++) await undefined;
    data.list.push(what); // nobody is told of this
    for (let turn = 0; turn < 5; turn++) await undefined;
  });
  socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
  socket.on("to", (room: string, what: unknown) => socket.to(room).emit("said", socket.id, what));
  socket.on("ask", (what: unknown) => {
    socket.emit("question", what, (answer: unknown) => {
      socket.data.list.push(answer);
      socket.emit("answered", answer);
    });
  });
  socket.on("who", async (room: string, ack: Ack) => {
    const sockets = await socket.nsp.in(room).fetchSockets(); // in whichever order they woke
    sockets.sort((one, other) => Number(one.handshake.query.who) - Number(other.handshake.query.who));
    ack(sockets.map((one) => [one.id, one.data.number, named(one)]));
  });
  socket.on("part", () => socket.disconnect());
  socket.on("slow", (ack: Ack) => void Promise.resolve().then(() => ack("slowly")));
  socket.on("disconnect", (reason) => socket.nsp.to("everybody").emit("left", reason, socket.data.number));
}

/** The rooms of a socket but its own, whose name is another one in each run. */
function named({ id, rooms }: { readonly id: string; readonly rooms: Set<string> }): string[] {
  return [...rooms].filter((room) => room !== id).sort();
}

/** One step. `who` is a client, `at` one of the namespaces that it has joined (or not), `space` a namespace. */
type Step =
  | { do: "connect"; who: number; token: string }
  | { do: "enter" | "exit" | "direct" | "mark"; who: number; at: number }
  | { do: "say"; who: number; at: number; what: string }
  | { do: "bytes"; who: number; at: number; isWhole: boolean }
  | { do: "attach" | "close" | "lose"; who: number }
  | { do: "cast"; space: string; to: string | undefined; except: string | undefined; isVolatile: boolean }
  | { do: "gather" | "scatter" | "kick"; space: string; room: string }
  | { do: "wait"; ms: number }
  | { do: "deploy" };

const who = fc.nat(CLIENTS - 1);
const at = fc.nat(11);
const space = fc.constantFrom("/", "/", ...SPACES);
const room = fc.constantFrom(...ROOMS);
const what = fc.constantFrom(
  '"join","red"',
  '"join","blue"',
  '"join",["red","green"]',
  '"leave","red"',
  '"note",{"deep":[1]}',
  '"replace",7',
  '"later","soon"',
  '"echo",1,null',
  '"to","red","hi"',
  '"to","everybody","hi"',
  '"ask","why"',
  '"part"',
  '?"count",2',
  '?"tell"',
  '?"handled",true',
  '?"who","red"',
  '?"slow"',
);
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("connect" as const),
        who,
        token: fc.constantFrom("right", "wrong"),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("enter" as const), who, at }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom("exit" as const, "direct", "mark", "mark"), who, at }),
    },
    { weight: 20, arbitrary: fc.record({ do: fc.constant("say" as const), who, at, what }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("bytes" as const), who, at, isWhole: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("attach" as const), who }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("close" as const, "lose" as const), who }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("cast" as const),
        space,
        to: fc.option(room, { nil: undefined }),
        except: fc.option(room, { nil: undefined, freq: 4 }),
        isVolatile: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("gather" as const, "gather" as const, "scatter" as const, "kick" as const),
        space,
        room,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(100, 10_000, 30_000) }),
    },
    { weight: 1, arbitrary: fc.constant({ do: "deploy" as const }) },
  ),
  { minLength: 5, maxLength: 40, size: "max" },
);
/** Where each client is in the beginning. */
const places = fc.array(fc.subarray([...SPACES]), { minLength: CLIENTS, maxLength: CLIENTS });

/** Ids, secrets and offsets by when they first appeared. */
class Names {
  readonly #known = new Map<string, string>();

  of(text: string): string {
    let name = this.#known.get(text);
    if (name === undefined) this.#known.set(text, name = `<${this.#known.size}>`);
    return name;
  }

  in(frame: Frame): unknown {
    if (typeof frame !== "string") return [...frame];
    return frame
      .replace(/[\w-]{20}/g, (id) => this.of(id))
      .replace(/[\w-]{8}\.[0-9a-z]+/g, (offset) => this.of(offset));
  }
}

/** A client as far as the official one remembers things. */
class Actor {
  wire: StageClient | undefined;
  readonly joined = new Set<string>();
  /** How it may come back. */
  readonly pids = new Map<string, string>();
  readonly offsets = new Map<string, string>();
  readonly questions: { readonly answer: string; readonly since: number }[] = [];
  /** An attachment that it has not sent. */
  missing: Uint8Array | undefined;
  /** How it names the acks that servers ask for. */
  #acks = new Names();
  #lastAck = 0;
  token = "";

  /** What it got, for comparison; what it must remember it remembers. */
  hear(names: Names, now: number): unknown[] {
    if (this.wire === undefined) return [];
    const frames = this.wire.socket.heard.splice(0).map((frame) => this.#take(frame, names, now));
    if (!this.wire.isOpen) {
      frames.push(`closed ${this.wire.socket.closedHere}`);
      this.forget();
    }
    return frames;
  }

  nextAck(): number {
    return this.#lastAck++;
  }

  /** Answers what it was asked a while ago, in another step: what comes between is to be seen. */
  answer(now: number): void {
    while (this.missing === undefined && this.questions.length > 0 && this.questions[0]!.since + 2 < now) {
      this.wire!.raw(this.questions.shift()!.answer);
    }
  }

  forget(): void {
    this.wire = undefined;
    this.joined.clear();
    this.questions.length = 0;
    this.#acks = new Names();
    this.missing = undefined;
  }

  #take(frame: Frame, names: Names, now: number): unknown {
    if (typeof frame !== "string" || !frame.startsWith("4")) return names.in(frame);
    const [, type, parts = "", nsp = "/", id, json] = /^4(\d)(\d+-)?(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(frame)!;
    if (type === "0") {
      this.joined.add(nsp);
      const { pid } = JSON.parse(json!) as { pid?: string };
      if (pid !== undefined && pid !== this.pids.get(nsp)) this.pids.set(nsp, pid);
    } else if (type === "1" || type === "4") this.joined.delete(nsp);
    else if (type === "2" || type === "5") {
      const last: unknown = (JSON.parse(json!) as unknown[]).at(-1);
      if (typeof last === "string" && this.pids.has(nsp)) this.offsets.set(nsp, last);
      if (id !== undefined) {
        this.questions.push({ answer: `43${nsp === "/" ? "" : `${nsp},`}${id}["because"]`, since: now });
      }
    }
    const ack = id === undefined ? "" : type === "3" ? id : this.#acks.of(`${nsp} ${id}`);
    return `4${type}${parts}${nsp},${ack}${names.in(json!)}`;
  }
}

/** Which end states were reached. */
type Ends = Record<string, number>;

/** What each client got in each step. */
async function play(
  list: readonly Step[],
  options: ObjectOptions,
  naps: boolean,
  ends: Ends,
): Promise<unknown[]> {
  const stage = new ObjectStage(program, options);
  const names = new Names();
  const actors = Array.from({ length: CLIENTS }, () => new Actor());
  const seen: unknown[] = [];
  const count = (end: string): void => void (ends[end] = (ends[end] ?? 0) + 1);
  const say = (actor: Actor, nsp: string, type: string, body: string): void => {
    actor.wire!.raw(`4${type}${nsp === "/" ? "" : `${nsp},`}${body}`);
  };
  const in_ = (nsp: string): Namespace => stage.io.of(nsp);
  const socketOf = (actor: Actor, nsp: string): Socket => {
    // Found as a program would that keeps nothing: by what its sockets are.
    const index = actors.indexOf(actor);
    stage.io.of(nsp).local.emit("ignored"); // all must be awake
    return [...in_(nsp).sockets.values()].find(({ handshake }) => handshake.query.who === String(index))!;
  };
  for (const [index, step] of list.entries()) {
    const actor = "who" in step ? actors[step.who]! : undefined;
    const all = step.do === "enter"
      ? SPACES.filter((one) => !actor!.joined.has(one))
      : [...actor?.joined ?? []];
    const nsp = "at" in step && actor!.wire !== undefined ? all[step.at % all.length] : undefined;
    switch (step.do) {
      case "connect": {
        if (actor!.wire !== undefined) break;
        actor!.token = step.token;
        actor!.wire = await stage.connect({ query: `&who=${step.who}&color=${index}` });
        const auth = actor!.pids.has("/")
          ? { pid: actor!.pids.get("/"), offset: actor!.offsets.get("/") }
          : {};
        say(actor!, "/", "0", JSON.stringify({ token: step.token, ...auth }));
        break;
      }
      case "enter":
        if (nsp !== undefined) say(actor!, nsp, "0", JSON.stringify({ token: actor!.token, step: index }));
        break;
      case "exit":
        if (nsp === undefined || actor!.joined.size < 2) break; // without a namespace it would be a matter of time
        actor!.joined.delete(nsp);
        say(actor!, nsp, "1", "");
        break;
      case "say": {
        if (nsp === undefined || actor!.missing !== undefined) break;
        if (step.what === '"part"' && actor!.joined.size < 2) break;
        const asks = step.what.startsWith("?");
        say(actor!, nsp, "2", asks ? `${actor!.nextAck()}[${step.what.slice(1)}]` : `[${step.what}]`);
        break;
      }
      case "bytes":
        if (nsp === undefined || actor!.missing !== undefined) break;
        say(actor!, nsp, "51-", `["echo",{"_placeholder":true,"num":0}]`);
        if (step.isWhole) actor!.wire!.raw(new Uint8Array([index, 255]));
        else actor!.missing = new Uint8Array([index]);
        break;
      case "attach":
        if (actor!.missing !== undefined) actor!.wire!.raw(actor!.missing);
        actor!.missing = undefined;
        break;
      case "close":
      case "lose":
        if (actor!.wire === undefined) break;
        await actor!.wire[step.do]();
        actor!.forget();
        break;
      case "cast": {
        let to = in_(step.space).except([]);
        if (step.to !== undefined) to = to.to(step.to);
        if (step.except !== undefined) to = to.except(step.except);
        (step.isVolatile ? to.volatile : to).emit("cast", index, new Uint8Array([index]));
        break;
      }
      case "gather":
        in_(step.space).in("everybody").socketsJoin(step.room);
        break;
      case "scatter":
        in_(step.space).in(step.room).socketsLeave(step.room);
        break;
      case "kick":
        // One at most: in which order several of them end is not said.
        if (step.space === "/" || in_(step.space).adapter.rooms.get(step.room)?.size !== 1) break;
        in_(step.space).in(step.room).disconnectSockets();
        break;
      case "direct":
        if (nsp !== undefined) socketOf(actor!, nsp).emit("direct", index);
        break;
      case "mark":
        if (nsp !== undefined) socketOf(actor!, nsp).data.list.push(`mark ${index}`);
        break;
      case "wait":
        for (const one of actors) { // how long a packet may take is counted anew in each life
          if (one.missing !== undefined) one.wire!.raw(one.missing);
          one.missing = undefined;
        }
        await stage.advance(step.ms);
        break;
      case "deploy":
        stage.deploy();
        for (const one of actors) one.forget();
    }
    for (const one of actors) one.answer(index);
    await stage.settle();
    stage.clock.advance(60); // what is under way, or not complete, is looked at again after 50 ms
    await stage.settle();
    seen.push([index, step, actors.map((one) => one.hear(names, index))]);
    if (!naps) continue;
    if (stage.evict()) count("evicted");
    else {
      // By force, where nothing waits in memory that cannot be kept: a packet that is not complete can.
      const isHeld = actors.some((one) =>
        one.questions.length > 0 || (one.wire !== undefined && one.joined.size === 0)
      );
      if (!isHeld && actors.some((one) => one.missing !== undefined)) {
        stage.crash();
        count("evicted in the middle of a packet");
      } else count("kept awake");
    }
  }
  for (const frames of JSON.stringify(seen).matchAll(/"4([0-6])[\d-]*\//g)) {
    count(`packets of type ${frames[1]}`);
  }
  assertEquals(stage.errors, []);
  assertEquals(stage.object.failures, []);
  return seen;
}

const settings = fc.record({
  connectionStateRecovery: fc.boolean(),
  announceAll: fc.boolean(),
  cleanupEmptyChildNamespaces: fc.boolean(),
});

Deno.test("Clients see the same of an object that sleeps between any two steps as of one that does not", async () => {
  const ends: Ends = {};
  await fc.assert(
    fc.asyncProperty(places, steps, settings, async (places, later, options) => {
      const list: Step[] = [];
      for (const [who, spaces] of places.entries()) {
        if (spaces.length > 0) list.push({ do: "connect", who, token: "right" });
        for (const space of spaces) {
          if (space !== "/") list.push({ do: "enter", who, at: SPACES.indexOf(space) - 1 });
        }
      }
      list.push(...later);
      const awake = await play(list, options, false, {});
      const sleepy = await play(list, options, true, ends);
      assertEquals(sleepy, awake);
    }),
    { numRuns: Number(Deno.env.get("SLEEP_RUNS") ?? 1_000) },
  );
  console.log(Object.entries(ends).map(([end, count]) => `${count} × ${end}`).join("; "));
  assert(ends.evicted! > 10_000 && ends["evicted in the middle of a packet"]! > 100, "it hardly ever slept");
});
