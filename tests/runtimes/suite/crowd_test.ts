/**
 * Two hundred official clients at once, over all transports: each hears what is for it, once, in order.
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Client, closed, connect, TRANSPORTS } from "../../support/client.ts";
import { serve, test } from "../../support/target.ts";
import { within } from "../../support/within.ts";

const COUNT = 200;
const ROOMS = 10;

test(`Crowd of ${COUNT} clients hears its rooms, gets its acks and leaves nothing behind`, async () => {
  await using server = await serve("socketio");
  const clients: Client[] = [];
  for (let n = 0; n < COUNT; n += 50) {
    clients.push(
      ...await Promise.all(
        Array.from(
          { length: 50 },
          (_, i) => connect(server, "/", { transports: TRANSPORTS[(n + i) % 3]![1] }),
        ),
      ),
    );
  }
  try {
    assertEquals(await server.clientsCount(), COUNT);
    const heard = clients.map((): unknown[] => []);
    const all = Promise.all(clients.map(({ socket }, n) =>
      new Promise<void>((resolve) => {
        socket.on("news", (what: unknown) => {
          heard[n]!.push(what);
          if (what === "end") resolve();
        });
      })
    ));
    await Promise.all(
      clients.map(({ socket }, n) => socket.timeout(8_000).emitWithAck("join", `room ${n % ROOMS}`)),
    );
    for (let round = 0; round < 5; round++) {
      for (let room = 0; room < ROOMS; room++) {
        await server.act("broadcast", { ev: "news", to: [`room ${room}`], args: [`${room} ${round}`] });
      }
    }
    await server.act("broadcast", { ev: "news", args: ["end"] });
    await within(all, "the end of the news", 20_000);
    heard.forEach((news, n) => {
      assertEquals(news, [...[0, 1, 2, 3, 4].map((round) => `${n % ROOMS} ${round}`), "end"]);
    });
    const echoes = await Promise.all(
      clients.map(({ socket }, n) => socket.timeout(8_000).emitWithAck("message-with-ack", n)),
    );
    assertEquals(echoes, clients.map((_, n) => n));
    const sockets = await server.act("fetch", {}) as { id: string }[];
    assertEquals(sockets.map(({ id }) => id).sort(), clients.map(({ socket }) => socket.id!).sort());
  } finally {
    await Promise.all(clients.map(closed));
  }
  for (let gone = 0; gone < COUNT; gone++) await server.logged("disconnect");
  assertEquals(await server.act("sockets"), 0);
});
