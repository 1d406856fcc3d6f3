import { assertEquals, assertThrows } from "@std/assert";
import { defaultParser } from "../../src/protocol/default_parser.ts";
import { serverSettings } from "../../src/server/options.ts";

Deno.test("Server options have the official defaults", () => {
  const { makeAdapter: _, ...rest } = serverSettings({});
  assertEquals(rest, {
    connectTimeout: 45_000,
    engine: { path: "/socket.io" },
    parser: defaultParser,
    recovery: undefined,
    cleanupEmptyChildNamespaces: false,
    rateLimits: undefined,
    contract: undefined,
    validateOutgoing: false,
    clientScripts: undefined,
  });
});

Deno.test("Server options of the engine are passed on, undefined ones are as if not given", () => {
  const { connectTimeout, engine } = serverSettings({
    connectTimeout: 1000,
    path: "/x",
    pingInterval: 5,
    pingTimeout: undefined as never,
  });
  assertEquals(connectTimeout, 1000);
  assertEquals(engine, { path: "/x", pingInterval: 5 });
  assertEquals(serverSettings({ path: undefined as never }).engine.path, "/socket.io");
});

Deno.test("Server options that are wrong throw a TypeError that names them, their value and what is allowed", () => {
  for (const value of [0, -1, 1.5, NaN, Infinity, "5", null, 2 ** 31]) {
    assertThrows(
      () => serverSettings({ connectTimeout: value as number }),
      TypeError,
      `Invalid option "connectTimeout": ${JSON.stringify(value) === `"5"` ? '"5"' : value}, expected a whole`,
    );
  }
  assertThrows(() => serverSettings({ pingIntervall: 5 } as never), TypeError, '"pingIntervall"');
  assertThrows(() => serverSettings({ ["__proto__x"]: 5 } as never), TypeError);
  for (const options of [null, 3000, "x", []]) {
    assertThrows(() => serverSettings(options as never), TypeError, "expected an object");
  }
});

Deno.test("Server options of the official server that do not exist here are refused unless they are off", () => {
  const names = [
    "perMessageDeflate",
    "wsEngine",
    "allowEIO3",
    "destroyUpgrade",
    "destroyUpgradeTimeout",
  ];
  for (const name of names) {
    for (const off of [undefined, false]) {
      assertEquals(serverSettings({ [name]: off }).engine, { path: "/socket.io" });
    }
    for (const on of [true, {}, 1]) {
      assertThrows(() => serverSettings({ [name]: on }), TypeError, `Cannot use option "${name}": `);
    }
  }
});
