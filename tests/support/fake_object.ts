/**
 * What workerd gives to a Durable Object, in memory: storage, one alarm, WebSockets that outlive it. What it does and
 * what it refuses was read off workerd 2026-07-30. Importing this file gives this process workerd's globals
 * `WebSocketPair` and `WebSocketRequestResponsePair`.
 * @module
 */
import type { ObjectState, ObjectStorage, ObjectWebSocket } from "../../src/runtimes/object_state.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { ManualClock } from "../../src/time/manual_clock.ts";
import { Cloned, FakeKv } from "./fake_kv.ts";

/** Bytes of the largest attachment. */
export const MAX_ATTACHMENT = 16_384;

/** One WebSocket of an object: the object's end, and what its client sees of it. */
export class FakeSocket implements ObjectWebSocket {
  /** 1 open, 2 closing, 3 closed. */
  readyState = 1;
  bufferedAmount = 0;
  /** What its client got since it last looked. */
  readonly heard: Frame[] = [];
  /** The code with which each side closed it. */
  closedHere: number | undefined;
  closedByClient: number | undefined;
  /** Called when the object sends or closes. */
  told: (() => void) | undefined;
  /** How often an attachment was written. */
  written = 0;
  #attachment: Cloned | undefined;

  send(data: Frame): void {
    if (this.closedHere !== undefined) throw new TypeError("Can't call WebSocket send() after close().");
    if (this.readyState !== 1) return;
    this.heard.push(typeof data === "string" ? data : data.slice());
    this.told?.();
  }

  close(code = 1005, reason = ""): void {
    const isAllowed = code === 1005 || (code >= 1000 && code < 5000 && ![1004, 1006, 1015].includes(code));
    if (!isAllowed) throw new DOMException(`Invalid WebSocket close code: ${code}.`, "InvalidAccessError");
    if (new TextEncoder().encode(reason).length > 123) throw new SyntaxError("Close reason is too long");
    if (this.closedHere !== undefined) return;
    this.closedHere = code;
    this.readyState = this.closedByClient === undefined ? 2 : 3;
    this.told?.();
  }

  serializeAttachment(value: unknown): void {
    const cloned = new Cloned(value);
    if (cloned.size > MAX_ATTACHMENT) {
      throw new Error(
        `A WebSocket 'attachment' cannot be larger than ${MAX_ATTACHMENT} bytes: ${cloned.size}`,
      );
    }
    this.written++;
    this.#attachment = cloned;
  }

  deserializeAttachment(): unknown {
    return this.#attachment?.value ?? null;
  }
}

class FakePair {
  readonly 0 = {};
  readonly 1 = new FakeSocket();
}

class FakeAutoResponse {
  constructor(readonly request: string, readonly response: string) {}
}

Object.assign(globalThis, { WebSocketPair: FakePair, WebSocketRequestResponsePair: FakeAutoResponse });

/** The state of one object. It outlives the object's memory. */
export class FakeObject implements ObjectState {
  readonly id: { readonly name?: string };
  readonly storage: ObjectStorage & { readonly kv: FakeKv };
  /** What the platform answers, and how. */
  autoResponse: FakeAutoResponse | undefined;
  /** Times the alarm was set. */
  alarmsSet = 0;
  /** What `waitUntil` was given that failed. */
  readonly failures: unknown[] = [];
  /** Runs when the alarm goes off. */
  onAlarm: () => void = () => {};
  readonly #clock: ManualClock;
  #sockets: { readonly socket: FakeSocket; readonly tags: readonly string[] }[] = [];
  readonly #answered = new Map<unknown, Date>();
  #alarm: { readonly time: number; readonly cancel: () => void } | undefined;
  #working = 0;

  constructor(clock: ManualClock, name = "main") {
    this.#clock = clock;
    this.id = { name };
    this.storage = {
      kv: new FakeKv(),
      getAlarm: () => Promise.resolve(this.alarm ?? null),
      setAlarm: (time) => {
        this.setAlarm(time);
        return Promise.resolve();
      },
    };
  }

  /** When the alarm will go off. */
  get alarm(): number | undefined {
    return this.#alarm?.time;
  }

  /** Sets it; undefined: there is none. */
  setAlarm(time: number | undefined): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (time === undefined) return;
    this.alarmsSet++;
    const cancel = this.#clock.at(time, () => {
      this.#alarm = undefined;
      this.onAlarm();
    });
    this.#alarm = { time, cancel };
  }

  /** Whether `waitUntil` waits for something. */
  get isWorking(): boolean {
    return this.#working > 0;
  }

  /** All WebSockets that are not closed on both sides. */
  get sockets(): FakeSocket[] {
    return this.#sockets.map(({ socket }) => socket);
  }

  acceptWebSocket(socket: unknown, tags: string[]): void {
    this.#sockets.push({ socket: socket as FakeSocket, tags });
  }

  getWebSockets(tag?: string): ObjectWebSocket[] {
    return this.#sockets
      .filter(({ tags }) => tag === undefined || tags.includes(tag))
      .map(({ socket }) => socket);
  }

  getTags(socket: unknown): string[] {
    const found = this.#sockets.find((one) => one.socket === socket);
    if (found === undefined) {
      throw new Error("you must call 'acceptWebSocket()' before attempting to access the tags");
    }
    return [...found.tags];
  }

  setWebSocketAutoResponse(pair?: unknown): void {
    this.autoResponse = pair as FakeAutoResponse | undefined;
  }

  getWebSocketAutoResponseTimestamp(socket: unknown): Date | null {
    return this.#answered.get(socket) ?? null;
  }

  /** The platform answered for the object. */
  answered(socket: FakeSocket, at: number = this.#clock.now()): void {
    this.#answered.set(socket, new Date(at));
  }

  waitUntil(work: Promise<unknown>): void {
    this.#working++;
    const done = (): void => void this.#working--;
    work.then(done, (error) => {
      this.failures.push(error);
      done();
    });
  }

  /** A WebSocket is no more. */
  remove(socket: FakeSocket): void {
    socket.readyState = 3;
    this.#sockets = this.#sockets.filter((one) => one.socket !== socket);
  }
}
