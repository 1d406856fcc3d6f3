/**
 * What the chat prints when it has started, whatever it runs on.
 * @module
 */

/** Says where to find it. */
export function announce(port: number): void {
  console.log(`Skein chat: http://localhost:${port}/`);
  console.log("Open it in two tabs. Stop with Ctrl+C.");
}
