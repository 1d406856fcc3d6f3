import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { LocalAdapter } from "../../src/adapters/local_adapter.ts";
import type { Adapter, LocalSockets } from "../../src/core/adapter.ts";
import { Connections } from "../../src/core/connections.ts";
import { Namespaces } from "../../src/core/namespaces.ts";
import { defaultParser } from "../../src/protocol/default_parser.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeClient, testCore } from "../support/fake_engine.ts";

Deno.test("Namespaces make one namespace for each name, with a slash in front", () => {
  const { namespaces } = testCore();
  assertStrictEquals(namespaces.of(""), namespaces.main);
  assertStrictEquals(namespaces.of("/"), namespaces.main);
  assertStrictEquals(namespaces.of("a"), namespaces.of("/a"));
  assertEquals(namespaces.of("a").name, "/a");
  assertStrictEquals(namespaces.find("/a"), namespaces.of("/a"));
  assertEquals(namespaces.find("a"), undefined);
  assertEquals(namespaces.find("__proto__"), undefined);
});

Deno.test("Namespaces refuse what is no name", () => {
  const { namespaces } = testCore();
  assertThrows(() => namespaces.of(undefined as never), TypeError, "undefined");
});

/** An adapter that answers later, and fails at will, as one of a cluster may. */
class SlowAdapter extends LocalAdapter {
  closed = 0;
  readonly #fail: boolean;
  constructor(local: LocalSockets, fail: boolean) {
    super(local);
    this.#fail = fail;
  }
  override join(...args: Parameters<Adapter["join"]>): Promise<void> {
    super.join(...args);
    return this.#fail ? Promise.reject("join") : Promise.resolve();
  }
  override leave(...args: Parameters<Adapter["leave"]>): Promise<void> {
    super.leave(...args);
    return this.#fail ? Promise.reject("leave") : Promise.resolve();
  }
  override close(): Promise<void> {
    this.closed++;
    return this.#fail ? Promise.reject("close") : Promise.resolve();
  }
}

Deno.test("Namespaces with an adapter that fails report it, and nothing else happens", async () => {
  for (const fail of [false, true]) {
    const errors: unknown[] = [];
    const adapters: SlowAdapter[] = [];
    const report = (error: unknown, where: string): void => void errors.push([error, where]);
    const ports = { clock: new ManualClock(), parser: defaultParser, report };
    const namespaces = new Namespaces({
      ...ports,
      makeAdapter(_, local) {
        const adapter = new SlowAdapter(local, fail);
        adapters.push(adapter);
        return adapter;
      },
    });
    const connections = new Connections({
      ...ports,
      skipMiddlewares: true,
      connectTimeout: 1000,
      find: (name) => namespaces.find(name),
      revive: (name, pattern) => namespaces.revive(name, pattern),
      patternOf: (namespace) => namespaces.patternOf(namespace),
    });
    const client = new FakeClient().open(connections).say("0");
    const [socket] = [...namespaces.main.sockets.values()];
    const joined = socket!.join("r");
    assertEquals(joined instanceof Promise, true);
    assertEquals(socket!.rooms.has("r"), true);
    await Promise.resolve(joined).catch(() => {});
    client.lose("transport close");
    await namespaces.close();
    assertEquals(adapters.map((adapter) => adapter.closed), [1]);
    assertEquals(
      errors,
      fail
        ? [
          ["join", 'join of the adapter of "/"'],
          ["join", 'join of the adapter of "/"'],
          ["leave", 'leave of the adapter of "/"'],
          ["close", 'closing of the adapter of "/"'],
        ]
        : [],
    );
  }
});
