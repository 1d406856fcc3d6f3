/**
 * The chat itself: what happens when somebody connects, moves, speaks, types or leaves.
 *
 * Everything is bounded by `limits.ts`, and every input passes `schemas.ts` first. The same chat runs where servers
 * sleep while nobody speaks (a Durable Object), which has three consequences: handlers are those of the namespace
 * (`io.onEvent`), which need no closure for each socket; what is known of a socket is in its `data`, as plain data;
 * and who is where is asked of the sockets when it is first needed.
 * @module
 */
import type { z } from "zod";
import type { Server, Socket } from "../../mod.ts";
import { Allowance } from "./allowance.ts";
import type { ClientToServer, Message, Person, Reply, Result, ServerToClient } from "./events.ts";
import { People } from "./people.ts";
import { type Room, Rooms } from "./rooms.ts";
import { draftSchema, helloSchema, messageIdSchema, roomSchema, typingSchema } from "./schemas.ts";
import type { Shelf } from "./shelf.ts";

/** What the chat remembers of one connection. */
export interface ChatData {
  person: Person;
  /** The name of the room it is in. */
  room?: string | undefined;
}

/** Between servers nothing is said. */
export type NoEvents = Record<never, never>;

/** The server this chat runs on. */
export type ChatServer = Server<ClientToServer, ServerToClient, NoEvents, ChatData>;
type ChatSocket = Socket<ClientToServer, ServerToClient, NoEvents, ChatData>;

/** Runs the chat on the main namespace of `io`. What is said is kept on `shelf`, by default in memory. */
export function runChat(io: ChatServer, shelf?: Shelf): void {
  const rooms = new Rooms(shelf);
  /** Sleep empties it, and takes longer than an allowance needs to be full again. */
  const allowances = new WeakMap<ChatSocket, Allowance>();
  let present: People | undefined;

  /** Everyone who is here, each room's people included. A server that slept has forgotten; its sockets have not. */
  function everyone(): People {
    if (present) return present;
    present = new People();
    for (const { id, data } of io.sockets.sockets.values()) {
      present.enter(data.person, id);
      if (data.room !== undefined) rooms.reopen(data.room).people.enter(data.person, id);
    }
    return present;
  }

  io.use((socket, next) => {
    introduce(socket.handshake.auth).then((person) => {
      if (everyone().isTaken(person)) throw new Error(`Somebody here is called ${person.nickname} already.`);
      socket.data.person = person;
      next();
    }).catch((error: Error) => next(Object.assign(error, { data: { field: "nickname" } })));
  });

  io.on("connection", (socket) => {
    if (socket.recovered) return; // it slept, and was greeted before
    everyone().enter(socket.data.person, socket.id);
    socket.emit("rooms", rooms.list());
  });

  io.onEvent("join", (socket, input, reply) => {
    answer(socket, reply, roomSchema, input, (name) => {
      const { person } = socket.data;
      everyone();
      const room = rooms.open(name);
      if (!room) return refuse("There are too many rooms already.");
      if (name !== socket.data.room) move(socket, room);
      return accept({ name, you: person, people: room.people.list(), history: room.history.list() });
    });
  });

  io.onEvent("say", (socket, input, reply) => {
    answer(socket, reply, draftSchema, input, ({ id, room: name, text, picture }) => {
      const { person } = socket.data;
      everyone();
      const room = rooms.get(name);
      if (!room) return refuse("This room is closed.");
      const known = room.history.find(id);
      if (known) return known.author.id === person.id ? accept(known.at) : refuse("Not your message.");
      const message: Message = {
        ...{ id, room: name, author: person, at: Date.now(), text },
        // A copy: what arrived may be a window on a larger buffer.
        ...(picture &&
          { picture: { ...picture, size: picture.bytes.length, bytes: picture.bytes.slice() } }),
      };
      room.history.add(message);
      socket.to(name).emit("message", message);
      socket.broadcast.except(name).emit("activity", name);
      return accept(message.at);
    });
  });

  // Of all requests this one is about nobody else: in a server that slept, it wakes only who asks.
  io.onEvent("picture", (socket, input, reply) => {
    answer(socket, reply, messageIdSchema, input, (id) => {
      const { room } = socket.data;
      const bytes = room === undefined ? undefined : rooms.reopen(room).history.find(id)?.picture?.bytes;
      return bytes ? accept(bytes) : refuse("This picture is no longer kept.");
    });
  });

  io.onEvent("typing", (socket, input) => {
    answer(socket, undefined, typingSchema, input, (active) => {
      const { person, room } = socket.data;
      if (room !== undefined) socket.to(room).volatile.emit("typing", person, active);
      return accept(undefined);
    });
  });

  // While it is still among the sockets, so that who leaves is known to have been here.
  io.onEvent("disconnecting", () => void everyone());

  io.onEvent("disconnect", (socket) => {
    everyone().exit(socket.data.person, socket.id);
    move(socket, undefined);
  });

  /** Takes a socket out of its room and into `room`, and tells those whom it concerns. */
  function move(socket: ChatSocket, room: Room | undefined): void {
    const { person, room: oldName } = socket.data;
    const old = oldName === undefined ? undefined : rooms.get(oldName);
    socket.data.room = room?.name;
    if (old) {
      socket.leave(old.name);
      if (old.people.exit(person, socket.id)) announce(socket, old, "left");
      rooms.tidy(old);
    }
    if (room) {
      socket.join(room.name);
      if (room.people.enter(person, socket.id)) announce(socket, room, "joined");
    }
    io.emit("rooms", rooms.list());
  }

  /** Checks one request and answers it. The client may lie about everything, so even `reply` is checked. */
  function answer<I, T>(
    socket: ChatSocket,
    reply: Reply<T> | undefined,
    schema: z.ZodType<I>,
    input: unknown,
    act: (input: I) => Result<T>,
  ): void {
    const respond = typeof reply === "function" ? reply : () => {};
    const now = Date.now();
    const allowance = allowances.get(socket) ?? new Allowance(now);
    allowances.set(socket, allowance);
    if (!allowance.take(now)) {
      return respond({ ok: false, error: "Not so fast, please.", retry: true });
    }
    const checked = schema.safeParse(input);
    respond(checked.success ? act(checked.data) : refuse(complaint(checked.error)));
  }
}

function announce(socket: ChatSocket, room: Room, kind: "joined" | "left"): void {
  const others = socket.to(room.name);
  others.emit("people", room.people.list());
  others.emit("notice", { kind, person: socket.data.person, at: Date.now() });
}

/** Who a connection says it is. Rejects with what to tell the person. */
async function introduce(auth: unknown): Promise<Person> {
  const hello = helloSchema.safeParse(auth);
  if (!hello.success) throw new Error(complaint(hello.error));
  const { nickname, key } = hello.data;
  // Others see a digest: enough to know somebody again, not enough to pass for them.
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return { id: new Uint8Array(digest).slice(0, 12).toHex(), nickname };
}

function complaint(error: z.ZodError): string {
  return error.issues[0]?.message ?? "This cannot be sent.";
}

function accept<T>(value: T): Result<T> {
  return { ok: true, value };
}

function refuse(error: string): Result<never> {
  return { ok: false, error, retry: false };
}
