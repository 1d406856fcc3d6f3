import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { encodePayload } from "../../src/client/payload.ts";
import { pollingOver } from "../../src/client/polling.ts";
import type { Endpoint, PausableTransport } from "../../src/client/transport.ts";
import type { TransportError } from "../../src/client/transport_error.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { microtasks } from "../support/fake_transport.ts";
import { OPEN } from "./stage.ts";

/** A request that a test answers by hand. */
interface Asked {
  readonly url: string;
  readonly init: RequestInit;
  answer(body: string, status?: number): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** One connection over a fetch that a test plays. */
class Stage {
  readonly asked: Asked[] = [];
  readonly log: string[] = [];
  readonly errors: unknown[] = [];
  readonly connection: PausableTransport;

  constructor(endpoint: Partial<Endpoint> = {}, sid?: string) {
    const kind = pollingOver((url, init) => {
      const { promise, resolve, reject } = Promise.withResolvers<Response>();
      init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      this.asked.push({
        url,
        init,
        answer: (body, status = 200) => (resolve(new Response(body, { status })), settled()),
        fail: (error) => (reject(error), settled()),
      });
      return promise;
    });
    this.connection = kind.open(
      {
        url: (id) => `http://h/?sid=${id}`,
        headers: { "x-own": "1" },
        withCredentials: false,
        protocols: [],
        requestTimeout: 0,
        ...endpoint,
      },
      sid,
      {
        opened: () => this.log.push("opened"),
        frame: (frame) => this.log.push(typeof frame === "string" ? frame : `bytes ${frame.join()}`),
        drained: () => this.log.push("drained"),
        lost: (error) => (this.errors.push(error), this.log.push("lost")),
      },
    ) as PausableTransport;
  }

  /** Those of a method that are not answered, the last one. */
  last(method: string): Asked {
    return this.asked.findLast(({ init }) => init.method === method)!;
  }

  count(method: string): number {
    return this.asked.filter(({ init }) => init.method === method).length;
  }

  told(): string[] {
    return this.log.splice(0);
  }

  async open(): Promise<this> {
    await this.last("GET").answer(OPEN);
    this.told();
    return this;
  }
}

/** A Response is read in turns of the event loop, not only in microtasks. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  await microtasks();
}

Deno.test("Polling asks again and again, and hands on each frame of each answer", async () => {
  const stage = new Stage();
  assertEquals(stage.last("GET").url, "http://h/?sid=undefined");
  await stage.last("GET").answer(OPEN);
  assertEquals([stage.told(), stage.last("GET").url], [[OPEN], "http://h/?sid=engine"]);
  await stage.last("GET").answer(encodePayload(["4one", new Uint8Array([1, 2]), "2"]));
  assertEquals([stage.told(), stage.count("GET")], [["4one", "bytes 1,2", "2"], 3]);
});

Deno.test("Polling posts what is sent in one go together, one request at a time, by maxPayload", async () => {
  const stage = await new Stage().open();
  stage.connection.send(["4a", "4b"]);
  stage.connection.send(["4c"]);
  assertEquals([stage.count("POST"), stage.connection.isWritable], [0, false]);
  await settled();
  const { init } = stage.last("POST");
  assertEquals([init.body, init.headers], [
    "4a\x1e4b\x1e4c",
    { "x-own": "1" },
  ]);
  stage.connection.send(["4" + "x".repeat(60_000), "4" + "y".repeat(60_000)]);
  await settled();
  assertEquals(stage.count("POST"), 1);
  await stage.last("POST").answer("ok");
  assertEquals([stage.count("POST"), (stage.last("POST").init.body as string).length, stage.told()], [
    2,
    60_001,
    [],
  ]);
  await stage.last("POST").answer("ok");
  await stage.last("POST").answer("ok");
  assertEquals([stage.count("POST"), stage.told(), stage.connection.isWritable], [3, ["drained"], true]);
});

Deno.test("Polling ends with what went wrong: no answer, a refusal, nonsense", async () => {
  const refused = await new Stage().open();
  await refused.last("GET").answer('{"code":1,"message":"Session ID unknown"}', 400);
  const error = refused.errors[0] as TransportError;
  assertInstanceOf(error, Error);
  assertEquals([error.message, error.type, error.description], ["fetch read error", "TransportError", 400]);
  assertInstanceOf(error.context, Response);

  const cut = await new Stage().open();
  const cause = new TypeError("network");
  await cut.last("GET").fail(cause);
  assertEquals((cut.errors[0] as TransportError).description, cause);
  assertEquals([cut.told(), cut.count("POST")], [["lost"], 0]);
  cut.connection.send(["4late"]);
  await settled();
  assertEquals(cut.count("GET"), 2);

  const nonsense = await new Stage().open();
  await nonsense.last("GET").answer("b!");
  assertEquals(nonsense.told(), ["lost"]);
});

Deno.test("Polling whose POST fails says goodbye, since the server may still wait", async () => {
  const stage = await new Stage().open();
  stage.connection.send(["4a"]);
  await settled();
  await stage.last("POST").answer("too large", 413);
  assertEquals((stage.errors[0] as TransportError).message, "fetch write error");
  assertEquals([stage.count("POST"), stage.last("POST").init.body], [2, "1"]);
  assertEquals(stage.last("GET").init.signal!.aborted, false);
  await stage.last("POST").answer("ok");
  assertEquals([stage.last("GET").init.signal!.aborted, stage.told()], [true, ["lost"]]);
});

Deno.test("Polling that is closed sends what waits, then the farewell alone, then ends its GET", async () => {
  const stage = await new Stage().open();
  stage.connection.send(["41"]);
  stage.connection.close("1");
  await settled();
  assertEquals([stage.count("POST"), stage.last("POST").init.body], [1, "41"]);
  await stage.last("POST").answer("ok");
  assertEquals([stage.last("POST").init.body, stage.last("POST").init.keepalive], ["1", true]);
  assertEquals(stage.last("GET").init.signal!.aborted, false);
  await stage.last("GET").answer("6\x1e4late");
  await stage.last("POST").answer("ok");
  assertEquals([stage.told(), stage.count("GET")], [[], 2]);

  const silent = await new Stage().open();
  silent.connection.close();
  await settled();
  assertEquals([silent.last("GET").init.signal!.aborted, silent.count("POST"), silent.told()], [true, 0, []]);
});

Deno.test("Polling pauses once its GET and its POST are answered and heard, and gives back the rest", async () => {
  const stage = await new Stage().open();
  stage.connection.send(["4sent"]);
  await settled();
  const left: (readonly Frame[])[] = [];
  stage.connection.pause((frames) => left.push(frames));
  stage.connection.send(["4a", "4b"]);
  await stage.last("POST").answer("ok");
  assertEquals([left, stage.count("POST")], [[], 1]);
  await stage.last("GET").answer("4heard\x1e6");
  assertEquals([left, stage.told(), stage.count("GET")], [[["4a", "4b"]], ["4heard", "6"], 2]);
  stage.connection.close();
  await settled();
  assertEquals(stage.told(), []);

  const other = await new Stage().open();
  other.connection.send(["4sent"]);
  await settled();
  other.connection.pause((frames) => left.push(frames));
  await other.last("GET").answer("6");
  assertEquals(left.length, 1);
  await other.last("POST").answer("ok");
  assertEquals(left, [["4a", "4b"], []]);
});

Deno.test("Polling of a session that is there begins by asking for it", () => {
  const stage = new Stage({}, "given");
  assertEquals(stage.last("GET").url, "http://h/?sid=given");
});

Deno.test("Polling gives up a request that takes longer than it may", async () => {
  const stage = new Stage({ requestTimeout: 20 });
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals([stage.told(), stage.last("GET").init.signal!.aborted], [["lost"], true]);
});

Deno.test("Polling sends cookies to other origins where it shall, and else says nothing of them", () => {
  assertEquals(new Stage({ withCredentials: true }).last("GET").init.credentials, "include");
  assert(!("credentials" in new Stage().last("GET").init));
});
