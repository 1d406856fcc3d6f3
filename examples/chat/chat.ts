/**
 * The chat itself: what happens when somebody connects, moves, speaks, types or leaves.
 *
 * Everything lives in memory and is bounded by `limits.ts`. Every input passes `schemas.ts` first.
 * @module
 */
import type { z } from "zod";
import type { Server, Socket } from "../../mod.ts";
import { Allowance } from "./allowance.ts";
import type { ClientToServer, Message, Person, Reply, Result, ServerToClient } from "./events.ts";
import { People } from "./people.ts";
import { type Room, Rooms } from "./rooms.ts";
import { draftSchema, helloSchema, messageIdSchema, roomSchema, typingSchema } from "./schemas.ts";

/** What the chat remembers of one connection. */
export interface ChatData {
  person: Person;
  allowance: Allowance;
  room?: Room | undefined;
}

type NoEvents = Record<never, never>;
/** The server this chat runs on. */
export type ChatServer = Server<ClientToServer, ServerToClient, NoEvents, ChatData>;
type ChatSocket = Socket<ClientToServer, ServerToClient, NoEvents, ChatData>;

/** Runs the chat on the main namespace of `io`. */
export function runChat(io: ChatServer): void {
  const everyone = new People();
  const rooms = new Rooms();

  io.use((socket, next) => {
    introduce(socket.handshake.auth).then((person) => {
      if (everyone.isTaken(person)) throw new Error(`Somebody here is called ${person.nickname} already.`);
      socket.data.person = person;
      socket.data.allowance = new Allowance(Date.now());
      next();
    }).catch((error: Error) => next(Object.assign(error, { data: { field: "nickname" } })));
  });

  io.on("connection", (socket) => {
    const { person } = socket.data;
    everyone.enter(person, socket.id);
    socket.emit("rooms", rooms.list());

    socket.on("join", (input, reply) => {
      answer(socket, reply, roomSchema, input, (name) => {
        const room = rooms.open(name);
        if (!room) return refuse("There are too many rooms already.");
        if (room !== socket.data.room) move(socket, room);
        return accept({ name, you: person, people: room.people.list(), history: room.history.list() });
      });
    });

    socket.on("say", (input, reply) => {
      answer(socket, reply, draftSchema, input, ({ id, room: name, text, picture }) => {
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

    socket.on("picture", (input, reply) => {
      answer(socket, reply, messageIdSchema, input, (id) => {
        const bytes = socket.data.room?.history.find(id)?.picture?.bytes;
        return bytes ? accept(bytes) : refuse("This picture is no longer kept.");
      });
    });

    socket.on("typing", (input) => {
      answer(socket, undefined, typingSchema, input, (active) => {
        const { room } = socket.data;
        if (room) socket.to(room.name).volatile.emit("typing", person, active);
        return accept(undefined);
      });
    });

    socket.on("disconnect", () => {
      everyone.exit(person, socket.id);
      move(socket, undefined);
    });
  });

  /** Takes a socket out of its room and into `room`, and tells those whom it concerns. */
  function move(socket: ChatSocket, room: Room | undefined): void {
    const { person, room: old } = socket.data;
    socket.data.room = room;
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
}

function announce(socket: ChatSocket, room: Room, kind: "joined" | "left"): void {
  const others = socket.to(room.name);
  others.emit("people", room.people.list());
  others.emit("notice", { kind, person: socket.data.person, at: Date.now() });
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
  if (!socket.data.allowance.take(Date.now())) {
    return respond({ ok: false, error: "Not so fast, please.", retry: true });
  }
  const checked = schema.safeParse(input);
  respond(checked.success ? act(checked.data) : refuse(complaint(checked.error)));
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
