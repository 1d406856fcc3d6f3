import { assertEquals, assertThrows } from "@std/assert";
import { readUrl } from "../../src/client/url.ts";

function onPage<T>(href: string, run: () => T): T {
  const former = Object.getOwnPropertyDescriptor(globalThis, "location");
  Object.defineProperty(globalThis, "location", { value: { href }, configurable: true });
  try {
    return run();
  } finally {
    if (former) Object.defineProperty(globalThis, "location", former);
    else delete (globalThis as { location?: unknown }).location;
  }
}

Deno.test("readUrl() takes server, namespace and query from an absolute URL", () => {
  for (
    const [uri, origin, nsp, query] of [
      ["http://localhost:3000", "http://localhost:3000", "/", ""],
      ["https://example.com/", "https://example.com", "/", ""],
      ["https://example.com/chat?a=1&b=%20", "https://example.com", "/chat", "a=1&b=%20"],
      ["ws://example.com:80/chat", "http://example.com", "/chat", ""],
      ["wss://Example.com:443?x", "https://example.com", "/", "x"],
      ["http://[::1]:3000/a/b#hash", "http://[::1]:3000", "/a/b", ""],
      ["example.com/chat", "https://example.com", "/chat", ""],
      ["localhost:3000", "https://localhost:3000", "/", ""],
      ["http://h/größe", "http://h", "/größe", ""], // a namespace is no path: it is not encoded
    ] as const
  ) {
    assertEquals(readUrl(uri), { origin, nsp, query }, uri);
  }
});

Deno.test("readUrl() takes what is missing from the page", () => {
  onPage("http://page.example:8080/some/where?q=1#h", () => {
    for (
      const [uri, origin, nsp] of [
        [undefined, "http://page.example:8080", "/"],
        ["/chat", "http://page.example:8080", "/chat"],
        ["//other.example/chat", "http://other.example", "/chat"],
        ["other.example", "http://other.example", "/"],
        ["https://other.example", "https://other.example", "/"],
      ] as const
    ) {
      assertEquals(readUrl(uri), { origin, nsp, query: "" }, uri);
    }
  });
});

Deno.test("readUrl() throws a TypeError where there is no host", () => {
  for (const uri of [undefined, "/chat", "http://", "http://a b"]) {
    assertThrows(() => readUrl(uri), TypeError);
  }
});
