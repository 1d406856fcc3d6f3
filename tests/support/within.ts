/**
 * Waiting with an end: a test that waits for what never comes fails with a sentence instead of hanging.
 * @module
 */

/** How long a test waits for something that should come at once, ms. Generous: the machine may be busy. */
export const PATIENCE = 8_000;

/** The promise's outcome; rejects after `ms`, naming what was waited for. */
export async function within<T>(promise: Promise<T>, what: string, ms: number = PATIENCE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`Waited ${ms} ms in vain for ${what}`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** A pause, for the few cases where the passing of time is what is tested. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
