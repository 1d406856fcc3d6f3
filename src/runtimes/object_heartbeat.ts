/**
 * The heartbeat of all WebSockets of a Durable Object, without waking it but once per interval: one alarm sends the
 * ping (`2`) to all, and the platform itself answers each pong (`3`) with a noop (`6`), which clients ignore.
 *
 * When a client last answered so is known from the platform, but not reliably (cloudflare/workerd#2025): it is a
 * hint. Those that seem silent are asked again while pongs do reach us; who stays silent then is lost.
 * Source: Engine.IO protocol v4, "Heartbeat"; Cloudflare, `setWebSocketAutoResponse`.
 * @module
 */
import { NOOP_FRAME, PING_FRAME } from "../protocol/engine_packet.ts";
import type { Clock } from "../time/clock.ts";
import type { ObjectAlarm } from "./object_alarm.ts";
import { type ObjectState, type ObjectWebSocket, openSockets } from "./object_state.ts";

/** Times in ms, and whom to tell. */
export interface HeartbeatOptions {
  readonly pingInterval: number;
  readonly pingTimeout: number;
  /** Timers in memory: they keep the object awake. */
  readonly timers: Clock;
  /** When this WebSocket opened, ms since the epoch. */
  openedAt(socket: ObjectWebSocket): number;
  /** A client did not answer. */
  silent(socket: ObjectWebSocket): void;
}

/** Intervals without a pong after which a client is asked again. */
const SUSPICIOUS_INTERVALS = 2.5;
/** Intervals between two such rounds; doubled, up to the second number, while nobody turns out to be silent. */
const MIN_PAUSE = 4;
const MAX_PAUSE = 144;
const PAUSE_KEY = "skein/heartbeat";

const PONG = "3";

/** Pings, and finds out who is silent. */
export class ObjectHeartbeat {
  readonly #state: ObjectState;
  readonly #alarm: ObjectAlarm;
  /** Who is being asked again. */
  #suspects: Set<ObjectWebSocket> | undefined;
  #nextPing = Infinity;

  /** Has the platform answer pongs from now on. */
  constructor(state: ObjectState, alarm: ObjectAlarm) {
    this.#state = state;
    this.#alarm = alarm;
    this.#answerPongs(true);
  }

  /** A WebSocket was accepted: it gets its first ping in time. */
  begin(pingInterval: number): void {
    const due = this.#alarm.now() + pingInterval;
    if (this.#nextPing <= due) return;
    this.#nextPing = due;
    this.#alarm.wakeAt(due);
  }

  /** Something came from a client. Returns whether that was a pong, which is nobody's business but ours. */
  heard(socket: ObjectWebSocket, data: unknown): boolean {
    this.#suspects?.delete(socket);
    return data === PONG;
  }

  /** The alarm went off: pings everybody, early too, and asks to be woken for the next ping while anybody is there. */
  tick(options: HeartbeatOptions): void {
    const sockets = openSockets(this.#state);
    this.#nextPing = Infinity;
    if (sockets.length === 0) return;
    this.begin(options.pingInterval);
    this.#lookForSilence(sockets, options);
    for (const socket of sockets) ping(socket);
  }

  #lookForSilence(sockets: readonly ObjectWebSocket[], options: HeartbeatOptions): void {
    if (this.#suspects !== undefined) return;
    const { pingInterval, pingTimeout, timers } = options;
    const now = this.#alarm.now();
    const { kv } = this.#state.storage;
    const pause = kv.get(PAUSE_KEY) as { until: number; intervals: number } | undefined;
    if (pause !== undefined && now < pause.until) return;
    const since = now - SUSPICIOUS_INTERVALS * pingInterval;
    const suspects = sockets.filter((socket) => {
      const answered = this.#state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? -Infinity;
      return answered < since && options.openedAt(socket) < since;
    });
    if (suspects.length === 0) return;
    this.#suspects = new Set(suspects);
    this.#answerPongs(false);
    timers.at(now + pingTimeout, () => {
      const silent = [...this.#suspects!];
      this.#suspects = undefined;
      this.#answerPongs(true);
      // Where the hint is always wrong this would go on for ever, and the object would hardly sleep.
      const intervals = silent.length > 0 ? MIN_PAUSE : Math.min((pause?.intervals ?? 2) * 2, MAX_PAUSE);
      kv.put(PAUSE_KEY, { until: this.#alarm.now() + intervals * pingInterval, intervals });
      for (const socket of silent) options.silent(socket);
    });
  }

  #answerPongs(isOn: boolean): void {
    if (!isOn) return this.#state.setWebSocketAutoResponse();
    const { WebSocketRequestResponsePair } = globalThis as unknown as {
      WebSocketRequestResponsePair: new (request: string, response: string) => unknown;
    };
    this.#state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PONG, NOOP_FRAME));
  }
}

function ping(socket: ObjectWebSocket): void {
  try {
    socket.send(PING_FRAME);
  } catch {
    // It is closing: its own event tells.
  }
}
