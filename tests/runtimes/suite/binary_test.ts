/**
 * Bytes of all sizes in all places, both ways, with either client.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { bytesOf, connect, next, TRANSPORTS } from "../../support/client.ts";
import { serve, test } from "../../support/target.ts";

/** Around the borders of WebSocket's length forms, and large. */
const SIZES = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];

function made(size: number): Uint8Array {
  return new Uint8Array(size).map((_, n) => n * 7 + size);
}

function assertSame(actual: unknown, expected: Uint8Array): void {
  const bytes = bytesOf(actual);
  assertEquals(bytes.length, expected.length);
  assert(expected.every((byte, n) => byte === bytes[n]), `bytes differ in ${expected.length}`);
}

for (const [name, transports] of TRANSPORTS) {
  test(`Binary of every size goes both ways over ${name}, in events and in acks`, async () => {
    await using server = await serve("socketio", { maxHttpBufferSize: 4_000_000 });
    await using client = await connect(server, "/", { transports });
    const { socket } = client;
    socket.on("question", (bytes: Uint8Array, answer: (...args: unknown[]) => void) => {
      answer({ again: [bytes, bytes] });
    });
    for (const size of SIZES) {
      const bytes = made(size);
      const back = next(socket, "message-back");
      socket.emit("message", bytes, "between", { deep: [{ deeper: bytes.subarray(0, 3) }], none: null });
      const [first, text, { deep, none }] = await back as [
        Uint8Array,
        string,
        { deep: [{ deeper: Uint8Array }]; none: null },
      ];
      assertSame(first, bytes);
      assertSame(deep[0].deeper, bytes.subarray(0, 3));
      assertEquals([text, none], ["between", null]);
      assertSame(await socket.timeout(8_000).emitWithAck("message-with-ack", bytes), bytes);
      const answered = next(socket, "answered");
      socket.emit("ask", bytes);
      const [{ again }] = await answered as [{ again: Uint8Array[] }];
      assertEquals(again.length, 2);
      for (const one of again) assertSame(one, bytes);
    }
  });
}

test("Binary of ten values in one event keeps each in its place", async () => {
  await using server = await serve("socketio");
  await using client = await connect(server, "/", { transports: ["websocket"] });
  const values = Array.from({ length: 10 }, (_, n) => made(n * 100));
  const back = next(client.socket, "message-back");
  client.socket.emit("message", ...values);
  const got = await back;
  assertEquals(got.length, 10);
  got.forEach((bytes, n) => assertSame(bytes, values[n]!));
});
