/**
 * A Worker whose server lives in Durable Objects, and the control path: an order goes to the object that has the
 * session it names, to one object where the server spreads it itself, else to all.
 * @module
 */
import unsafe from "workerd:unsafe";
import { type ObjectOptions, router, type Server, SkeinObject } from "../../../../src/server/workers.ts";
import { clientScripts } from "../../../../src/client_scripts/mod.ts";
import type { Parser } from "../../../../src/protocol/parser.ts";
import { PacketType } from "../../../../src/protocol/socket_packet.ts";
import { type Actions, type AppEngine, type AppServer, engineApp, socketApp } from "../apps.ts";
import { answerTo, isEchoing, log, obey, type Order, orderIn, print } from "./wiring.ts";
import { serverOptions, settings } from "./wiring.ts";

/**
 * Leaves all messages to the engine's listeners: a server in an object has no engine without namespaces, and the
 * suites want one. Every frame is a wish to join, which is refused, and what is said about it is not sent.
 */
const deaf: Parser = {
  encode: () => [],
  decoder: () => ({ push: () => ({ type: PacketType.CONNECT, nsp: "/" }), isPartial: false }),
};
const engineOptions = { path: "/engine.io", ...serverOptions, parser: deaf, connectTimeout: 2 ** 31 - 1 };

const { app, shards } = settings;
const path = (serverOptions["path"] ?? (app === "engine" ? "/engine.io" : "/socket.io")) as string;

/** The server under test. */
export class TestObject extends SkeinObject {
  override readonly options: ObjectOptions = {
    ...app === "engine" ? engineOptions : serverOptions,
    shards,
    binding: "OBJECTS",
  };
  #actions: Actions = {};

  constructor(...args: ConstructorParameters<typeof SkeinObject>) {
    super(...args);
    this.#lives("made");
  }

  override setup(io: Server): void {
    if (app === "socketio") {
      this.#actions = socketApp(io as unknown as AppServer, log);
    } else {
      io.use((_socket, next) => next(new Error("nobody joins")));
      this.#actions = engineApp(io.engine as unknown as AppEngine, { echo: isEchoing }, log);
    }
  }

  override fetch(request: Request): Promise<Response> {
    this.#lives("fetch");
    return super.fetch(request);
  }

  override webSocketMessage(...args: Parameters<SkeinObject["webSocketMessage"]>): void | Promise<void> {
    this.#lives("webSocketMessage");
    return super.webSocketMessage(...args);
  }

  override webSocketClose(...args: Parameters<SkeinObject["webSocketClose"]>): Promise<void> {
    this.#lives("webSocketClose");
    return super.webSocketClose(...args);
  }

  override webSocketError(...args: Parameters<SkeinObject["webSocketError"]>): Promise<void> {
    this.#lives("webSocketError");
    return super.webSocketError(...args);
  }

  override alarm(): Promise<void> {
    this.#lives("alarm");
    return super.alarm();
  }

  /** Called by the Worker below. */
  obey(order: Order): Promise<unknown> {
    const { io } = this; // it may have slept
    return obey({ ...this.#actions, closeServer: () => io.close() }, order);
  }

  #lives(life: string): void {
    print({ life, object: this.ctx.id.name ?? "" });
  }
}

interface Stub {
  fetch(request: Request): Promise<Response>;
  obey(order: Order): Promise<unknown>;
}

interface Env {
  readonly OBJECTS: { getByName(name: string): Stub };
}

/** Actions of which the server itself takes care that they count for all its objects. */
const ANYWHERE = ["emit", "emitTo", "disconnectAll", "broadcast", "ask", "fetch", "join", "leave"];

/** Puts it to sleep, or closes its WebSockets too ("close"); one that sleeps is left alone. */
async function evict(object: Stub, webSockets: string): Promise<void> {
  try {
    await unsafe.evict(object, { webSockets });
  } catch (error) {
    if (!String(error).includes("not currently running")) throw error;
  }
}

async function give(order: Order, { OBJECTS }: Env): Promise<unknown> {
  const all = Array.from(
    { length: shards },
    (_, n) => OBJECTS.getByName(shards === 1 ? "main" : `main/${n}`),
  );
  if (order.action === "evict") {
    const { webSockets = "hibernate" } = order;
    return await Promise.all(all.map((object) => evict(object, String(webSockets))));
  }
  const shard = typeof order["sid"] === "string"
    ? Number(/^s(\d+)~/.exec(order["sid"])?.[1] ?? 0)
    : undefined;
  if (shard !== undefined || ANYWHERE.includes(order.action)) return await all[shard ?? 0]!.obey(order);
  const answers = await Promise.all(all.map((object) => object.obey(order)));
  return answers.every((answer) => typeof answer === "number")
    ? (answers as number[]).reduce((sum, answer) => sum + answer, 0)
    : answers[0];
}

const { fetch } = router({ binding: "OBJECTS", path, shards, serveClient: clientScripts });

export default {
  async fetch(request: Request, env: Env, ctx: unknown): Promise<Response> {
    const order = await orderIn(request);
    return order === undefined ? await fetch(request, env, ctx) : await answerTo(give(order, env));
  },
};
