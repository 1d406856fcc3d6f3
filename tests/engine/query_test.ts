import { assertEquals } from "@std/assert";
import { type ProtocolQuery, readQuery } from "../../src/engine/query.ts";

const CASES: readonly [url: string, query: ProtocolQuery][] = [
  ["http://h/engine.io/", {}],
  ["http://h/engine.io/?", {}],
  ["http://h/engine.io/?EIO=4&transport=polling", { EIO: "4", transport: "polling" }],
  ["http://h/engine.io/?t=x&sid=a-b_c&b64=1&y=2", { sid: "a-b_c", b64: "1" }],
  // The last of equal keys wins, as in the official server's parser.
  ["http://h/engine.io/?EIO=3&EIO=4", { EIO: "4" }],
  ["http://h/engine.io/?EIO=4&EIO=", { EIO: "" }],
  ["http://h/engine.io/?EIO&transport", { EIO: "", transport: "" }],
  ["http://h/engine.io/?&&sid=a&", { sid: "a" }],
  ["http://h/engine.io/?sid=a=b", { sid: "a=b" }],
  ["http://h/engine.io/?sid=a%20b+c%3D", { sid: "a b c=" }],
  ["http://h/engine.io/?sid=%zz", { sid: "%zz" }],
  ["http://h/engine.io/?sid=%ff", { sid: "%ff" }],
  ["http://h/engine.io/?eio=4&Transport=polling&sidx=a&xsid=b", {}],
  ["http://h/engine.io/?sid=a#&EIO=4", { sid: "a" }],
  ["http://h/engine.io/#?EIO=4", {}],
  ["http://h/engine.io/?sid=a?EIO=4", { sid: "a?EIO=4" }],
];

for (const [url, query] of CASES) {
  Deno.test(`readQuery reads ${url}`, () => {
    assertEquals({ ...readQuery(url) }, query);
  });
}

Deno.test("readQuery takes prototype keys for values only", () => {
  const query = readQuery("http://h/?__proto__=polling&constructor=x&transport=__proto__&sid=toString");
  assertEquals(Object.keys(query).sort(), ["sid", "transport"]);
  assertEquals(query.transport, "__proto__");
  assertEquals(query.EIO, undefined);
});
