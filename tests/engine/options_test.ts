import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { ENGINE_OPTION_NAMES, type EngineOptions, engineSettings } from "../../src/engine/options.ts";

Deno.test("engineSettings has the official defaults", () => {
  const { onError, ...settings } = engineSettings({});
  assertEquals(settings, {
    path: "/engine.io",
    addTrailingSlash: true,
    pingInterval: 25_000,
    pingTimeout: 20_000,
    upgradeTimeout: 10_000,
    hookTimeout: 30_000,
    maxHttpBufferSize: 1_000_000,
    maxBufferedBytes: 64 * 1024 * 1024,
    transports: new Set(["polling", "websocket"]),
    allowUpgrades: true,
    compressionThreshold: 1024,
    initialPacket: undefined,
    setCookie: undefined,
    cors: undefined,
    allowRequest: undefined,
    generateId: undefined,
    fallback: undefined,
  });
  assertInstanceOf(onError, Function);
});

Deno.test("engineSettings takes undefined for the default, option by option", () => {
  const options = Object.fromEntries(ENGINE_OPTION_NAMES.map((name) => [name, undefined]));
  assertEquals({ ...engineSettings(options as EngineOptions), onError: 0 }, {
    ...engineSettings({}),
    onError: 0,
  });
});

const fn = (): never => {
  throw new Error("not called here");
};

const TAKEN: readonly [option: EngineOptions, setting: Record<string, unknown>][] = [
  [{ path: "/chat" }, { path: "/chat" }],
  [{ path: "/chat//" }, { path: "/chat" }],
  [{ path: "/" }, { path: "" }],
  [{ path: "/a/../é b" }, { path: "/%C3%A9%20b" }],
  [{ addTrailingSlash: false }, { addTrailingSlash: false }],
  [{ pingInterval: 1, pingTimeout: 1 }, { pingInterval: 1, pingTimeout: 1 }],
  [{ pingInterval: 2_147_483_646, pingTimeout: 1 }, { pingInterval: 2_147_483_646 }],
  [{ upgradeTimeout: 1 }, { upgradeTimeout: 1 }],
  [{ maxHttpBufferSize: 1 }, { maxHttpBufferSize: 1 }],
  [{ maxBufferedBytes: 1 }, { maxBufferedBytes: 1 }],
  [{ maxBufferedBytes: Infinity }, { maxBufferedBytes: Infinity }],
  [{ transports: ["websocket"] }, { transports: new Set(["websocket"]) }],
  [{ allowUpgrades: false }, { allowUpgrades: false }],
  [{ httpCompression: true }, { compressionThreshold: 1024 }],
  [{ httpCompression: false }, { compressionThreshold: Infinity }],
  [{ httpCompression: {} }, { compressionThreshold: 1024 }],
  [{ httpCompression: { threshold: 0 } }, { compressionThreshold: 0 }],
  [{ initialPacket: "" }, { initialPacket: "" }],
  [{ initialPacket: new Uint8Array([1]) }, { initialPacket: new Uint8Array([1]) }],
  [{ initialPacket: new ArrayBuffer(1) }, { initialPacket: new ArrayBuffer(1) }],
  [{ allowRequest: fn }, { allowRequest: fn }],
  [{ generateId: fn }, { generateId: fn }],
  [{ fallback: fn }, { fallback: fn }],
  [{ cookie: false, cors: false }, { setCookie: undefined, cors: undefined }],
];

for (const [option, setting] of TAKEN) {
  Deno.test(`engineSettings takes ${Object.entries(option).map(([k, v]) => `${k} ${JSON.stringify(v)}`)}`, () => {
    const settings: unknown = engineSettings(option);
    for (const [name, value] of Object.entries(setting)) {
      assertEquals((settings as Record<string, unknown>)[name], value);
    }
  });
}

Deno.test("engineSettings makes the cookie and the CORS policy", async () => {
  const { setCookie, cors } = engineSettings({ cookie: { name: "x", path: "" }, cors: { origin: "*" } });
  assertEquals(setCookie!("a"), "x=a; HttpOnly; SameSite=Lax");
  assertEquals((await cors!(new Request("http://h/"))).headers, [["access-control-allow-origin", "*"]]);
});

const NUMBER = "a whole number from 1 to ";
const TIMER = `${NUMBER}2147483647`;
const SIZE = `${NUMBER}9007199254740991`;

/** Each wrong value, how the message shows it, and what it says is allowed. */
const WRONG: readonly [option: string, value: unknown, shown: string, allowed: string][] = [
  ...["pingInterval", "pingTimeout", "upgradeTimeout"].flatMap((name) =>
    ([
      [0, "0"],
      [-1, "-1"],
      [1.5, "1.5"],
      [NaN, "NaN"],
      [Infinity, "Infinity"],
      ["5", '"5"'],
      [null, "null"],
      [
        2 ** 31,
        "2147483648",
      ],
    ] as const).map(([value, shown]): [string, unknown, string, string] => [name, value, shown, TIMER])
  ),
  ["maxHttpBufferSize", 0, "0", SIZE],
  ["maxHttpBufferSize", Infinity, "Infinity", SIZE],
  ["maxHttpBufferSize", "1mb", '"1mb"', SIZE],
  ["maxBufferedBytes", 0, "0", SIZE],
  ["maxBufferedBytes", -Infinity, "-Infinity", SIZE],
  ["maxBufferedBytes", false, "false", SIZE],
  ["path", "engine.io", '"engine.io"', 'a path that begins with "/", without "?" or "#"'],
  ["path", "", '""', 'a path that begins with "/"'],
  ["path", "/a?b", '"/a?b"', 'without "?" or "#"'],
  ["path", "/a#b", '"/a#b"', 'without "?" or "#"'],
  ["path", /a/, "/a/", 'a path that begins with "/"'],
  ["addTrailingSlash", "false", '"false"', "true or false"],
  ["allowUpgrades", 0, "0", "true or false"],
  ["transports", [], "an array of 0", 'a list of "polling" and "websocket"'],
  ["transports", ["webtransport"], "an array of 1", 'a list of "polling" and "websocket"'],
  ["transports", ["polling", "jsonp"], "an array of 2", 'a list of "polling" and "websocket"'],
  ["transports", "polling", '"polling"', 'a list of "polling" and "websocket"'],
  ["transports", null, "null", 'a list of "polling" and "websocket"'],
  ["httpCompression.threshold", -1, "-1", "a whole number from 0 to"],
  ["httpCompression.threshold", "1kb", '"1kb"', "a whole number from 0 to"],
  ["initialPacket", 5, "5", "a string, an ArrayBuffer or a view of one"],
  ["initialPacket", null, "null", "a string, an ArrayBuffer or a view of one"],
  ["initialPacket", { a: 1 }, "an object", "a string, an ArrayBuffer or a view of one"],
  ["allowRequest", true, "true", "a function"],
  ["generateId", "abc", '"abc"', "a function"],
  ["fallback", null, "null", "a function"],
  ["onError", {}, "an object", "a function"],
];

for (const [option, value, shown, allowed] of WRONG) {
  Deno.test(`engineSettings refuses ${option} ${shown}`, () => {
    const [name, key] = option.split(".") as [string, string | undefined];
    const options = { [name]: key ? { [key]: value } : value };
    const { message } = assertThrows(() => engineSettings(options), TypeError);
    assert(message.startsWith(`Invalid option "${option}": ${shown}, expected `), message);
    assert(message.includes(allowed), message);
  });
}

Deno.test("engineSettings refuses a heartbeat that no client's timer can hold", () => {
  const { message } = assertThrows(
    () => engineSettings({ pingInterval: 2_147_483_647, pingTimeout: 1 }),
    TypeError,
  );
  assertEquals(
    message,
    'Invalid option "pingTimeout": 1, expected with pingInterval at most 2147483647 ms together',
  );
});

Deno.test("engineSettings refuses options inside options, by name", () => {
  const wrong = (options: unknown, message: string): void => {
    assertThrows(() => engineSettings(options as EngineOptions), TypeError, message);
  };
  wrong({ cookie: { name: "a b" } }, 'Invalid option "cookie.name": "a b"');
  wrong({ cors: { origin: 5 } }, 'Invalid option "cors.origin": 5');
  wrong({ httpCompression: { treshold: 5 } }, 'Unknown option "treshold" of httpCompression');
  wrong({ httpCompression: 5 }, "Invalid httpCompression: 5, expected an object");
  wrong({ pingIntervall: 5 }, 'Unknown option "pingIntervall" of engine options');
  wrong({ allowEIO3: true }, 'Unknown option "allowEIO3" of engine options');
  wrong(null, "Invalid engine options: null, expected an object");
});

Deno.test("ENGINE_OPTION_NAMES has every name once", () => {
  assertEquals(new Set(ENGINE_OPTION_NAMES).size, ENGINE_OPTION_NAMES.length);
});

/** What `run` prints with `console.error`. */
function printed(run: () => void): unknown[][] {
  const lines: unknown[][] = [];
  const original = console.error;
  console.error = (...parts: unknown[]) => void lines.push(parts);
  try {
    run();
  } finally {
    console.error = original;
  }
  return lines;
}

Deno.test("onError receives the error and where it came from", () => {
  const seen: unknown[] = [];
  const error = new Error("x");
  const { onError } = engineSettings({ onError: (...args) => void seen.push(...args) });
  assertEquals(printed(() => onError(error, "engine socket")), []);
  assertStrictEquals(seen[0], error);
  assertEquals(seen[1], "engine socket");
});

Deno.test("onError prints by default", () => {
  const error = new Error("x");
  assertEquals(printed(() => engineSettings({}).onError(error, "engine socket")), [[
    "Error in engine socket:",
    error,
  ]]);
});

Deno.test("onError that throws itself loses neither error", () => {
  const [error, failure] = [new Error("x"), new Error("y")];
  const { onError } = engineSettings({
    onError: () => {
      throw failure;
    },
  });
  const [line] = printed(() => onError(error, "engine socket"));
  assert(line!.includes(error) && line!.includes(failure));
});
