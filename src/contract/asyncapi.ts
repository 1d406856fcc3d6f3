/**
 * A contract as an AsyncAPI 3.0 document: one channel for each namespace, one operation for each event, from the
 * server's point of view. An ack is the operation's reply.
 * Source: AsyncAPI Specification 3.0.0.
 * @module
 */
import type { AnyContract, Direction, EventSpec } from "./contract.ts";
import type { AnySchema } from "./standard_schema.ts";

/** A JSON object. */
export interface JsonObject {
  /** A field. */
  [key: string]: unknown;
}

/** What the contract does not know. */
export interface AsyncApiOptions {
  /** Of the application. */
  readonly title: string;
  /** Of the application. */
  readonly version: string;
  /** In words; may be Markdown. */
  readonly description?: string;
  /** Servers by name, as the specification has them: `{ host, protocol, … }`. */
  readonly servers?: Readonly<Record<string, JsonObject>>;
  /**
   * Renders a schema as JSON Schema, of draft-07, or of 2020-12 with its `$schema`. Default: what the library offers
   * by Standard JSON Schema (2020-12); a schema that allows anything, and says why, where it offers none or cannot
   * (zod cannot render a `Date` or bytes unless told: `(s) => z.toJSONSchema(s, { unrepresentable: "any" })`).
   */
  readonly toJsonSchema?: (schema: AnySchema) => JsonObject;
}

/**
 * Renders the contract of the main namespace, or contracts by namespace.
 *
 * @example
 * ```ts
 * import { defineContract, toAsyncApi } from "@skein/io/contract";
 * import { z } from "zod";
 *
 * const contract = defineContract({ clientToServer: { ping: { args: z.tuple([z.number()]) } } });
 * const document = toAsyncApi(contract, { title: "Ping", version: "1.0.0" });
 * if (document.asyncapi !== "3.0.0") throw new Error("unreachable");
 * ```
 */
export function toAsyncApi(
  contracts: AnyContract | Readonly<Record<string, AnyContract>>,
  options: AsyncApiOptions,
): JsonObject {
  const byNamespace = isContract(contracts) ? { "/": contracts } : contracts;
  const channels: [id: string, channel: JsonObject][] = [];
  const operations: JsonObject = {};
  const ids = new Set<string>();
  for (const [name, contract] of Object.entries(byNamespace)) {
    const namespace = name.startsWith("/") ? name : `/${name}`; // as `io.of()` has it
    const channel = unique(namespace === "/" ? "main" : namespace, ids);
    const messages: JsonObject = {};
    for (const direction of ["clientToServer", "serverToClient"] as const) {
      for (const [event, spec] of Object.entries(contract.spec[direction] as Record<string, EventSpec>)) {
        Object.assign(operations, render(channel, direction, event, spec, messages, ids, options));
      }
    }
    channels.push([channel, { address: namespace, title: `Namespace ${namespace}`, messages }]);
  }
  const { title, version, description, servers } = options;
  return {
    asyncapi: "3.0.0",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    defaultContentType: "application/json",
    ...(servers === undefined ? {} : { servers }),
    channels: Object.fromEntries(channels), // not by assignment: a namespace may be called "/__proto__"
    operations,
  };
}

/** One event: its messages are put into `messages`, its operation is returned. */
function render(
  channel: string,
  direction: Direction,
  event: string,
  { args, ack }: EventSpec,
  messages: JsonObject,
  ids: Set<string>,
  options: AsyncApiOptions,
): JsonObject {
  const id = unique(`${channel}.${direction}.${event}`, ids);
  const at = (message: string): string => `#/channels/${channel}/messages/${message}`;
  messages[id] = {
    name: event,
    title: event,
    payload: args === undefined
      ? { type: "array", maxItems: 0, description: "The event has no arguments." }
      : payloadOf(args, `${at(id)}/payload`, options),
  };
  const operation: JsonObject = {
    action: direction === "clientToServer" ? "receive" : "send",
    channel: { $ref: `#/channels/${channel}` },
    title: event,
    messages: [{ $ref: at(id) }],
  };
  if (ack !== undefined) {
    const ackId = unique(`${id}.ack`, ids);
    messages[ackId] = {
      name: `${event} (ack)`,
      title: `Ack of ${event}`,
      payload: payloadOf(ack, `${at(ackId)}/payload`, options),
    };
    operation.reply = { channel: operation.channel, messages: [{ $ref: at(ackId) }] };
  }
  return { [id]: operation };
}

/** A schema at the place `at`: what travels is what the emitter gives, so the schema's input. */
function payloadOf(schema: AnySchema, at: string, { toJsonSchema }: AsyncApiOptions): JsonObject {
  if (toJsonSchema !== undefined) {
    const own = toJsonSchema(schema);
    return String(own.$schema).includes("/2020-12/") ? inFormat2020(own, at) : moved(own, at) as JsonObject;
  }
  const { jsonSchema: rendered, vendor } = schema["~standard"];
  if (rendered === undefined) {
    return { description: `Not rendered: schemas of ${vendor} have no JSON Schema of their own.` };
  }
  try {
    return inFormat2020(rendered.input({ target: "draft-2020-12" }), at);
  } catch (error) {
    // One schema without a JSON form (bytes, a date) is no reason to render nothing at all.
    return { description: `Not rendered: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * Says which JSON Schema it is. Unsaid it is read as draft-07, which has no `prefixItems` and to which the
 * `items: false` of a tuple means that the list is empty.
 */
function inFormat2020(schema: JsonObject, at: string): JsonObject {
  return {
    schemaFormat: "application/schema+json;version=draft-2020-12",
    schema: moved(schema, `${at}/schema`),
  };
}

/** A copy whose references to itself (`#/$defs/User`) hold at the place `at` of a document. */
function moved(node: unknown, at: string): unknown {
  if (Array.isArray(node)) return node.map((each) => moved(each, at));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string" && value.startsWith("#")
        ? at + value.slice(1)
        : moved(value, at),
    ]),
  );
}

/** A key of its own: AsyncAPI allows letters, digits, `.`, `-` and `_`. */
function unique(name: string, taken: Set<string>): string {
  const plain = name.replace(/^\//, "").replace(/[^A-Za-z0-9._-]/g, "_");
  let id = plain;
  for (let n = 2; taken.has(id); n++) id = `${plain}_${n}`;
  taken.add(id);
  return id;
}

function isContract(value: AnyContract | Readonly<Record<string, AnyContract>>): value is AnyContract {
  return typeof value.spec === "object" && !("spec" in value.spec);
}
