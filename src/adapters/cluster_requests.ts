/**
 * Questions to other servers and their answers, as a machine: it sends nothing. A question is over when everyone
 * who was asked has answered or is gone, or at its deadline; each has one timer, and without questions there is none.
 *
 * Answers may come before it is known who was asked. One that comes late, twice or from nobody asked is ignored.
 * @module
 */
import type { Answers } from "../core/adapter.ts";
import type { Clock } from "../time/clock.ts";
import type { ServerId } from "./cluster_messages.ts";

/** The error of a question that some servers did not answer in time. */
export interface SilentServersError extends Error {
  /** Who. */
  readonly servers: readonly ServerId[];
}

/** What came of one server; `isGone`: nothing will. */
interface Outcome {
  readonly values: readonly unknown[];
  readonly error: string | undefined;
  readonly isGone: boolean;
}

interface Question {
  readonly outcomes: Map<ServerId, Outcome>;
  /** Who was asked; undefined: not yet known. */
  asked: ReadonlySet<ServerId> | undefined;
  /** Whether nobody but those was. */
  isExact: boolean;
  /** How many of those have neither answered nor gone. */
  missing: number;
  /** Whether what a server takes with it when it goes makes the answers incomplete. */
  readonly needsAll: boolean;
  readonly cancel: () => void;
  readonly settle: (answers: Answers) => void;
}

const GONE: Outcome = { values: [], error: undefined, isGone: true };

/** The open questions of one namespace. */
export class ClusterRequests {
  readonly #clock: Clock;
  readonly #open = new Map<string, Question>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens question `id` until `deadline`, ms since the epoch. `needsAll`: it is an error if one that was asked goes
   * before it has answered. Never rejects.
   */
  open(id: string, deadline: number, needsAll: boolean): Promise<Answers> {
    return new Promise((resolve) => {
      this.#open.set(id, {
        outcomes: new Map(),
        asked: undefined,
        isExact: false,
        missing: 0,
        needsAll,
        cancel: this.#clock.at(deadline, () => this.#timeOut(id)),
        settle: resolve,
      });
    });
  }

  /** Now it is known who was asked. `isExact`: answers of others do not count. */
  asked(id: string, servers: Iterable<ServerId>, isExact: boolean): void {
    const question = this.#open.get(id);
    if (question === undefined || question.asked !== undefined) return;
    const asked = new Set(servers);
    question.asked = asked;
    question.isExact = isExact;
    for (const server of asked) if (!question.outcomes.has(server)) question.missing++;
    if (question.missing === 0) this.#finish(id, question, null);
  }

  /** A server answered. */
  answered(id: string, from: ServerId, values: readonly unknown[], error: string | undefined): void {
    const question = this.#open.get(id);
    if (question !== undefined) this.#note(id, question, from, { values, error, isGone: false });
  }

  /** A server is gone: no question waits for it. */
  gone(server: ServerId): void {
    for (const [id, question] of this.#open) this.#note(id, question, server, GONE);
  }

  /** A question could not be asked, or not of all. */
  fail(id: string, error: Error): void {
    const question = this.#open.get(id);
    if (question !== undefined) this.#finish(id, question, error);
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const id of this.#open.keys()) {
      this.fail(id, new Error("Cannot wait for answers: the namespace is closed"));
    }
  }

  #note(id: string, question: Question, from: ServerId, outcome: Outcome): void {
    if (question.outcomes.has(from)) return;
    question.outcomes.set(from, outcome);
    if (question.asked?.has(from) && --question.missing === 0) this.#finish(id, question, null);
  }

  #timeOut(id: string): void {
    const question = this.#open.get(id)!;
    if (question.asked === undefined) {
      return this.#finish(id, question, new Error("operation has timed out: the question has not left"));
    }
    const servers = [...question.asked].filter((server) => !question.outcomes.has(server));
    const error: SilentServersError = Object.assign(
      new Error(`operation has timed out: no answer of server ${servers.join(", ")}`),
      { servers },
    );
    this.#finish(id, question, error);
  }

  /** The only way a question ends. */
  #finish(id: string, question: Question, failure: Error | null): void {
    this.#open.delete(id);
    question.cancel();
    const { asked, isExact, needsAll, outcomes } = question;
    const values: unknown[] = [];
    let error = failure;
    for (const [server, outcome] of outcomes) {
      const isAsked = asked?.has(server) === true;
      if (isExact && !isAsked) continue;
      for (const value of outcome.values) values.push(value);
      if (outcome.error !== undefined) error ??= new Error(outcome.error);
      else if (outcome.isGone && isAsked && needsAll) {
        error ??= new Error(`server ${server} left before it answered`);
      }
    }
    question.settle({ values, error });
  }
}
