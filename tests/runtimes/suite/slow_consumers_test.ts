/**
 * A client that stops reading costs nobody else: they hear everything, in order and in time.
 * @module
 */
import { assertEquals } from "@std/assert";
import { closed, connect } from "../../support/client.ts";
import { RawConnection } from "../../support/raw_http.ts";
import { can, serve, test } from "../../support/target.ts";
import { within } from "../../support/within.ts";

const COUNT = 100;
const TEXT = "x".repeat(100_000);

test(`Client that stops reading ${COUNT * TEXT.length / 1e6} MB of broadcasts holds up nobody`, async () => {
  await using server = await serve("socketio", { maxBufferedBytes: 2_000_000, maxHttpBufferSize: 300_000 });
  using slow = await RawConnection.open(server.port);
  await slow.upgrade(server.target("transport=websocket"));
  await slow.frame(1, "40");
  const { id } = await server.logged("connect"); // nothing is read from here on
  const clients = await Promise.all(
    [["websocket"], ["polling"], ["websocket"], ["polling"]].map((transports) =>
      connect(server, "/", { transports })
    ),
  );
  try {
    const heard = clients.map((): number[] => []);
    const all = Promise.all(
      clients.map(({ socket }, n) =>
        new Promise<void>((resolve) =>
          socket.on("news", (number: number, text: string) => {
            if (text.length === TEXT.length) heard[n]!.push(number);
            if (number === COUNT - 1) resolve();
          })
        )
      ),
    );
    for (let n = 0; n < COUNT; n++) {
      await server.act("broadcast", { ev: "news", args: [n, TEXT] });
      // Those who read must be able to keep up with their 2 MB, on a busy machine too.
      if (n % 5 === 4) await clients[n % 4]!.socket.timeout(8_000).emitWithAck("message-with-ack", n);
      if (n % 10 === 9) {
        await Promise.all(
          clients.map(({ socket }) => socket.timeout(8_000).emitWithAck("message-with-ack", n)),
        );
      }
    }
    await within(all, "all broadcasts", 20_000);
    for (const numbers of heard) assertEquals(numbers, Array.from({ length: COUNT }, (_, n) => n));
    if (can.seesBacklog === true) {
      assertEquals((await server.logged("disconnect", { id })).reason, "slow consumer");
      assertEquals(await server.clientsCount(), 4);
    }
  } finally {
    await Promise.all(clients.map(closed));
  }
});
