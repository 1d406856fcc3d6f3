/**
 * A client over a transport that a test plays by hand, on a manual clock.
 * @module
 */
import { Manager } from "../../src/client/manager.ts";
import type { ManagerOptions } from "../../src/client/options.ts";
import type { Endpoint, Transport, TransportEvents } from "../../src/client/transport.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

/** The open packet of a server that pings every 25 s and is patient for 20 s more. */
export const OPEN =
  '0{"sid":"engine","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}';

/** One connection that the client made. */
export class FakeConnection {
  events: TransportEvents;
  isWritable = true;
  readonly url: string;
  /** What the client sent, as it did. */
  readonly sent: Frame[] = [];
  isClosed = false;
  farewell: Frame | undefined;
  /** What is still to be sent when the client pauses. */
  left: Frame[] = [];
  #paused: (() => void) | undefined;

  constructor(endpoint: Endpoint, sid: string | undefined, events: TransportEvents) {
    this.events = events;
    this.url = endpoint.url(sid);
  }

  send(frames: readonly Frame[]): void {
    this.sent.push(...frames);
  }

  pause(done: (left: readonly Frame[]) => void): void {
    this.#paused = () => done(this.left);
  }

  /** Nothing is under way any more. */
  paused(): void {
    this.#paused!();
  }

  close(farewell?: Frame): void {
    this.isClosed = true;
    this.farewell = farewell;
  }

  /** What was sent since the last call. */
  told(): Frame[] {
    return this.sent.splice(0);
  }

  /** The server says this. */
  say(...frames: Frame[]): void {
    for (const frame of frames) this.events.frame(frame);
  }

  /** The connection begins. */
  open(): this {
    this.say(OPEN);
    return this;
  }

  /** The connection is gone. */
  fail(error: unknown = new Error("gone")): void {
    this.events.lost(error);
  }
}

/** A manager and the connections it makes. */
export class Stage {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  /** In order. */
  readonly connections: FakeConnection[] = [];
  readonly manager: Manager;
  /** What the manager told: `reconnect_attempt 1`. */
  readonly told: string[] = [];
  #slept = 0;

  constructor(options: ManagerOptions = {}, kinds: readonly Transport[] = [this.kind("websocket")]) {
    const { clock } = this;
    this.manager = new Manager("http://server/nsp?q=1", {
      clock: {
        now: () => clock.now() + this.#slept,
        at: (time, wake) => clock.at(time - this.#slept, wake),
      },
      transports: kinds,
      randomizationFactor: 0,
      ...options,
    });
    for (
      const event of [
        "open",
        "close",
        "error",
        "reconnect_attempt",
        "reconnect",
        "reconnect_error",
        "reconnect_failed",
      ] as const
    ) {
      this.manager.on(event, (what?: unknown) => {
        this.told.push(
          what === undefined ? event : `${event} ${what instanceof Error ? what.message : what}`,
        );
      });
    }
  }

  /** A kind of transport whose connections are listed here. */
  kind(name: string, more: Partial<Transport> = {}): Transport {
    return {
      name,
      open: (endpoint, sid, events) => {
        const connection = new FakeConnection(endpoint, sid, events);
        this.connections.push(connection);
        return connection;
      },
      ...more,
    };
  }

  /** The device sleeps: time passes, and no timer goes off. */
  sleep(ms: number): void {
    this.#slept += ms;
  }

  /** The connection made last. */
  get last(): FakeConnection {
    return this.connections.at(-1)!;
  }

  /** What was told since the last call. */
  heard(): string[] {
    return this.told.splice(0);
  }

  /** Brings the last connection up, and the socket of `/` into its namespace. */
  join(sid = "socket", pid?: string): FakeConnection {
    const { last } = this;
    last.open();
    last.told();
    last.say(`40${JSON.stringify({ sid, pid })}`);
    return last;
  }
}
