/**
 * A Socket.IO client that does only what it is told, on top of wire.ts.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { expected, type TargetServer } from "./target.ts";
import { WireSocket } from "./wire.ts";

/** An open WebSocket session that joined no namespace yet. */
export async function start(server: TargetServer): Promise<WireSocket> {
  return (await WireSocket.start(server)).ws;
}

/** Joins a namespace, swallows the app's `auth` event, returns the socket's id. */
export async function connected(ws: WireSocket, namespace: string): Promise<string> {
  const prefix = namespace === "/" ? "" : `${namespace},`;
  ws.send(`40${prefix}`);
  const sid = assertConnect(await ws.text(), namespace);
  assertEquals(await ws.text(), `42${prefix}["auth",{}]`);
  return sid;
}

/** Asserts that it is the answer to a CONNECT, without a secret for recovery; returns the id in it. */
export function assertConnect(answer: string, namespace: string): string {
  const prefix = namespace === "/" ? "40" : `40${namespace},`;
  assertEquals(answer.slice(0, prefix.length), prefix);
  const { sid, ...more } = JSON.parse(answer.slice(prefix.length));
  assertEquals(more, {});
  assertMatch(sid, expected.id);
  return sid;
}

/** The next message but pings, which are answered. */
export async function nextPacket(ws: WireSocket): Promise<string | Uint8Array> {
  for (;;) {
    const packet = await ws.next();
    if (packet !== "2") return packet;
    ws.send("3");
  }
}

/** Asserts what the next message is. */
export async function expectText(ws: WireSocket, text: string): Promise<void> {
  assertEquals(await ws.next(), text);
}
