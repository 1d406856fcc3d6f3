/**
 * What one namespace says to other servers, in the order in which it was said: what listeners say while the local
 * sockets are served comes after what set them off, and what follows a Blob waits until it was read.
 * @module
 */
import type { Reached } from "./cluster_bus.ts";
import type { ClusterMessage } from "./cluster_messages.ts";

/** Hands a message over to the bus. Never throws. */
export type Publish = (message: ClusterMessage, published: Published | undefined) => void;

/** Told what came of a message. */
export interface Published {
  /** It was handed over. */
  reached(servers: Reached): void;
  /** It could not be sent, or not be made. */
  failed(error: Error): void;
}

/** A message, or the promise of one; undefined: there is nothing to send after all. */
export type Pending = ClusterMessage | Promise<ClusterMessage | undefined>;

interface Entry {
  /** A promise never rejects. */
  readonly message: Pending;
  readonly published: Published | undefined;
}

/** Publishes in order. */
export class ClusterOutbox {
  readonly #publish: Publish;
  #queue: Entry[] = [];
  #held = 0;
  #isWaiting = false;

  /** `publish` is called for one message at a time, in order. */
  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** Takes a place for a message, and keeps it until `release` is called. Returns at once. */
  hold(message: Pending, published?: Published): void {
    this.#queue.push({ message, published });
    this.#held++;
  }

  /** What was held leaves, unless something before it is still held. */
  release(): void {
    this.#held--;
    this.#drain();
  }

  /** Nothing leaves before this is there. It never rejects. */
  waitFor(ready: Promise<unknown>): void {
    this.#isWaiting = true;
    ready.then(() => {
      this.#isWaiting = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#held === 0 && !this.#isWaiting && this.#queue.length > 0) {
      const { message, published } = this.#queue.shift()!;
      if (!(message instanceof Promise)) {
        this.#publish(message, published);
        continue;
      }
      this.waitFor(message.then((made) => {
        if (made !== undefined) this.#publish(made, published);
        else published?.failed(new Error("Cannot ask: the event could not be encoded"));
      }));
    }
  }
}
