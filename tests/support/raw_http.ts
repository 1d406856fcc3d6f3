/**
 * HTTP and WebSocket by hand over TCP, for what `fetch` and `WebSocket` hide: refused upgrades, half bodies,
 * connections cut in the middle, frames no client would send.
 * @module
 */
import { within } from "./within.ts";

/** An HTTP answer as it came. Header names in lower case. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The body as it came: it may be compressed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A WebSocket frame as it came. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One TCP connection. Dispose of it. */
export class RawConnection implements Disposable {
  readonly #conn: Deno.TcpConn;
  #buffer = new Uint8Array(0);
  #isHead = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(port: number): Promise<RawConnection> {
    return new RawConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async write(data: string | Uint8Array): Promise<void> {
    let bytes = typeof data === "string" ? encoder.encode(data) : data;
    while (bytes.length > 0) bytes = bytes.subarray(await this.#conn.write(bytes));
  }

  /** Sends the head of a request; the caller sends the body. */
  async request(method: string, target: string, headers: Record<string, string> = {}): Promise<void> {
    this.#isHead = method === "HEAD";
    const all = { Host: "127.0.0.1", ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await this.write(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`);
  }

  /** Sends a WebSocket upgrade request and returns the answer, 101 or not. */
  async upgrade(target: string, headers: Record<string, string> = {}): Promise<RawResponse> {
    await this.request("GET", target, {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": btoa("0123456789abcdef"),
      ...headers,
    });
    return await this.response();
  }

  /** Reads one HTTP answer. */
  async response(): Promise<RawResponse> {
    return await within(this.#response(), "an HTTP answer");
  }

  async #response(): Promise<RawResponse> {
    let end = -1;
    while ((end = decoder.decode(this.#buffer).indexOf("\r\n\r\n")) < 0) {
      if (!await this.#more()) throw new Error("The connection ended before an HTTP answer");
    }
    const [first, ...lines] = decoder.decode(this.#take(end + 4).subarray(0, end)).split("\r\n");
    const status = Number(first!.split(" ")[1]);
    const headers = new Headers(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string];
    }));
    const bytes = (await this.#body(status, headers)).slice();
    return { status, headers, body: decoder.decode(bytes), bytes };
  }

  async #body(status: number, headers: Headers): Promise<Uint8Array> {
    if (status === 101 || status === 204 || this.#isHead) return new Uint8Array(0);
    const length = headers.get("content-length");
    if (length !== null) return await this.#exactly(Number(length));
    if (headers.get("transfer-encoding") === "chunked") return await this.#chunks();
    while (await this.#more());
    return this.#take(this.#buffer.length);
  }

  async #chunks(): Promise<Uint8Array> {
    const body: number[] = [];
    for (;;) {
      let end = -1;
      while ((end = decoder.decode(this.#buffer).indexOf("\r\n")) < 0) {
        if (!await this.#more()) throw new Error("The connection ended within a chunk");
      }
      const size = parseInt(decoder.decode(this.#take(end + 2)), 16);
      body.push(...(await this.#exactly(size + 2)).subarray(0, size));
      if (size === 0) return new Uint8Array(body);
    }
  }

  /** Sends one WebSocket frame, masked as clients must. */
  async frame(
    opcode: number,
    payload: string | Uint8Array,
    flags: { fin?: boolean; rsv?: number; masked?: boolean } = {},
  ): Promise<void> {
    const data = typeof payload === "string" ? encoder.encode(payload) : payload;
    const masked = flags.masked !== false;
    const head = [(flags.fin === false ? 0 : 0x80) | ((flags.rsv ?? 0) << 4) | opcode];
    const mask = masked ? 0x80 : 0;
    if (data.length < 126) head.push(mask | data.length);
    else if (data.length < 65_536) head.push(mask | 126, data.length >> 8, data.length & 255);
    else head.push(mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (data.length >>> shift) & 255));
    if (masked) head.push(0, 0, 0, 0); // a mask of zeros leaves the payload as it is
    const bytes = new Uint8Array(head.length + data.length);
    bytes.set(head);
    bytes.set(data, head.length);
    await this.write(bytes);
  }

  /** Reads one WebSocket frame, or undefined when the connection ended. */
  async nextFrame(): Promise<RawFrame | undefined> {
    return await within(this.#nextFrame(), "a WebSocket frame");
  }

  async #nextFrame(): Promise<RawFrame | undefined> {
    while (this.#buffer.length < 2) if (!await this.#more()) return undefined;
    const [first, second] = await this.#exactly(2) as unknown as [number, number];
    let length = second & 127;
    if (length === 126) length = new DataView((await this.#exactly(2)).slice().buffer).getUint16(0);
    else if (length === 127) {
      length = Number(new DataView((await this.#exactly(8)).slice().buffer).getBigUint64(0));
    }
    return { opcode: first & 15, payload: (await this.#exactly(length)).slice() };
  }

  /** Reads frames until the close frame; its code, 1005 where it has none, 1006 where none came. */
  async closeCode(): Promise<number> {
    for (;;) {
      const frame = await this.nextFrame();
      if (!frame) return 1006;
      if (frame.opcode === 8) {
        return frame.payload.length < 2 ? 1005 : new DataView(frame.payload.buffer).getUint16(0);
      }
    }
  }

  /** Waits until the other side ends the connection; true where it did (also by reset). */
  async ended(): Promise<boolean> {
    await within(
      (async () => {
        while (await this.#more());
      })(),
      "the end of the connection",
    );
    return true;
  }

  /** Cuts the connection. */
  close(): void {
    try {
      this.#conn.close();
    } catch {
      // closed already
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #exactly(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count) {
      if (!await this.#more()) {
        throw new Error(`The connection ended ${count - this.#buffer.length} bytes early`);
      }
    }
    return this.#take(count);
  }

  #take(count: number): Uint8Array {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.slice(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const chunk = new Uint8Array(65_536);
    let count: number | null;
    try {
      count = await this.#conn.read(chunk);
    } catch {
      return false; // reset
    }
    if (count === null) return false;
    const joined = new Uint8Array(this.#buffer.length + count);
    joined.set(this.#buffer);
    joined.set(chunk.subarray(0, count), this.#buffer.length);
    this.#buffer = joined;
    return true;
  }
}

/** Opens a connection, sends a whole request, returns the answer and closes. */
export async function rawRequest(
  port: number,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body = "",
): Promise<RawResponse> {
  using connection = await RawConnection.open(port);
  const length: Record<string, string> = body === ""
    ? {}
    : { "Content-Length": String(encoder.encode(body).length) };
  await connection.request(method, target, { Connection: "close", ...length, ...headers });
  await connection.write(body);
  return await connection.response();
}
