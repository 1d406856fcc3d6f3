/**
 * One server on one bus: what its namespaces share. Messages that come are taken to the namespace they are about;
 * those that go are handed to the bus here, and nowhere else.
 * @module
 */
import type { LocalSockets } from "../core/adapter.ts";
import type { ClusterBus, Reached } from "./cluster_bus.ts";
import type { ClusterMessage, PresenceMessage, ServerId } from "./cluster_messages.ts";
import type { Published } from "./cluster_outbox.ts";
import type { Membership, MembershipFactory } from "./membership.ts";

/** A namespace of this server. Neither method throws. */
export interface LinkedNamespace {
  readonly local: LocalSockets;
  /** A message about it came. */
  receive(message: ClusterMessage): void;
  /** A server is gone. */
  gone(server: ServerId): void;
}

/** A server's end of the bus: open from its first namespace to its last. */
export class ClusterLink {
  readonly bus: ClusterBus;
  readonly #makeMembership: MembershipFactory | undefined;
  readonly #namespaces = new Map<string, LinkedNamespace>();
  #local: LocalSockets | undefined;
  #membership: Membership | undefined;
  #ready: Promise<unknown> | undefined;
  /** It has lost its last namespace. */
  #isLeaving = false;
  #isClosed = false;

  constructor(bus: ClusterBus, makeMembership: MembershipFactory | undefined) {
    this.bus = bus;
    this.#makeMembership = makeMembership;
  }

  /** Until then nothing may be published; undefined: it may. Never rejects. */
  get ready(): Promise<unknown> | undefined {
    return this.#ready;
  }

  /** Links a namespace, and with the first one the server. Throws an Error on one that is there already. */
  add(nsp: string, namespace: LinkedNamespace): void {
    if (this.#isLeaving) throw new Error(`Cannot make adapter of "${nsp}": its bus is closed`);
    if (this.#namespaces.has(nsp)) {
      throw new Error(
        `Cannot make adapter of "${nsp}": its bus serves one already; every server needs its own bus`,
      );
    }
    this.#namespaces.set(nsp, namespace);
    if (this.#local === undefined) this.#begin(namespace.local);
  }

  /** A namespace is over; with the last one the server leaves the bus. */
  async remove(nsp: string): Promise<void> {
    this.#namespaces.delete(nsp);
    if (this.#namespaces.size > 0 || this.#isLeaving) return;
    this.#isLeaving = true;
    this.#membership?.stop();
    if (this.#ready !== undefined) await this.#ready; // what was held back until then leaves first
    this.#isClosed = true;
    if (this.#membership !== undefined) await this.#say("bye", undefined);
    await this.bus.close?.();
  }

  /** The other servers of a namespace. */
  others(nsp: string): Iterable<ServerId> | Promise<Iterable<ServerId>> {
    return this.#membership?.others ?? this.bus.servers?.(nsp) ?? [];
  }

  /** Hands a message to the bus. `published` is told of a failure, which is reported as well. */
  publish(message: ClusterMessage, published?: Published): void {
    if (this.#isClosed) {
      return published?.failed(new Error("Cannot ask other servers: this one has left its bus"));
    }
    const fail = (error: unknown): void => {
      this.#report(error, `publishing of "${message.type}" by the cluster adapter`);
      published?.failed(asError(error));
    };
    try {
      const reached = this.bus.publish(message);
      if (!(reached instanceof Promise)) published?.reached(reached);
      else if (published === undefined) reached.catch(fail);
      else reached.then((servers: Reached) => published.reached(servers)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #begin(local: LocalSockets): void {
    this.#local = local;
    const begun = this.bus.subscribe((message) => this.#receive(message));
    if (begun instanceof Promise) {
      this.#ready = begun.catch((error) => this.#report(error, "subscribing of the cluster adapter")).then(
        () => {
          this.#ready = undefined;
        },
      );
    }
    this.#membership = this.#makeMembership?.({
      clock: local.clock,
      send: (type, to) => void this.#say(type, to),
      gone: (server) => this.#gone(server),
    });
  }

  async #say(type: PresenceMessage["type"], to: ServerId | undefined): Promise<void> {
    if (this.#ready !== undefined) await this.#ready;
    try {
      const { id: from } = this.bus;
      await this.bus.publish(to === undefined ? { type, from } : { type, from, to });
    } catch (error) {
      this.#report(error, `publishing of "${type}" by the cluster adapter`);
    }
  }

  #receive(message: ClusterMessage): void {
    if (this.#isClosed) return;
    try {
      const { id } = this.bus;
      if (message.from === id || (message.to ?? id) !== id) return;
      this.#membership?.heard(message);
      switch (message.type) {
        case "hello":
        case "alive":
          return;
        case "bye":
          return this.#gone(message.from);
        case "broadcast":
        case "command":
        case "tell":
        case "ask":
        case "answer":
          return this.#take(message.nsp, message);
        default:
          throw new TypeError(`Cannot take message: its type is ${String((message as ClusterMessage).type)}`);
      }
    } catch (error) {
      this.#report(error, "message to the cluster adapter");
    }
  }

  #take(nsp: string, message: ClusterMessage): void {
    const namespace = this.#namespaces.get(nsp);
    if (namespace !== undefined) return namespace.receive(message);
    // A namespace that others have need not exist here. Who asks should not wait for it.
    if (message.type !== "ask") return;
    const { id, from: to } = message;
    this.publish({ type: "answer", from: this.bus.id, to, nsp, id, values: [] });
  }

  #gone(server: ServerId): void {
    for (const namespace of this.#namespaces.values()) namespace.gone(server);
  }

  #report(error: unknown, where: string): void {
    this.#local?.report(error, where);
  }
}

/** What was thrown, as an Error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
