import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { type CookieOptions, cookieWriter } from "../../src/engine/cookie.ts";

function cookie(option: true | CookieOptions, sid = "abc"): string {
  return cookieWriter(option)!(sid);
}

Deno.test("cookieWriter is off by default", () => {
  assertStrictEquals(cookieWriter(undefined), undefined);
  assertStrictEquals(cookieWriter(false), undefined);
});

Deno.test("cookieWriter has the official defaults", () => {
  assertEquals(cookie(true), "io=abc; Path=/; HttpOnly; SameSite=Lax");
  assertEquals(cookie({}), cookie(true));
});

const ATTRIBUTES: readonly [options: CookieOptions, value: string][] = [
  [{ name: "sid" }, "sid=abc; Path=/; HttpOnly; SameSite=Lax"],
  [{ path: "/a b" }, "io=abc; Path=/a b; HttpOnly; SameSite=Lax"],
  [{ path: "" }, "io=abc; HttpOnly; SameSite=Lax"],
  [{ domain: "x.y" }, "io=abc; Domain=x.y; Path=/; HttpOnly; SameSite=Lax"],
  [{ httpOnly: false }, "io=abc; Path=/; SameSite=Lax"],
  [{ sameSite: "strict" }, "io=abc; Path=/; HttpOnly; SameSite=Strict"],
  [{ sameSite: true }, "io=abc; Path=/; HttpOnly; SameSite=Strict"],
  [{ sameSite: "none", secure: true }, "io=abc; Path=/; HttpOnly; Secure; SameSite=None"],
  [{ sameSite: false }, "io=abc; Path=/; HttpOnly"],
  [{ maxAge: 0 }, "io=abc; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"],
  [{ maxAge: 3600 }, "io=abc; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax"],
  [
    { expires: new Date(0) },
    "io=abc; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
  ],
  [{ priority: "high" }, "io=abc; Path=/; HttpOnly; Priority=High; SameSite=Lax"],
  [{ partitioned: true }, "io=abc; Path=/; HttpOnly; SameSite=Lax; Partitioned"],
];

for (const [options, value] of ATTRIBUTES) {
  Deno.test(`cookieWriter writes ${JSON.stringify(options)}`, () => {
    assertEquals(cookie(options), value);
  });
}

Deno.test("cookieWriter makes a header value that Headers takes", () => {
  const headers = new Headers({ "set-cookie": cookie({ domain: "x", maxAge: 1, expires: new Date(5) }) });
  assertMatch(headers.getSetCookie().join(), /^io=abc; /);
});

Deno.test("cookieWriter escapes a sid that could break out of the value", () => {
  assertEquals(cookie({ sameSite: false, path: "" }, 'a;b\r\nc,"é'), "io=a%3Bb%0D%0Ac%2C%22%C3%A9; HttpOnly");
});

// GHSA-pxg6-pf52-xh8x: a name, path or domain from configuration must not smuggle in another attribute or header.
const INJECTIONS = ["a;b", "a\r\nset-cookie: x=1", "a\n", "a\0", "a\x7f", "é"];
const WRONG: readonly [option: string, value: unknown][] = [
  ...INJECTIONS.flatMap((
    value,
  ): [string, unknown][] => [["name", value], ["path", value], ["domain", value]]),
  ["name", ""],
  ["name", "a b"],
  ["name", "a=b"],
  ["name", "a,b"],
  ["name", 'a"b'],
  ["name", 5],
  ["path", 5],
  ["path", null],
  ["domain", {}],
  ["sameSite", "Lax"],
  ["sameSite", "lax; Domain=evil"],
  ["sameSite", 1],
  ["sameSite", null],
  ["httpOnly", "no"],
  ["secure", 1],
  ["partitioned", "yes"],
  ["maxAge", -1],
  ["maxAge", 1.5],
  ["maxAge", "60"],
  ["maxAge", Infinity],
  ["expires", new Date(NaN)],
  ["expires", "tomorrow"],
  ["expires", 0],
  ["priority", "High"],
  ["priority", 1],
];

for (const [option, value] of WRONG) {
  Deno.test(`cookieWriter refuses ${option} ${JSON.stringify(value) ?? String(value)}`, () => {
    const error = assertThrows(() => cookieWriter({ [option]: value }), TypeError);
    assertMatch(error.message, new RegExp(`^Invalid option "cookie.${option}": .+, expected .+`));
  });
}

Deno.test("cookieWriter refuses unknown keys and what is no object", () => {
  assertThrows(
    () => cookieWriter({ nmae: "x" } as CookieOptions),
    TypeError,
    'Unknown option "nmae" of cookie',
  );
  assertThrows(() => cookieWriter("io" as unknown as CookieOptions), TypeError, 'Invalid cookie: "io"');
});
