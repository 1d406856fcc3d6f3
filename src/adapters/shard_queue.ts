/**
 * Messages that wait for one shard, in calls that are neither too many nor too large for the platform.
 * @module
 */
import { frameByteLength } from "../protocol/frame.ts";
import type { ClusterMessage } from "./cluster_messages.ts";
import { estimateSize } from "./estimate_size.ts";

/** The most messages in one call. */
const MAX_BATCH = 1_000;
/** Bytes of messages, roughly, beyond which a call takes no more. The platform takes 32 MiB. */
const MAX_BATCH_BYTES = 8_388_608;
/** Bytes that may wait; beyond it the oldest messages are lost. An object has 128 MB for everything. */
const MAX_WAITING_BYTES = 67_108_864;
/** What a broadcast takes beside its frames. */
const OVERHEAD = 200;

/** A queue of messages. */
export class ShardQueue {
  #waiting: { readonly message: ClusterMessage; readonly bytes: number }[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Returns how many messages were lost for this one; a single message may be of any size. */
  push(message: ClusterMessage): number {
    const bytes = weigh(message);
    this.#waiting.push({ message, bytes });
    this.#bytes += bytes;
    let lost = 0;
    while (this.#bytes > MAX_WAITING_BYTES && lost < this.#waiting.length - 1) {
      this.#bytes -= this.#waiting[lost++]!.bytes;
    }
    if (lost > 0) this.#waiting.splice(0, lost);
    return lost;
  }

  /** Takes out what goes in one call: at least one message. */
  take(): ClusterMessage[] {
    let count = 0;
    let bytes = 0;
    for (const one of this.#waiting) {
      if (count > 0 && (count === MAX_BATCH || bytes + one.bytes > MAX_BATCH_BYTES)) break;
      count++;
      bytes += one.bytes;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count).map(({ message }) => message);
  }
}

/** About how many bytes a message takes on its way. */
function weigh(message: ClusterMessage): number {
  if (message.type !== "broadcast") return estimateSize(message);
  let bytes = OVERHEAD;
  for (const frame of message.frames) bytes += frameByteLength(frame);
  return bytes;
}
