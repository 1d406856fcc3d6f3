/**
 * The last messages of one room, bounded in number and in bytes. They lie on a {@linkcode Shelf}, and are read from
 * it when somebody first asks: a chat that wakes up has all of it, and who does not ask does not pay.
 * @module
 */
import type { Message, Picture } from "./events.ts";
import { limits } from "./limits.ts";
import { MemoryShelf, type Shelf } from "./shelf.ts";

/** What was said lately, oldest first. */
export class History {
  readonly #shelf: Shelf;
  readonly #prefix: string;
  /** By their keys, oldest first; pictures without their bytes, which have keys of their own. */
  #messages: Map<string, Message> | undefined;

  /** Of the room of this name. */
  constructor(room = "", shelf: Shelf = new MemoryShelf()) {
    this.#shelf = shelf;
    this.#prefix = `chat/${room}/`;
  }

  /** The message with that id, its picture's bytes included while they are kept. */
  find(id: string): Message | undefined {
    const message = this.list().find((message) => message.id === id);
    const bytes = message?.picture && this.#shelf.get(this.#pictureKey(id)) as Picture["bytes"];
    return bytes ? { ...message!, picture: { ...message!.picture!, bytes } } : message;
  }

  /** Appends a message and forgets what is over the limits. */
  add(message: Message): void {
    const messages = this.#read();
    const last = [...messages.keys()].at(-1)?.slice(-NUMBER_LENGTH) ?? "0";
    const key = `${this.#prefix}said/${String(Number(last) + 1).padStart(NUMBER_LENGTH, "0")}`;
    const { picture } = message;
    if (picture?.bytes) this.#shelf.put(this.#pictureKey(message.id), picture.bytes);
    const plain = withoutBytes(message);
    this.#shelf.put(key, plain);
    messages.set(key, plain);
    for (const [oldest, { id }] of messages) {
      if (messages.size <= limits.history) break;
      messages.delete(oldest);
      this.#shelf.delete(oldest);
      this.#shelf.delete(this.#pictureKey(id));
    }
    if (picture) this.#trimPictures([...messages.values()]);
  }

  /** All messages, without the bytes of pictures: one packet may carry only a few attachments. */
  list(): Message[] {
    return [...this.#read().values()];
  }

  /** Forgets everything. */
  clear(): void {
    for (const [key] of [...this.#shelf.list({ prefix: this.#prefix })]) this.#shelf.delete(key);
    this.#messages = undefined;
  }

  /** The newest pictures keep their bytes. */
  #trimPictures(messages: readonly Message[]): void {
    let bytes = 0;
    for (const { id, picture } of messages.toReversed()) {
      bytes += picture?.size ?? 0;
      if (picture && bytes > limits.historyPictures) this.#shelf.delete(this.#pictureKey(id));
    }
  }

  #read(): Map<string, Message> {
    return this.#messages ??= new Map(
      this.#shelf.list({ prefix: `${this.#prefix}said/` }) as Iterable<[string, Message]>,
    );
  }

  #pictureKey(id: string): string {
    return `${this.#prefix}picture/${id}`;
  }
}

const NUMBER_LENGTH = 12;

function withoutBytes(message: Message): Message {
  if (!message.picture) return message;
  const { type, size } = message.picture;
  return { ...message, picture: { type, size } };
}
