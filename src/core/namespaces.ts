/**
 * The namespaces of a server by name. They are made by the server's user, never by a client.
 *
 * To come: namespaces by regular expression and by function, made when a client asks.
 * @module
 */
import { type AnyNamespace, Namespace, partsOf } from "./namespace.ts";
import type { NamespacePorts } from "./namespace_sockets.ts";

/** All namespaces; the main one, `/`, is always there. */
export class Namespaces {
  readonly main: AnyNamespace;
  readonly #byName = new Map<string, AnyNamespace>();
  readonly #ports: NamespacePorts;

  constructor(ports: NamespacePorts) {
    this.#ports = ports;
    this.main = this.of("/");
  }

  /** The namespace with this name, made if need be. A leading slash is added; the empty name is `/`. */
  of(name: string): AnyNamespace {
    if (typeof name !== "string") {
      throw new TypeError(`Cannot make namespace: its name is ${describe(name)}, not a text`);
    }
    const path = name.startsWith("/") ? name : `/${name}`;
    let namespace = this.#byName.get(path);
    if (namespace === undefined) {
      namespace = new Namespace(path, this.#ports);
      this.#byName.set(path, namespace);
    }
    return namespace;
  }

  /** The namespace a client asks for by its exact name. */
  find(name: string): AnyNamespace | undefined {
    return this.#byName.get(name);
  }

  /** Closes their adapters; one that fails is reported and keeps nobody back. */
  async close(): Promise<void> {
    await Promise.all([...this.#byName.values()].map(async (namespace) => {
      try {
        await partsOf(namespace).sockets.close();
      } catch (error) {
        this.#ports.report(error, `closing of the adapter of "${namespace.name}"`);
      }
    }));
  }
}

function describe(name: unknown): string {
  return name instanceof RegExp || typeof name === "function"
    ? `${name instanceof RegExp ? "a regular expression" : "a function"} (not supported yet)`
    : String(name);
}
