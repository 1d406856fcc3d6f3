/**
 * Checks everything a client sends before the chat looks at it.
 * @module
 */
import * as z from "zod";
import { type Draft, type Hello, type PictureType, pictureTypes } from "./events.ts";
import { limits } from "./limits.ts";

/** A name as people see it: single spaces, nothing invisible (which could imitate another name). */
const nickname: z.ZodType<string> = z.string().max(4 * limits.nickname, "This nickname is too long.")
  .transform((name) => name.normalize("NFC").replace(/\s+/gu, " ").trim())
  .pipe(
    z.string()
      .min(1, "Choose a nickname.")
      .max(limits.nickname, `A nickname has at most ${limits.nickname} characters.`)
      .regex(/^\P{C}*$/u, "A nickname cannot have invisible characters."),
  );

/** The first bytes of each format, so that a file is what it says. `undefined` matches any byte. */
const signatures: Record<PictureType, readonly (number | undefined)[]> = {
  "image/png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  "image/jpeg": [0xff, 0xd8, 0xff],
  "image/gif": [0x47, 0x49, 0x46, 0x38],
  "image/webp": [0x52, 0x49, 0x46, 0x46, , , , , 0x57, 0x45, 0x42, 0x50],
};

/** `auth` of a connection. */
export const helloSchema: z.ZodType<Hello> = z.object({
  nickname,
  key: z.string().min(16).max(64),
});

/** The name of a room: what fits in a link without escaping. */
export const roomSchema: z.ZodType<string> = z.string()
  .min(1, "Name the room.")
  .max(limits.room, `A room's name has at most ${limits.room} characters.`)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "A room's name has small letters a to z, digits and single dashes.");

/** The id of a message. */
export const messageIdSchema: z.ZodType<string> = z.uuid();

/** A message to be said. */
export const draftSchema: z.ZodType<Draft> = z.object({
  id: messageIdSchema,
  room: roomSchema,
  text: z.string().max(limits.text, `A message has at most ${limits.text} characters.`)
    .transform((text) => text.trim()),
  picture: z.object({
    type: z.enum(pictureTypes, "Only PNG, JPEG, GIF and WebP pictures can be sent."),
    bytes: z.instanceof(Uint8Array<ArrayBuffer>)
      .refine((bytes) => bytes.byteLength <= limits.picture, "This picture is too large."),
  }).refine(
    ({ type, bytes }) => signatures[type].every((byte, at) => byte === undefined || bytes[at] === byte),
    "This file is not the picture it says it is.",
  ).optional(),
}).refine((draft) => draft.text !== "" || draft.picture !== undefined, "There is nothing to say.");

/** Whether someone types. */
export const typingSchema: z.ZodType<boolean> = z.boolean();
