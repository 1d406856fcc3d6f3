/**
 * An event contract at work at one end, server or client: what comes is checked before anybody hears of it, and, where
 * asked, what is sent before it leaves.
 * @module
 */
import {
  ackError,
  checkAck,
  checkArgs,
  type Checked,
  checkOutgoing,
  checkOutgoingAck,
  hasAck,
  type Issue,
} from "./checks.ts";
import type { AckSettled } from "../events/acks.ts";
import type { ReportListenerError } from "../events/emitter.ts";
import type { AnyContract, Direction } from "./contract.ts";

/** An event or an answer of the peer that is not what the contract says. */
export interface Invalid {
  /** The event's name. */
  readonly event: string;
  /** The peer's event, or its answer to one of ours. */
  readonly what: "event" | "ack";
  /** What is wrong. */
  readonly issues: readonly Issue[];
}

/** Told what is invalid. */
export type TellInvalid = (invalid: Invalid) => void;

const NO_ARGS: readonly unknown[] = [];

/** The checks of one contract. */
export class ContractChecks {
  readonly #contract: AnyContract;
  readonly #receives: Direction;
  readonly #sends: Direction;
  readonly #report: ReportListenerError;
  readonly #validateOutgoing: boolean;

  /** `receives`: the events that come to this end. */
  constructor(
    contract: AnyContract,
    receives: Direction,
    validateOutgoing: boolean,
    report: ReportListenerError,
  ) {
    this.#contract = contract;
    this.#receives = receives;
    this.#sends = receives === "clientToServer" ? "serverToClient" : "clientToServer";
    this.#validateOutgoing = validateOutgoing;
    this.#report = report;
  }

  /**
   * Checks an event of the peer: `accept` is given it as the schema transformed it; or else `tell` is told, and
   * `answer` is given what an ack gets.
   */
  incoming(
    data: readonly unknown[],
    wantsAck: boolean,
    accept: (data: unknown[]) => void,
    tell: TellInvalid,
    answer: (error: unknown) => void,
  ): void {
    const event = String(data[0]);
    const checked = checkArgs(this.#contract, this.#receives, event, data.slice(1), this.#report, wantsAck);
    after(checked, (result) => {
      if (result.ok) return accept([data[0], ...result.value as unknown[]]);
      tell({ event, what: "event", issues: result.issues });
      answer(ackError("INVALID_EVENT", event, result.issues));
    });
  }

  /** Wraps who waits for the peer's answer to `event`: what is not as agreed is an error. */
  answered(event: string, settled: AckSettled, tell: TellInvalid): AckSettled {
    return (error, args) => {
      if (error !== null) return settled(error, args);
      after(checkAck(this.#contract, this.#sends, event, args[0], this.#report), (result) => {
        if (result.ok) return settled(null, [result.value, ...args.slice(1)]);
        tell({ event, what: "ack", issues: result.issues });
        settled(new Error(`invalid ack of "${event}": ${result.issues[0]?.message}`), NO_ARGS);
      });
    };
  }

  /** Whether an event of the peer has an ack by the contract, whatever it asked for. */
  hasAck(event: string): boolean {
    return hasAck(this.#contract, this.#receives, event);
  }

  /** Checks the answer to an event of the peer that is about to be sent. Throws a TypeError, where outgoing is checked. */
  answer(event: string, value: unknown): void {
    if (this.#validateOutgoing) checkOutgoingAck(this.#contract, this.#receives, event, value);
  }

  /** Checks an event that is about to be sent. Throws a TypeError, where outgoing events are checked. */
  outgoing(data: readonly unknown[]): void {
    if (!this.#validateOutgoing) return;
    checkOutgoing(this.#contract, this.#sends, String(data[0]), data.slice(1));
  }
}

/** At once with what is there, later with what is promised; the checks never reject. */
function after(checked: Checked | Promise<Checked>, go: (checked: Checked) => void): void {
  if (checked instanceof Promise) checked.then(go);
  else go(checked);
}
