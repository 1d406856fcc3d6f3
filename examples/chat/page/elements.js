/**
 * Small helpers to find and make elements. What people wrote only ever becomes text: nothing here, nor
 * anywhere in the page, parses HTML.
 * @module
 */

/**
 * The element with that id.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {string} id
 * @param {T} _tag its tag, for its type
 * @returns {HTMLElementTagNameMap[T]}
 */
export function find(id, _tag) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`No element with id ${id}`);
  return /** @type {HTMLElementTagNameMap[T]} */ (element);
}

/**
 * Makes an element with a class and children; texts become text nodes.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/**
 * A button that does something.
 * @param {string} className
 * @param {() => void} act
 * @param {...(Node | string)} children
 */
export function button(className, act, ...children) {
  const element = make("button", className, ...children);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/**
 * Shows a person's initials in the person's colour.
 * @param {HTMLElement} element
 * @param {import("../events.ts").Person} person
 */
export function paintAvatar(element, { id, nickname }) {
  const words = nickname.split(/[\s._-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[1]].map(first) : [first(words[0] ?? nickname)];
  element.textContent = letters.join("").toLocaleUpperCase();
  element.style.setProperty("--hue", String(Number.parseInt(id.slice(0, 6), 16) % 360));
  element.setAttribute("aria-hidden", "true");
}

/** @param {string} [word] */
function first(word = "?") {
  return Array.from(word)[0] ?? "?"; // by code points: an emoji stays whole
}
