/**
 * The option `rateLimit` on one connection: counts what comes, and sees to what is beyond.
 * @module
 */
import type { EventError } from "../contract/checks.ts";
import { type Frame, frameByteLength } from "../protocol/frame.ts";
import { type EventPacket, PacketType } from "../protocol/socket_packet.ts";
import type { Clock } from "../time/clock.ts";
import { type RateLimited, RateLimiter, type RateLimitSettings } from "./rate_limit.ts";
import { type AnySocket, limitSocket } from "./socket.ts";
import type { SocketLink } from "./socket_ports.ts";

/** The limits of the option `rateLimit`. */
export interface RateLimits {
  readonly socket: RateLimitSettings | undefined;
  readonly connection: RateLimitSettings | undefined;
}

/** More than a connection can have sockets. */
const MAX_LIMITERS = 1_000;

/** What the sockets of one connection have left. */
export class ConnectionLimits {
  readonly #limits: RateLimits;
  readonly #clock: Clock;
  readonly #link: SocketLink;
  readonly #ofConnection: RateLimiter | undefined;
  /** By namespace: a socket that leaves and comes back is still the same client. */
  readonly #ofSockets = new Map<string, RateLimiter>();
  readonly #countsBytes: boolean;
  /** Bytes of the packet that is being read. */
  #bytes = 0;

  constructor(limits: RateLimits, clock: Clock, link: SocketLink) {
    this.#limits = limits;
    this.#clock = clock;
    this.#link = link;
    this.#ofConnection = limits.connection && new RateLimiter(limits.connection, clock);
    this.#countsBytes = [limits.socket, limits.connection].some((limit) => limit && limit.bytes !== Infinity);
  }

  /** A frame came: a part of the packet that is allowed, or not, when it is whole. */
  count(frame: Frame): void {
    if (this.#countsBytes) this.#bytes += frameByteLength(frame);
  }

  /** Whether an event may go on to its socket. Where not, everybody who has to know is told. */
  allow(socket: AnySocket, packet: EventPacket): boolean {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return this.#passes(this.#ofConnection, "connection", socket, packet, bytes) &&
      this.#passes(this.#limiterOf(packet.nsp), "socket", socket, packet, bytes);
  }

  /** Whether the client may ask to join a namespace: that counts for its connection. */
  allowConnect(): boolean {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return this.#ofConnection === undefined || this.#ofConnection.take(bytes) === 0;
  }

  /** Whether a connection beyond its limit is to end. */
  get endsConnection(): boolean {
    return this.#ofConnection?.outcome === "disconnect";
  }

  /** A packet that is no event was read. */
  skip(): void {
    this.#bytes = 0;
  }

  #limiterOf(nsp: string): RateLimiter | undefined {
    if (this.#limits.socket === undefined) return undefined;
    let limiter = this.#ofSockets.get(nsp);
    if (limiter === undefined) {
      this.#ofSockets.set(nsp, limiter = new RateLimiter(this.#limits.socket, this.#clock));
      // A pattern may have made any number of namespaces: the one that was joined first is forgotten.
      if (this.#ofSockets.size > MAX_LIMITERS) this.#ofSockets.delete(this.#ofSockets.keys().next().value!);
    }
    return limiter;
  }

  #passes(
    limiter: RateLimiter | undefined,
    scope: RateLimited["scope"],
    socket: AnySocket,
    { nsp, id, data }: EventPacket,
    bytes: number,
  ): boolean {
    const retryAfter = limiter?.take(bytes) ?? 0;
    if (limiter === undefined || retryAfter === 0) return true;
    const { outcome } = limiter;
    const event = String(data?.[0]);
    if (outcome === "error" && id !== undefined) {
      const wait = retryAfter === Infinity ? {} : { retryAfter }; // JSON has no Infinity
      const answer: EventError = { error: { code: "RATE_LIMITED", event, ...wait } };
      this.#link.send({ type: PacketType.ACK, nsp, id, data: [answer] });
    }
    limitSocket(socket, { event, scope, outcome, retryAfter });
    if (outcome === "disconnect") {
      if (scope === "connection") this.#link.disconnectAll();
      else this.#link.disconnect(nsp);
    }
    return false;
  }
}
