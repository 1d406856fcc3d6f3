/**
 * What one connection sends, in the order in which it was said: where a Blob must be read first, everything after
 * it waits. Without Blobs nothing is queued here.
 * @module
 */
import type { EngineSocket, SendOptions } from "../engine/ports.ts";
import type { Frame } from "../protocol/frame.ts";

/** Bytes that may wait below before what waited for a Blob goes on: it must not look like a slow client. */
const PAUSE_ABOVE = 1_000_000;

/** Frames, or the promise of them, which never rejects (no frames: nothing is sent). */
export type PendingFrames = readonly Frame[] | Promise<readonly Frame[]>;

interface Entry {
  readonly frames: PendingFrames;
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
  send(frames: PendingFrames, options: SendOptions | undefined): void {
    if (this.#queue === undefined && !(frames instanceof Promise)) {
      this.#conn.sendFrames(frames, options);
    } else if (this.#queue === undefined) {
      this.#queue = [{ frames, options }];
      this.#drain(this.#queue);
    } else if (options?.volatile !== true) { // what waits behind a Blob cannot leave at once
      this.#queue.push({ frames, options });
    }
  }

  /** Closes the session after what waits was sent. */
  close(): void {
    if (this.#queue === undefined) this.#conn.close();
    else this.#closeAfter = true;
  }

  async #drain(queue: Entry[]): Promise<void> {
    for (let index = 0; index < queue.length; index++) {
      const { frames, options } = queue[index]!;
      const ready = frames instanceof Promise ? await frames : frames;
      if (ready.length > 0) this.#conn.sendFrames(ready, options);
      if (this.#conn.bufferedAmount > PAUSE_ABOVE && this.#conn.readyState === "open") await this.#drained();
    }
    this.#queue = undefined;
    if (this.#closeAfter) this.#conn.close();
  }

  /** The client took what waits below, or the session ended. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        this.#conn.off("drain", goOn).off("close", goOn);
        resolve();
      };
      this.#conn.on("drain", goOn).on("close", goOn);
    });
  }
}
