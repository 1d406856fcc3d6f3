/**
 * The namespaces of a server by name: made by the server's user, or by a pattern of theirs when a client asks.
 * @module
 */
import type { AdapterFactory } from "./adapter.ts";
import { type AnyNamespace, isListenedTo, Namespace, partsOf } from "./namespace.ts";
import type { NamespacePorts } from "./namespace_sockets.ts";
import type { SessionExpiry } from "./socket_ports.ts";
import { adopt, type AnyParent, disown, ParentNamespace, setupOf } from "./parent_namespace.ts";

/**
 * Decides whether a namespace may be made for a client that asks for `name` with `auth`: by `next(null, true)`,
 * or (with fewer than three parameters) by what it returns or resolves to. A throw or an error means no.
 */
export type NamespaceMatcher = (
  name: string,
  // deno-lint-ignore no-explicit-any -- whatever the client sent, as official; validate it
  auth: Record<string, any>,
  next: (error: Error | null, success?: boolean) => void,
) => void | boolean | Promise<boolean | void>;

/** The longest name, in characters, of a namespace that is made for a client: it is the client who chooses. */
const MAX_MADE_NAME = 1_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Pattern {
  readonly matcher: RegExp | NamespaceMatcher;
  readonly parent: AnyParent;
}

/** What the namespaces of a server are given. */
export interface NamespacesPorts extends Omit<NamespacePorts, "makeAdapter"> {
  makeAdapter: AdapterFactory;
  /** Whether a namespace that a pattern made ends with its last socket. Default false. */
  readonly cleanupEmptyChildNamespaces?: boolean;
}

/** All namespaces; the main one, `/`, is always there. */
export class Namespaces {
  readonly main: AnyNamespace;
  readonly #byName = new Map<string, AnyNamespace>();
  readonly #patterns: Pattern[] = [];
  readonly #ports: NamespacesPorts;
  #isClosed = false;

  constructor(ports: NamespacesPorts) {
    this.#ports = { ...ports };
    this.main = this.#make("/", undefined);
  }

  /** All of them by name. Live. */
  get byName(): ReadonlyMap<string, AnyNamespace> {
    return this.#byName;
  }

  /** What makes the adapters. */
  get makeAdapter(): AdapterFactory {
    return this.#ports.makeAdapter;
  }

  /** Has other adapters made. Throws an Error where sockets are connected: their rooms would be lost. */
  useAdapter(makeAdapter: AdapterFactory): void {
    for (const { name, sockets } of this.#byName.values()) {
      if (sockets.size > 0) {
        throw new Error(`Cannot change the adapter of "${name}": ${sockets.size} sockets are connected`);
      }
    }
    this.#ports.makeAdapter = makeAdapter;
    for (const namespace of this.#byName.values()) {
      partsOf(namespace).sockets.useAdapter(makeAdapter).catch((error) =>
        this.#ports.report(error, `closing of the adapter of "${namespace.name}"`)
      );
    }
  }

  /**
   * The namespace with this name, made if need be (by the first regular expression that matches, if one does).
   * A leading slash is added; the empty name is `/`.
   */
  of(name: string): AnyNamespace {
    if (typeof name !== "string") {
      throw new TypeError(`Cannot make namespace: its name is ${String(name)}, not a text`);
    }
    const path = name.startsWith("/") ? name : `/${name}`;
    const known = this.#byName.get(path);
    if (known !== undefined) return known;
    const pattern = this.#patterns.find(({ matcher }) => matcher instanceof RegExp && matcher.test(path));
    return this.#make(path, pattern?.parent);
  }

  /** Makes namespaces when clients ask for names that match. Patterns are asked in the order of adding. */
  ofPattern(matcher: RegExp | NamespaceMatcher): AnyParent {
    if (matcher instanceof RegExp && (matcher.global || matcher.sticky)) {
      throw new TypeError(
        `Cannot make namespaces of ${matcher}: with the flags g and y it forgets what it matched`,
      );
    }
    const parent: AnyParent = new ParentNamespace(
      `/_${this.#patterns.length}`,
      this.#ports.report,
      this.#ports.validateOutgoing ?? false,
      this.#ports.sleeper?.pending,
    );
    this.#patterns.push({ matcher, parent });
    return parent;
  }

  /** The namespace a client asks for; a promise where a function has to think about it. Never rejects. */
  find(
    name: string,
    auth: Record<string, unknown> = {},
  ): AnyNamespace | undefined | Promise<AnyNamespace | undefined> {
    const known = this.#byName.get(name);
    if (known !== undefined || name.length > MAX_MADE_NAME) return known;
    return this.#match(name, auth, 0);
  }

  /** Whether the program listens to `connection`s anywhere. */
  get areListenedTo(): boolean {
    return [...this.#byName.values()].some(isListenedTo);
  }

  /** Which pattern made the namespace, in the order of adding; undefined: none did. */
  patternOf(namespace: AnyNamespace): number | undefined {
    const index = this.#patterns.findIndex(({ parent }) => parent.children.has(namespace));
    return index < 0 ? undefined : index;
  }

  /** The namespace of a socket that slept, made as it was before where it is not there. */
  revive(name: string, pattern: number | undefined): AnyNamespace {
    const parent = pattern === undefined ? undefined : this.#patterns[pattern]?.parent;
    return this.#byName.get(name) ?? (parent ? this.#makeForClient(name, parent) : this.of(name));
  }

  /** Tells listeners of `session_expired`; a namespace that was kept for the session alone ends. */
  tellExpired(nsp: string, session: SessionExpiry): void {
    const namespace = this.#byName.get(nsp);
    if (namespace === undefined) return;
    const { sockets } = partsOf(namespace);
    sockets.tell("session_expired", [session]);
    sockets.tellIfEmpty();
  }

  /** A namespace that was kept for sessions alone ends. */
  endIfEmpty(nsp: string): void {
    const namespace = this.#byName.get(nsp);
    if (namespace !== undefined) partsOf(namespace).sockets.tellIfEmpty();
  }

  /** Closes their adapters; one that fails is reported and keeps nobody back. Clients find none afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#byName.values()].map((namespace) => this.#close(namespace)));
  }

  async #close(namespace: AnyNamespace): Promise<void> {
    try {
      await partsOf(namespace).sockets.close();
    } catch (error) {
      this.#ports.report(error, `closing of the adapter of "${namespace.name}"`);
    }
  }

  #match(
    name: string,
    auth: Record<string, unknown>,
    first: number,
  ): AnyNamespace | undefined | Promise<AnyNamespace | undefined> {
    for (let index = first; index < this.#patterns.length && !this.#isClosed; index++) {
      const { matcher, parent } = this.#patterns[index]!;
      const matches = matcher instanceof RegExp ? matcher.test(name) : this.#ask(matcher, name, auth);
      if (matches instanceof Promise) {
        return matches.then((isMatch) =>
          isMatch && !this.#isClosed
            ? this.#byName.get(name) ?? this.#makeForClient(name, parent)
            : this.#match(name, auth, index + 1)
        );
      }
      // A function may have made it itself.
      if (matches) return this.#byName.get(name) ?? this.#makeForClient(name, parent);
    }
    return undefined;
  }

  /** Asks a function, in whichever style it answers. */
  #ask(matcher: NamespaceMatcher, name: string, auth: Record<string, unknown>): boolean | Promise<boolean> {
    let decided: boolean | undefined;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const decide = (isMatch: boolean): void => {
      decided ??= isMatch;
      resolve(decided);
    };
    const fail = (error: unknown): void => {
      this.#ports.report(error, `namespace pattern, asked for "${name}"`);
      decide(false);
    };
    try {
      const returned: unknown = matcher(name, auth, (error, success) => decide(!error && success === true));
      if (returned instanceof Promise) {
        returned.then((result) => {
          if (typeof result === "boolean" || matcher.length < 3) decide(result === true);
        }, fail);
      } else if (typeof returned === "boolean" || matcher.length < 3) {
        decide(returned === true);
      }
    } catch (error) {
      fail(error);
    }
    return decided ?? promise;
  }

  #make(name: string, parent: AnyParent | undefined): AnyNamespace {
    const namespace: AnyNamespace = new Namespace(name, this.#ports, parent && setupOf(parent));
    this.#byName.set(name, namespace);
    if (parent !== undefined) adopt(parent, namespace);
    if (name !== "/") partsOf(this.main).sockets.tell("new_namespace", [namespace]);
    return namespace;
  }

  /** One that the user made by its name stays: what they set up for it must not be forgotten. */
  #makeForClient(name: string, parent: AnyParent): AnyNamespace {
    // A copy: a part of the client's packet would keep the whole of it in memory.
    const namespace = this.#make(decoder.decode(encoder.encode(name)), parent);
    if (this.#ports.cleanupEmptyChildNamespaces) {
      partsOf(namespace).sockets.emptied = () => this.#end(namespace, parent);
    }
    return namespace;
  }

  #end(namespace: AnyNamespace, parent: AnyParent): void {
    partsOf(namespace).sockets.end();
    disown(parent, namespace);
    this.#byName.delete(namespace.name);
    this.#close(namespace);
  }
}
