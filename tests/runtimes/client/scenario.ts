/**
 * What our client does on a runtime, told as plain data. The server is the Socket.IO app of support/targets/apps.ts.
 * @module
 */
import { io } from "../../../src/client/mod.ts";
import type { Socket } from "../../../src/client/socket.ts";

/** What came of it. */
export interface Told {
  /** The transport in the end. */
  readonly transport: string;
  readonly echo: unknown;
  /** The bytes that came back, where all of them were ArrayBuffers. */
  readonly bytes: number[][];
  readonly answered: unknown;
  readonly auth: unknown;
  readonly refused: string;
  /** Whether it came back by itself after the server closed the connection. */
  readonly isBack: boolean;
  /** Why each connection ended. */
  readonly reasons: string[];
}

/** Connects to `url` by these transports. */
export async function scenario(url: string, transports: string[]): Promise<Told> {
  const socket: Socket = io(url, {
    transports,
    forceNew: true,
    auth: () => Promise.resolve({ from: "a runtime" }),
    extraHeaders: { "x-probe": "mine" },
    reconnectionDelay: 20,
  });
  const reasons: string[] = [];
  socket.on("disconnect", (reason) => reasons.push(reason));
  socket.on("question", (value, answer) => answer(value, new Uint8Array([9])));
  const auth = await first(socket, "auth");
  const last = transports.at(-1)!;
  if (socket.io.engine!.transport.name !== last) {
    await within(
      new Promise<void>((resolve) => socket.io.engine!.once("upgrade", () => resolve())),
      "the upgrade",
    );
  }
  const sent = [new Uint8Array([1, 2]), new Blob(["ab"]), { deep: new Uint8Array(0).buffer }];
  const back = first(socket, "message-back");
  socket.emit("message", ...sent);
  const [bytes, blob, { deep }] = await back as [ArrayBuffer, ArrayBuffer, { deep: ArrayBuffer }];
  const answered = first(socket, "answered");
  socket.emit("ask", "why");
  const [why, nine] = await answered as [string, ArrayBuffer];
  const echo = await socket.timeout(5_000).emitWithAck("message-with-ack", { é: "\u{1F600}" });
  const guarded = socket.io.socket("/guarded");
  const [refused] = await first(guarded, "connect_error") as [Error];
  const { name: transport } = socket.io.engine!.transport;
  const again = first(socket, "connect");
  socket.emit("break");
  await again;
  const isBack = await socket.timeout(5_000).emitWithAck("message-with-ack", true) as boolean;
  const closed = new Promise<void>((resolve) => socket.io.engine!.once("close", () => resolve()));
  socket.disconnect();
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 300)); // the goodbye is on its way: this may be the program's end
  return {
    transport,
    echo,
    bytes: [bytes, blob, deep, nine].map((one) => one instanceof ArrayBuffer ? [...new Uint8Array(one)] : []),
    answered: why,
    auth: auth[0],
    refused: refused.message,
    isBack,
    reasons,
  };
}

function first(socket: Socket, event: string): Promise<unknown[]> {
  return within(
    new Promise((resolve) => (socket as Socket).once(event, (...args: unknown[]) => resolve(args))),
    event,
  );
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), 8_000);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
