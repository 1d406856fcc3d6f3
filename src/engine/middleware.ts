/**
 * Runs middlewares around the engine's answer, each once, in order.
 * @module
 */

/** Sees each request of the engine before it does, and the answer after. Returns the answer. */
export type EngineMiddleware = (
  request: Request,
  next: () => Promise<Response>,
) => Response | Promise<Response>;

/** The answer of `middlewares` around `last`. A second `next()` of the same middleware gives the same answer. */
export function runMiddlewares(
  middlewares: readonly EngineMiddleware[],
  request: Request,
  last: () => Promise<Response>,
): Promise<Response> {
  const run = async (index: number): Promise<Response> => {
    const middleware = middlewares[index];
    if (!middleware) return await last();
    let answer: Promise<Response> | undefined;
    const next = (): Promise<Response> => {
      if (!answer) {
        answer = run(index + 1);
        answer.catch(() => {}); // a middleware that answered by itself may have left it alone
      }
      return answer;
    };
    const response: unknown = await middleware(request, next);
    if (!(response instanceof Response)) {
      throw new TypeError(
        `Cannot answer the request: middleware ${index + 1} returned ${typeof response}, not a Response`,
      );
    }
    return response;
  };
  return run(0);
}
