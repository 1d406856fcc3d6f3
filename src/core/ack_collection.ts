/**
 * Waiting for the acks of many sockets of this process: until all have answered or are gone, or the time is up.
 * @module
 */
import { type AckSettled, ackTimeoutError } from "../events/acks.ts";
import type { Clock } from "../time/clock.ts";
import type { Answers } from "./adapter.ts";
import { type AnySocket, awaitAck, forgetAck } from "./socket.ts";

/**
 * Begins to wait for ack `id` of each of `sockets`, for `timeout` ms (Infinity: for as long as they are there).
 * `checked` may wrap who takes the answer of a socket. The caller sends afterwards.
 */
export function collectAcks(
  sockets: readonly AnySocket[],
  id: number,
  timeout: number,
  clock: Clock,
  checked: (socket: AnySocket, settled: AckSettled) => AckSettled,
): Promise<Answers> {
  const waiting = new Set(sockets);
  if (waiting.size === 0) return Promise.resolve({ values: [], error: null });
  return new Promise((resolve) => {
    const values: unknown[] = [];
    let error: Error | null = null;
    let cancel: (() => void) | undefined;
    const finish = (): void => {
      cancel?.();
      resolve({ values, error });
    };
    if (timeout !== Infinity) {
      cancel = clock.at(clock.now() + timeout, () => {
        error = ackTimeoutError();
        for (const socket of waiting) forgetAck(socket, id);
        waiting.clear();
        finish();
      });
    }
    for (const socket of sockets) {
      const settled: AckSettled = (lost, args) => {
        if (!waiting.delete(socket)) return; // its answer was still being checked when the time was up
        if (lost === null) values.push(args[0]);
        else error = lost;
        if (waiting.size === 0) finish();
      };
      awaitAck(socket, id, checked(socket, settled));
    }
  });
}
