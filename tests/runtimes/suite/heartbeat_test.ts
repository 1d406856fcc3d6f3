/**
 * Short heartbeats with official clients: idle and busy ones stay; a road that is blocked is noticed on both ends.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { connect, next, TRANSPORTS } from "../../support/client.ts";
import { Road } from "../../support/road.ts";
import { serve, test } from "../../support/target.ts";
import { keepTime } from "../../support/wire.ts";
import { within } from "../../support/within.ts";

for (const [name, transports] of TRANSPORTS) {
  test(`Heartbeat of 60 ms keeps an idle and a busy client over ${name}`, async () => {
    await using server = await serve("socketio", { pingInterval: 60, pingTimeout: 5_000 });
    await using idle = await connect(server, "/", { transports });
    await using busy = await connect(server, "/", { transports });
    let pings = 0;
    const counted = new Promise<void>((resolve) => {
      idle.socket.io.on("ping", () => ++pings === 15 ? resolve() : undefined);
    });
    let echoes = 0;
    let isOver = false;
    const chatter = (async () => {
      while (!isOver) {
        assertEquals(await busy.socket.timeout(5_000).emitWithAck("message-with-ack", echoes), echoes);
        echoes++;
      }
    })();
    await within(counted, "fifteen pings");
    isOver = true;
    await chatter;
    assert(echoes > 15, `${echoes} echoes`);
    assert(idle.socket.connected && busy.socket.connected);
    assertEquals(await server.clientsCount(), 2);
  });

  test(`Heartbeat tells both ends that the road is blocked over ${name}`, async () => {
    await using server = await serve("socketio", { pingInterval: 200, pingTimeout: 1_500 });
    await using _companions = await keepTime(server);
    await using road = await Road.to(server.port);
    await using client = await connect(road, "/", { transports });
    const { id } = client.socket;
    await within(new Promise<void>((resolve) => client.socket.io.once("ping", () => resolve())), "a ping");
    const lost = next(client.socket, "disconnect");
    road.block();
    assertEquals((await lost)[0], "ping timeout");
    assertEquals((await server.logged("disconnect", { id })).reason, "ping timeout");
  });
}
