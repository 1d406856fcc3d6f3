/**
 * A cluster over random orders of joins, leaves, commands, broadcasts and arrivals: each socket gets what was meant
 * for it, once, and what one server has said in the order in which it was said.
 *
 * "Meant for it" goes by the rooms the socket is in when the message arrives at its server, which is all that a
 * server can know: the model computes it there and then, without looking at the adapter. A network that knows takes a
 * message only to servers with members of its rooms when it was said: it must always know of all of them.
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { clusterAdapter } from "../../src/adapters/cluster_adapter.ts";
import type { ClusterMessage } from "../../src/adapters/cluster_messages.ts";
import { heartbeats } from "../../src/adapters/membership.ts";
import type { AnySocket } from "../../src/core/socket.ts";
import { type FakeClient, type TestCore, testCore } from "../support/fake_engine.ts";
import { MemoryNetwork, type Way } from "../support/memory_bus.ts";

const ROOMS = ["a", "b", "c"];
const SERVERS = 3;
const SOCKETS = 6;

type Step =
  | { do: "join" | "leave"; socket: number; room: string }
  | { do: "emit"; server: number; rooms: string[]; except: string[]; local: boolean }
  | { do: "command"; server: number; in: string[]; join: boolean; room: string }
  | { do: "arrive"; way: number; count: number }
  | { do: "lose"; way: number }
  | { do: "leaveCluster"; socket: number };

const room = fc.constantFrom(...ROOMS);
const server = fc.nat(SERVERS - 1);
const socket = fc.nat(SOCKETS - 1);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("emit" as const),
        server,
        rooms: fc.subarray(ROOMS, { maxLength: 2 }),
        except: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.subarray(ROOMS, { maxLength: 2 })),
        local: fc.constant(false),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("emit" as const),
        server,
        rooms: fc.subarray(ROOMS, { maxLength: 1 }),
        except: fc.constant([]),
        local: fc.constant(true),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom("join" as const, "leave" as const), socket, room }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("command" as const),
        server,
        in: fc.subarray(ROOMS, { maxLength: 1 }),
        join: fc.boolean(),
        room,
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("arrive" as const),
        way: fc.nat(20),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), way: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leaveCluster" as const), socket }) },
  ),
  { minLength: 5, maxLength: 60 },
);

/** A socket as the model sees it. */
interface Modelled {
  readonly server: number;
  readonly rooms: Set<string>;
  /** What it must have got. */
  readonly expected: number[];
  isConnected: boolean;
}

/** What a server has said, as the model keeps it until it arrives. */
type Said =
  | { readonly n: number; readonly rooms: readonly string[]; readonly except: readonly string[] }
  | { readonly in: readonly string[]; readonly join: boolean; readonly room: string };

function isChosen(one: Modelled, rooms: readonly string[], except: readonly string[]): boolean {
  return one.isConnected && (rooms.length === 0 || rooms.some((room) => one.rooms.has(room))) &&
    !except.some((room) => one.rooms.has(room));
}

/** It happens to the sockets of one server. */
function happen(said: Said, sockets: readonly Modelled[], where: number): void {
  for (const one of sockets) {
    if (one.server !== where) continue;
    if ("n" in said) {
      if (isChosen(one, said.rooms, said.except)) one.expected.push(said.n);
    } else if (isChosen(one, said.in, [])) {
      if (said.join) one.rooms.add(said.room);
      else one.rooms.delete(said.room);
    }
  }
}

/** The network knows of every room that has members, on every server. */
function assertInterests(network: MemoryNetwork, cores: readonly TestCore[]): void {
  cores.forEach(({ namespaces }, n) => {
    const known = new Set<string | undefined>(network.interests(`s${n}`));
    for (const room of namespaces.main.adapter.rooms.keys()) assert(known.has(room), room);
    assertEquals(known.has(undefined), namespaces.main.sockets.size > 0);
  });
}

for (const knows of [false, true]) {
  Deno.test(
    `A cluster delivers what is meant, once and in order, in any order of arrival (bus ${
      knows ? "with" : "without"
    } knowledge)`,
    () => {
      const reached: Record<string, number> = {};
      const count = (what: string): void => {
        reached[what] = (reached[what] ?? 0) + 1;
      };
      fc.assert(
        fc.property(steps, (list) => {
          const network = new MemoryNetwork({ knows });
          const cores = Array.from({ length: SERVERS }, (_, n) =>
            testCore({
              makeAdapter: clusterAdapter(network.bus(`s${n}`), knows ? {} : { membership: heartbeats() }),
            }));
          network.flush();
          const clients: FakeClient[] = [];
          const sockets: AnySocket[] = [];
          const model: Modelled[] = [];
          for (let n = 0; n < SOCKETS; n++) {
            const core = cores[n % SERVERS]!;
            clients.push(core.join());
            sockets.push([...core.namespaces.main.sockets.values()].at(-1)!);
            model.push({ server: n % SERVERS, rooms: new Set(), expected: [], isConnected: true });
          }
          // The model's own ways. A network that knows skips servers without members, so what travels is the number.
          const said: Said[] = [];
          const say = (from: number, what: Said): void => {
            said.push(what);
            happen(what, model, from);
          };
          const arrive = (way: Way): void => {
            const message = network.peek(way)!;
            const to = Number(way[1].slice(1));
            if (message.type === "broadcast" || message.type === "command") {
              const what = said[numberOf(message)]!;
              happen(what, model, to);
              count("n" in what ? "broadcasts" : "commands");
            }
            network.deliver(way);
          };
          for (const step of list) {
            // What is published now goes by it: a room that the network does not know of would be left out.
            if (knows) assertInterests(network, cores);
            switch (step.do) {
              case "join":
              case "leave": {
                const one = model[step.socket]!;
                if (!one.isConnected) break;
                sockets[step.socket]![step.do](step.room);
                if (step.do === "join") one.rooms.add(step.room);
                else one.rooms.delete(step.room);
                break;
              }
              case "emit": {
                const { main } = cores[step.server]!.namespaces;
                const operator = main.to(step.rooms).except(step.except);
                const n = said.length;
                (step.local ? operator.local : operator).emit("e", n);
                say(step.server, { n, rooms: step.rooms, except: step.except });
                break;
              }
              case "command": {
                const operator = cores[step.server]!.namespaces.main.in(step.in);
                // The number travels as a second room, which nobody asks for.
                const rooms = [step.room, `#${said.length}`];
                if (step.join) operator.socketsJoin(rooms);
                else operator.socketsLeave(rooms);
                say(step.server, { in: step.in, join: step.join, room: step.room });
                break;
              }
              case "arrive":
                for (let left = step.count; left > 0 && network.busy.length > 0; left--) {
                  arrive(network.busy[step.way % network.busy.length]!);
                }
                break;
              case "lose": // one message to one server, and nothing else
                if (network.busy.length === 0) break;
                network.lose(network.busy[step.way % network.busy.length]!);
                count("messages lost");
                break;
              case "leaveCluster":
                if (!model[step.socket]!.isConnected) break;
                model[step.socket]!.isConnected = false;
                sockets[step.socket]!.disconnect(true);
                count("sockets that left");
            }
          }
          while (network.busy.length > 0) arrive(network.busy[0]!);
          const got = clients.map((client) =>
            client.heard().filter((frame) => String(frame).startsWith('2["e"')).map((frame) =>
              JSON.parse(String(frame).slice(1))[1] as number
            )
          );
          assertEquals(got, model.map(({ expected }) => expected));
          assertEquals(cores.flatMap(({ errors }) => errors), []);
          for (let n = 0; n < SOCKETS; n++) {
            if (model[n]!.isConnected) {
              const rooms = [...sockets[n]!.rooms].filter((one) => ROOMS.includes(one));
              assertEquals(new Set(rooms), model[n]!.rooms);
            }
          }
          if (got.some(({ length }) => length > 0)) count("runs in which somebody got something");
        }),
        { numRuns: 1_500 },
      );
      console.log(Object.entries(reached).map(([what, times]) => `${times} × ${what}`).join("; "));
      for (const what of ["broadcasts", "commands", "sockets that left", "messages lost"]) {
        assert(reached[what]! > 100, what);
      }
    },
  );
}

/** The number of what was said. */
function numberOf(message: ClusterMessage): number {
  if (message.type === "broadcast") return JSON.parse(String(message.frames[0]).slice(2))[1];
  if (message.type !== "command" || message.command.type === "disconnect") throw new Error(message.type);
  return Number(message.command.rooms[1]!.slice(1));
}
