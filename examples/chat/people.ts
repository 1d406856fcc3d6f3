/**
 * Who is present, each person once however many connections they have: for the whole chat (nicknames are
 * unique) and for each room.
 * @module
 */
import type { Person } from "./events.ts";

interface Entry {
  readonly person: Person;
  readonly connections: Set<string>;
}

/** The people present in one place. */
export class People {
  readonly #entries = new Map<string, Entry>();

  /** How many people are here. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds a connection. True where the person was not here before. */
  enter(person: Person, connection: string): boolean {
    const known = this.#entries.get(person.id);
    const connections = known?.connections ?? new Set();
    this.#entries.set(person.id, { person, connections: connections.add(connection) });
    return known === undefined;
  }

  /** Removes a connection. True where it was the person's last one here. */
  exit(person: Person, connection: string): boolean {
    const entry = this.#entries.get(person.id);
    if (!entry?.connections.delete(connection) || entry.connections.size > 0) return false;
    return this.#entries.delete(person.id);
  }

  /** Who is here, in the order in which they came. */
  list(): Person[] {
    return Array.from(this.#entries.values(), (entry) => entry.person);
  }

  /** Whether somebody other than `person` bears that nickname, upper and lower case being the same. */
  isTaken({ id, nickname }: Person): boolean {
    const wanted = fold(nickname);
    return this.list().some((other) => other.id !== id && fold(other.nickname) === wanted);
  }
}

function fold(nickname: string): string {
  return nickname.normalize("NFKC").toLowerCase();
}
