/**
 * The last messages of one room, bounded in number and in bytes.
 * @module
 */
import type { Message } from "./events.ts";
import { limits } from "./limits.ts";

/** What was said lately, oldest first. */
export class History {
  #messages: Message[] = [];
  #pictureBytes = 0;

  /** The message with that id, its picture's bytes included while they are kept. */
  find(id: string): Message | undefined {
    return this.#messages.find((message) => message.id === id);
  }

  /** Appends a message and forgets what is over the limits. */
  add(message: Message): void {
    this.#messages.push(message);
    this.#pictureBytes += weight(message);
    while (this.#messages.length > limits.history) {
      this.#pictureBytes -= weight(this.#messages.shift());
    }
    for (let at = 0; this.#pictureBytes > limits.historyPictures; at++) {
      const old = this.#messages[at]!;
      this.#pictureBytes -= weight(old);
      this.#messages[at] = withoutBytes(old);
    }
  }

  /** All messages, without the bytes of pictures: one packet may carry only a few attachments. */
  list(): Message[] {
    return this.#messages.map(withoutBytes);
  }
}

function weight(message: Message | undefined): number {
  return message?.picture?.bytes?.byteLength ?? 0;
}

function withoutBytes(message: Message): Message {
  if (!message.picture) return message;
  const { type, size } = message.picture;
  return { ...message, picture: { type, size } };
}
