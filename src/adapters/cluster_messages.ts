/**
 * What servers of a cluster say to each other. All of it is plain data, structured-cloneable (bytes are
 * `Uint8Array`): a bus that carries text or bytes encodes it, and checks what it has decoded.
 * @module
 */
import type { Command } from "../core/adapter.ts";
import type { Room } from "../core/ids.ts";
import type { Selector } from "../core/selector.ts";
import type { Frame } from "../protocol/frame.ts";

/** Names a server on a bus. No two servers at a time have the same. */
export type ServerId = string & { readonly __brand: "ServerId" };

/** What every message says. */
interface Message {
  /** Who says it. */
  readonly from: ServerId;
  /** The one server it is for; absent: for all that it concerns. */
  readonly to?: ServerId;
}

/** A message about one namespace. */
interface NamespaceMessage extends Message {
  /** The namespace. */
  readonly nsp: string;
}

/** An event for sockets. Its frames are without an offset: the event log is the receiver's. */
export interface BroadcastMessage extends NamespaceMessage {
  /** Which message. */
  readonly type: "broadcast";
  /** For which sockets. */
  readonly selector: Selector;
  /** The event, encoded once by the sender. */
  readonly frames: readonly Frame[];
  /** With connection state recovery: its offset in the sender's event log, by which it is known in all logs. */
  readonly origin?: string;
}

/** Something to be done with sockets. */
export interface CommandMessage extends NamespaceMessage {
  /** Which message. */
  readonly type: "command";
  /** With which sockets. */
  readonly selector: Selector;
  /** What. */
  readonly command: Command;
}

/** `serverSideEmit` without an ack. */
export interface TellMessage extends NamespaceMessage {
  /** Which message. */
  readonly type: "tell";
  /** The event's name and arguments. */
  readonly data: readonly unknown[];
}

/** What may be asked: the questions of `core/adapter.ts` in the form in which they travel. */
export type WireQuestion =
  | {
    /** The acks of sockets. */
    readonly type: "ack";
    /** The event, without an ack id. */
    readonly frames: readonly Frame[];
    /** ms that the sockets have, counted from the arrival of the question. */
    readonly timeout: number;
  }
  | {
    /** Which sockets there are: answered with `SocketDetails`, rooms as a list. */
    readonly type: "sockets";
  }
  | {
    /** `serverSideEmit` with an ack: one value, or none from a server without the namespace. */
    readonly type: "servers";
    /** The event's name and arguments. */
    readonly data: readonly unknown[];
  };

/** A question. Everyone it reaches answers, also one whose sockets it does not concern. */
export interface AskMessage extends NamespaceMessage {
  /** Which message. */
  readonly type: "ask";
  /** Names the question; never used twice by one server. */
  readonly id: string;
  /** About which sockets. */
  readonly selector: Selector;
  /** What. */
  readonly question: WireQuestion;
}

/** The one answer of a server. */
export interface AnswerMessage extends NamespaceMessage {
  /** Which message. */
  readonly type: "answer";
  /** Who asked. */
  readonly to: ServerId;
  /** The question. */
  readonly id: string;
  /** The values, in the order of arrival. */
  readonly values: readonly unknown[];
  /** Why some are missing. */
  readonly error?: string;
}

/**
 * Who is there: `hello` of one that comes (those who hear it answer `alive`), `alive` of one that is still there,
 * `bye` of one that goes. A bus that knows who is there delivers `bye` itself in the name of one that is gone.
 */
export interface PresenceMessage extends Message {
  /** Which message. */
  readonly type: "hello" | "alive" | "bye";
}

/** All there is to say. */
export type ClusterMessage =
  | BroadcastMessage
  | CommandMessage
  | TellMessage
  | AskMessage
  | AnswerMessage
  | PresenceMessage;

const NO_ROOMS: readonly Room[] = [];
const NO_FLAGS: Selector["flags"] = {};

/**
 * For buses that deliver only where members are: a message that is not for one server concerns those with a socket
 * in any of these rooms; of none: all servers of its namespace.
 */
export function roomsOf(message: ClusterMessage): readonly Room[] {
  return "selector" in message ? message.selector.rooms : NO_ROOMS;
}

/** The selector without what is only for its sender. */
export function wireSelector({ rooms, except, flags }: Selector): Selector {
  const { volatile, compress } = flags;
  if (volatile === undefined && compress === undefined) return { rooms, except, flags: NO_FLAGS };
  return {
    rooms,
    except,
    flags: { ...(volatile !== undefined && { volatile }), ...(compress !== undefined && { compress }) },
  };
}
