/**
 * The page: connects what the server says to what is shown, and what the person does to what is sent.
 * @module
 */
import * as composer from "./composer.js";
import { socket } from "./connection.js";
import { find } from "./elements.js";
import { Outbox } from "./outbox.js";
import * as session from "./session.js";
import * as sidebar from "./sidebar.js";
import * as timeline from "./timeline.js";

/** How long to wait for an answer, and to believe that someone types, in ms. */
const PATIENCE = 10_000;
const TYPING = 5_000;

const typing = find("typing", "p");
/** Who types, and the timer after which we no longer believe it. @type {Map<string, [string, number]>} */
const typists = new Map();

/** @type {import("../events.ts").Person | undefined} */
let me;
let room = roomOfAddress() || "lobby";
/** Said while the page was not looked at. */
let missed = 0;

const outbox = new Outbox(
  (draft) => socket.connected ? socket.timeout(PATIENCE).emitWithAck("say", draft) : undefined,
  showPending,
);

socket.on("connect", () => join(room));
socket.on("connect_error", (error) => {
  // Refused by the chat: the nickname. Anything else is the banner's business.
  if (!socket.active) session.ask(error.message, false);
});
socket.on("rooms", sidebar.showRooms);
socket.on("activity", sidebar.addUnread);
socket.on("people", (people) => sidebar.showPeople(people, me?.id ?? ""));
socket.on("notice", (notice) => {
  timeline.addNotice(notice);
  if (notice.kind === "left") setTyping(notice.person, false);
});
socket.on("typing", setTyping);
socket.on("message", (message) => {
  if (message.room !== room) return;
  setTyping(message.author, false);
  showMessage(message);
  if (document.hidden) countMissed(missed + 1);
});

/**
 * Goes to a room and shows it.
 * @param {string} name
 */
async function join(name) {
  composer.stopTyping();
  const result = await request(() => socket.timeout(PATIENCE).emitWithAck("join", name));
  if (!result) return;
  if (!result.ok) {
    composer.complain(result.error);
    if (name === room && name !== "lobby" && !result.retry) await join("lobby");
    return;
  }
  const view = result.value;
  const isNew = room !== view.name || !me;
  const { you } = view;
  me = you;
  room = view.name;
  if (location.hash.slice(1) !== room) location.hash = room;
  find("room-name", "span").textContent = room;
  find("text", "textarea").placeholder = `Message #${room}`;
  for (const [id] of typists) setTyping({ id, nickname: "" }, false);
  sidebar.showMe(you);
  sidebar.setCurrent(room);
  sidebar.showPeople(view.people, you.id);
  timeline.clear();
  for (const message of view.history) showMessage(message);
  for (const entry of outbox.pending(room)) showPending(entry);
  composer.complain("");
  if (isNew) composer.focus();
  outbox.flush();
}

/**
 * The answer to a request; undefined where the connection was lost, which the banner tells.
 * @template T
 * @param {() => Promise<T>} ask
 */
async function request(ask) {
  if (!socket.connected) return;
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

/** The room that the address names, `http://…/#design`; empty where it names none. */
function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // a percent sign that escapes nothing
  }
}

/** @param {import("../events.ts").Message} message */
function showMessage(message) {
  timeline.addMessage(message, message.author.id === me?.id, fetchPicture);
}

/** @param {string} id */
async function fetchPicture(id) {
  const result = await socket.timeout(PATIENCE).emitWithAck("picture", id);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** @param {import("./outbox.js").Entry} entry */
function showPending(entry) {
  const { draft, state, at, error } = entry;
  if (draft.room !== room || !me) return;
  const picture = draft.picture && { ...draft.picture, size: draft.picture.bytes.length };
  timeline.addMessage({ ...draft, picture, author: me, at }, true, fetchPicture);
  if (state === "failed") {
    timeline.setState(draft.id, state, `${error}`, {
      retry: () => outbox.retry(entry),
      drop: () => outbox.drop(entry),
    });
  } else {
    timeline.setState(
      draft.id,
      state,
      state === "sent" || socket.connected ? "" : "Waiting for the connection",
    );
  }
}

/**
 * @param {import("../events.ts").Person} person
 * @param {boolean} active
 */
function setTyping(person, active) {
  clearTimeout(typists.get(person.id)?.[1]);
  if (active) typists.set(person.id, [person.nickname, setTimeout(() => setTyping(person, false), TYPING)]);
  else typists.delete(person.id);
  const names = Array.from(typists.values(), ([nickname]) => nickname);
  typing.textContent = names.length === 0
    ? ""
    : names.length === 1
    ? `${names[0]} is typing …`
    : names.length === 2
    ? `${names[0]} and ${names[1]} are typing …`
    : "Several people are typing …";
}

/** @param {number} count */
function countMissed(count) {
  missed = count;
  document.title = count > 0 ? `(${count}) Skein chat` : "Skein chat";
}

document.addEventListener("visibilitychange", () => document.hidden || countMissed(0));

sidebar.onChoose((name) => {
  if (!socket.connected) composer.complain("Rooms can be changed when the connection is back.");
  else if (name !== room) join(name);
});
addEventListener("hashchange", () => {
  const name = roomOfAddress();
  if (name && name !== room) join(name);
});

composer.onCompose(
  (text, picture) => outbox.add({ id: session.randomId(), room, text, picture }),
  (active) => socket.volatile.emit("typing", active),
);

session.onEnter(() => {
  me = undefined; // a new name: the room is shown anew
  socket.disconnect().connect();
});
find("rename", "button").addEventListener("click", () => session.ask("", true));

if (session.nickname) socket.connect();
else session.ask("", false);
