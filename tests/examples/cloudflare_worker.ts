/**
 * The Worker of examples/cloudflare with a way to put its object to sleep, for cloudflare_test.ts. Runs in workerd.
 * @module
 */
import unsafe from "workerd:unsafe";
import worker, { Chat as Example } from "../../examples/cloudflare/worker.ts";

/** The example's class; each life of an object is a printed line. */
export class Chat extends Example {
  constructor(...args: ConstructorParameters<typeof Example>) {
    super(...args);
    console.log("life");
  }
}

interface Env {
  readonly OBJECTS: { idFromName(name: string): unknown; get(id: unknown): Chat };
}

export default {
  async fetch(request: Request, { OBJECTS }: Env): Promise<Response> {
    if (new URL(request.url).pathname !== "/sleep") return await worker.fetch(request, { CHAT: OBJECTS });
    await unsafe.evict(OBJECTS.get(OBJECTS.idFromName("main")), { webSockets: "hibernate" });
    return new Response("asleep");
  },
};
