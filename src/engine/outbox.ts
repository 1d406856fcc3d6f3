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

/** What a waiting frame takes beside its bytes: a string, an entry of the list. */
const FRAME_OVERHEAD = 64;

interface Waiting {
  readonly frame: Frame;
  /** Bytes: UTF-8 of a text, raw size of a binary frame. */
  readonly size: number;
  readonly compress: boolean;
}

const NOTHING: Waiting[] = [];

/** A queue of frames. Empty, as it nearly always is, it holds no list. */
export class Outbox {
  #waiting: Waiting[] = NOTHING;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Bytes that wait: UTF-8 of texts, raw size of binary frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory that wait, roughly: many tiny frames weigh more than their bytes. */
  get weight(): number {
    return this.#bytes + this.#waiting.length * FRAME_OVERHEAD;
  }

  push(frame: Frame, compress: boolean): void {
    const size = frameByteLength(frame);
    if (this.#waiting === NOTHING) this.#waiting = [];
    this.#waiting.push({ frame, size, compress });
    this.#bytes += size;
  }

  /** Takes from the front what fits into `maxBytes` as one polling body, but at least one frame. */
  take(maxBytes: number): Batch {
    const frames: Frame[] = [];
    let isCompressed = false;
    let total = 0;
    for (const { frame, size, compress } of this.#waiting) {
      total += typeof frame === "string" ? size : payloadByteLength(frame);
      if (frames.length > 0 && ++total > maxBytes) break; // every frame but the first follows a separator
      frames.push(frame);
      isCompressed ||= compress;
      this.#bytes -= size;
    }
    this.#waiting = frames.length === this.#waiting.length ? NOTHING : this.#waiting.slice(frames.length);
    return { frames, compress: isCompressed };
  }

  clear(): void {
    this.#waiting = NOTHING;
    this.#bytes = 0;
  }
}
