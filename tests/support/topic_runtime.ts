/**
 * A runtime with topics, as Bun has them, without a network: what is published to a socket waits until the turn is
 * over, until 32 of it wait, or until something is sent to that socket by itself; what a client does not read is
 * buffered without end.
 * @module
 */
import type { TopicHub, TopicSocket } from "../../src/engine/ports.ts";
import type { RequestContext } from "../../src/engine/runtime.ts";
import type { RuntimeSocket, SocketEvents } from "../../src/engine/websocket.ts";
import type { Frame } from "../../src/protocol/frame.ts";

/** How many published frames may wait for one socket. Source: uWebSockets, TopicTree. */
const MOST_PENDING = 32;

/** All sockets of one made-up server. */
export class TopicRuntime implements TopicHub {
  readonly sockets: TopicClient[] = [];
  /** How many frames were published. */
  published = 0;

  /** `hasTopics` false: the same without topics. */
  constructor(readonly hasTopics: boolean) {}

  /** The context of a WebSocket request of one client, whose socket is then the last of `sockets`. */
  context(): RequestContext {
    return {
      address: "10.0.0.1",
      upgrade: (events) => {
        const socket = new TopicClient(this, events);
        this.sockets.push(socket);
        events.opened(socket);
        return Object.defineProperty(new Response(), "status", { value: 101 });
      },
    };
  }

  publish(topic: string, frame: Frame): void {
    this.published++;
    for (const socket of this.sockets) socket.hear(topic, frame);
  }

  /** The turn is over. */
  endTurn(): void {
    for (const socket of this.sockets) socket.flush();
  }
}

/** One socket, from both sides. */
export class TopicClient implements RuntimeSocket, TopicSocket {
  readonly hub: TopicRuntime;
  readonly events: SocketEvents;
  readonly topics: TopicSocket | undefined;
  /** What the client has got, and how it ended. */
  readonly got: Frame[] = [];
  readonly subscribed: Set<string> = new Set();
  #pending: Frame[] = [];
  #buffer: Frame[] = [];
  #bytes = 0;
  #isReading = true;
  #isOpen = true;

  constructor(hub: TopicRuntime, events: SocketEvents) {
    this.hub = hub;
    this.events = events;
    this.topics = hub.hasTopics ? this : undefined;
  }

  get bufferedAmount(): number {
    return this.#bytes;
  }

  subscribe(topic: string): void {
    this.subscribed.add(topic);
  }

  unsubscribe(topic: string): void {
    this.subscribed.delete(topic);
  }

  hear(topic: string, frame: Frame): void {
    if (!this.#isOpen || !this.subscribed.has(topic)) return;
    this.#pending.push(frame);
    if (this.#pending.length === MOST_PENDING) this.flush();
  }

  send(frame: Frame): void {
    this.flush();
    this.#write(frame);
  }

  close(code?: number): void {
    this.flush();
    this.#write(`closed ${code ?? 1000}`);
    this.#isOpen = false;
    this.subscribed.clear();
  }

  flush(): void {
    for (const frame of this.#pending.splice(0)) this.#write(frame);
  }

  /** The client stops reading, or reads on. */
  read(isReading: boolean): void {
    this.#isReading = isReading;
    if (!isReading || this.#buffer.length === 0) return;
    this.got.push(...this.#buffer.splice(0));
    this.#bytes = 0;
    if (this.#isOpen) this.events.drained();
  }

  /** The client is gone, when the turn is over. */
  lose(): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#isOpen = false;
    this.subscribed.clear();
    this.events.closed();
  }

  #write(frame: Frame): void {
    if (!this.#isOpen) return;
    if (this.#isReading) this.got.push(frame);
    else {
      this.#buffer.push(frame);
      this.#bytes += frame.length;
    }
  }
}
