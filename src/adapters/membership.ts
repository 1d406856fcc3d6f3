/**
 * Who is there, for buses that do not know: every server says at intervals that it is alive, and one that has not
 * been heard for too long counts as gone. {@linkcode Members} is the machine, {@linkcode heartbeats} its driver.
 *
 * Source of behaviour: socket.io-adapter 2.5, ClusterAdapterWithHeartbeat. Unlike there one membership serves all
 * namespaces of a server, and a server that was stopped itself does not take the others for dead.
 * @module
 */
import { type Clock, MAX_DELAY } from "../time/clock.ts";
import type { ClusterMessage, PresenceMessage, ServerId } from "./cluster_messages.ts";

/** Knows the other servers. */
export interface Membership {
  /** The others, as far as is known. Live. */
  readonly others: ReadonlySet<ServerId>;
  /** Each message that comes. */
  heard(message: ClusterMessage): void;
  /** Nothing follows. The others are told by whoever stops it. */
  stop(): void;
}

/** What a membership works with. */
export interface MembershipPorts {
  readonly clock: Clock;
  /** Sends to all, or to one. */
  send(type: PresenceMessage["type"], to?: ServerId): void;
  /** A server is gone. */
  gone(server: ServerId): void;
}

/** Makes the membership of one server, when it begins. */
export type MembershipFactory = (ports: MembershipPorts) => Membership;

/** Options of {@linkcode heartbeats}; all servers should have the same. */
export interface HeartbeatOptions {
  /** ms between two signs of life. Default 5 000. */
  readonly heartbeatInterval?: number;
  /** ms without a sign of life after which a server counts as gone; more than the interval. Default 10 000. */
  readonly heartbeatTimeout?: number;
}

/**
 * A membership by heartbeats. A server that has just come knows the others as soon as they have answered its
 * `hello`; it has a timer for as long as it is there. Throws a TypeError on a wrong option.
 */
export function heartbeats(options: HeartbeatOptions = {}): MembershipFactory {
  const { heartbeatInterval: interval = 5_000, heartbeatTimeout: timeout = 10_000 } = options;
  checkMs("heartbeatInterval", interval, 1);
  checkMs("heartbeatTimeout", timeout, interval + 1);
  return (ports) => new Heartbeats(ports, interval, timeout);
}

/** Throws unless `value` is a number of ms from `min` to what timers take. */
function checkMs(name: string, value: unknown, min: number): void {
  if (typeof value === "number" && value >= min && value <= MAX_DELAY) return;
  throw new TypeError(`Invalid option "${name}": ${String(value)}, expected ms from ${min} to ${MAX_DELAY}`);
}

/** What the time has brought. */
export interface Tick {
  /** Whether a sign of life is due. */
  readonly isBeatDue: boolean;
  /** Who is gone. */
  readonly gone: readonly ServerId[];
}

/** Who is there, as a machine: time is an argument, and nothing is sent. */
export class Members {
  readonly #interval: number;
  readonly #timeout: number;
  /** When each was heard last; the order is that of these times. */
  readonly #seen = new Map<ServerId, number>();
  readonly #others = new Set<ServerId>();
  #nextBeat: number;

  /** `interval` and `timeout` in ms; the first sign of life has just been sent. */
  constructor(interval: number, timeout: number, now: number) {
    this.#interval = interval;
    this.#timeout = timeout;
    this.#nextBeat = now + interval;
  }

  /** The others. Live. */
  get others(): ReadonlySet<ServerId> {
    return this.#others;
  }

  /** When {@linkcode Members.tick} must be called. */
  get nextDeadline(): number {
    const [first] = this.#seen.values();
    return first === undefined ? this.#nextBeat : Math.min(this.#nextBeat, first + this.#timeout);
  }

  /** A server was heard. Only one that says that it is there is new: not everyone who publishes is a server. */
  heard(server: ServerId, saysPresent: boolean, now: number): void {
    if (this.#seen.delete(server)) this.#seen.set(server, now);
    else if (saysPresent) {
      this.#seen.set(server, now);
      this.#others.add(server);
    }
  }

  /** A server said goodbye. */
  left(server: ServerId): void {
    this.#seen.delete(server);
    this.#others.delete(server);
  }

  /** Time has passed. */
  tick(now: number): Tick {
    const gone: ServerId[] = [];
    // Much too late: it was this server that was stopped, and what the others have said meanwhile waits to be read.
    const wasStopped = now - this.#nextBeat > this.#timeout - this.#interval;
    for (const [server, seen] of this.#seen) {
      if (wasStopped) this.#seen.set(server, now);
      else if (now - seen < this.#timeout) break;
      else gone.push(server);
    }
    for (const server of gone) this.left(server);
    const isBeatDue = now >= this.#nextBeat;
    if (isBeatDue) this.#nextBeat = now + this.#interval;
    return { isBeatDue, gone };
  }
}

class Heartbeats implements Membership {
  readonly #ports: MembershipPorts;
  readonly #members: Members;
  #cancel: (() => void) | undefined;

  constructor(ports: MembershipPorts, interval: number, timeout: number) {
    this.#ports = ports;
    this.#members = new Members(interval, timeout, ports.clock.now());
    this.#arm();
    ports.send("hello");
  }

  get others(): ReadonlySet<ServerId> {
    return this.#members.others;
  }

  heard({ type, from }: ClusterMessage): void {
    if (type === "bye") return this.#members.left(from);
    this.#members.heard(from, type === "hello" || type === "alive", this.#ports.clock.now());
    if (type === "hello") this.#ports.send("alive", from);
  }

  stop(): void {
    this.#cancel?.();
    for (const server of [...this.#members.others]) this.#members.left(server);
  }

  #arm(): void {
    // A server that is heard moves the deadline later: the timer then comes early once, and is armed again.
    const { clock } = this.#ports;
    this.#cancel = clock.at(this.#members.nextDeadline, () => {
      const { isBeatDue, gone } = this.#members.tick(clock.now());
      this.#arm();
      if (isBeatDue) this.#ports.send("alive");
      for (const server of gone) this.#ports.gone(server);
    });
  }
}
