/**
 * Reads a request body as text with a limit in bytes, counted while reading, so that an oversize or endless body
 * is never held.
 * @module
 */

/** The body of `request` as text; undefined where it has more than `limit` bytes. Rejects where the client goes away. */
export function readText(request: Request, limit: number): Promise<string | undefined> {
  const announced = request.headers.get("content-length");
  if (announced !== null && /^\d{1,15}$/.test(announced)) {
    // HTTP holds a body to its Content-Length, so the announced size can be trusted.
    return Number(announced) > limit ? Promise.resolve(undefined) : request.text();
  }
  return request.body ? readCounted(request.body, limit) : Promise.resolve("");
}

async function readCounted(body: ReadableStream<Uint8Array>, limit: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    total += value.byteLength;
    if (total > limit) {
      await reader.cancel().catch(() => {}); // the answer (413) tells the client; how the rest ends is of no interest
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
