/**
 * How much of everything the chat takes. The server enforces these, and serves them to the page as
 * part of `/settings.js`, so that the page can warn before sending.
 * @module
 */

/** Upper bounds of what people may send and of what the server keeps. */
export const limits = {
  /** Characters of a nickname. */
  nickname: 24,
  /** Characters of a room's name. */
  room: 24,
  /** Characters of a message. */
  text: 2_000,
  /** Bytes of a picture. */
  picture: 1_000_000,
  /** Bytes of a packet: a picture on HTTP long-polling travels as base64, a third larger. */
  packet: 2_000_000,
  /** Rooms at a time, the permanent ones included. */
  rooms: 24,
  /** Messages kept in each room. */
  history: 100,
  /** Bytes of pictures kept in each room; beyond them the oldest lose their bytes. */
  historyPictures: 4_000_000,
  /** Requests one connection may make at once, and how many come back each second. */
  burst: 30,
  perSecond: 5,
} as const;
