/**
 * A client in tests: connected when asked for, and really closed at the end. The official socket.io-client, or ours
 * with `SKEIN_CLIENT=skein`: suites that use this and target.ts are run with both.
 *
 * Binary comes as a Buffer to the one and as an ArrayBuffer to the other: see {@linkcode bytesOf}.
 * @module
 */
import { assertInstanceOf } from "@std/assert";
import { io as official, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { io as ours } from "../../src/client/mod.ts";
import { isOurs } from "./client_choice.ts";
import type { TargetServer } from "./target.ts";
import { TRANSPORTS } from "./transports.ts";
import { within } from "./within.ts";

export { isOurs, TRANSPORTS };
/** Connects. The suites are written against the official types; that ours are the same for users is for other tests to say. */
export const io: typeof official = isOurs ? ours as unknown as typeof official : official;

/** A connected client. Dispose of it (`await using`). */
export interface Client extends AsyncDisposable {
  readonly socket: Socket;
  /** What the app's `auth` event said. */
  readonly auth: unknown;
}

/** The arguments of the next event of this name. */
export async function next(socket: Socket, event: string): Promise<unknown[]> {
  return await within(
    new Promise((resolve) => socket.once(event, (...args: unknown[]) => resolve(args))),
    `the event "${event}"`,
  );
}

/** What came as binary: as this client gives it to its user, and as nothing else. */
export function bytesOf(value: unknown): Uint8Array {
  assertInstanceOf(value, isOurs ? ArrayBuffer : Uint8Array);
  return new Uint8Array(value as ArrayBuffer);
}

/** Whether a value came as binary. */
export function isBytes(value: unknown): boolean {
  return value instanceof (isOurs ? ArrayBuffer : Uint8Array);
}

/** Connects; rejects with the first `connect_error`. No reconnection unless asked for. */
export async function connect(
  server: Pick<TargetServer, "origin">,
  namespace: string,
  options: Partial<ManagerOptions & SocketOptions>,
): Promise<Client> {
  const socket = io(server.origin + namespace, {
    forceNew: true,
    reconnection: false,
    reconnectionDelay: 20,
    reconnectionDelayMax: 50,
    ...options,
  });
  const auth = new Promise((resolve) => socket.once("auth", resolve));
  const client = { socket, auth: undefined as unknown, [Symbol.asyncDispose]: () => closed({ socket }) };
  try {
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", () => resolve());
        socket.once("connect_error", reject);
      }),
      "the client to connect",
    );
    client.auth = await within(auth, "the auth event");
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
  return client;
}

/** Closes the client and waits until its requests and sockets are finished, as the test sanitizers demand. */
export async function closed({ socket }: { readonly socket: Socket }): Promise<void> {
  const { engine } = socket.io;
  const isOpen = engine && engine.readyState !== "closed";
  const ended = isOpen ? new Promise<void>((resolve) => engine.once("close", () => resolve())) : undefined;
  socket.io.reconnection(false);
  socket.disconnect();
  if (isOurs) socket.io.engine.close(); // what other namespaces keep open
  else socket.io._close();
  await within(Promise.resolve(ended), "the client to close");
  await new Promise((resolve) => setTimeout(resolve, 20)); // its WebSocket or request ends after it said so
}
