/**
 * Messages on their way: sent one after the other, and again after a lost connection, until the server has
 * answered. The server knows a message by its id, so that one that arrived twice is shown once.
 * @module
 */

/**
 * @typedef {import("../events.ts").Draft} Draft
 * @typedef {import("../events.ts").Result<number>} Answer
 * @typedef {object} Entry
 * @property {Draft} draft
 * @property {number} at when it was written, ms since the epoch; after `sent`, when the server accepted it
 * @property {"waiting" | "sent" | "failed"} state
 * @property {string} [error] why it failed
 */

/** How long to wait before repeating what the server asked to repeat, in ms. */
const PAUSE = 500;

export class Outbox {
  /** @type {Entry[]} */
  #entries = [];
  #busy = false;
  #send;
  #changed;

  /**
   * @param {(draft: Draft) => Promise<Answer> | undefined} send undefined while there is no connection; rejects when it was lost
   * @param {(entry: Entry) => void} changed told when the state of an entry changed
   */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
  }

  /**
   * Queues a message.
   * @param {Draft} draft
   */
  add(draft) {
    /** @type {Entry} */
    const entry = { draft, at: Date.now(), state: "waiting" };
    this.#entries.push(entry);
    this.#changed(entry);
    this.flush();
  }

  /**
   * What was not accepted yet in a room, oldest first.
   * @param {string} room
   */
  pending(room) {
    return this.#entries.filter((entry) => entry.draft.room === room);
  }

  /**
   * Forgets a message that failed.
   * @param {Entry} entry
   */
  drop(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  /**
   * Tries a message that failed once more.
   * @param {Entry} entry
   */
  retry(entry) {
    entry.state = "waiting";
    this.#changed(entry);
    this.flush();
  }

  /** Sends what waits. Called on every new connection. */
  async flush() {
    if (this.#busy) return; // the running loop takes new entries, too
    this.#busy = true;
    for (let entry = this.#next(); entry; entry = this.#next()) {
      const answer = this.#send(entry.draft);
      if (!answer) break;
      await this.#settle(entry, answer);
    }
    this.#busy = false;
  }

  #next() {
    return this.#entries.find((entry) => entry.state === "waiting");
  }

  /**
   * @param {Entry} entry
   * @param {Promise<Answer>} answer
   */
  async #settle(entry, answer) {
    try {
      const result = await answer;
      if (result.ok) {
        entry.state = "sent";
        entry.at = result.value;
        this.drop(entry);
      } else if (result.retry) {
        await new Promise((done) => setTimeout(done, PAUSE));
      } else {
        entry.state = "failed";
        entry.error = result.error;
      }
    } catch {
      // The connection was lost or slow: the entry still waits, and is sent again.
    }
    this.#changed(entry);
  }
}
