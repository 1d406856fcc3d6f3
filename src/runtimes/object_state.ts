/**
 * The parts of a Durable Object's state that are used; the platform's own types fit.
 * Source: Cloudflare Durable Objects, "State", "WebSocket Hibernation API", "SQLite storage", "Alarms".
 * @module
 */
import type { KeyValueStore } from "../adapters/key_value.ts";
import type { Frame } from "../protocol/frame.ts";

/** A WebSocket that outlives the memory of its object. */
export interface ObjectWebSocket {
  /** 1: open. */
  readonly readyState: number;
  /** Bytes not sent yet; absent in runtimes before 2026-09. */
  readonly bufferedAmount?: number;
  /** Sends text or bytes. */
  send(data: Frame): void;
  /** Begins the closing handshake, or ends it. */
  close(code?: number, reason?: string): void;
  /** Keeps a value with it: at most 16 384 bytes as a structured clone; throws above. */
  serializeAttachment(value: unknown): void;
  /** That value; null where there is none. */
  deserializeAttachment(): unknown;
}

/** What `ctx.storage` has. */
export interface ObjectStorage {
  /** Keys and values in SQLite. */
  readonly kv: KeyValueStore;
  /** When the alarm will go off, ms since the epoch; null where none is set. */
  getAlarm(): Promise<number | null>;
  /** Sets the one alarm. */
  setAlarm(time: number): Promise<void>;
}

/** What `ctx` has. */
export interface ObjectState {
  /** The object's id, with the name it was made of. */
  readonly id: { readonly name?: string | undefined; toString(): string };
  /** What is kept. */
  readonly storage: ObjectStorage;
  /** Accepts a WebSocket that outlives the object's memory. */
  acceptWebSocket(socket: unknown, tags: string[]): void;
  /** Those with a tag, also closing ones. */
  getWebSockets(tag?: string): ObjectWebSocket[];
  /** The tags of one. */
  getTags(socket: unknown): string[];
  /** Has the platform answer one text with another; nothing where no pair is given. */
  setWebSocketAutoResponse(pair?: unknown): void;
  /** When the platform last did so; a hint. */
  getWebSocketAutoResponseTimestamp(socket: unknown): Date | null;
  /** Keeps the object awake until the work is done. */
  waitUntil(work: Promise<unknown>): void;
}

/** The tag of all our WebSockets; each has its sid as a second one. */
export const SOCKET_TAG = "skein";

/** `readyState` of an open WebSocket. */
export const OPEN = 1;

/** Whether a WebSocket is ours: a program may accept others. */
export function isOurs(state: ObjectState, socket: ObjectWebSocket): boolean {
  return state.getTags(socket).includes(SOCKET_TAG);
}

/** The open WebSockets that are ours, in the order in which they came. */
export function openSockets(state: ObjectState): ObjectWebSocket[] {
  return state.getWebSockets(SOCKET_TAG).filter((socket) => socket.readyState === OPEN);
}
