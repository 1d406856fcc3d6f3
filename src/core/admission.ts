/**
 * One attempt of a client to join one namespace: is there such a namespace, does the client come back with a
 * session, do the middlewares agree. Each step may take its time; meanwhile the client may give up.
 *
 * Source of the order: Socket.IO 4.8, Namespace `_add`.
 * @module
 */
import type { ReportError } from "../engine/ports.ts";
import type { Clock } from "../time/clock.ts";
import { type AnyNamespace, askToJoin, partsOf, prepare } from "./namespace.ts";
import type { ResumedSession } from "./recovery.ts";
import { type AnySocket, closeSocket } from "./socket.ts";
import type { SocketLink } from "./socket_ports.ts";

/** What an attempt works with. */
export interface AdmissionPorts {
  readonly clock: Clock;
  readonly report: ReportError;
  /** ms that the decision may take. */
  readonly connectTimeout: number;
  /** Whether a client that comes back passes the middlewares unasked. */
  readonly skipMiddlewares: boolean;
  /** The namespace with this name. Never rejects. */
  find(
    name: string,
    auth: Record<string, unknown>,
  ): AnyNamespace | undefined | Promise<AnyNamespace | undefined>;
}

/** The client may join. */
export interface Admitted {
  readonly namespace: AnyNamespace;
  readonly socket: AnySocket;
  /** The session it comes back with. */
  readonly resumed: ResumedSession | undefined;
}

/** How it went. */
export type Outcome = Admitted | { readonly refusal: unknown };

/** Whom an attempt tells. */
export interface AdmissionOwner {
  /** How it went. Called once, unless it was abandoned before. */
  decided(outcome: Outcome): void;
  /** Nothing of it runs any more, decided or abandoned. Called once. */
  ended(): void;
}

/** One attempt. */
export class Admission {
  readonly #ports: AdmissionPorts;
  readonly #link: SocketLink;
  readonly #auth: Record<string, unknown>;
  readonly #owner: AdmissionOwner;
  #socket: AnySocket | undefined;
  #resumed: ResumedSession | undefined;
  #namespace: AnyNamespace | undefined;
  #isOver = false;
  #cancelTimeout: (() => void) | undefined;

  constructor(
    ports: AdmissionPorts,
    link: SocketLink,
    auth: Record<string, unknown>,
    owner: AdmissionOwner,
  ) {
    this.#ports = ports;
    this.#link = link;
    this.#auth = auth;
    this.#owner = owner;
  }

  /** Begins; the outcome may come before this returns. `mayResume`: whether to look for a session. */
  start(nsp: string, mayResume: boolean): void {
    const { clock, connectTimeout } = this.#ports;
    this.#find(nsp, mayResume);
    if (this.#isOver) return;
    // Middlewares and functions of the user may forget to decide: the client is told, instead of waiting for ever.
    this.#cancelTimeout = clock.at(clock.now() + connectTimeout, () => {
      this.#ports.report(new Error(`Nothing was decided in ${connectTimeout} ms`), `joining "${nsp}"`);
      this.#refuse(new Error("timeout"));
    });
  }

  /** The client waits no more. */
  abandon(): void {
    if (this.#isOver) return;
    this.#finish();
    if (this.#socket) closeSocket(this.#socket, "client namespace disconnect");
    if (this.#namespace === undefined) return;
    const { sockets } = partsOf(this.#namespace);
    if (this.#resumed) sockets.recovery!.putBack(this.#resumed);
    sockets.expectNoMore();
  }

  #find(nsp: string, mayResume: boolean): void {
    after(
      () => this.#ports.find(nsp, this.#auth),
      (namespace) => this.#found(namespace, mayResume),
      (error) => this.#failed(error, nsp),
    );
  }

  #found(namespace: AnyNamespace | undefined, mayResume: boolean): void {
    if (namespace === undefined) {
      this.#refuse(new Error("Invalid namespace"));
      return this.#owner.ended();
    }
    const { sockets } = partsOf(namespace);
    if (sockets.isOver && !this.#isOver) return this.#find(namespace.name, mayResume); // it ended on the way here
    this.#namespace = namespace;
    sockets.expect();
    if (this.#isOver) { // nobody asks any more; a namespace made for this client alone may end
      sockets.expectNoMore();
      return this.#owner.ended();
    }
    after(
      () => mayResume ? sockets.recovery?.take(this.#auth, this.#link.conn) : undefined,
      (resumed) => this.#ask(namespace, resumed),
      (error) => {
        this.#ports.report(error, `session store of "${namespace.name}"`);
        this.#ask(namespace, undefined); // the client begins anew
      },
    );
  }

  #ask(namespace: AnyNamespace, resumed: ResumedSession | undefined): void {
    const { sockets } = partsOf(namespace);
    this.#resumed = resumed;
    if (this.#isOver) {
      if (resumed) sockets.recovery!.putBack(resumed);
      return this.#owner.ended();
    }
    const socket = this.#socket = prepare(namespace, this.#link, this.#auth, resumed);
    if (resumed && this.#ports.skipMiddlewares) return this.#admit(namespace, socket);
    askToJoin(namespace, socket, (refusal) => {
      if (refusal === undefined) return this.#admit(namespace, socket);
      this.#refuse(refusal);
      this.#owner.ended();
    });
  }

  #admit(namespace: AnyNamespace, socket: AnySocket): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#cancelTimeout?.();
      this.#owner.decided({ namespace, socket, resumed: this.#resumed });
      partsOf(namespace).sockets.expectNoMore(); // now: in between it would have been empty
    }
    this.#owner.ended();
  }

  #refuse(refusal: unknown): void {
    if (this.#isOver) return;
    this.#finish();
    if (this.#socket) closeSocket(this.#socket, "server namespace disconnect");
    if (this.#resumed) partsOf(this.#namespace!).sockets.recovery!.giveUp(this.#resumed, "refused");
    this.#owner.decided({ refusal });
    if (this.#namespace) partsOf(this.#namespace).sockets.expectNoMore();
  }

  /** The namespace could not be made: what makes its adapter threw. */
  #failed(error: unknown, nsp: string): void {
    this.#ports.report(error, `making of the namespace "${nsp}"`);
    this.#refuse(new Error("Server error"));
    this.#owner.ended();
  }

  /** It is over without a socket. Middlewares may still run, but the namespace need not wait for them. */
  #finish(): void {
    this.#isOver = true;
    this.#cancelTimeout?.();
  }
}

/** Goes on at once with what is there, later with what is promised; a throw is a rejection. */
function after<T>(ask: () => T | Promise<T>, go: (value: T) => void, fail: (error: unknown) => void): void {
  let value: T | Promise<T>;
  try {
    value = ask();
  } catch (error) {
    return fail(error);
  }
  if (value instanceof Promise) value.then(go, fail);
  else go(value);
}
