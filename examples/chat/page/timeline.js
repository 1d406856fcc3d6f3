/**
 * The messages and notices of the current room.
 *
 * Bounded: the oldest lines leave the page, and their pictures the memory.
 * @module
 */
import { button, find, make, paintAvatar } from "./elements.js";
import { enlarge, pictureUrl, sizeText } from "./pictures.js";

/**
 * @typedef {object} Line
 * @property {string} id
 * @property {import("../events.ts").Person} author
 * @property {number} at ms since the epoch
 * @property {string} text
 * @property {{ type: string, size: number, bytes?: ArrayBuffer | Uint8Array }} [picture]
 */

/** Lines kept on the page. */
const LINES = 300;
/** Messages of one author nearer than this share one head, in ms. */
const TOGETHER = 5 * 60_000;

const list = find("timeline", "ol");
const scroller = find("scroller", "div");
const empty = find("empty", "p");
const toEnd = find("to-end", "button");
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** @type {Map<string, HTMLLIElement>} */
const lines = new Map();
/** Whether the person looks at the newest line: then new ones scroll into view. */
let atEnd = true;

scroller.addEventListener("scroll", () => {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  if (atEnd) toEnd.hidden = true;
});
toEnd.addEventListener("click", scrollToEnd);
// A picture gets its height when it has loaded, the view gets another one when a phone's keyboard opens.
new ResizeObserver(() => atEnd && scrollToEnd()).observe(list);
new ResizeObserver(() => atEnd && scrollToEnd()).observe(scroller);

/** Removes every line. */
export function clear() {
  for (const line of Array.from(list.children)) forget(line);
  lines.clear();
  empty.hidden = false;
  scrollToEnd();
}

/**
 * Shows a message; one that is shown already stays as it is.
 * @param {Line} message
 * @param {boolean} mine
 * @param {(id: string) => Promise<ArrayBuffer | Uint8Array>} fetchPicture
 */
export function addMessage(message, mine, fetchPicture) {
  if (lines.has(message.id)) return;
  const { author, at, picture } = message;
  const avatar = make("span", "avatar");
  paintAvatar(avatar, author);
  const time = make("time", "", clock.format(at));
  time.dateTime = new Date(at).toISOString();

  const line = make(
    "li",
    "message",
    avatar,
    make("p", "head", make("span", "author", author.nickname), time),
  );
  line.dataset.author = author.id;
  line.dataset.at = String(at);
  line.classList.toggle("mine", mine);
  const last = /** @type {HTMLElement | null} */ (list.lastElementChild);
  line.classList.toggle(
    "follows",
    last?.dataset.author === author.id && at - Number(last.dataset.at) < TOGETHER,
  );
  if (picture) line.append(pictureOf(message, picture, fetchPicture));
  if (message.text) line.append(bubble(message.text));
  lines.set(message.id, line);
  append(line, mine);
}

/**
 * Shows whether a message of one's own has arrived.
 * @param {string} id
 * @param {"waiting" | "sent" | "failed"} state
 * @param {string} [text]
 * @param {{ retry: () => void, drop: () => void }} [actions] what to do about a failed one
 */
export function setState(id, state, text, actions) {
  const line = lines.get(id);
  if (!line) return;
  line.dataset.state = state;
  line.querySelector(".state")?.remove();
  if (!text) return;
  const note = make("span", "state", text);
  if (actions) {
    const drop = () => {
      actions.drop();
      lines.delete(id);
      forget(line);
    };
    note.append(button("", actions.retry, "Try again"), button("", drop, "Discard"));
  }
  line.append(note);
}

/**
 * Shows that someone came or left.
 * @param {import("../events.ts").Notice} notice
 */
export function addNotice({ kind, person }) {
  append(make("li", "notice", `${person.nickname} ${kind === "joined" ? "joined" : "left"}`), false);
}

/** @param {string} text */
function bubble(text) {
  const onlyEmoji = /^(?:\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?\u200D?){1,6}$/u.test(text);
  return make("p", onlyEmoji ? "bubble big" : "bubble", text);
}

/**
 * @param {Line} message
 * @param {{ type: string, size: number, bytes?: ArrayBuffer | Uint8Array }} picture
 * @param {(id: string) => Promise<ArrayBuffer | Uint8Array>} fetchPicture
 */
function pictureOf({ id, author }, { type, size, bytes }, fetchPicture) {
  const image = make("img", "");
  image.alt = `Picture from ${author.nickname}`;
  const frame = button("picture", () => enlarge(image), image);
  frame.title = `${type.slice("image/".length).toUpperCase()}, ${sizeText(size)}`;
  const fail = () => {
    frame.disabled = true;
    frame.replaceChildren("This picture cannot be shown");
  };
  image.addEventListener("error", fail);
  const show = (/** @type {ArrayBuffer | Uint8Array} */ data) => {
    image.src = pictureUrl(type, data);
  };
  if (bytes) show(bytes);
  else fetchPicture(id).then(show, fail);
  return frame;
}

/**
 * @param {HTMLLIElement} line
 * @param {boolean} follow scroll there even if the person reads further up
 */
function append(line, follow) {
  empty.hidden = true;
  list.append(line);
  while (list.children.length > LINES) {
    const oldest = /** @type {Element} */ (list.firstElementChild);
    for (const [id, element] of lines) if (element === oldest) lines.delete(id);
    forget(oldest);
  }
  if (follow || atEnd) scrollToEnd();
  else toEnd.hidden = false;
}

/** @param {Element} line */
function forget(line) {
  for (const image of line.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  line.remove();
}

function scrollToEnd() {
  atEnd = true;
  toEnd.hidden = true;
  scroller.scrollTop = scroller.scrollHeight;
}
