/**
 * Where one writes: text, a picture by button, paste or drop, and telling the others that one types.
 * @module
 */
import { find } from "./elements.js";
import { limits } from "./settings.js";
import { pictureUrl, readPicture, sizeText } from "./pictures.js";

/** How often to say that one still types, and how long after the last key one does not, in ms. */
const REPEAT = 2_000;
const PAUSE = 4_000;

const form = find("composer", "form");
const text = find("text", "textarea");
const file = find("file", "input");
const complaint = find("complaint", "p");
const preview = find("preview", "div");
const previewImage = find("preview-image", "img");
text.maxLength = limits.text;

/**
 * @typedef {{ type: import("../events.ts").PictureType, bytes: Uint8Array }} NewPicture
 */

/** @type {NewPicture | undefined} */
let picture;
/** @type {(text: string, picture: NewPicture | undefined) => void} */
let submit = () => {};
/** @type {(active: boolean) => void} */
let tellTyping = () => {};
let toldAt = 0;
let pause = 0;

/**
 * @param {typeof submit} onSubmit
 * @param {typeof tellTyping} onTyping
 */
export function onCompose(onSubmit, onTyping) {
  submit = onSubmit;
  tellTyping = onTyping;
}

/** Puts the cursor where one writes, unless a phone's keyboard would jump up. */
export function focus() {
  if (matchMedia("(hover: hover)").matches) text.focus();
}

/**
 * Tells the person what is wrong; empty takes it back.
 * @param {string} message
 */
export function complain(message) {
  complaint.textContent = message;
  complaint.hidden = message === "";
}

/** Says that one stopped to type, if one did. */
export function stopTyping() {
  clearTimeout(pause);
  if (toldAt > 0) tellTyping(false);
  toldAt = 0;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (words === "" && !picture) return;
  complain("");
  stopTyping();
  submit(words, picture);
  text.value = "";
  setPicture(undefined);
  text.focus();
});

text.addEventListener("keydown", (event) => {
  // `isComposing`: Enter also ends the choice of a character in Chinese, Japanese and Korean input.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

text.addEventListener("input", () => {
  if (text.value.trim() === "") return stopTyping();
  clearTimeout(pause);
  pause = setTimeout(stopTyping, PAUSE);
  if (Date.now() - toldAt < REPEAT) return;
  toldAt = Date.now();
  tellTyping(true);
});

text.addEventListener("paste", (event) => take(event.clipboardData?.files, event));
file.addEventListener("change", () => {
  take(file.files ?? undefined);
  file.value = ""; // so that choosing the same file again is a change
});
find("preview-remove", "button").addEventListener("click", () => {
  setPicture(undefined);
  text.focus();
});

const dropArea = /** @type {HTMLElement} */ (form.parentElement);
dropArea.addEventListener("dragover", (event) => {
  event.preventDefault();
  dropArea.classList.add("dropping");
});
dropArea.addEventListener("dragleave", () => dropArea.classList.remove("dropping"));
dropArea.addEventListener("drop", (event) => {
  event.preventDefault();
  dropArea.classList.remove("dropping");
  take(event.dataTransfer?.files);
});

/**
 * @param {FileList | undefined} files
 * @param {Event} [event] prevented where there was a file
 */
async function take(files, event) {
  const chosen = files?.[0];
  if (!chosen) return;
  event?.preventDefault();
  try {
    setPicture(await readPicture(chosen));
    complain("");
  } catch (error) {
    complain(/** @type {Error} */ (error).message);
  }
  text.focus();
}

/** @param {NewPicture | undefined} next */
function setPicture(next) {
  picture = next;
  if (previewImage.src) URL.revokeObjectURL(previewImage.src);
  previewImage.removeAttribute("src");
  preview.hidden = !next;
  if (!next) return;
  previewImage.src = pictureUrl(next.type, next.bytes);
  find("preview-text", "span").textContent = `Picture, ${sizeText(next.bytes.length)}`;
}
