/**
 * The WebSockets of a Durable Object, and the sleep of their connections.
 *
 * What comes for a WebSocket wakes its connection: it is made again from its snapshot, as if it had always been here.
 * After each entry point the snapshots of all connections that may have changed are written: nothing else is done
 * for sleep, which comes without notice. Cyclic `data` cannot be compared and is no snapshot of large connections.
 * @module
 */
import type { ConnectionSnapshot, Sleeper } from "../core/sleep.ts";
import type { ReportError } from "../engine/ports.ts";
import type { RequestContext } from "../engine/runtime.ts";
import type { SessionSnapshot } from "../engine/snapshot.ts";
import { readQuery } from "../engine/query.ts";
import type { RuntimeSocket, SocketEvents } from "../engine/websocket.ts";
import { MESSAGE } from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Clock } from "../time/clock.ts";
import { forgetOrphans, Snapshot } from "./object_snapshots.ts";
import { isOurs, type ObjectState, type ObjectWebSocket, openSockets, SOCKET_TAG } from "./object_state.ts";
import { addressOf, answerClose, switchingProtocols, webSocketPair } from "./workers.ts";

/** What is above: engine and connections of the one server in the object. */
export interface ObjectServer {
  readonly report: ReportError;
  readonly timers: Clock;
  /** "busy": something is under way; undefined: there is none on this WebSocket. */
  snapshotSession(sid: string, socket: SocketEvents, base64: boolean): SessionSnapshot | "busy" | undefined;
  /** Undefined: something is being decided about it. */
  snapshotConnection(sid: string): ConnectionSnapshot | undefined;
  restore(session: SessionSnapshot, socket: RuntimeSocket, connection: ConnectionSnapshot): SocketEvents;
  /** A connection was kept; for those who keep more of it. */
  kept?(connection: ConnectionSnapshot): void;
}

interface Entry {
  readonly sid: string;
  readonly base64: boolean;
  readonly opened: number;
  readonly snapshot: Snapshot;
  readonly events: SocketEvents;
}

/** ms between looks at connections on which something is under way. */
const RETRY = 50;

/** Accepts, wakes, and keeps. */
export class ObjectSockets implements Sleeper {
  readonly ackTimeout: number;
  readonly #state: ObjectState;
  readonly #server: () => ObjectServer;
  /** Those that are awake. */
  readonly #entries = new Map<ObjectWebSocket, Entry>();
  /** By sid; more than one while a WebSocket is, or tries to become, the successor of another transport. */
  readonly #bySid = new Map<string, ObjectWebSocket[]>();
  /** Connections whose snapshots may be out of date. */
  readonly #touched = new Set<string>();
  /** Work of the program's that goes on, and the connections it may change until it is done. */
  #works = 0;
  readonly #unsure = new Set<string>();
  #isAllAwake = false;
  #isSettling = false;
  #cancelRetry: (() => void) | undefined;

  /** `server` is made when it is needed: pongs, alarms and this constructor need none. */
  constructor(state: ObjectState, ackTimeout: number, server: () => ObjectServer) {
    this.#state = state;
    this.ackTimeout = ackTimeout;
    this.#server = server;
  }

  /** How many are awake. */
  get awake(): number {
    return this.#entries.size;
  }

  /** The context of a request to this object. `accepted`: its WebSocket is there. */
  contextOf(request: Request, accepted: () => void): RequestContext {
    return {
      address: addressOf(request),
      upgrade: (events, headers, sid) => {
        const [client, server] = webSocketPair();
        const socket = server as unknown as ObjectWebSocket;
        this.#state.acceptWebSocket(server, [SOCKET_TAG, sid]);
        const base64 = readQuery(request.url).b64 === "1";
        const snapshot = new Snapshot(socket, this.#state.storage.kv);
        this.#enter(socket, { sid, base64, opened: this.#server().timers.now(), snapshot, events });
        events.opened(this.#adopt(socket));
        this.touched(sid);
        accepted();
        return switchingProtocols(request, client, headers);
      },
    };
  }

  /** A message came. */
  message(socket: ObjectWebSocket, data: string | ArrayBuffer): void {
    const entry = this.#wake(socket);
    if (entry === undefined) return this.#end(socket, 1011);
    // Messages change nothing that is kept unless core says so; the rest may be an upgrade.
    if (typeof data === "string" && data.charCodeAt(0) !== MESSAGE) this.touched(entry.sid);
    entry.events.message(typeof data === "string" ? data : new Uint8Array(data));
  }

  /** It ended; `error` where it was lost. */
  closed(socket: ObjectWebSocket, code: number, error?: unknown): void {
    const entry = this.#wake(socket);
    this.#end(socket, code);
    if (entry === undefined) return;
    this.#leave(socket);
    entry.events.closed(error);
  }

  /** Its client did not answer a ping. */
  silent(socket: ObjectWebSocket): void {
    this.#wake(socket)?.events.timedOut();
  }

  touched(sid: string): void {
    this.#touched.add(sid);
    if (this.#isSettling) return;
    this.#isSettling = true;
    queueMicrotask(() => this.settle()); // for changes outside of an entry point
  }

  readonly pending = (work: PromiseLike<unknown>): void => {
    this.#works++;
    const done = (): void => {
      // It may have held a socket's `data` while it waited, and changed it without our notice.
      if (--this.#works === 0) {
        for (const sid of this.#unsure) this.#touched.add(sid);
        this.#unsure.clear();
      }
      this.settle();
    };
    this.#state.waitUntil(Promise.resolve(work).then(done, done));
  };

  hold(): () => void {
    const { timers } = this.#server();
    return timers.at(timers.now() + this.ackTimeout, () => {});
  }

  wakeAll(): void {
    if (this.#isAllAwake) return;
    this.#isAllAwake = true;
    for (const socket of openSockets(this.#state)) this.#wake(socket);
    forgetOrphans(this.#state.storage.kv, new Set(this.#bySid.keys()));
  }

  /** Writes the snapshots of what was touched. Runs at the end of every entry point. */
  settle(): void {
    this.#isSettling = false;
    if (this.#touched.size === 0) return;
    for (const sid of [...this.#touched]) {
      if (!this.#keep(sid)) continue;
      this.#touched.delete(sid);
      if (this.#works > 0 && this.#bySid.has(sid)) this.#unsure.add(sid);
    }
    if (this.#touched.size === 0 || this.#cancelRetry !== undefined) return;
    const { timers } = this.#server();
    this.#cancelRetry = timers.at(timers.now() + RETRY, () => {
      this.#cancelRetry = undefined;
      this.settle();
    });
  }

  /** Returns whether there is nothing more to be done. */
  #keep(sid: string): boolean {
    return (this.#bySid.get(sid) ?? []).every((socket) => this.#keepOne(this.#entries.get(socket)!));
  }

  #keepOne({ sid, opened, base64, snapshot, events }: Entry): boolean {
    const server = this.#server();
    const session = server.snapshotSession(sid, events, base64);
    if (session === undefined) return true;
    const connection = server.snapshotConnection(sid);
    if (session === "busy" || connection === undefined) return false;
    try {
      snapshot.write({ opened, session, connection });
      server.kept?.(connection);
    } catch (error) {
      server.report(error, "sleep");
    }
    return true;
  }

  #wake(socket: ObjectWebSocket): Entry | undefined {
    const awake = this.#entries.get(socket);
    if (awake !== undefined) return awake;
    const snapshot = new Snapshot(socket, this.#state.storage.kv);
    const server = this.#server();
    try {
      const slept = snapshot.read();
      if (slept === undefined) return undefined;
      const { opened, session, connection } = slept;
      const { sid, base64 } = session;
      const events = server.restore(session, this.#adopt(socket), connection);
      const entry: Entry = { sid, base64, opened, snapshot, events };
      this.#enter(socket, entry);
      return entry;
    } catch (error) {
      server.report(error, "waking");
      return undefined;
    }
  }

  /** Closes it, or answers its close; not what is none of ours. */
  #end(socket: ObjectWebSocket, code: number): void {
    if (isOurs(this.#state, socket)) answerClose(socket, code);
  }

  #adopt(socket: ObjectWebSocket): SleepingSocket {
    return new SleepingSocket(socket, () => this.#leave(socket));
  }

  #enter(socket: ObjectWebSocket, entry: Entry): void {
    this.#entries.set(socket, entry);
    this.#bySid.set(entry.sid, [...this.#bySid.get(entry.sid) ?? [], socket]);
  }

  #leave(socket: ObjectWebSocket): void {
    const entry = this.#entries.get(socket);
    if (entry === undefined) return;
    const { sid, snapshot } = entry;
    snapshot.forget();
    this.#entries.delete(socket);
    const others = this.#bySid.get(sid)!.filter((other) => other !== socket);
    if (others.length > 0) this.#bySid.set(sid, others);
    else {
      this.#bySid.delete(sid);
      this.#unsure.delete(sid);
    }
  }
}

/** A WebSocket as the engine sees it. Once it is closed here, nothing is kept of it. */
class SleepingSocket implements RuntimeSocket {
  readonly #socket: ObjectWebSocket;
  readonly #leave: () => void;

  constructor(socket: ObjectWebSocket, leave: () => void) {
    this.#socket = socket;
    this.#leave = leave;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  send(data: Frame): void {
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#leave();
    this.#socket.close(code ?? 1000, reason);
  }
}
