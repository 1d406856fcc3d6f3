/**
 * The chat's rules without a network: what is refused, what is kept, and what is sent again.
 * @module
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { Allowance } from "../../examples/chat/allowance.ts";
import type { Draft, Message, Person, Result } from "../../examples/chat/events.ts";
import { History } from "../../examples/chat/history.ts";
import { limits } from "../../examples/chat/limits.ts";
import { type Entry, Outbox } from "../../examples/chat/page/outbox.js";
import { People } from "../../examples/chat/people.ts";
import { Rooms } from "../../examples/chat/rooms.ts";
import { draftSchema, helloSchema, roomSchema } from "../../examples/chat/schemas.ts";

const ada: Person = { id: "a", nickname: "Ada" };
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function draft(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { id: crypto.randomUUID(), room: "lobby", text: "hello", ...more };
}

function png(size: number, head: number[] = PNG): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(head);
  return bytes;
}

function message(id: string, bytes?: Uint8Array): Message {
  const picture = bytes && { type: "image/png" as const, size: bytes.length, bytes };
  return { id, room: "lobby", author: ada, at: 0, text: id, ...(picture && { picture }) };
}

Deno.test("Nickname is normalised, and refused when empty, long or with invisible characters", () => {
  const name = (nickname: unknown) => helloSchema.safeParse({ nickname, key: "0123456789abcdef" });
  assertEquals(name("  Grace \t Hopper ").data?.nickname, "Grace Hopper");
  assertEquals(name("Zoe\u0308").data?.nickname, "Zoë");
  for (
    const bad of ["", "   ", "x".repeat(25), "A\u200bda", "A\u202eda", "A\u0000", 5, null, undefined, {}]
  ) {
    assertFalse(name(bad).success, JSON.stringify(bad));
  }
  assertFalse(helloSchema.safeParse({ nickname: "Ada", key: "short" }).success);
  assertFalse(helloSchema.safeParse(undefined).success);
});

Deno.test("Room name is what fits in a link", () => {
  for (const good of ["lobby", "a", "room-2", "x".repeat(24)]) {
    assert(roomSchema.safeParse(good).success, good);
  }
  for (const bad of ["", "A", "a b", "-a", "a-", "a--b", "__proto__", "ä", "x".repeat(25), 1, null]) {
    assertFalse(roomSchema.safeParse(bad).success, String(bad));
  }
});

Deno.test("Message is refused when empty, too long, or without a proper id", () => {
  assert(draftSchema.safeParse(draft()).success);
  assert(draftSchema.safeParse(draft({ text: "x".repeat(limits.text) })).success);
  for (
    const bad of [{ text: "" }, { text: " \n" }, { text: "x".repeat(limits.text + 1) }, { id: "1" }, {
      text: 1,
    }]
  ) {
    assertFalse(draftSchema.safeParse(draft(bad)).success, JSON.stringify(bad).slice(0, 40));
  }
});

Deno.test("Picture is refused when too large, of another type, or not what it says", () => {
  const check = (type: unknown, bytes: unknown) =>
    draftSchema.safeParse(draft({ text: "", picture: { type, bytes } })).success;
  assert(check("image/png", png(limits.picture)));
  assert(check("image/webp", png(20, [0x52, 0x49, 0x46, 0x46, 1, 2, 3, 4, 0x57, 0x45, 0x42, 0x50])));
  assertFalse(check("image/png", png(limits.picture + 1)));
  assertFalse(check("image/jpeg", png(100)));
  assertFalse(check("image/svg+xml", png(100)));
  assertFalse(check("image/png", new TextEncoder().encode("<svg onload=alert(1)>")));
  assertFalse(check("image/png", PNG));
  assertFalse(check("__proto__", png(100)));
});

Deno.test("History keeps the newest messages, and the newest pictures' bytes", () => {
  const history = new History();
  for (let n = 0; n < limits.history + 5; n++) history.add(message(`m${n}`));
  assertEquals(history.list().length, limits.history);
  assertEquals(history.find("m4"), undefined);
  assertEquals(history.list()[0]?.id, "m5");

  const count = limits.historyPictures / limits.picture;
  for (let n = 0; n < count + 2; n++) history.add(message(`p${n}`, png(limits.picture)));
  const kept = Array.from(
    { length: count + 2 },
    (_, n) => history.find(`p${n}`)?.picture?.bytes !== undefined,
  );
  assertEquals(kept, [false, false, ...new Array(count).fill(true)]);
  assertEquals(history.list().at(-1)?.picture, { type: "image/png", size: limits.picture });
});

Deno.test("Person with two connections is one person until both are gone", () => {
  const people = new People();
  assert(people.enter(ada, "1"));
  assertFalse(people.enter(ada, "2"));
  assertEquals(people.list(), [ada]);
  assertFalse(people.exit(ada, "1"));
  assertFalse(people.exit(ada, "1"), "a connection that already left");
  assert(people.exit(ada, "2"));
  assertEquals(people.size, 0);
});

Deno.test("Nickname is taken by others in any case and width, not by oneself", () => {
  const people = new People();
  people.enter(ada, "1");
  assertFalse(people.isTaken(ada));
  assert(people.isTaken({ id: "b", nickname: "ADA" }));
  assert(people.isTaken({ id: "b", nickname: "Ａｄａ" }));
  assertFalse(people.isTaken({ id: "b", nickname: "Ada L" }));
});

Deno.test("Rooms are limited, and those that people opened go when empty", () => {
  const rooms = new Rooms();
  const before = rooms.list().length;
  for (let n = before; n < limits.rooms; n++) assert(rooms.open(`room-${n}`));
  assertEquals(rooms.open("one-too-many"), undefined);
  const opened = rooms.get(`room-${before}`)!;
  opened.people.enter(ada, "1");
  rooms.tidy(opened);
  assertEquals(rooms.get(opened.name), opened);
  opened.people.exit(ada, "1");
  rooms.tidy(opened);
  assertEquals(rooms.get(opened.name), undefined);
  rooms.tidy(rooms.get("lobby")!);
  assert(rooms.get("lobby"));
});

Deno.test("Allowance ends after a burst and comes back with time", () => {
  const allowance = new Allowance(0);
  for (let n = 0; n < limits.burst; n++) assert(allowance.take(0));
  assertFalse(allowance.take(0));
  assert(allowance.take(1_000 / limits.perSecond));
  assertFalse(allowance.take(1_000 / limits.perSecond));
  assertFalse(allowance.take(0), "a clock that went back");
});

Deno.test("Outbox waits for the connection, sends in order, and repeats what got no answer", async () => {
  let connected = false;
  const sent: string[] = [];
  const answers: (Result<number> | Error)[] = [new Error("lost"), ok(1), no("Refused"), ok(2)];
  const outbox = new Outbox((draft: Draft) => {
    if (!connected) return undefined;
    sent.push(draft.text);
    const answer = answers.shift()!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }, () => {});
  for (const text of ["one", "two", "three"]) outbox.add(draft({ text }) as unknown as Draft);
  assertEquals(sent, []);
  assertEquals(outbox.pending("lobby").length, 3);

  connected = true;
  await outbox.flush();

  assertEquals(sent, ["one", "one", "two", "three"]);
  const left: Entry[] = outbox.pending("lobby");
  assertEquals(left.map((entry) => [entry.draft.text, entry.state, entry.error]), [[
    "two",
    "failed",
    "Refused",
  ]]);
  outbox.drop(left[0]!);
  assertEquals(outbox.pending("lobby"), []);
});

function ok(value: number): Result<number> {
  return { ok: true, value };
}

function no(error: string): Result<number> {
  return { ok: false, error, retry: false };
}
