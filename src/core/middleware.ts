/**
 * Runs the middlewares of a namespace one after the other, then says how it went, once.
 *
 * A middleware goes on by calling `next()` and refuses by `next(error)`, a throw or a rejection. One that declares
 * a single parameter has no `next` to call: it goes on by returning, or when its promise resolves. Calling `next`
 * again has no effect; what fails after it is reported.
 * @module
 */

/** An error whose `data` is for the client: it arrives there as `connect_error` with `message` and `data`. */
export interface ExtendedError extends Error {
  /** Sent to the client with the message. */
  data?: unknown;
}

/** What goes on (no error) or refuses. */
export type Next = (error?: ExtendedError) => void;

/** Decides about one socket before it is connected. */
export type Middleware<S> = (socket: S, next: Next) => void | Promise<void>;

/** Says how it went: undefined, or the refusal (never a falsy one). */
type Done = (refusal: unknown) => void;

/** Runs `middlewares` in order, then calls `done`; synchronously as long as they are synchronous. */
export function runMiddlewares<S>(
  middlewares: readonly Middleware<S>[],
  socket: S,
  done: Done,
  report: (error: unknown) => void,
): void {
  const step = (index: number): void => {
    const middleware = middlewares[index];
    if (middleware === undefined) return done(undefined);
    runOne(middleware, socket, (refusal) => refusal ? done(refusal) : step(index + 1), report);
  };
  step(0);
}

function runOne<S>(middleware: Middleware<S>, socket: S, done: Done, report: (error: unknown) => void): void {
  let isOver = false;
  const finish = (refusal: unknown): void => {
    if (isOver) return;
    isOver = true;
    done(refusal);
  };
  const fail = (error: unknown): void => {
    if (isOver) report(error);
    else finish(error || new Error("Refused")); // `throw undefined` is a refusal as well
  };
  // Exactly one: a function that declares none may be a wrapper, `(...args) => auth(...args)`, whose `next` is
  // still to be called. Taking its return for consent would let everyone in.
  const isWithoutNext = middleware.length === 1;
  try {
    const result: unknown = middleware(socket, finish);
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function") {
      (result as PromiseLike<unknown>).then(isWithoutNext ? () => finish(undefined) : undefined, fail);
    } else if (isWithoutNext) {
      finish(undefined);
    }
  } catch (error) {
    fail(error);
  }
}
