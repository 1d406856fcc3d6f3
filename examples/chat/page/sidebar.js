/**
 * The list of rooms with their unread badges, the people of the room, and (on phones) the drawer around them.
 * @module
 */
import { button, find, make, paintAvatar } from "./elements.js";
import { limits } from "./settings.js";

const sidebar = find("sidebar", "aside");
const shade = find("shade", "div");
const menu = find("menu", "button");
const menuBadge = find("menu-badge", "span");
const roomList = find("rooms", "ul");
const peopleList = find("people", "ul");
const newRoom = find("new-room", "form");
const newRoomName = find("new-room-name", "input");
newRoomName.maxLength = limits.room;

/** @type {readonly import("../events.ts").RoomSummary[]} */
let rooms = [];
let current = "";
/** @type {(name: string) => void} */
let choose = () => {};
/** Messages said in rooms one is not in, since one was there last. @type {Map<string, number>} */
const unread = new Map();

/**
 * Calls `chosen` with the name of a room to go to.
 * @param {(name: string) => void} chosen
 */
export function onChoose(chosen) {
  choose = chosen;
}

/** @param {readonly import("../events.ts").RoomSummary[]} list */
export function showRooms(list) {
  rooms = list;
  for (const name of unread.keys()) if (!list.some((room) => room.name === name)) unread.delete(name);
  render();
}

/**
 * Marks a room as the current one; it has nothing unread.
 * @param {string} name
 */
export function setCurrent(name) {
  current = name;
  unread.delete(name);
  setOpen(false);
  render();
}

/** @param {string} name */
export function addUnread(name) {
  unread.set(name, (unread.get(name) ?? 0) + 1);
  render();
}

/**
 * @param {readonly import("../events.ts").Person[]} people
 * @param {string} you the id of the person of this page
 */
export function showPeople(people, you) {
  find("people-count", "span").textContent = String(people.length);
  peopleList.replaceChildren(...people.map((person) => {
    const avatar = make("span", "avatar");
    paintAvatar(avatar, person);
    const line = make("li", "", avatar, make("span", "name", person.nickname));
    if (person.id === you) line.append(make("span", "you", "you"));
    return line;
  }));
}

/** @param {import("../events.ts").Person} you */
export function showMe(you) {
  paintAvatar(find("me-avatar", "span"), you);
  find("me-name", "span").textContent = you.nickname;
}

function render() {
  // Re-rendering must not take the keyboard focus away.
  const focused = document.activeElement instanceof HTMLElement && document.activeElement.dataset.room;
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  roomList.replaceChildren(...rooms.map(({ name, people }) => {
    const count = unread.get(name) ?? 0;
    const entry = button("", () => choose(name), make("span", count ? "name unread" : "name", name));
    entry.dataset.room = name;
    if (name === current) entry.setAttribute("aria-current", "true");
    if (count > 0) entry.append(badge(count));
    else if (people > 0) {
      const size = make("span", "size", String(people));
      size.title = people === 1 ? "1 person" : `${people} people`;
      entry.append(size);
    }
    buttons.set(name, entry);
    return make("li", "", entry);
  }));
  if (focused) buttons.get(focused)?.focus();
  let total = 0;
  for (const count of unread.values()) total += count;
  menuBadge.hidden = total === 0;
  menuBadge.textContent = short(total);
}

/** @param {number} count */
function badge(count) {
  const element = make("span", "badge", short(count));
  element.setAttribute("aria-label", `${count} unread`);
  return element;
}

/** @param {number} count */
function short(count) {
  return count > 99 ? "99+" : String(count);
}

newRoom.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = newRoomName.value.trim().toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  if (name) choose(name);
  newRoomName.value = "";
});

/** @param {boolean} open */
function setOpen(open) {
  sidebar.classList.toggle("open", open);
  shade.hidden = !open;
  menu.setAttribute("aria-expanded", String(open));
}

menu.addEventListener("click", () => setOpen(!sidebar.classList.contains("open")));
shade.addEventListener("click", () => setOpen(false));

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && sidebar.classList.contains("open")) {
    setOpen(false);
    menu.focus();
  }
  // Alt+Up and Alt+Down go through the rooms.
  const step = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
  if (!step || rooms.length === 0) return;
  event.preventDefault();
  const at = rooms.findIndex((room) => room.name === current);
  const next = rooms[(at + step + rooms.length) % rooms.length];
  if (next) choose(next.name);
});
