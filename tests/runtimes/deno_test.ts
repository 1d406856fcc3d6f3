/**
 * What only the real platform shows: clients that leave while a hook takes its time.
 * @module
 */
import { assertEquals } from "@std/assert";
import { Server, type ServerOptions } from "../../mod.ts";
import { RawConnection } from "../support/raw_http.ts";
import { within } from "../support/within.ts";

const TARGET = "/socket.io/?EIO=4&transport=websocket";
const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": btoa("0123456789abcdef"),
};

/** Each hook that may take its time: it calls `enter` and waits for `leave`. */
const HOOKS: Record<string, (enter: () => void, leave: Promise<void>) => ServerOptions> = {
  allowRequest: (enter, leave) => ({
    allowRequest: async () => {
      enter();
      await leave;
      return true;
    },
  }),
  "the CORS delegate": (enter, leave) => ({
    cors: (_request, callback) => {
      enter();
      leave.then(() => callback(null, { origin: "*" }));
    },
  }),
};

for (const [name, options] of Object.entries(HOOKS)) {
  Deno.test(`A client that leaves while ${name} thinks is not upgraded, and the server can shut down`, async () => {
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const refused = Promise.withResolvers<string>();
    const io = new Server(options(entered.resolve, leave.promise));
    io.engine.on("connection_error", ({ context }) => refused.resolve(String(context.name)));
    const seen = Promise.withResolvers<void>();
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request, info) => {
      request.signal.addEventListener("abort", () => seen.resolve());
      return io.handler(request, info);
    });
    using client = await RawConnection.open(server.addr.port);
    await client.request("GET", TARGET, UPGRADE);
    await within(entered.promise, "the hook");
    client[Symbol.dispose]();
    await within(seen.promise, "the abort");
    leave.resolve();
    assertEquals(await within(refused.promise, "the refusal"), "TRANSPORT_HANDSHAKE_ERROR");
    assertEquals(io.engine.clientsCount, 0);
    await io.close();
    await within(server.shutdown(), "the shutdown");
  });
}

Deno.test("A client that waits for allowRequest is upgraded", async () => {
  const io = new Server({
    allowRequest: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return true;
    },
  });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, io.handler);
  {
    using client = await RawConnection.open(server.addr.port);
    assertEquals((await client.upgrade(TARGET)).status, 101);
  }
  await io.close();
  await within(server.shutdown(), "the shutdown");
});
