import { assertEquals } from "@std/assert";
import { HeaderList } from "../../src/engine/headers.ts";

function written(list: HeaderList, target: Headers = new Headers()): [headers: Headers, reported: string[]] {
  const reported: string[] = [];
  list.writeTo(target, (_error, where) => reported.push(where));
  return [target, reported];
}

Deno.test("HeaderList writes what was given and what listeners filled in", () => {
  const list = new HeaderList([["x-one", "1"]]).with({ "x-two": "2" }).with(undefined);
  const [headers, reported] = written(list);
  assertEquals([...headers], [["x-one", "1"], ["x-two", "2"]]);
  assertEquals(reported, []);
});

Deno.test("HeaderList replaces a header the answer has, whatever its case", () => {
  const [headers] = written(
    new HeaderList().with({ "Content-Type": "text/html" }),
    new Headers({ "content-type": "text/plain" }),
  );
  assertEquals(headers.get("content-type"), "text/html");
});

Deno.test("HeaderList adds to vary and set-cookie instead of replacing them", () => {
  const [headers] = written(
    new HeaderList([["vary", "Origin"]]).with({ "Set-Cookie": ["a=1", "b=2"], "Vary": "X" }),
    new Headers([["vary", "Accept-Encoding"], ["set-cookie", "io=x"]]),
  );
  assertEquals(headers.get("vary"), "Accept-Encoding, Origin, X");
  assertEquals(headers.getSetCookie(), ["io=x", "a=1", "b=2"]);
});

Deno.test("HeaderList reports what is no header and writes the rest", () => {
  const list = new HeaderList().with({ "bad name": "1", "x-bad": "a\r\nset-cookie: evil=1", "x-good": "2" });
  const [headers, reported] = written(list);
  assertEquals([...headers], [["x-good", "2"]]);
  assertEquals(reported, ['header "bad name"', 'header "x-bad"']);
});

Deno.test("HeaderList writes values that are not strings as text", () => {
  const [headers] = written(new HeaderList().with({ "x-number": 5 } as unknown as Record<string, string>));
  assertEquals(headers.get("x-number"), "5");
});

Deno.test("HeaderList keeps its own copy of the entries it began with", () => {
  const entries: [string, string][] = [["x-one", "1"]];
  new HeaderList(entries).with({ "x-two": "2" });
  assertEquals(entries.length, 1);
});
