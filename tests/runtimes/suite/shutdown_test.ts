/**
 * The end of a server: `io.close()` with clients on it.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { connect, next, TRANSPORTS } from "../../support/client.ts";
import { serve, test } from "../../support/target.ts";

for (const [name, transports] of TRANSPORTS) {
  test(`Server that closes tells its clients over ${name}, and lets nobody in any more`, async () => {
    await using server = await serve("socketio");
    await using client = await connect(server, "/", { transports });
    const custom = client.socket.io.socket("/custom");
    await next(custom, "connect");
    const ends = [next(client.socket, "disconnect"), next(custom, "disconnect")];
    await server.act("closeServer");
    for (const [reason] of await Promise.all(ends)) assertMatch(String(reason), /^transport (close|error)$/);
    for (const nsp of ["/", "/custom"]) {
      assertEquals((await server.logged("disconnect", { nsp })).reason, "server shutting down");
    }
    assertEquals(await server.clientsCount(), 0);
    for (const query of ["transport=polling", "transport=websocket"]) {
      const response = await fetch(server.url(query));
      await response.body?.cancel();
      assertEquals(response.status >= 400, true, `${query} was answered ${response.status}`);
    }
  });
}
