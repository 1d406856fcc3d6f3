/**
 * What `io.of(/^\/room-\d+$/)` returns: the face of all namespaces that a pattern has made. What is set up here
 * counts for each of them, those that exist already too; what is sent from here goes to the sockets of all.
 * Source of behaviour: Socket.IO 4.8, class ParentNamespace.
 * @module
 */
import type { ReportError } from "../engine/ports.ts";
import type { Contract } from "../contract/contract.ts";
import type { Pending } from "../events/emitter.ts";
import type { DefaultEventsMap } from "../events/event_types.ts";
import type { Answers, Command } from "./adapter.ts";
import type { BroadcastTarget } from "./broadcast_target.ts";
import { type AnyNamespace, type Namespace, partsOf } from "./namespace.ts";
import { NamespaceFace } from "./namespace_face.ts";
import { NamespaceSetup } from "./namespace_setup.ts";
import type { Selector } from "./selector.ts";

/** A parent whatever its events are. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnyParent = ParentNamespace<any, any, any, any>;

/** What was set up for a pattern; its namespaces share it. */
export let setupOf: (parent: AnyParent) => NamespaceSetup;
/** A namespace was made by the pattern, or is over. */
export let adopt: (parent: AnyParent, child: AnyNamespace) => void;
/** A namespace of the pattern is over. */
export let disown: (parent: AnyParent, child: AnyNamespace) => void;

/** All namespaces of one pattern. */
export class ParentNamespace<
  ListenEvents = DefaultEventsMap,
  EmitEvents = ListenEvents,
  ServerSideEvents = DefaultEventsMap,
  // deno-lint-ignore no-explicit-any -- the official default
  SocketData = any,
> extends NamespaceFace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  /** A name for logs; no client can join it. */
  readonly name: string;
  /** The namespaces it has made and that are not over. Live. */
  readonly children: ReadonlySet<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>;
  readonly #setup: NamespaceSetup;

  static {
    setupOf = (parent) => parent.#setup;
    adopt = (parent, child) => (parent.children as Set<AnyNamespace>).add(child);
    disown = (parent, child) => (parent.children as Set<AnyNamespace>).delete(child);
  }

  /** Made by its server: `io.of(pattern)`. */
  constructor(name: string, report: ReportError, validateOutgoing: boolean, pending?: Pending) {
    const setup = new NamespaceSetup(`namespace "${name}"`, report, validateOutgoing, pending);
    const children = new Set<AnyNamespace>();
    super(setup, new Children(children, report));
    this.name = name;
    this.children = children;
    this.#setup = setup;
  }

  /** Has events checked by a contract, which gives them their types: use what is returned. */
  contract<Listen, Emit>(
    contract: Contract<Listen, Emit>,
  ): ParentNamespace<Listen, Emit, ServerSideEvents, SocketData> {
    this.#setup.useContract(contract);
    return this as unknown as ParentNamespace<Listen, Emit, ServerSideEvents, SocketData>;
  }
}

/** Sends to all children. */
class Children implements BroadcastTarget {
  readonly report: ReportError;
  readonly #children: ReadonlySet<AnyNamespace>;

  constructor(children: ReadonlySet<AnyNamespace>, report: ReportError) {
    this.#children = children;
    this.report = report;
  }

  broadcast(data: unknown[], to: Selector): void {
    for (const target of this.#targets()) target.broadcast(data, to);
  }

  async ask(data: unknown[], to: Selector): Promise<Answers> {
    return merge(await Promise.all(this.#targets().map((target) => target.ask(data, to))));
  }

  async fetch(to: Selector): Promise<unknown[]> {
    return (await Promise.all(this.#targets().map((target) => target.fetch(to)))).flat();
  }

  command(command: Command, to: Selector): void {
    for (const target of this.#targets()) target.command(command, to);
  }

  tellServers(data: unknown[]): void {
    for (const target of this.#targets()) target.tellServers(data);
  }

  async askServers(data: unknown[], timeout?: number): Promise<Answers> {
    return merge(await Promise.all(this.#targets().map((target) => target.askServers(data, timeout))));
  }

  #targets(): BroadcastTarget[] {
    return [...this.#children].map((child) => partsOf(child).sockets);
  }
}

function merge(answers: readonly Answers[]): Answers {
  return {
    values: answers.flatMap(({ values }) => values),
    error: answers.find(({ error }) => error !== null)?.error ?? null,
  };
}
