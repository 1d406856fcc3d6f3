/**
 * Frames that wait until the transport can take them, with their size in bytes.
 * Batches follow Engine.IO protocol v4, "maxPayload": a polling body holds as many whole frames as fit.
 * @module
 */
import { payloadByteLength } from "../protocol/engine_payload.ts";
import { type Frame, frameByteLength } from "../protocol/frame.ts";

/** Frames taken out together. */
export interface Batch {
  readonly frames: readonly Frame[];
  /** Whether any of them may be compressed. */
  readonly compress: boolean;
}

/** What a waiting frame takes beside its bytes: a string, three array slots. */
const FRAME_OVERHEAD = 64;

/** A queue of frames. */
export class Outbox {
  #frames: Frame[] = [];
  #sizes: number[] = [];
  #compress: boolean[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** Bytes that wait: UTF-8 of texts, raw size of binary frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory that wait, roughly: many tiny frames weigh more than their bytes. */
  get weight(): number {
    return this.#bytes + this.#frames.length * FRAME_OVERHEAD;
  }

  push(frame: Frame, compress: boolean): void {
    const size = frameByteLength(frame);
    this.#frames.push(frame);
    this.#sizes.push(size);
    this.#compress.push(compress);
    this.#bytes += size;
  }

  /** Takes from the front what fits into `maxBytes` as one polling body, but at least one frame. */
  take(maxBytes: number): Batch {
    let count = 0;
    let total = 0;
    while (count < this.#frames.length) {
      const frame = this.#frames[count]!;
      const size = typeof frame === "string" ? this.#sizes[count]! : payloadByteLength(frame);
      total += size + (count > 0 ? 1 : 0); // every frame but the first follows a separator
      if (count > 0 && total > maxBytes) break;
      count++;
    }
    return this.#take(count);
  }

  clear(): void {
    this.#frames = [];
    this.#sizes = [];
    this.#compress = [];
    this.#bytes = 0;
  }

  #take(count: number): Batch {
    if (count === this.#frames.length) {
      const batch = { frames: this.#frames, compress: this.#compress.includes(true) };
      this.clear();
      return batch;
    }
    const frames = this.#frames.splice(0, count);
    const compress = this.#compress.splice(0, count).includes(true);
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size;
    return { frames, compress };
  }
}
