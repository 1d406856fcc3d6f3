/**
 * The public face of a session: what users and the layer above hold. It has no state of its own.
 * @module
 */
import { messageFrame } from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Driver } from "./driver.ts";
import type { HandshakeRequest } from "./handshake_request.ts";
import type { EngineSocket, EngineSocketEvents, SendOptions, TopicSocket, TransportInfo } from "./ports.ts";

/** Makes the {@linkcode EngineSocket} of a session. */
export class SessionSocket implements EngineSocket {
  readonly id: string;
  readonly protocol = 4;
  readonly request: HandshakeRequest;
  readonly recovered: boolean;
  readonly #driver: Driver;

  constructor(id: string, request: HandshakeRequest, driver: Driver, recovered = false) {
    this.recovered = recovered;
    this.id = id;
    this.request = request;
    this.#driver = driver;
  }

  get readyState(): "open" | "closing" | "closed" {
    return this.#driver.state;
  }

  get transport(): TransportInfo {
    return { name: this.#driver.transportKind, writable: this.#driver.isWritable };
  }

  get upgrading(): boolean {
    return this.#driver.isUpgrading;
  }

  get upgraded(): boolean {
    return this.#driver.isUpgraded;
  }

  get writable(): boolean {
    return this.#driver.isWritable;
  }

  get bufferedAmount(): number {
    return this.#driver.bufferedAmount;
  }

  get remoteAddress(): string {
    return this.request.address;
  }

  send(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): this {
    this.#driver.send([messageFrame(data)], options);
    return this;
  }

  write(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): this {
    return this.send(data, options);
  }

  sendFrames(frames: readonly Frame[], options?: SendOptions): void {
    this.#driver.send(frames, options);
  }

  direct(bytes: number): TopicSocket | undefined {
    return this.#driver.direct(bytes);
  }

  close(discard = false): this {
    this.#driver.close(discard);
    return this;
  }

  on<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this {
    this.#driver.emitter.on(event, listener);
    return this;
  }

  once<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this {
    this.#driver.emitter.once(event, listener);
    return this;
  }

  off<E extends keyof EngineSocketEvents>(event: E, listener?: EngineSocketEvents[E]): this {
    this.#driver.emitter.off(event, listener);
    return this;
  }

  addListener<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this {
    return this.on(event, listener);
  }

  removeListener<E extends keyof EngineSocketEvents>(event: E, listener: EngineSocketEvents[E]): this {
    return this.off(event, listener);
  }

  removeAllListeners(event?: keyof EngineSocketEvents): this {
    this.#driver.emitter.removeAllListeners(event);
    return this;
  }

  listeners<E extends keyof EngineSocketEvents>(event: E): EngineSocketEvents[E][] {
    return this.#driver.emitter.listeners(event);
  }

  listenerCount(event: keyof EngineSocketEvents): number {
    return this.#driver.emitter.listenerCount(event);
  }
}
