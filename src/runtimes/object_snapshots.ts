/**
 * Where a sleeping connection is kept: in the attachment of its WebSocket, which costs nothing and goes with it; what
 * is too large for that in the object's storage, with a pointer in the attachment.
 * Source: Cloudflare, `serializeAttachment` (16 384 bytes), key-value API of SQLite storage (2 MiB).
 * @module
 */
import type { ConnectionSnapshot } from "../core/sleep.ts";
import type { SessionSnapshot } from "../engine/snapshot.ts";
import type { KeyValueStore } from "../adapters/key_value.ts";
import type { ObjectWebSocket } from "./object_state.ts";
import { isSame } from "./structured.ts";

/** A connection as it is kept. */
export interface Sleeping {
  /** When its WebSocket opened, ms since the epoch. */
  readonly opened: number;
  readonly session: SessionSnapshot;
  readonly connection: ConnectionSnapshot;
}

/** The attachment: the version of this format, and the snapshot or where it is. */
type Attachment =
  | { readonly skein: 1; readonly opened: number; readonly here: Omit<Sleeping, "opened"> }
  | { readonly skein: 1; readonly opened: number; readonly stored: string };

/** The snapshot of one WebSocket, as last written. */
export class Snapshot {
  readonly #socket: ObjectWebSocket;
  readonly #kv: KeyValueStore;
  /** What is in the storage, where it did not fit into the attachment. */
  #stored: Omit<Sleeping, "opened"> | undefined;
  #sid = "";

  constructor(socket: ObjectWebSocket, kv: KeyValueStore) {
    this.#socket = socket;
    this.#kv = kv;
  }

  /** What was kept; undefined where nothing was, or nothing that this version understands. */
  read(): Sleeping | undefined {
    const attachment = attachmentOf(this.#socket);
    if (attachment === undefined) return undefined;
    const { opened } = attachment;
    if ("here" in attachment) return { opened, ...attachment.here };
    this.#sid = attachment.stored;
    this.#stored = this.#kv.get(keyOf(attachment.stored)) as Omit<Sleeping, "opened"> | undefined;
    return this.#stored && { opened, ...this.#stored };
  }

  /** Keeps it. Throws an Error that names the sockets where that cannot be done; what was kept before stays. */
  write({ opened, session, connection }: Sleeping): void {
    const here = { session, connection };
    try {
      this.#write(opened, here);
    } catch (error) {
      const names = connection.sockets.map(({ nsp, id }) => `"${id}" in "${nsp}"`).join(", ");
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `Cannot keep what socket ${names} is while it sleeps: ${why}. Its data, its auth and its rooms must be ` +
          `structured-cloneable and, together with those of the other sockets of its connection, below 2 MiB`,
      );
    }
  }

  /** The WebSocket ends: nothing is to be kept. */
  forget(): void {
    if (this.#stored !== undefined) this.#kv.delete(keyOf(this.#sid));
    this.#stored = undefined;
    try {
      this.#socket.serializeAttachment(null);
    } catch {
      // It is closed already.
    }
  }

  #write(opened: number, here: Omit<Sleeping, "opened">): void {
    const { sid } = here.session;
    if (this.#stored === undefined) {
      const attachment: Attachment = { skein: 1, opened, here };
      try {
        return this.#socket.serializeAttachment(attachment);
      } catch (error) {
        if (isUncloneable(error)) throw error;
      }
    } else if (isSame(this.#stored, here)) {
      return; // a row that is written is a row that is paid for
    }
    this.#sid = sid;
    this.#kv.put(keyOf(sid), here);
    this.#stored = structuredClone(here);
    const pointer: Attachment = { skein: 1, opened, stored: sid };
    this.#socket.serializeAttachment(pointer);
  }
}

/** When a WebSocket opened, ms since the epoch; Infinity where nothing was kept of it. */
export function openedAt(socket: ObjectWebSocket): number {
  return attachmentOf(socket)?.opened ?? Infinity;
}

/** Forgets what was stored of WebSockets that are gone: a deployment ends them without a word. */
export function forgetOrphans(kv: KeyValueStore, sids: ReadonlySet<string>): void {
  for (const [key] of [...kv.list({ prefix: PREFIX })]) {
    if (!sids.has(key.slice(PREFIX.length))) kv.delete(key);
  }
}

const PREFIX = "skein/socket/";

function keyOf(sid: string): string {
  return PREFIX + sid;
}

function attachmentOf(socket: ObjectWebSocket): Attachment | undefined {
  const attachment = socket.deserializeAttachment() as Attachment | null | undefined;
  return attachment?.skein === 1 ? attachment : undefined;
}

function isUncloneable(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === "DataCloneError";
}
