import { assert, assertEquals } from "@std/assert";
import specs from "npm:@asyncapi/specs@6.11.1";
import { Ajv } from "npm:ajv@8.20.0";
import { z } from "zod";
import { type JsonObject, toAsyncApi } from "../../src/contract/asyncapi.ts";
import { defineContract } from "../../src/contract/contract.ts";
import type { StandardSchema } from "../../src/contract/standard_schema.ts";

const INFO = { title: "Chat", version: "1.2.3" };

const contract = defineContract({
  clientToServer: { say: { args: z.tuple([z.string().max(5)]), ack: z.number() }, bye: {} },
  serverToClient: { said: { args: z.tuple([z.string(), z.object({ at: z.number() })]) } },
});

// deno-lint-ignore no-explicit-any -- a document
type Document = any;

/** Every `$ref` of a document, resolved; throws where one leads nowhere. */
function resolveAll(document: Document, node: Document = document): number {
  if (typeof node !== "object" || node === null) return 0;
  let count = 0;
  if (typeof node.$ref === "string") {
    let target: Document = document;
    for (const part of node.$ref.slice(2).split("/")) {
      target = target?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    assert(target !== undefined, `${node.$ref} leads nowhere`);
    count++;
  }
  for (const child of Object.values(node)) count += resolveAll(document, child);
  return count;
}

Deno.test("toAsyncApi renders a channel, its messages and operations from the server's point of view", () => {
  const document: Document = toAsyncApi(contract, { ...INFO, description: "d" });
  assertEquals([document.asyncapi, document.info], ["3.0.0", { ...INFO, description: "d" }]);
  assertEquals(Object.keys(document.channels), ["main"]);
  assertEquals(document.channels.main.address, "/");
  const actions = Object.entries<Document>(document.operations).map(([id, { action }]) => [id, action]);
  assertEquals(actions, [
    ["main.clientToServer.say", "receive"],
    ["main.clientToServer.bye", "receive"],
    ["main.serverToClient.said", "send"],
  ]);
  assertEquals(resolveAll(document), 8);
});

Deno.test("toAsyncApi renders the tuple of arguments and the ack as JSON Schema", () => {
  const document: Document = toAsyncApi(contract, INFO);
  const { messages } = document.channels.main;
  const { schemaFormat, schema } = messages["main.clientToServer.say"].payload;
  // Without it the payload is draft-07, to which the `items: false` of a tuple means an empty list.
  assertEquals(schemaFormat, "application/schema+json;version=draft-2020-12");
  assertEquals([schema.type, schema.prefixItems], ["array", [{ type: "string", maxLength: 5 }]]);
  assertEquals(messages["main.clientToServer.say.ack"].payload.schema.type, "number");
  assertEquals(messages["main.clientToServer.bye"].payload.maxItems, 0);
  const { reply } = document.operations["main.clientToServer.say"];
  assertEquals(reply.messages, [{ $ref: "#/channels/main/messages/main.clientToServer.say.ack" }]);
  assertEquals(document.operations["main.clientToServer.bye"].reply, undefined);
});

Deno.test("toAsyncApi renders what travels: a schema's input, not what the listener gets", () => {
  const odd = defineContract({
    clientToServer: { x: { args: z.tuple([z.string().pipe(z.transform(Number))]) } },
  });
  const document: Document = toAsyncApi(odd, INFO);
  assertEquals(document.channels.main.messages["main.clientToServer.x"].payload.schema.prefixItems, [{
    type: "string",
  }]);
});

Deno.test("toAsyncApi renders several namespaces, whose names make keys that the specification allows", () => {
  const names = ["/", "/a b", "/a/b", "/__proto__", "plain"];
  const document: Document = toAsyncApi(Object.fromEntries(names.map((name) => [name, contract])), INFO);
  assertEquals(Object.keys(document.channels), ["main", "a_b", "a_b_2", "__proto__", "plain"]);
  const addresses = Object.values<Document>(document.channels).map(({ address }) => address);
  assertEquals(addresses, ["/", "/a b", "/a/b", "/__proto__", "/plain"]);
  for (const key of [...Object.keys(document.channels), ...Object.keys(document.operations)]) {
    assert(/^[A-Za-z0-9._-]+$/.test(key), key);
  }
  assertEquals(resolveAll(document), 40);
});

Deno.test("toAsyncApi keeps events apart whose names make the same key", () => {
  const odd = defineContract({ clientToServer: { "a b": {}, "a/b": {}, "a_b": {} } });
  const document: Document = toAsyncApi(odd, INFO);
  assertEquals(Object.keys(document.operations).length, 3);
  assertEquals(Object.values<Document>(document.operations).map(({ title }) => title), ["a b", "a/b", "a_b"]);
});

Deno.test("toAsyncApi takes the caller's way to JSON Schema, and says where there is none", () => {
  const hand: StandardSchema<[string]> = {
    "~standard": { version: 1, vendor: "hand", validate: () => ({ value: ["x"] }) },
  };
  const odd = defineContract({ clientToServer: { x: { args: hand } } });
  const none: Document = toAsyncApi(odd, INFO);
  assertEquals(none.channels.main.messages["main.clientToServer.x"].payload, {
    description: "Not rendered: schemas of hand have no JSON Schema of their own.",
  });
  const own: Document = toAsyncApi(odd, { ...INFO, toJsonSchema: () => ({ type: "array" }) });
  assertEquals(own.channels.main.messages["main.clientToServer.x"].payload, { type: "array" });
});

Deno.test("toAsyncApi says which JSON Schema the caller's is, where that is not AsyncAPI's own", () => {
  const payloadBy = (target: "draft-7" | "draft-2020-12"): Document => {
    const toJsonSchema = (schema: unknown): JsonObject => z.toJSONSchema(schema as z.ZodType, { target });
    const document: Document = toAsyncApi(contract, { ...INFO, toJsonSchema });
    return document.channels.main.messages["main.clientToServer.say"].payload;
  };
  assertEquals(payloadBy("draft-7").items, [{ type: "string", maxLength: 5 }]);
  assertEquals(payloadBy("draft-2020-12").schema.prefixItems, [{ type: "string", maxLength: 5 }]);
});

Deno.test("toAsyncApi renders the other events where a schema has no JSON form", () => {
  const odd = defineContract({
    clientToServer: {
      bytes: { args: z.tuple([z.instanceof(Uint8Array)]) },
      text: { args: z.tuple([z.string()]), ack: z.date() },
    },
  });
  const { messages }: Document = (toAsyncApi(odd, INFO) as Document).channels.main;
  const payload = (id: string): Document => messages[`main.clientToServer.${id}`].payload;
  assertEquals(Object.keys(payload("bytes")), ["description"]);
  assert(payload("bytes").description.startsWith("Not rendered: "), payload("bytes").description);
  assert(payload("text.ack").description.includes("Date"), payload("text.ack").description);
  assertEquals(payload("text").schema.prefixItems, [{ type: "string" }]);
});

/** The specification of AsyncAPI 3.0.0 as a JSON Schema, published by its authors. */
const isAsyncApi = new Ajv({ strict: false, logger: false, validateFormats: false })
  .compile(specs.schemasWithoutId["3.0.0"] as object);

/** What the specification has against a document. */
function errorsOf(document: Document): string[] {
  isAsyncApi(JSON.parse(JSON.stringify(document)));
  return (isAsyncApi.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

const draft07 = (schema: unknown): JsonObject => z.toJSONSchema(schema as z.ZodType, { target: "draft-7" });

Deno.test("toAsyncApi renders what the specification of AsyncAPI allows", () => {
  const byNamespace = { "/": contract, "/a b": contract, "/__proto__": contract };
  const servers = { production: { host: "example.com", protocol: "wss" } };
  const document: Document = toAsyncApi(byNamespace, { ...INFO, servers });
  assertEquals(errorsOf(document), []);
  assertEquals(errorsOf(toAsyncApi(contract, { ...INFO, toJsonSchema: draft07 })), []);
  // It does look: a document with a fault is refused.
  document.operations["main.clientToServer.say"].action = "hear";
  assert((errorsOf(document)).length > 0);
});

Deno.test("toAsyncApi renders named and recursive schemas, whose references hold in the document", () => {
  const User = z.object({ id: z.string() }).meta({ id: "User" });
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  const odd = defineContract({ clientToServer: { add: { args: z.tuple([User, Tree]), ack: Tree } } });
  for (const options of [INFO, { ...INFO, toJsonSchema: draft07 }]) {
    const document: Document = toAsyncApi(odd, options);
    assertEquals(resolveAll(document), 4 + 4); // of the operation, and of the schemas
    assertEquals(errorsOf(document), []);
  }
  const { payload } = (toAsyncApi(odd, INFO) as Document).channels.main.messages["main.clientToServer.add"];
  assertEquals(
    payload.schema.prefixItems[0].$ref,
    "#/channels/main/messages/main.clientToServer.add/payload/schema/$defs/User",
  );
});

Deno.test("toAsyncApi passes servers on", () => {
  const servers = { production: { host: "example.com", protocol: "wss" } };
  const document: Document = toAsyncApi(contract, { ...INFO, servers });
  assertEquals(document.servers, servers);
});
