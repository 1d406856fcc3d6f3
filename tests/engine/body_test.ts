import { assert, assertEquals, assertRejects } from "@std/assert";
import { readText } from "../../src/engine/body.ts";

/** A POST whose body comes in `chunks`; the stream says when it was cancelled. */
function streamed(
  chunks: readonly Uint8Array[],
  headers: Record<string, string> = {},
): { request: Request; pulled: () => number; isCancelled: () => boolean } {
  let next = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const chunk = chunks[next++];
      if (chunk) controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
      else controller.close();
    },
    cancel() {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
  return {
    request: new Request("http://h/", { method: "POST", body, headers }),
    pulled: () => next,
    isCancelled: () => cancelled,
  };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("readText reads a body up to exactly the limit, in bytes of UTF-8", async () => {
  assertEquals(await readText(streamed([bytes("éé")]).request, 4), "éé");
  assertEquals(await readText(streamed([bytes("éé")]).request, 3), undefined);
});

Deno.test("readText counts over all chunks", async () => {
  assertEquals(await readText(streamed([bytes("ab"), bytes("cd")]).request, 4), "abcd");
  assertEquals(await readText(streamed([bytes("ab"), bytes("cd"), bytes("e")]).request, 4), undefined);
});

Deno.test("readText joins a character that two chunks share", async () => {
  const [first, second] = [bytes("é").slice(0, 1), bytes("é").slice(1)];
  assertEquals(await readText(streamed([bytes("a"), first, second, bytes("b")]).request, 10), "aéb");
});

Deno.test("readText marks a character that the end cuts off", async () => {
  assertEquals(await readText(streamed([bytes("aé").slice(0, 2)]).request, 10), "a\ufffd");
});

Deno.test("readText stops reading an endless body once it is over the limit", async () => {
  const endless = streamed(Array.from({ length: 1000 }, () => new Uint8Array(10)));
  assertEquals(await readText(endless.request, 25), undefined);
  assertEquals(endless.pulled(), 3);
  assert(endless.isCancelled());
});

Deno.test("readText does not read a body that announces more than the limit", async () => {
  const announced = streamed([bytes("ab")], { "content-length": "26" });
  assertEquals(await readText(announced.request, 25), undefined);
  assertEquals(announced.pulled(), 0);
});

Deno.test("readText reads a body that announces the limit", async () => {
  assertEquals(await readText(streamed([bytes("abcd")], { "content-length": "4" }).request, 4), "abcd");
});

for (const length of ["-1", "1e9", "abc", "0x10", "1, 2", "9".repeat(20)]) {
  Deno.test(`readText counts by itself where the announced length is "${length}"`, async () => {
    const announced = streamed([bytes("ab"), bytes("cd")], { "content-length": length });
    assertEquals(await readText(announced.request, 3), undefined);
    const short = streamed([bytes("ab")], { "content-length": length });
    assertEquals(await readText(short.request, 3), "ab");
  });
}

Deno.test("readText reads no body as empty text", async () => {
  assertEquals(await readText(new Request("http://h/", { method: "POST" }), 10), "");
});

Deno.test("readText rejects when the client goes away in the middle", async () => {
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(bytes("ab"));
      else controller.error(new Error("gone"));
    },
  });
  const request = new Request("http://h/", { method: "POST", body });
  await assertRejects(() => readText(request, 10), Error, "gone");
});

Deno.test("readText answers although the body cannot be cancelled", async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100)),
    cancel: () => Promise.reject(new Error("cannot")),
  });
  assertEquals(await readText(new Request("http://h/", { method: "POST", body }), 10), undefined);
});
