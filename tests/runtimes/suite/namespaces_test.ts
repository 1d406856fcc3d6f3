/**
 * Namespaces with the official client: by name, by pattern, refused, and one whose middleware never decides.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { connect, next, TRANSPORTS } from "../../support/client.ts";
import { serve, test } from "../../support/target.ts";

for (const [name, transports] of TRANSPORTS) {
  test(`Namespaces of names and patterns are apart from each other over ${name}`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    const names = ["/custom", "/many-a", "/many-b"];
    const sockets = [client.socket, ...names.map((name) => client.socket.io.socket(name))];
    await Promise.all(sockets.slice(1).map((socket) => next(socket, "connect")));
    const heard: unknown[] = [];
    sockets.forEach((socket, n) => socket.on("news", (text: unknown) => heard.push([n, text])));
    assertEquals(new Set(sockets.map(({ id }) => id)).size, 4);
    for (const nsp of ["/", ...names]) {
      await server.act("broadcast", { nsp, ev: "news", args: [`for ${nsp}`] });
    }
    for (const socket of sockets) {
      assertEquals(await socket.timeout(5_000).emitWithAck("message-with-ack", socket.id), socket.id);
    }
    assertEquals(heard, [[0, "for /"], [1, "for /custom"], [2, "for /many-a"], [3, "for /many-b"]]);
    assertEquals(await server.clientsCount(), 1);
  });
}

test("Namespace that nobody made, or that a middleware refuses, says why; the others stay", async () => {
  await using server = await serve("socketio");
  await using client = await connect(server, "/many-x", {});
  for (
    const [name, message, data] of [
      ["/guarded", "not authorized", { hint: "say the words" }],
      ["/few-x", "Invalid namespace", undefined],
      ["/many-", "Invalid namespace", undefined],
    ] as const
  ) {
    const socket = client.socket.io.socket(name);
    const [error] = await next(socket, "connect_error") as [Error & { data?: unknown }];
    assertEquals([error.message, error.data], [message, data]);
    socket.disconnect();
  }
  assertEquals(await client.socket.timeout(5_000).emitWithAck("message-with-ack", 1), 1);
});

for (const [name, transports] of TRANSPORTS) {
  test(`Middleware that never decides holds up nothing else over ${name}, and nothing stays of it`, async () => {
    await using server = await serve("socketio");
    {
      await using client = await connect(server, "/", { transports });
      const slow = client.socket.io.socket("/slow");
      await server.logged("waiting");
      assertEquals(await client.socket.timeout(5_000).emitWithAck("message-with-ack", 1), 1);
      const custom = client.socket.io.socket("/custom");
      await next(custom, "connect");
      assert(!slow.connected);
    }
    await server.logged("close");
    await server.act("release");
    assertEquals(await server.act("sockets", { nsp: "/slow" }), 0);
    assertEquals(await server.clientsCount(), 0);
  });
}
