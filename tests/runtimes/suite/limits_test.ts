/**
 * Messages above maxHttpBufferSize from the official client: it loses its connection, and comes back.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, next, TRANSPORTS } from "../../support/client.ts";
import { serve, test } from "../../support/target.ts";

for (const [name, transports] of TRANSPORTS) {
  test(`Message over the limit over ${name} ends its sender and nobody else`, async () => {
    await using server = await serve("socketio", { maxHttpBufferSize: 100_000 });
    await using other = await connect(server, "/", { transports });
    await using client = await connect(server, "/", { transports, reconnection: true });
    const { socket } = client;
    assertEquals(
      await socket.timeout(5_000).emitWithAck("message-with-ack", "x".repeat(99_000)),
      "x".repeat(99_000),
    );
    const { id } = socket;
    const lost = next(socket, "disconnect");
    const back = next(socket, "connect");
    socket.emit("message", "x".repeat(100_001));
    assertMatch(String((await lost)[0]), /^transport (close|error)$/);
    assertMatch(String((await server.logged("disconnect", { id })).reason), /^transport (close|error)$/);
    await back;
    assert(socket.id !== id);
    assertEquals(await socket.timeout(5_000).emitWithAck("message-with-ack", 1), 1);
    assertEquals(await other.socket.timeout(5_000).emitWithAck("message-with-ack", 2), 2);
  });
}
