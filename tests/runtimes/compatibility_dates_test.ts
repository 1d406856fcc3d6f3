/**
 * The compatibility dates of Workers that change what a WebSocket does: on each, clients come by polling and by
 * WebSocket, exchange bytes, and either side closes. Only targets that have such dates have tests here.
 * @module
 */
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { bytesOf, connect, next, TRANSPORTS } from "../support/client.ts";
import { expected, serve, test } from "../support/target.ts";
import { WireSocket } from "../support/wire.ts";

for (const compatibilityDate of expected.compatibilityDates) {
  for (const [name, transports] of TRANSPORTS) {
    test(`Date ${compatibilityDate}: bytes both ways and the end by either side over ${name}`, async () => {
      await using server = await serve("socketio", { compatibilityDate });
      await using client = await connect(server, "/", { transports });
      const { socket } = client;
      socket.emit("message", new Uint8Array([1, 2, 3]), { deep: new Uint8Array(0) });
      const [bytes, { deep }] = await next(socket, "message-back") as [unknown, { deep: unknown }];
      assertEquals([bytesOf(bytes), bytesOf(deep).length], [Uint8Array.of(1, 2, 3), 0]);
      const { id } = socket;
      socket.disconnect();
      assertEquals((await server.logged("disconnect", { id })).reason, "client namespace disconnect");
      await server.logged("close");
      assertEquals(await server.clientsCount(), 0);

      const back = next(socket, "connect");
      socket.connect();
      await back;
      const again = socket.id;
      const lost = next(socket, "disconnect");
      await server.act("closeEngine", { sid: socket.io.engine.id });
      assertMatch(String((await lost)[0]), /^transport (close|error)$/);
      assertEquals(
        (await server.logged("disconnect", { id: again })).reason,
        "forced close",
      );
    });
  }

  test(`Date ${compatibilityDate}: the closing handshake of a WebSocket is finished from either side`, async () => {
    await using server = await serve("engine", { compatibilityDate });
    {
      const { ws, open } = await WireSocket.start(server);
      ws.send(new Uint8Array([1, 2, 3]));
      assertEquals(await ws.next(), new Uint8Array([1, 2, 3]));
      await server.act("close", { sid: open.sid });
      assertNotEquals((await ws.end()).code, 1006);
    }
    for (const code of [undefined, 1000, 3456]) {
      const { ws, open } = await WireSocket.start(server);
      ws.socket.close(code);
      assertNotEquals((await ws.end()).code, 1006); // it would be, were the close frame not answered
      assertEquals((await server.logged("close", { sid: open.sid })).reason, "transport close");
    }
  });
}
