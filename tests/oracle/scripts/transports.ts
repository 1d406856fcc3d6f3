/**
 * The same on HTTP long-polling and across the upgrade, where it might differ. Parts 3.1, 3.4 and 8 of the reference.
 * @module
 */
import { type Script, script } from "../harness.ts";

const WAYS: readonly (readonly [string, string[]])[] = [
  ["HTTP long-polling", ["polling"]],
  ["polling and upgrade", ["polling", "websocket"]],
];

/** See the module. */
export const transports: readonly Script[] = WAYS.flatMap(([way, transports]) => [
  script(`${way}: events and bytes in order, both ways`, async (_io, h) => {
    const { client, socket } = await h.join("a", { transports });
    socket.on("n", (n: unknown) => {
      h.log("n", n);
      socket.emit("back", n);
    });
    for (let n = 0; n < 30; n++) {
      client.emit("n", n % 3 === 0 ? new Uint8Array([n]) : n);
      socket.emit("own", n % 4 === 0 ? { bytes: new Uint8Array([n]) } : n);
      if (n % 10 === 9) await client.sync();
    }
    await client.sync();
  }),

  script(`${way}: rooms, acks and disconnect`, async (io, h) => {
    io.on("connection", (socket) => {
      socket.on("disconnecting", (reason) => h.log("disconnecting", reason, socket.rooms.size));
      socket.on("disconnect", (reason) => h.log("disconnect", reason));
    });
    const { client, socket } = await h.join("a", { transports });
    socket.join("r");
    io.to("r").emit("to r", 1);
    client.socket.on("q", (ack: (n: number) => void) => ack(7));
    h.log("ack", await io.timeout(5000).emitWithAck("q"));
    await client.sync();
    socket.emit("last words");
    socket.disconnect(true);
    await client.next("disconnect");
    await h.until(() => io.engine.clientsCount === 0, "the end of the session");
  }),

  script(`${way}: the client leaves, and io.close()`, async (io, h) => {
    const [a, b] = [await h.join("a", { transports }), await h.join("b", { transports })];
    for (const { client, socket } of [a, b]) {
      socket.on("disconnect", (reason) => h.log(client.name, "disconnect", reason));
    }
    const settled = ({ client, socket }: typeof a): boolean =>
      [client.socket.io.engine.transport.name, socket.conn.transport.name].every((name) =>
        name === transports.at(-1)
      );
    await h.until(() => settled(a) && settled(b), "the upgrade"); // in its midst the client's reason is chance
    const gone = h.heard(a.socket, "disconnect");
    await a.client.leave();
    await gone;
    const closing = io.close();
    await b.client.next("disconnect");
    await closing;
  }),
]);
