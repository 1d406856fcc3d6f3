/**
 * Stand-ins for what the engine talks to: a runtime's socket, the owner of a transport, a request's context.
 *
 * They record in order, as short texts; nothing here is a network.
 * @module
 */
import type { RequestContext } from "../../src/engine/runtime.ts";
import type { Transport, TransportOwner } from "../../src/engine/transport.ts";
import type { RuntimeSocket, SocketEvents } from "../../src/engine/websocket.ts";
import type { Frame } from "../../src/protocol/frame.ts";

/** A frame as text: bytes in brackets. */
export function show(frame: Frame): string {
  return typeof frame === "string" ? frame : `[${frame}]`;
}

/** A socket that keeps what it is sent until `bufferedAmount` is set to something else. */
export class FakeSocket implements RuntimeSocket {
  /** What was sent and how it was closed. */
  readonly log: string[] = [];
  bufferedAmount = 0;
  /** What `send` throws from now on. */
  failure: unknown;

  send(data: Frame): void {
    if (this.failure) throw this.failure;
    this.log.push(show(data));
    this.bufferedAmount += typeof data === "string" ? new TextEncoder().encode(data).length : data.length;
  }

  close(code?: number, reason?: string): void {
    this.log.push(code === undefined ? "close" : `close ${code} ${reason}`);
  }
}

/** Records what a transport tells. */
export class FakeOwner implements TransportOwner {
  readonly log: string[] = [];
  /** Runs inside `ready`, as a driver that has frames waiting would. */
  onReady: ((transport: Transport) => void) | undefined;

  ready(transport: Transport): void {
    this.log.push("ready");
    this.onReady?.(transport);
  }

  blocked(_transport: Transport, bytes: number): void {
    this.log.push(`blocked ${bytes}`);
  }

  receive(_transport: Transport, frame: Frame): void {
    this.log.push(`receive ${show(frame)}`);
  }

  garbled(_transport: Transport, description: unknown): void {
    this.log.push(`garbled ${description instanceof Error ? description.message : description}`);
  }

  lost(_transport: Transport, reason: string, description?: unknown): void {
    const why = description instanceof Error ? description.message : description;
    this.log.push(why === undefined ? `lost ${reason}` : `lost ${reason}: ${why}`);
  }
}

/** The context of a request: an upgrade gives a response that only looks like a 101, and the test opens the socket. */
export class FakeContext implements RequestContext {
  readonly address: string = "10.0.0.1";
  /** Whom the upgraded socket reports to. */
  events: SocketEvents | undefined;
  /** The headers for the upgrade's answer. */
  headers: Headers | undefined;
  /** What `upgrade` throws. */
  failure: unknown;

  upgrade(events: SocketEvents, headers: Headers): Response {
    if (this.failure) throw this.failure;
    this.events = events;
    this.headers = headers;
    // No one but a runtime can make a response with this status.
    return Object.defineProperty(new Response(null, { headers }), "status", { value: 101 });
  }

  /** The socket of the upgrade, once it is open. */
  open(): FakeSocket {
    const socket = new FakeSocket();
    this.events!.opened(socket);
    return socket;
  }
}
