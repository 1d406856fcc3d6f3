/**
 * The port to the runtime: all that the engine needs of a platform beside `Request` and `Response`.
 * @module
 */
import type { SocketEvents } from "./websocket.ts";

/** What a runtime knows of one request beside the `Request`. */
export interface RequestContext {
  /** The client's network address; empty where the runtime does not tell. */
  readonly address: string;
  /** Resolves once the answer was delivered and rejects where it was not; absent where the runtime does not tell. */
  readonly delivered?: (() => Promise<unknown>) | undefined;
  /**
   * Whether `park`, and asking the request's signal for a client that leaves, may wait for half a second. Then polls
   * that are answered earlier need neither.
   */
  readonly isPatient?: boolean | undefined;
  /** The answer will have to wait for an event. Returns what to call in this request once it has come. */
  readonly park?: (() => () => void) | undefined;
  /** A hook is about to take its time: from now on it is to be seen whether the client leaves meanwhile. */
  watch?(): void;
  /**
   * Turns the request into a WebSocket of session `sid` that reports to `events`, and returns the answer, of status
   * 101, with `headers`, if there are any, on it. That very answer must be returned to the runtime, and nothing may be read from the
   * request afterwards. Throws a TypeError where the request cannot be upgraded, or its client was seen to leave.
   */
  upgrade(events: SocketEvents, headers: Headers | undefined, sid: string): Response;
}

/** Makes the context of a request from what the runtime passed to the fetch handler beside it. */
export type Runtime = (request: Request, context: readonly unknown[]) => RequestContext;
