/**
 * The ids of core, as different types: a room's name cannot be taken for a socket's id by mistake. For users both
 * are plain strings; they are branded where they enter.
 * @module
 */

/** Names one client in one namespace: 20 characters of base64url, made here, never the sid of the session. */
export type SocketId = string & { readonly __brand: "SocketId" };

/** Names a set of sockets of one namespace. */
export type Room = string & { readonly __brand: "Room" };

/** The room that every socket is in alone, named as its id: `io.to(socket.id)`. */
export function ownRoom(id: SocketId): Room {
  return id as string as Room;
}
