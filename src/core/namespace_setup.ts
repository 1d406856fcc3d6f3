/**
 * What users set up for a namespace: its middlewares, its listeners, its handlers of clients' events. A namespace
 * that a pattern made has two: the pattern's, by reference, so that what is added there later counts as well,
 * and its own.
 * @module
 */
import type { ReportError } from "../engine/ports.ts";
import { Emitter, type Pending } from "../events/emitter.ts";
import type { AnyEmitter } from "../events/listenable.ts";
import type { AnyContract } from "../contract/contract.ts";
import { ContractChecks } from "../contract/contract_checks.ts";
import type { Middleware } from "./middleware.ts";
import type { AnySocket } from "./socket.ts";

/** One set of them. */
export class NamespaceSetup {
  /** Listeners of the life cycle, and of the other servers' events. */
  readonly emitter: AnyEmitter;
  /** Asked in order about every client that wants to join. */
  readonly middlewares: Middleware<AnySocket>[] = [];
  /** Handlers of clients' events, which take the socket first: `onEvent`. */
  readonly handlers: AnyEmitter;
  /** The event contract, where there is one. */
  checks: ContractChecks | undefined;

  readonly #report: ReportError;
  readonly #validateOutgoing: boolean;

  /**
   * `subject` names it where errors of listeners are reported: `namespace "/admin"`. `validateOutgoing`: whether a
   * contract is also for what is sent. `pending` takes the promises of listeners.
   */
  constructor(subject: string, report: ReportError, validateOutgoing: boolean, pending?: Pending) {
    this.#report = report;
    this.#validateOutgoing = validateOutgoing;
    this.emitter = new Emitter(report, subject, pending);
    this.handlers = new Emitter(report, subject, pending);
  }

  /** Has events checked from now on. */
  useContract(contract: AnyContract): void {
    if (typeof contract?.spec !== "object") {
      throw new TypeError("Cannot use contract: it is none of defineContract()");
    }
    this.checks = new ContractChecks(contract, "clientToServer", this.#validateOutgoing, this.#report);
  }
}
