/**
 * Calls the user's hooks of the handshake, callback style and promise style alike, and never lets them throw
 * into the engine.
 * @module
 */
import type { Clock } from "../time/clock.ts";
import { EngineErrorCode, type Refusal, refusal } from "./answers.ts";
import type { AllowRequest } from "./options.ts";

/** Waits for a hook, but not for ever. */
export type Patience = <T>(decision: Promise<T>, hook: string) => Promise<T>;

/** Waits `ms`, then rejects with an Error that names the hook. */
export function patience(clock: Clock, ms: number): Patience {
  return (decision, hook) =>
    new Promise((resolve, reject) => {
      const cancel = clock.at(
        clock.now() + ms,
        () => reject(new Error(`${hook} decided nothing in ${ms} ms`)),
      );
      decision.then(resolve, reject).finally(cancel);
    });
}

/** The refusal that `allowRequest` wants, or undefined where it agrees. A throw or a rejection refuses. */
export async function askAllowRequest(
  allowRequest: AllowRequest,
  request: Request,
  report: (error: unknown) => void,
  wait: Patience,
): Promise<Refusal | undefined> {
  try {
    const decision = new Promise<string | undefined>((resolve, reject) => {
      const decide = (error: string | null | undefined, success: boolean): void => {
        resolve(success && !error ? undefined : String(error || "Forbidden"));
      };
      const returned = allowRequest(request, decide);
      // A function that takes a callback will call it, whatever it returns; one that takes none must agree by
      // what it returns.
      const takesCallback = allowRequest.length >= 2;
      const conclude = (result: unknown): void => {
        if (typeof result === "boolean" || !takesCallback) decide(null, result === true);
      };
      if (returned instanceof Promise) returned.then(conclude, reject);
      else conclude(returned);
    });
    const message = await wait(decision, "allowRequest");
    if (message === undefined) return undefined;
    return refusal(EngineErrorCode.FORBIDDEN, { message });
  } catch (error) {
    report(error);
    return refusal(EngineErrorCode.FORBIDDEN, { message: "Forbidden" });
  }
}

/** What a custom sid may look like: it travels in URLs and cookies. */
const SID = /^[\w\-.~]{1,200}$/;

/** The refusal of a handshake for which there is no sid. */
export function noSid(error: unknown): Refusal {
  return refusal(EngineErrorCode.BAD_REQUEST, { name: "ID_GENERATION_ERROR", error });
}

/** The sid that `generateId` makes, or the refusal where it throws or makes what is no sid. */
export async function askGenerateId(
  generateId: (request: Request) => string | Promise<string>,
  request: Request,
  wait: Patience,
): Promise<string | Refusal> {
  try {
    const made = generateId(request);
    const sid: unknown = made instanceof Promise ? await wait(made, "generateId") : made;
    return typeof sid === "string" && SID.test(sid)
      ? sid
      : noSid(new TypeError("generateId made no valid sid"));
  } catch (error) {
    return noSid(error);
  }
}
