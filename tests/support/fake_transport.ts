/**
 * Both sides of a transport, in memory: an owner that writes down what it is told, a WebSocket of a runtime that
 * takes and holds what a test wants, and a request context whose upgrade a test completes by hand.
 * @module
 */
import type { CloseReason } from "../../src/engine/ports.ts";
import type { RequestContext } from "../../src/engine/runtime.ts";
import type { Transport, TransportOwner } from "../../src/engine/transport.ts";
import type { RuntimeSocket, SocketEvents } from "../../src/engine/websocket.ts";
import type { Frame } from "../../src/protocol/frame.ts";

/** Writes down, as short texts, what a transport tells. */
export class OwnerLog implements TransportOwner {
  readonly log: string[] = [];
  /** The frames that came in, as they came. */
  readonly frames: Frame[] = [];
  /** What `lost` and `garbled` described, as it came. */
  readonly descriptions: unknown[] = [];
  /** What a session does with a transport that takes frames. */
  onReady: ((transport: Transport) => void) | undefined;
  /** What a session does at the end of its transport: it releases it. */
  onLost: ((transport: Transport) => void) | undefined = (transport) => transport.release("close");

  /** What was told since the last call. */
  told(): string[] {
    return this.log.splice(0);
  }

  ready(transport: Transport): void {
    this.log.push("ready");
    this.onReady?.(transport);
  }

  blocked(_transport: Transport, bytes: number): void {
    this.log.push(`blocked ${bytes}`);
  }

  receive(_transport: Transport, frame: Frame): void {
    this.log.push(`receive ${typeof frame === "string" ? frame : `bytes ${frame.join()}`}`);
    this.frames.push(frame);
  }

  garbled(transport: Transport, description: unknown): void {
    this.log.push("garbled");
    this.descriptions.push(description);
    this.onLost?.(transport);
  }

  lost(transport: Transport, reason: CloseReason, description?: unknown): void {
    this.log.push(`lost ${reason}`);
    this.descriptions.push(description);
    this.onLost?.(transport);
  }
}

/** The runtime's end of a WebSocket. */
export class FakeSocket implements RuntimeSocket {
  /** What was sent, as it was given. */
  readonly sent: Frame[] = [];
  /** The arguments of each `close`. */
  readonly closes: [code: number | undefined, reason: string | undefined][] = [];
  bufferedAmount = 0;
  /** What `send` throws. */
  sendError: Error | undefined;
  /** What `close` throws. */
  closeError: Error | undefined;
  /** What the runtime does inside `send`. */
  onSend: (() => void) | undefined;

  send(data: Frame): void {
    if (this.sendError) throw this.sendError;
    this.sent.push(data);
    this.onSend?.();
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
    if (this.closeError) throw this.closeError;
  }
}

/** What a runtime knows of a request; a test opens the socket that an upgrade asked for. */
export class FakeContext implements RequestContext {
  address = "192.0.2.7";
  delivered: (() => Promise<unknown>) | undefined;
  /** The socket that `open` opens. */
  readonly socket: FakeSocket = new FakeSocket();
  /** Whom the runtime reports to, after an upgrade. */
  events: SocketEvents | undefined;
  /** The headers that the upgrade was given. */
  headers: Headers | undefined;
  /** The answer of the upgrade: the runtime takes this very one. */
  readonly answer: Response = new Response(null, { status: 101 });
  /** What `upgrade` throws. */
  upgradeError: Error | undefined;

  upgrade(events: SocketEvents, headers?: Headers): Response {
    if (this.upgradeError) throw this.upgradeError;
    this.events = events;
    this.headers = headers;
    return this.answer;
  }

  /** The handshake is over. */
  open(): FakeSocket {
    this.events!.opened(this.socket);
    return this.socket;
  }
}

const PENDING = Symbol("pending");

/** Whether `promise` is still unsettled after everything that only waits for promises has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  await microtasks();
  return await Promise.race([promise, Promise.resolve(PENDING)]) === PENDING;
}

/** Lets what only waits for promises run. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await undefined;
}
