/**
 * The client in a Worker and in a Durable Object of it: a request's body is what to do, its path is where.
 * @module
 */
import { DurableObject } from "../../../src/runtimes/durable_object.ts";
import { scenario } from "./scenario.ts";

interface Order {
  readonly url: string;
  readonly transports: string[];
}

async function answer(order: Order): Promise<Response> {
  try {
    return Response.json({ told: await scenario(order.url, order.transports) });
  } catch (error) {
    return Response.json({ error: (error as Error).stack });
  }
}

/** A Durable Object that is a client. */
export class ClientObject extends DurableObject<unknown> {
  async fetch(request: Request): Promise<Response> {
    return await answer(await request.json());
  }
}

export default {
  async fetch(
    request: Request,
    env: { OBJECTS: { getByName(name: string): typeof fetch & Fetcher } },
  ): Promise<Response> {
    if (new URL(request.url).pathname === "/object") return await env.OBJECTS.getByName("one").fetch(request);
    return await answer(await request.json());
  },
};

interface Fetcher {
  fetch(request: Request): Promise<Response>;
}
