/**
 * What any `ClusterBus` must do, as tests: `testClusterBus("RedisBus", make, { … })` registers them. Everything is
 * awaited, so a bus may take its time. What only some buses can is asked for by {@linkcode ClusterBusAbilities}.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ClusterBus } from "../../src/adapters/cluster_bus.ts";
import type {
  AskMessage,
  BroadcastMessage,
  ClusterMessage,
  CommandMessage,
  ServerId,
} from "../../src/adapters/cluster_messages.ts";
import type { Room } from "../../src/core/ids.ts";
import type { Selector } from "../../src/core/selector.ts";

/** A network of servers under test. */
export interface ClusterBusStage {
  /** A bus for one more server; it is subscribed by the test. */
  bus(): ClusterBus | Promise<ClusterBus>;
  /** Waits until all that was published has arrived. */
  settle(): void | Promise<void>;
  /** Called after each test, when all buses have been closed. */
  end?(): void | Promise<void>;
}

/** What a bus can besides carrying. All no by default. */
export interface ClusterBusAbilities {
  /** It delivers only to servers with members of the rooms a message is for. */
  readonly routes?: boolean;
  /** It knows the other servers: `servers`, what `publish` resolves to, `bye` of one that closed. */
  readonly knowsServers?: boolean;
}

interface Server {
  readonly bus: ClusterBus;
  /** What came, in order. */
  readonly heard: ClusterMessage[];
}

interface Network {
  /** One more server, with a socket in the namespaces. */
  join(...namespaces: string[]): Promise<Server>;
  settle(): Promise<void>;
}

/** Everybody in these rooms, or everybody. */
function inRooms(...rooms: string[]): Selector {
  return { rooms: rooms as Room[], except: [], flags: {} };
}

function broadcast(from: ServerId, text: string, ...rooms: string[]): BroadcastMessage {
  return { type: "broadcast", from, nsp: "/", selector: inRooms(...rooms), frames: [text] };
}

/** The frames of the broadcasts that came. */
function texts({ heard }: Server): unknown[] {
  return heard.flatMap((message) => message.type === "broadcast" ? message.frames : []);
}

/** One of each kind, with everything in it that must survive. */
function everyKind(from: ServerId, to: ServerId): ClusterMessage[] {
  const nsp = "/";
  const selector: Selector = {
    rooms: [],
    except: ["ö #1", ""] as Room[],
    flags: { volatile: true, compress: false },
  };
  const frames = [
    '451-/é #,["x",{"_placeholder":true,"num":0}]',
    Uint8Array.of(0, 255, 10),
    new Uint8Array(0),
  ];
  const values = [null, 1.5, "ü\u{1F600}", [true], { deep: [{ bytes: Uint8Array.of(1, 2) }] }];
  const ask = { type: "ask", from, nsp, id: "q1", selector } as const;
  return [
    { type: "broadcast", from, nsp, selector, frames },
    { type: "command", from, nsp, selector, command: { type: "join", rooms: ["a", "b"] as Room[] } },
    { type: "command", from, nsp, selector, command: { type: "leave", rooms: ["a"] as Room[] } },
    { type: "command", from, nsp, selector, command: { type: "disconnect", close: true } },
    { type: "tell", from, nsp, data: ["event", ...values] },
    { ...ask, question: { type: "ack", frames, timeout: 1_000 } },
    { ...ask, question: { type: "sockets" } },
    { ...ask, question: { type: "servers", data: ["event", ...values] } },
    { type: "answer", from, to, nsp, id: "q1", values, error: "Fehler: ß" },
    { type: "answer", from, to, nsp, id: "q2", values: [] },
    { type: "hello", from },
    { type: "alive", from, to },
    { type: "bye", from },
  ];
}

/** Registers the tests. Each calls `make` once. */
export function testClusterBus(
  name: string,
  make: () => ClusterBusStage | Promise<ClusterBusStage>,
  { routes = false, knowsServers = false }: ClusterBusAbilities = {},
): void {
  const test = (behaviour: string, run: (network: Network) => Promise<void>): void =>
    Deno.test(`${name} ${behaviour}`, async () => {
      const stage = await make();
      const buses: ClusterBus[] = [];
      const settle = async (): Promise<void> => await stage.settle();
      await run({
        settle,
        async join(...namespaces) {
          const bus = await stage.bus();
          const heard: ClusterMessage[] = [];
          await bus.subscribe((message) => void heard.push(message));
          for (const nsp of namespaces) await bus.interest?.(nsp, undefined, true);
          buses.push(bus);
          return { bus, heard };
        },
      });
      for (const bus of buses) await bus.close?.();
      await stage.end?.();
    });

  test("carries every kind of message whole, and keeps them from the one who says them", async ({ join, settle }) => {
    const [one, two] = [await join("/"), await join("/")];
    const messages = everyKind(one.bus.id, two.bus.id);
    for (const message of messages) await one.bus.publish(message);
    await settle();
    assertEquals(two.heard, messages);
    assertEquals(one.heard, []);
  });

  test("gives servers different names", async ({ join }) => {
    const servers = [await join(), await join(), await join()];
    assertEquals(new Set(servers.map(({ bus }) => bus.id)).size, 3);
  });

  test("keeps the order of one publisher, of what is for all and of what is for one", async ({ join, settle }) => {
    const [one, two, three] = [await join("/"), await join("/"), await join("/")];
    const { id } = one.bus;
    const said: ClusterMessage[] = [];
    for (let n = 0; n < 300; n++) {
      const message: ClusterMessage = n % 3 === 0
        ? { type: "tell", from: id, nsp: "/", data: [n] }
        : n % 3 === 1
        ? { ...broadcast(id, String(n)), frames: [String(n), new Uint8Array(n)] }
        : { type: "answer", from: id, to: two.bus.id, nsp: "/", id: String(n), values: [n] };
      said.push(message);
      const published = one.bus.publish(message); // not awaited: the order is that of the calls
      if (published instanceof Promise) published.catch((error) => said.push(error));
    }
    await settle();
    const forAll = ({ to }: ClusterMessage): boolean => to === undefined;
    assertEquals(
      [two, three].map(({ heard }) => heard.filter(forAll)),
      [said, said].map((all) => all.filter(forAll)),
    );
    const forOne = ({ to }: ClusterMessage): boolean => to !== undefined;
    assertEquals([two, three].map(({ heard }) => heard.filter(forOne)), [said.filter(forOne), []]);
  });

  test("takes what is for one server to that one only", async ({ join, settle }) => {
    const [one, two, three] = [await join("/"), await join("/"), await join("/")];
    const ask: AskMessage = {
      type: "ask",
      from: one.bus.id,
      to: three.bus.id,
      nsp: "/",
      id: "q",
      selector: inRooms(),
      question: { type: "sockets" },
    };
    const reached = await one.bus.publish(ask);
    await settle();
    assertEquals([two.heard, three.heard], [[], [ask]]);
    assertEquals(reached ?? undefined, knowsServers ? [three.bus.id] : undefined);
  });

  test("carries a message of 200 kB", async ({ join, settle }) => {
    const [one, two] = [await join("/"), await join("/")];
    const bytes = new Uint8Array(100_000).map((_, index) => index);
    await one.bus.publish({ ...broadcast(one.bus.id, "x"), frames: ["ä".repeat(50_000), bytes] });
    await settle();
    assertEquals(texts(two), ["ä".repeat(50_000), bytes]);
  });

  test("keeps namespaces with any names apart", async ({ join, settle }) => {
    const names = ["/a", "/a#b", "/a/b", "/ä ", "/a*", "/__proto__"];
    const [one, two] = [await join(...names), await join(...names)];
    const messages = names.map((nsp, index) => ({ ...broadcast(one.bus.id, String(index)), nsp }));
    for (const message of messages) await one.bus.publish(message);
    await settle();
    assertEquals(two.heard, messages);
  });

  test("brings nothing of what was said before a server came, and nothing after it left", async (network) => {
    const [one, two] = [await network.join("/"), await network.join("/")];
    await one.bus.publish(broadcast(one.bus.id, "before"));
    await network.settle();
    const late = await network.join("/");
    await one.bus.publish(broadcast(one.bus.id, "while"));
    await network.settle();
    await late.bus.close?.();
    await one.bus.publish(broadcast(one.bus.id, "after"));
    await network.settle();
    assertEquals(texts(two), ["before", "while", "after"]);
    assertEquals(texts(late), ["while"]);
  });

  test("still sends what a server said before it left", async ({ join, settle }) => {
    const [one, two] = [await join("/"), await join("/")];
    const published = one.bus.publish(broadcast(one.bus.id, "last words"));
    await one.bus.close?.();
    await published;
    await settle();
    assertEquals(texts(two), ["last words"]);
  });

  test("takes what is for a room to all who have members, each once", async ({ join, settle }) => {
    const servers = [await join("/"), await join("/"), await join("/"), await join("/")];
    const [one, two, three, four] = servers as [Server, Server, Server, Server];
    await two.bus.interest?.("/", "a" as Room, true);
    await three.bus.interest?.("/", "a" as Room, true);
    await three.bus.interest?.("/", "b" as Room, true);
    await four.bus.interest?.("/other", "a" as Room, true);
    const reached = await one.bus.publish(broadcast(one.bus.id, "a or b", "a", "b"));
    await one.bus.publish(broadcast(one.bus.id, "b", "b"));
    await one.bus.publish(broadcast(one.bus.id, "all"));
    await settle();
    assertEquals(texts(three), ["a or b", "b", "all"]);
    assertEquals(texts(one), []);
    assert(texts(two).includes("a or b") && texts(four).includes("all"));
    if (!routes) return;
    assertEquals([texts(two), texts(four)], [["a or b", "all"], ["all"]]);
    if (knowsServers) assertEquals(new Set(reached ?? []), new Set([two.bus.id, three.bus.id]));
  });

  if (routes) {
    test("brings no more for a room whose last member left", async ({ join, settle }) => {
      const [one, two] = [await join("/"), await join("/")];
      for (const isWanted of [true, true, false, true, false]) {
        await two.bus.interest!("/", "a" as Room, isWanted);
        await one.bus.publish(broadcast(one.bus.id, String(isWanted), "a"));
      }
      await settle();
      assertEquals(texts(two), ["true", "true", "true"]);
    });

    test("takes what follows a command to join to those whom it lets join", async ({ join, settle }) => {
      const [one, two, three] = [await join("/"), await join("/"), await join("/")];
      await two.bus.interest!("/", "a" as Room, true);
      const lettingJoin = (room: string, ...from: string[]): CommandMessage => ({
        type: "command",
        from: one.bus.id,
        nsp: "/",
        selector: inRooms(...from),
        command: { type: "join", rooms: [room] as Room[] },
      });
      const first = [lettingJoin("b", "a"), broadcast(one.bus.id, "to b", "b")];
      const second = [lettingJoin("c"), broadcast(one.bus.id, "to c", "c")];
      await Promise.all([...first, ...second].map((message) => one.bus.publish(message)));
      await settle();
      assertEquals([two.heard, three.heard], [[...first, ...second], second]);
    });
  }

  if (knowsServers) {
    test("knows the other servers, and whom a message went to", async ({ join, settle }) => {
      const [one, two, three] = [await join("/"), await join("/"), await join("/")];
      const others = new Set([two.bus.id, three.bus.id]);
      assertEquals(new Set(await one.bus.servers!("/")), others);
      assertEquals(new Set(await one.bus.publish(broadcast(one.bus.id, "all")) ?? []), others);
      await three.bus.close?.();
      await settle();
      assertEquals(await one.bus.servers!("/"), [two.bus.id]);
      assertEquals(await one.bus.publish(broadcast(one.bus.id, "all")), [two.bus.id]);
      assert(one.heard.some(({ type, from }) => type === "bye" && from === three.bus.id));
    });
  }
}
