/**
 * The polling transport over Requests and Responses in memory: parking, overlap, abort, POST limits, compression.
 * The owner stands for the session and releases a transport that is lost, as the session does.
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { type PollingOptions, PollingTransport } from "../../src/engine/polling.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { isPending, microtasks, OwnerLog } from "../support/fake_transport.ts";

const URL = "http://h/engine.io/?EIO=4&transport=polling&sid=x";

interface Stage {
  readonly transport: PollingTransport;
  readonly owner: OwnerLog;
  readonly clock: ManualClock;
}

function stage(options: Partial<PollingOptions> = {}): Stage {
  const clock = new ManualClock();
  const transport = new PollingTransport({
    maxBodyBytes: 100,
    compressionThreshold: Infinity,
    clock,
    ...options,
  });
  const owner = new OwnerLog();
  transport.attach(owner);
  return { transport, owner, clock };
}

async function posted(transport: PollingTransport, request: Request): Promise<Response> {
  return await transport.post(request);
}

async function polled(
  transport: PollingTransport,
  ...asked: Parameters<PollingTransport["poll"]>
): Promise<Response> {
  return await transport.poll(...asked);
}

function get(headers: Record<string, string> = {}, signal?: AbortSignal): Request {
  return new Request(URL, { headers, signal: signal ?? null });
}

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request(URL, { method: "POST", body, headers });
}

/** A POST whose body a test sends by hand. */
function slowPost(): { request: Request; body: ReadableStreamDefaultController<Uint8Array> } {
  let body!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      body = controller as ReadableStreamDefaultController<Uint8Array>;
    },
  });
  return { request: post(stream), body };
}

async function answered(response: Promise<Response>): Promise<[status: number, body: string]> {
  const { status, ...rest } = await response.then(async (answer) => ({
    status: answer.status,
    text: await answer.text(),
  }));
  return [status, rest.text];
}

// GET

Deno.test("PollingTransport parks a poll until there are frames", async () => {
  const { transport, owner } = stage();
  const poll = polled(transport, get());
  assertEquals(owner.told(), ["ready"]);
  assert(await isPending(poll));
  transport.write(["41", "42"], false);
  assertEquals(await answered(poll), [200, "41\x1e42"]);
  assertEquals(owner.told(), []);
});

Deno.test("PollingTransport answers a poll with frames that its owner has at once", async () => {
  const { transport, owner } = stage();
  owner.onReady = () => transport.write(["4now"], false);
  assertEquals(await answered(polled(transport, get())), [200, "4now"]);
});

Deno.test("PollingTransport answers one poll with one write: a second write reaches nobody", async () => {
  const { transport, owner } = stage();
  const poll = polled(transport, get());
  transport.write(["41"], false);
  transport.write(["42"], false);
  assertEquals(await answered(poll), [200, "41"]);
  const next = polled(transport, get());
  assert(await isPending(next));
  transport.write(["43"], false);
  assertEquals(await answered(next), [200, "43"]);
  assertEquals(owner.told(), ["ready", "ready"]);
});

Deno.test("PollingTransport writes bytes as base64, in order with text", async () => {
  const { transport } = stage();
  const poll = polled(transport, get());
  transport.write(["4a", new Uint8Array([1, 2, 255]), "4b"], false);
  assertEquals(await answered(poll), [200, "4a\x1ebAQL/\x1e4b"]);
});

Deno.test("PollingTransport answers a second GET with 400 and the first with the farewell", async () => {
  const { transport, owner } = stage();
  const first = polled(transport, get());
  const second = polled(transport, get());
  assertEquals(await answered(second), [400, ""]);
  assertEquals(await answered(first), [200, "1"]);
  assertEquals(owner.told(), ["ready", "lost transport error"]);
  assertEquals(owner.descriptions, ["overlap from client"]);
});

Deno.test("PollingTransport loses its client when a parked poll is aborted, and the handler ends", async () => {
  const { transport, owner } = stage();
  const client = new AbortController();
  const poll = polled(transport, get({}, client.signal));
  owner.told();
  client.abort();
  assertEquals(owner.told(), ["lost transport error"]);
  assertEquals(owner.descriptions, ["poll connection closed prematurely"]);
  assertEquals((await poll).status, 400);
});

Deno.test("PollingTransport loses its client when the poll was aborted before it was parked", async () => {
  const { transport, owner } = stage();
  assertEquals((await polled(transport, get({}, AbortSignal.abort()))).status, 400);
  assertEquals(owner.told(), ["ready", "lost transport error"]);
});

Deno.test("PollingTransport takes no notice of the abort of a poll that was answered", async () => {
  const { transport, owner } = stage();
  const client = new AbortController();
  const poll = polled(transport, get({}, client.signal));
  transport.write(["41"], false);
  const next = polled(transport, get());
  owner.told();
  client.abort();
  assertEquals(owner.told(), []);
  assertEquals((await poll).status, 200);
  assert(await isPending(next), "the abort of one poll ended the next");
  transport.release("noop");
});

Deno.test("PollingTransport leaves no listener on the signal of an answered poll", async () => {
  const { transport } = stage();
  const request = get({}, new AbortController().signal);
  const listeners = new Set<unknown>();
  const { signal } = request;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  Object.assign(signal, {
    addEventListener: (name: string, listener: unknown) => (listeners.add(listener), add(name, listener)),
    removeEventListener: (
      name: string,
      listener: unknown,
    ) => (listeners.delete(listener), remove(name, listener)),
  });
  const poll = polled(transport, request);
  assertEquals(listeners.size, 1);
  transport.write(["41"], false);
  await poll;
  assertEquals(listeners.size, 0);
  assertEquals(request.signal, signal);
});

Deno.test("PollingTransport does not touch the signal of a poll that is answered at once", async () => {
  const { transport, owner } = stage();
  owner.onReady = () => transport.write(["4now"], false);
  const request = get();
  Object.defineProperty(request, "signal", {
    get: () => {
      throw new Error("touched");
    },
  });
  assertEquals(await answered(polled(transport, request)), [200, "4now"]);
});

Deno.test("PollingTransport on a patient runtime asks the signal only of a poll that waits for a while", async () => {
  const { transport, owner, clock } = stage();
  const calls: string[] = [];
  const client = new AbortController();
  const context = {
    isPatient: true,
    park: () => {
      calls.push("park");
      return () => void calls.push("unpark");
    },
  };
  const request = get();
  Object.defineProperty(request, "signal", {
    get: () => {
      calls.push("signal");
      return client.signal;
    },
  });
  const first = polled(transport, request, context);
  clock.advance(499);
  transport.write(["41"], false);
  assertEquals(await answered(first), [200, "41"]);
  clock.advance(1_000);
  assertEquals(calls, []);

  const second = polled(transport, request, context);
  clock.advance(500);
  assertEquals(calls.toSorted(), ["park", "signal"]);
  transport.write(["42"], false);
  assertEquals(await answered(second), [200, "42"]);
  assertEquals(calls.at(-1), "unpark");

  const third = polled(transport, request, context);
  client.abort();
  owner.told();
  assert(await isPending(third));
  clock.advance(500); // it left before it was asked for
  assertEquals([(await third).status, owner.told()], [400, ["lost transport error"]]);
});

Deno.test("PollingTransport loses its client when an answer was not delivered", async () => {
  const { transport, owner } = stage();
  const failure = new Error("reset");
  const poll = polled(transport, get(), { delivered: () => Promise.reject(failure) });
  transport.write(["41"], false);
  await poll;
  await microtasks();
  assertEquals(owner.told(), ["ready", "lost transport error"]);
  assertEquals(owner.descriptions, [failure]);
});

Deno.test("PollingTransport goes on when an answer was delivered, and asks only after there is one", async () => {
  const { transport, owner } = stage();
  let asked = 0;
  const poll = polled(transport, get(), {
    delivered: () => {
      asked++;
      return Promise.resolve();
    },
  });
  assertEquals(asked, 0);
  transport.write(["41"], false);
  assertEquals(asked, 1);
  await poll;
  await microtasks();
  assertEquals(owner.told(), ["ready"]);
});

Deno.test("PollingTransport tells nobody of an answer that failed after its release", async () => {
  const { transport, owner } = stage();
  let fail!: (error: Error) => void;
  const poll = polled(transport, get(), {
    delivered: () => new Promise((_resolve, reject) => fail = reject),
  });
  transport.write(["41"], false);
  transport.release("noop");
  owner.told();
  fail(new Error("reset"));
  await poll;
  await microtasks();
  assertEquals(owner.told(), []);
});

// Compression

const LONG = "4" + "x".repeat(999); // 1 000 bytes
const COMPRESSION: readonly [
  what: string,
  threshold: number,
  accept: string | undefined,
  compress: boolean,
  frame: string,
  encoding: string | null,
][] = [
  ["as long as the threshold", 1000, "gzip", true, LONG, "gzip"],
  ["one byte shorter than the threshold", 1001, "gzip", true, LONG, null],
  ["as long as the threshold in bytes of UTF-8 alone", 21, "gzip", true, "4" + "é".repeat(10), "gzip"],
  [
    "one byte shorter in UTF-8, though three times its units reach it",
    22,
    "gzip",
    true,
    "4" + "é".repeat(10),
    null,
  ],
  ["of one byte, threshold 0", 0, "gzip", true, "6", "gzip"],
  ["long, compression off", Infinity, "gzip", true, LONG, null],
  ["long, for a client that accepts deflate alone", 10, "deflate", true, LONG, "deflate"],
  ["long, for a client that accepts gzip with q=0", 10, "gzip;q=0", true, LONG, null],
  ["long, for a client that says nothing", 10, undefined, true, LONG, null],
  ["long, sent with compress false", 10, "gzip", false, LONG, null],
];

for (const [what, threshold, accept, compress, frame, encoding] of COMPRESSION) {
  Deno.test(`PollingTransport compresses a payload ${what}: ${encoding ?? "no"}`, async () => {
    const { transport } = stage({ compressionThreshold: threshold });
    const poll = polled(transport, get(accept === undefined ? {} : { "accept-encoding": accept }));
    transport.write([frame], compress);
    const answer = await poll;
    assertEquals(answer.headers.get("content-encoding"), encoding);
    const body = encoding
      ? answer.body!.pipeThrough(new DecompressionStream(encoding as CompressionFormat))
      : answer.body;
    assertEquals(await new Response(body).text(), frame);
  });
}

// POST

Deno.test("PollingTransport hands over the frames of a POST in order, then answers ok", async () => {
  const { transport, owner } = stage();
  assertEquals(await answered(posted(transport, post("4a\x1ebAQID\x1e4é\x1e3"))), [200, "ok"]);
  assertEquals(owner.told(), ["receive 4a", "receive bytes 1,2,3", "receive 4é", "receive 3"]);
});

Deno.test("PollingTransport takes POST after POST, and POSTs while a poll is parked", async () => {
  const { transport, owner } = stage();
  const poll = polled(transport, get());
  assertEquals(await answered(posted(transport, post("4a"))), [200, "ok"]);
  assertEquals(await answered(posted(transport, post("4b"))), [200, "ok"]);
  assert(await isPending(poll));
  assertEquals(owner.told(), ["ready", "receive 4a", "receive 4b"]);
  transport.release("close");
  await poll;
});

const GARBLED: readonly [what: string, body: string, before: string[]][] = [
  ["an empty body", "", []],
  ["an unknown type", "abc", []],
  ["a fault after good packets", "4a\x1e3\x1e9\x1e4never", ["receive 4a", "receive 3"]],
  ["an empty packet at the end", "4a\x1e", ["receive 4a"]],
];

for (const [what, body, before] of GARBLED) {
  Deno.test(`PollingTransport reports ${what} after what came before it, and still answers ok`, async () => {
    const { transport, owner } = stage();
    assertEquals(await answered(posted(transport, post(body))), [200, "ok"]);
    assertEquals(owner.told(), [...before, "garbled"]);
    assertInstanceOf(owner.descriptions[0], Error);
  });
}

Deno.test("PollingTransport takes 65,536 packets in one POST and refuses to take one more", async () => {
  const { transport, owner } = stage({ maxBodyBytes: 1_000_000 });
  await posted(transport, post(Array(65_536).fill("4").join("\x1e")));
  assertEquals([owner.frames.length, owner.descriptions.length], [65_536, 0]);
  await posted(transport, post(Array(65_537).fill("4").join("\x1e")));
  assertEquals([owner.frames.length, owner.descriptions.length], [2 * 65_536, 1]);
});

Deno.test("PollingTransport hands over nothing more once a frame of the POST ended the session", async () => {
  const { transport, owner } = stage();
  const receive = owner.receive.bind(owner);
  owner.receive = (one, frame) => {
    receive(one, frame);
    if (frame === "1") transport.release("noop");
  };
  assertEquals(await answered(posted(transport, post("4a\x1e1\x1e4b\x1e9"))), [200, "ok"]);
  assertEquals(owner.told(), ["receive 4a", "receive 1"]);
});

Deno.test("PollingTransport answers an announced oversize POST with 413 and the session goes on", async () => {
  const { transport, owner } = stage();
  const request = post("4" + "x".repeat(100), { "content-length": "101" });
  assertEquals(await answered(posted(transport, request)), [413, ""]);
  assertEquals(await answered(posted(transport, post("4" + "x".repeat(99), { "content-length": "100" }))), [
    200,
    "ok",
  ]);
  assertEquals(owner.told(), ["receive 4" + "x".repeat(99)]);
});

Deno.test("PollingTransport answers an oversize POST that streams with 413, counted in bytes", async () => {
  const { transport, owner } = stage();
  const { request, body } = slowPost();
  const answer = posted(transport, request);
  body.enqueue(new TextEncoder().encode("4" + "é".repeat(40)));
  assert(await isPending(answer));
  body.enqueue(new TextEncoder().encode("é".repeat(10))); // 101 bytes of 51 units
  assertEquals(await answered(answer), [413, ""]);
  assertEquals(await answered(posted(transport, post("4a"))), [200, "ok"]);
  assertEquals(owner.told(), ["receive 4a"]);
});

Deno.test("PollingTransport answers a second POST with 400 and so the first, which is still coming in", async () => {
  const { transport, owner } = stage();
  const { request, body } = slowPost();
  const first = posted(transport, request);
  body.enqueue(new TextEncoder().encode("4a"));
  await microtasks();
  assertEquals(await answered(posted(transport, post("4b"))), [400, ""]);
  assertEquals(await answered(first), [400, ""]);
  assertEquals(owner.told(), ["lost transport error"]);
  assertEquals(owner.descriptions, ["overlap from client"]);
});

Deno.test("PollingTransport loses its client when the body of a POST breaks off", async () => {
  const { transport, owner } = stage();
  const { request, body } = slowPost();
  const answer = posted(transport, request);
  body.enqueue(new TextEncoder().encode("4a"));
  await microtasks();
  body.error(new Error("reset"));
  assertEquals(await answered(answer), [400, ""]);
  assertEquals(owner.told(), ["lost transport error"]);
  assertEquals(String(owner.descriptions[0]), "Error: reset");
});

Deno.test("PollingTransport answers a slow POST when the session ends, and takes nothing of it", async () => {
  const { transport, owner } = stage();
  const { request, body } = slowPost();
  const answer = posted(transport, request);
  body.enqueue(new TextEncoder().encode("4a"));
  assert(await isPending(answer));
  transport.release("close");
  assertEquals(await answered(answer), [400, ""]);
  body.close();
  await microtasks();
  assertEquals(owner.told(), []);
});

for (const type of ["application/octet-stream", "Application/Octet-Stream; charset=x"]) {
  Deno.test(`PollingTransport refuses a POST of ${type}, which revision 4 does not know`, async () => {
    const { transport, owner } = stage();
    assertEquals(await answered(posted(transport, post("4a", { "content-type": type }))), [400, ""]);
    assertEquals(owner.told(), ["lost transport error"]);
    assertEquals(owner.descriptions, ["invalid content"]);
  });
}

for (const type of ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "text/html"]) {
  Deno.test(`PollingTransport takes a POST of ${type}`, async () => {
    const { transport, owner } = stage();
    assertEquals(await answered(posted(transport, post("4a", { "content-type": type }))), [200, "ok"]);
    assertEquals(owner.told(), ["receive 4a"]);
  });
}

// Release

for (const [farewell, frame] of [["close", "1"], ["noop", "6"]] as const) {
  Deno.test(`PollingTransport answers a parked poll with ${frame} when it is released with "${farewell}"`, async () => {
    const { transport, owner } = stage({ compressionThreshold: 0 });
    const poll = polled(transport, get({ "accept-encoding": "gzip" }));
    transport.release(farewell);
    assertEquals(await answered(poll), [200, frame]);
    assertEquals(owner.told(), ["ready"]);
  });
}

Deno.test("PollingTransport answers every request after its release with 400 and tells nobody", async () => {
  const { transport, owner } = stage();
  transport.release("noop");
  transport.release("close");
  assertEquals(await answered(polled(transport, get())), [400, ""]);
  assertEquals(await answered(posted(transport, post("4a"))), [400, ""]);
  transport.write(["4a"], false);
  assertEquals(owner.told(), []);
});
