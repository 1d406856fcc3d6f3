/**
 * Pictures: from a file to bytes that fit, and from bytes to something an <img> can show.
 * @module
 */
import { find } from "./elements.js";
import { limits } from "./settings.js";

/** The longest side of a picture that had to be made smaller, in pixels. */
const SIDE = 1_600;

const viewer = find("viewer", "dialog");
const viewerImage = find("viewer-image", "img");

/**
 * Reads a file as it is, or smaller where it is too large to send. Throws an Error with what to tell.
 * @param {File} file
 * @returns {Promise<{ type: import("../events.ts").PictureType, bytes: Uint8Array }>}
 */
export async function readPicture(file) {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    throw new Error("Only PNG, JPEG, GIF and WebP pictures can be sent.");
  }
  const blob = file.size <= limits.picture ? file : await shrink(file);
  if (blob.size > limits.picture) throw new Error("This picture is too large.");
  const type = /** @type {import("../events.ts").PictureType} */ (blob.type);
  return { type, bytes: new Uint8Array(await blob.arrayBuffer()) };
}

/**
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function shrink(file) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error("This picture cannot be read.");
  });
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done, fail) => {
    canvas.toBlob(
      (blob) => blob ? done(blob) : fail(new Error("This picture cannot be made smaller.")),
      "image/jpeg",
      0.85,
    );
  });
}

/**
 * A URL for an <img>. Give it back with `URL.revokeObjectURL` once it is no longer shown.
 * @param {string} type
 * @param {ArrayBuffer | Uint8Array} bytes
 */
export function pictureUrl(type, bytes) {
  return URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type }));
}

/**
 * Shows a picture as large as the window allows.
 * @param {HTMLImageElement} image
 */
export function enlarge(image) {
  viewerImage.src = image.src;
  viewerImage.alt = image.alt;
  viewer.showModal();
}

viewer.addEventListener("click", (event) => {
  if (event.target === viewer) viewer.close(); // a click beside the picture
});

/** @param {number} bytes */
export function sizeText(bytes) {
  return bytes < 1_000
    ? `${bytes} B`
    : bytes < 1_000_000
    ? `${Math.round(bytes / 1_000)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
