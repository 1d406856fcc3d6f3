/**
 * When a server pings and when it gives up waiting for the pong. No I/O: time is an argument.
 *
 * Rules: Engine.IO protocol v4, "Heartbeat": the server sends a ping `pingInterval` after the handshake and
 * after each pong; no pong within `pingTimeout` ends the session. The deadlines belong to the session, not to
 * a transport, so an upgrade between a ping and its pong changes nothing.
 * @module
 */

/** The server's side of the heartbeat. It always has a deadline. */
export class Heartbeat {
  readonly #interval: number;
  readonly #timeout: number;
  #deadline: number;
  #awaitsPong = false;
  #refreshed = false;

  /** `interval` and `timeout` in ms; the first ping is due `interval` after `now`. */
  constructor(interval: number, timeout: number, now: number) {
    this.#interval = interval;
    this.#timeout = timeout;
    this.#deadline = now + interval;
  }

  /** When to call {@linkcode Heartbeat.tick} next. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Whether a ping was sent that is not answered: until then nothing that comes changes anything. */
  get awaitsPong(): boolean {
    return this.#awaitsPong;
  }

  /** A pong came. An unsolicited one changes nothing, so a client cannot put off or hasten a ping. */
  pong(now: number): void {
    if (!this.#awaitsPong) return;
    this.#awaitsPong = false;
    this.#deadline = now + this.#interval;
  }

  /**
   * Something other than a pong came. A client that uploads slowly is alive although its pong waits behind the
   * upload: once per ping this renews the timeout (official since engine.io 6.6.11).
   */
  heard(now: number): void {
    if (!this.#awaitsPong || this.#refreshed) return;
    this.#refreshed = true;
    this.#deadline = now + this.#timeout;
  }

  /** What the time asks for: a ping to be sent, or the end of the session. */
  tick(now: number): "ping" | "timeout" | undefined {
    if (now < this.#deadline) return undefined;
    if (this.#awaitsPong) return "timeout";
    this.#awaitsPong = true;
    this.#refreshed = false;
    this.#deadline = now + this.#timeout;
    return "ping";
  }
}
