/**
 * What the chat's server and its page say to each other: one event map per direction.
 *
 * These are promises of the types only. What a client really sends is checked by `schemas.ts`.
 * @module
 */

/** Someone in the chat. The same person may have several connections (tabs, a reconnect). */
export interface Person {
  /** Public and stable: derived from a secret that only this person's page knows. */
  readonly id: string;
  readonly nickname: string;
}

/** The formats a picture may have. SVG is missing on purpose: it can carry scripts. */
export const pictureTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;

/** The media type of a picture. */
export type PictureType = typeof pictureTypes[number];

/** A picture that came with a message. */
export interface Picture {
  readonly type: PictureType;
  /** In bytes. */
  readonly size: number;
  /** Present when the message is new. History leaves it out; ask with `picture`. */
  readonly bytes?: Uint8Array;
}

/** One message in one room. */
export interface Message {
  /** Chosen by the sender, so that sending it again after a lost connection is harmless. */
  readonly id: string;
  readonly room: string;
  readonly author: Person;
  /** When the server accepted it, ms since the epoch. */
  readonly at: number;
  /** May be empty where a picture says it all. */
  readonly text: string;
  readonly picture?: Picture;
}

/** Someone came to the room or left it. */
export interface Notice {
  readonly kind: "joined" | "left";
  readonly person: Person;
  readonly at: number;
}

/** One line in the list of rooms. */
export interface RoomSummary {
  readonly name: string;
  /** How many people are in it. */
  readonly people: number;
}

/** What a person sees on entering a room. */
export interface RoomView {
  readonly name: string;
  readonly you: Person;
  readonly people: readonly Person[];
  /** Oldest first, pictures without their bytes. */
  readonly history: readonly Message[];
}

/** What the page writes in a message. */
export interface Draft {
  readonly id: string;
  readonly room: string;
  readonly text: string;
  readonly picture?: { readonly type: PictureType; readonly bytes: Uint8Array } | undefined;
}

/** The answer to a request. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  /** `retry`: the same request may succeed in a moment. */
  | { readonly ok: false; readonly error: string; readonly retry: boolean };

/** Answers one request. */
export type Reply<T> = (result: Result<T>) => void;

/** What the page sends. */
export interface ClientToServer {
  /** Goes to a room, leaving the one before; opens the room where it does not exist. */
  join: (room: string, reply: Reply<RoomView>) => void;
  /** Says something in a room. The value is when it was accepted, ms since the epoch. */
  say: (draft: Draft, reply: Reply<number>) => void;
  /** Asks for the bytes of a picture of the current room, by the id of its message. */
  picture: (message: string, reply: Reply<Uint8Array>) => void;
  /** Began or stopped to type. */
  typing: (active: boolean) => void;
}

/** What the server sends. All but `rooms` and `activity` are about the room one is in. */
export interface ServerToClient {
  message: (message: Message) => void;
  notice: (notice: Notice) => void;
  people: (people: readonly Person[]) => void;
  typing: (person: Person, active: boolean) => void;
  /** The list of rooms changed. */
  rooms: (rooms: readonly RoomSummary[]) => void;
  /** Something was said in another room. */
  activity: (room: string) => void;
}

/** What the page tells of its person when it connects (`auth`). */
export interface Hello {
  readonly nickname: string;
  /** The page's secret; see {@linkcode Person.id}. */
  readonly key: string;
}
