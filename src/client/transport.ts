/**
 * What carries the frames of a client's session: the port between the session and the platform.
 * @module
 */
import type { Frame } from "../protocol/frame.ts";

/** Where to connect, and how. */
export interface Endpoint {
  /** The address for a session that exists, or a new one; ready to be used. */
  url(sid: string | undefined): string;
  /** Headers for requests; for WebSockets where the platform takes them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether cookies go to other origins. */
  readonly withCredentials: boolean;
  /** Subprotocols of WebSockets. */
  readonly protocols: string | readonly string[];
  /** ms that one request may take; 0: any. */
  readonly requestTimeout: number;
}

/** Whom a transport tells. Nothing follows `lost`. */
export interface TransportEvents {
  /** It can send. Told of a connection that joins a session, not of one that begins it. */
  opened(): void;
  /** A frame came. */
  frame(frame: Frame): void;
  /** Everything that was to be sent has left. */
  drained(): void;
  /** It ended: by itself, or with an error. */
  lost(error: unknown): void;
}

/** One connection. After `close` nothing is told. */
export interface ClientTransport {
  /** Whom it tells; another one from the moment it is set. */
  events: TransportEvents;
  /** Whether a frame would leave at once. */
  readonly isWritable: boolean;
  /** Sends frames, in order. */
  send(frames: readonly Frame[]): void;
  /** Ends it, after what was to be sent; `farewell` goes last where the transport itself says no goodbye. */
  close(farewell?: Frame): void;
}

/** One that can be left for a better one. */
export interface PausableTransport extends ClientTransport {
  /** Begins nothing new, and calls `done` once nothing is under way, with what was still to be sent. */
  pause(done: (left: readonly Frame[]) => void): void;
}

/** What an upgrade needs of its session. */
export interface Upgradable {
  /** Where. */
  readonly endpoint: Endpoint;
  /** The session. */
  readonly sid: string;
  /** The transport in use. */
  readonly from: ClientTransport;
  /** The other end answered on the new transport. */
  probed(): void;
  /** The new transport is in use, and tells whom the former told. */
  moved(transport: ClientTransport): void;
  /** The former transport stays in use; with `isFatal` it cannot. */
  failed(error: unknown, isFatal: boolean): void;
}

/** A kind of transport: `websocket`, `polling`, or one of your own. */
export interface Transport {
  /** As in the protocol. */
  readonly name: string;
  /** Whether this platform has what it needs. Default: yes. */
  readonly isSupported?: boolean | undefined;
  /** Begins to connect. */
  open(endpoint: Endpoint, sid: string | undefined, events: TransportEvents): ClientTransport;
  /** Tries to move a session from this kind to `target`; returns how to stop. Absent: it is never left. */
  readonly upgrade?: ((session: Upgradable, target: Transport) => () => void) | undefined;
}
