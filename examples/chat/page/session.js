/**
 * Who this tab is: a nickname and a secret key, kept across reloads, and the dialog that asks.
 *
 * Both belong to the tab (two tabs are two people); the nickname last used anywhere is only a suggestion.
 * @module
 */
import { find } from "./elements.js";
import { limits } from "./settings.js";

const dialog = find("hello", "dialog");
const form = find("hello-form", "form");
const input = find("nickname", "input");
const error = find("hello-error", "p");
input.maxLength = limits.nickname;

let cancellable = false;

/** The tab's nickname; empty before one was chosen. */
export let nickname = sessionStorage.getItem("nickname") ?? "";

/** Says to the server who this is. */
export function hello() {
  return { nickname, key: secret() };
}

/**
 * Asks for a nickname.
 * @param {string} complaint what was wrong with the last one, or empty
 * @param {boolean} mayCancel whether there is a chat to go back to
 */
export function ask(complaint, mayCancel) {
  cancellable = mayCancel;
  input.value = nickname || (localStorage.getItem("nickname") ?? "");
  error.textContent = complaint;
  if (!dialog.open) dialog.showModal();
  input.select();
}

/**
 * Calls `entered` each time a nickname was given.
 * @param {() => void} entered
 */
export function onEnter(entered) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    nickname = input.value.trim();
    if (nickname === "") return ask("Choose a nickname.", cancellable);
    sessionStorage.setItem("nickname", nickname);
    localStorage.setItem("nickname", nickname);
    dialog.close();
    entered();
  });
  dialog.addEventListener("cancel", (event) => cancellable || event.preventDefault());
}

function secret() {
  const known = sessionStorage.getItem("key");
  if (known) return known;
  const key = randomId();
  sessionStorage.setItem("key", key);
  return key;
}

/** A random UUID, also on plain http:// in a local network, where `crypto.randomUUID` does not exist. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
