/**
 * What one connection sends, in the order in which it was said: where a Blob must be read first, everything after
 * it waits. Without Blobs nothing is queued here.
 * @module
 */
import type { EngineSocket, SendOptions, TopicSocket } from "../engine/ports.ts";
import type { FramesOrPromise } from "./adapter.ts";

interface Entry {
  /** A promise never rejects; no frames: nothing is sent. */
  readonly frames: FramesOrPromise;
  readonly options: SendOptions | undefined;
}

/** Sends in order. */
export class Outgoing {
  readonly #conn: EngineSocket;
  #queue: Entry[] | undefined;
  #closeAfter = false;

  constructor(conn: EngineSocket) {
    this.#conn = conn;
  }

  /** Sends now, or after what waits. */
  send(frames: FramesOrPromise, options: SendOptions | undefined): void {
    if (this.#queue === undefined && !(frames instanceof Promise)) {
      this.#conn.sendFrames(frames, options);
    } else if (this.#queue === undefined) {
      this.#queue = [{ frames, options }];
      this.#drain();
    } else if (options?.volatile !== true) { // what waits behind a Blob cannot leave at once
      this.#queue.push({ frames, options });
    }
  }

  /** See {@linkcode EngineSocket.direct}. */
  direct(bytes: number): TopicSocket | undefined {
    return this.#queue === undefined ? this.#conn.direct?.(bytes) : undefined;
  }

  /** Closes the session after what waits was sent. */
  close(): void {
    if (this.#queue === undefined) this.#conn.close();
    else this.#closeAfter = true;
  }

  async #drain(): Promise<void> {
    // List by list: what was sent is not kept, however long Blobs go on coming.
    for (let list = this.#queue!; list.length > 0; list = this.#queue!) {
      this.#queue = [];
      for (const { frames, options } of list) {
        const ready = frames instanceof Promise ? await frames : frames;
        if (ready.length > 0) this.#conn.sendFrames(ready, options);
      }
    }
    this.#queue = undefined;
    if (this.#closeAfter) this.#conn.close();
  }
}
