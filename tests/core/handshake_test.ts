import { assertEquals } from "@std/assert";
import { makeHandshake } from "../../src/core/handshake.ts";

function peer(url: string, headers: [string, string][] = []): Parameters<typeof makeHandshake>[0] {
  return { url, method: "GET", headers: new Headers(headers), address: "192.0.2.7" };
}

Deno.test("Handshake has the official shape", () => {
  const issued = Date.UTC(2026, 0, 2, 3, 4, 5);
  const auth = { token: "t" };
  const handshake = makeHandshake(
    peer("http://example.org:1/socket.io/?EIO=4&transport=polling&x=%20y", [
      ["Origin", "http://other"],
      ["X-Thing", "1"],
      ["x-thing", "2"],
    ]),
    auth,
    issued,
  );
  assertEquals({ ...handshake, headers: { ...handshake.headers }, query: { ...handshake.query } }, {
    headers: { origin: "http://other", "x-thing": "1, 2" },
    time: new Date(issued).toString(),
    address: "192.0.2.7",
    xdomain: true,
    secure: false,
    issued,
    url: "/socket.io/?EIO=4&transport=polling&x=%20y",
    query: { EIO: "4", transport: "polling", x: " y" },
    auth,
  });
});

Deno.test("Handshake is secure over https, and not cross-domain without an origin", () => {
  const handshake = makeHandshake(peer("https://example.org/socket.io/"), {}, 0);
  assertEquals([handshake.secure, handshake.xdomain, handshake.url], [true, false, "/socket.io/"]);
});

Deno.test("Handshake keeps prototype keys as data; the last of equal keys wins", () => {
  const { query, headers } = makeHandshake(
    peer("http://h/?__proto__=1&constructor=2&a=1&a=2", [["__proto__", "3"]]),
    {},
    0,
  );
  assertEquals(Object.getPrototypeOf(query), null);
  assertEquals(Object.entries(query), [["__proto__", "1"], ["constructor", "2"], ["a", "2"]]);
  assertEquals(query.toString, undefined);
  assertEquals(Object.entries(headers), [["__proto__", "3"]]);
});

Deno.test("Handshake is read whatever the client wrote into its Host header", () => {
  for (const host of ["a b", "x:99999", "%", "["]) {
    const { url, query } = makeHandshake(peer(`http://${host}/socket.io/?EIO=4`), {}, 0);
    assertEquals([url, query.EIO], ["/socket.io/?EIO=4", "4"], host);
  }
});
