/**
 * Event contracts on the client: the entry point `./client/contract`. The contract is the one the server uses.
 *
 * @example
 * ```ts ignore
 * import { io } from "@skein/io/client";
 * import { useContract } from "@skein/io/client/contract";
 * import { contract } from "./contract.ts";
 *
 * const socket = io("https://example.com", { checks: useContract(contract) });
 * socket.on("said", (author, text) => console.log(author, text)); // as the contract says, and checked
 * ```
 * @module
 */
import type { AnyContract, ClientEmitEvents, ClientListenEvents } from "../contract/contract.ts";
import { ContractChecks, type Invalid } from "../contract/contract_checks.ts";
import { report } from "./emitter.ts";
import type { EventChecks } from "./event_checks.ts";

export type { Issue } from "../contract/checks.ts";
export type { AnyContract, ClientEmitEvents, ClientListenEvents, Invalid };
export type { EventChecks };

/** How a contract is used. */
export interface UseContractOptions {
  /** Told what the server sent that is not as agreed; no listener hears of it. Default: reported as uncaught. */
  readonly onInvalid?: ((invalid: Invalid) => void) | undefined;
  /** Whether what is sent is checked too: `emit` then throws a TypeError. Default false. */
  readonly validateOutgoing?: boolean | undefined;
}

/** The option `checks` of a socket that keeps to a contract, which also gives the socket its types. */
export function useContract<C extends AnyContract>(
  contract: C,
  { onInvalid = reportInvalid, validateOutgoing = false }: UseContractOptions = {},
): EventChecks<ClientListenEvents<C>, ClientEmitEvents<C>> {
  const checks = new ContractChecks(contract, "serverToClient", validateOutgoing, report);
  return {
    incoming(data, given, mayEndWithOffset, accept) {
      const event = String(data[0]);
      const ack = given ?? (checks.hasAck(event) ? () => {} : undefined);
      const listened = ack && ((...args: unknown[]) => {
        checks.answer(event, args[0]);
        ack(...args);
      });
      const check = (checked: readonly unknown[], tell: (invalid: Invalid) => void): void =>
        checks.incoming(
          checked,
          given !== undefined,
          (args) => accept(listened ? [...args, listened] : args),
          tell,
          (error) => tell === onInvalid && given?.(error),
        );
      const isStamped = mayEndWithOffset && typeof data.at(-1) === "string" && data.length > 1;
      if (isStamped) check(data.slice(0, -1), () => check(data, onInvalid));
      else check(data, onInvalid);
    },
    outgoing(data, settled) {
      checks.outgoing(data);
      return settled && checks.answered(String(data[0]), settled, onInvalid);
    },
  };
}

function reportInvalid({ event, what, issues }: Invalid): void {
  report(new Error(`The server's ${what} "${event}" is not as agreed: ${issues[0]?.message}`));
}
