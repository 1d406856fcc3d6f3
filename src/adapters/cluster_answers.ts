/**
 * How a server answers the question of another: about its own sockets, once, when all there is to say is known.
 * @module
 */
import type { LocalSockets, SocketDetails } from "../core/adapter.ts";
import type { Rooms } from "../core/rooms.ts";
import type { AskMessage } from "./cluster_messages.ts";

/** Takes the answer, once. */
export type Reply = (values: readonly unknown[], error: unknown) => void;

/** Answers, at once or later; an event between servers that no listener acks is never answered. Never throws. */
export function answerQuestion(
  { question, selector }: AskMessage,
  local: LocalSockets,
  rooms: Rooms,
  reply: Reply,
): void {
  try {
    switch (question.type) {
      case "ack": {
        const packet = local.decode(question.frames);
        const asked = { type: question.type, packet, timeout: question.timeout };
        local.askAcks(rooms.select(selector), asked, selector.flags).then(
          ({ values, error }) => reply(values, error),
          (error) => reply([], error),
        );
        return;
      }
      case "sockets":
        return reply(local.describe(rooms.select(selector)).map(plainDetails), null);
      case "servers": {
        let isAnswered = false;
        return local.heard(question.data, (value) => {
          if (!isAnswered) reply([value], null);
          isAnswered = true;
        });
      }
    }
  } catch (error) {
    local.report(error, "question of another server");
    reply([], error);
  }
}

/** A socket as data. */
function plainDetails({ id, handshake, rooms, data }: SocketDetails): SocketDetails {
  return { id, handshake, rooms: [...rooms], data };
}
