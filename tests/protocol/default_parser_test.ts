import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { createDefaultParser, defaultParser } from "../../src/protocol/default_parser.ts";
import { DEFAULT_MAX_DEPTH } from "../../src/protocol/packet_decoder.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { Packet } from "../../src/protocol/socket_packet.ts";

const event = (...data: unknown[]): Packet => ({ type: 2, nsp: "/", data });

function nest(depth: number, value: unknown): unknown {
  let nested = value;
  for (let i = 0; i < depth; i++) nested = { k: nested };
  return nested;
}

Deno.test("defaultParser sends bytes as the very view it was given", () => {
  const bytes = new Uint8Array(8).subarray(2, 5);
  const frames = defaultParser.encode(event("ev", bytes)) as Frame[];
  assertEquals(frames[0], '451-["ev",{"_placeholder":true,"num":0}]');
  assertStrictEquals(frames[1], bytes);
});

Deno.test("defaultParser sends Node's Buffer as bytes, wherever it is", () => {
  const frames = defaultParser.encode(event("ev", { a: [Buffer.from("hi")] })) as Frame[];
  assertEquals(frames[0], '451-["ev",{"a":[{"_placeholder":true,"num":0}]}]');
  assertEquals([...frames[1] as Uint8Array], [0x68, 0x69]);
});

Deno.test("defaultParser returns a promise only for a Blob, and keeps the order of the attachments", async () => {
  const given = event(
    "ev",
    Uint8Array.of(1),
    new Blob([Uint8Array.of(2)]),
    Uint8Array.of(3),
    new File(["x"], "f"),
  );
  const pending = defaultParser.encode(given);
  assertInstanceOf(pending, Promise);
  const [text, ...parts] = await pending;
  assert((text as string).startsWith('454-["ev",'));
  assertEquals(parts.map((part) => [...part as Uint8Array]), [[1], [2], [3], [0x78]]);
  assert(Array.isArray(defaultParser.encode(event("ev", Uint8Array.of(1)))));
});

Deno.test("defaultParser rejects when a Blob cannot be read", async () => {
  const blob = new Blob([]);
  blob.arrayBuffer = () => Promise.reject(new Error("gone"));
  await assertRejects(async () => await defaultParser.encode(event("ev", blob)), Error, "gone");
});

Deno.test("defaultParser announces no attachments for a toJSON without binary", () => {
  assertEquals(defaultParser.encode(event("ev", { toJSON: () => ({ a: 1 }) })), ['42["ev",{"a":1}]']);
  assertEquals(defaultParser.encode(event("ev", new URL("http://a/"))), ['42["ev","http://a/"]']);
});

Deno.test("defaultParser leaves binary in a CONNECT or CONNECT_ERROR to JSON, as official", () => {
  assertEquals(defaultParser.encode({ type: 0, nsp: "/", data: { b: Uint8Array.of(7) } }), [
    '40{"b":{"0":7}}',
  ]);
  assertEquals(defaultParser.encode({ type: 4, nsp: "/n", data: "no" }), ['44/n,"no"']);
});

Deno.test("defaultParser throws a TypeError at the caller for what cannot be sent", () => {
  const circular: unknown[] = [];
  circular.push({ circular });
  const packets: Packet[] = [
    event("ev", circular),
    event("ev", Uint8Array.of(1), circular),
    event("ev", 1n),
    event("ev", Uint8Array.of(1), 1n),
    event("ev", Uint8Array.of(1), Object(1n)),
    event("ev", nest(200_000, 1)),
    event("ev", Uint8Array.of(1), nest(200_000, 1)),
    { type: 0, nsp: "/", data: { circular } },
    // The getter keeps V8 from its iterative way, so JSON.stringify itself fails: with a RangeError.
    {
      type: 0,
      nsp: "/",
      data: {
        deep: nest(200_000, 1),
        get way(): string {
          return "slow";
        },
      },
    },
    { type: 4, nsp: "/", data: { message: "no", data: circular } },
  ];
  for (const [i, packet] of packets.entries()) {
    assertThrows(() => defaultParser.encode(packet), TypeError, undefined, `packet ${i}`);
  }
});

Deno.test("defaultParser passes on what a getter or toJSON throws", () => {
  class OwnError extends Error {}
  const fail = () => {
    throw new OwnError("mine");
  };
  assertThrows(() => defaultParser.encode(event("ev", { toJSON: fail })), OwnError, "mine");
});

Deno.test("defaultParser sends back, wrapped once more, the deepest packet it receives", () => {
  const decoder = defaultParser.decoder();
  const text = `42["ev",${'{"k":'.repeat(DEFAULT_MAX_DEPTH - 1)}1${"}".repeat(DEFAULT_MAX_DEPTH - 1)}]`;
  const { data } = decoder.push(text) as { data: unknown[] };
  assertEquals(defaultParser.encode(event(...data)), [text]);
  const wrapped = defaultParser.encode(event("ev", { wrapped: data[1] })) as string[];
  assertThrows(() => decoder.push(wrapped[0]!), Error, "nested deeper");
});

Deno.test("createDefaultParser() gives its limits to each decoder, which share no state", () => {
  const parser = createDefaultParser({ maxAttachments: 1 });
  const one = parser.decoder(), other = parser.decoder();
  one.push('451-["a"]');
  assert(one.isPartial && !other.isPartial);
  assertThrows(() => other.push('452-["a"]'), Error, "more than 1 attachments");
});

Deno.test("createDefaultParser() names a limit that is none", () => {
  for (const wrong of [0, -1, 1.5, NaN, "10" as unknown as number]) {
    for (const name of ["maxAttachments", "maxAttachmentBytes", "maxDepth"]) {
      assertThrows(() => createDefaultParser({ [name]: wrong }), TypeError, `${name} is ${wrong}`);
    }
  }
});
