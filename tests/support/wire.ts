/**
 * An Engine.IO client that does only what it is told: one call, one exchange on the wire. Knows nothing of the
 * protocol but how a polling body is split and how to say hello.
 * @module
 */
import { assertEquals } from "@std/assert";
import { can, expected, type TargetServer } from "./target.ts";
import { within } from "./within.ts";

/** What the open packet says. */
export interface OpenPacket {
  readonly sid: string;
  readonly upgrades: string[];
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly maxPayload: number;
}

/** What separates packets in a polling body. */
export const SEPARATOR = "\x1e";

/** The open packet in the first packet of a session. */
export function readOpen(packet: string | undefined): OpenPacket {
  assertEquals(packet?.charAt(0), "0");
  return JSON.parse(packet!.slice(1));
}

/** A polling session. */
export class PollingSession {
  readonly server: TargetServer;
  readonly open: OpenPacket;
  /** Packets that came with the open packet. */
  readonly greeting: readonly string[];

  private constructor(server: TargetServer, packets: string[]) {
    this.server = server;
    this.open = readOpen(packets[0]);
    this.greeting = packets.slice(1);
  }

  static async start(server: TargetServer, query = "", init: RequestInit = {}): Promise<PollingSession> {
    const response = await within(fetch(server.url(`transport=polling${query}`), init), "the handshake");
    const body = await response.text();
    assertEquals(response.status, 200, body);
    return new PollingSession(server, body.split(SEPARATOR));
  }

  get sid(): string {
    return this.open.sid;
  }

  /** The URL of this session's requests. */
  get url(): string {
    return this.server.url(`transport=polling&sid=${this.sid}`);
  }

  /** The request target of this session's requests. */
  get target(): string {
    return this.server.target(`transport=polling&sid=${this.sid}`);
  }

  /** Sends a GET and returns the answer. */
  async get(init: RequestInit = {}): Promise<Response> {
    return await within(fetch(this.url, init), "the answer to a GET");
  }

  /** Sends a POST and returns the answer. */
  async send(body: BodyInit, init: RequestInit = {}): Promise<Response> {
    return await within(fetch(this.url, { method: "POST", body, ...init }), "the answer to a POST");
  }

  /** One GET that must succeed; its packets. */
  async poll(): Promise<string[]> {
    const response = await this.get();
    const body = await response.text();
    assertEquals(response.status, 200, body);
    return body.split(SEPARATOR);
  }

  /** Waits until a GET of this session is parked: requests on two connections may be taken in any order. */
  async untilParked(): Promise<void> {
    while (await this.server.act("writable", { sid: this.sid }) !== true);
  }

  /** GETs until `count` packets came. */
  async pollFor(count: number): Promise<string[]> {
    const packets: string[] = [];
    while (packets.length < count) packets.push(...await this.poll());
    return packets;
  }

  /** One POST that must be answered `ok`. */
  async post(...packets: string[]): Promise<void> {
    const response = await this.send(packets.join(SEPARATOR));
    assertEquals([response.status, await response.text()], [200, "ok"]);
  }

  /** Status and body of one more GET: [200, …] only while the session lives. */
  async probe(): Promise<[number, string]> {
    const response = await this.get();
    return [response.status, await response.text()];
  }

  /** Asserts that the server does not know this session any more. */
  async assertGone(): Promise<void> {
    assertEquals(await this.probe(), [400, '{"code":1,"message":"Session ID unknown"}']);
  }

  /** Asserts that the session still echoes. */
  async assertEchoes(text = "still there"): Promise<void> {
    await this.post(`4${text}`);
    assertEquals(await this.poll(), [`4${text}`]);
  }
}

/** How a WebSocket ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket whose messages wait to be read. Dispose of it (`await using`). */
export class WireSocket implements AsyncDisposable {
  readonly socket: WebSocket;
  /** Resolves when the socket was closed by whomever. */
  readonly ended: Promise<Ending>;
  readonly #waiting: (string | Uint8Array)[] = [];
  #wake: (() => void) | undefined;
  #isEnded = false;

  private constructor(url: string, options: { headers?: Record<string, string> }) {
    this.socket = new WebSocket(url, options);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => {
      if (data === "6" && expected.answersPongs) return;
      this.#waiting.push(typeof data === "string" ? data : new Uint8Array(data));
      this.#wake?.();
    };
    this.ended = new Promise((resolve) => {
      this.socket.onclose = ({ code, reason }) => {
        this.#isEnded = true;
        this.#wake?.();
        resolve({ code, reason });
      };
    });
  }

  /** Connects; the promise rejects where the server refuses. */
  static async connect(url: string, options: { headers?: Record<string, string> } = {}): Promise<WireSocket> {
    const wire = new WireSocket(url, options);
    await within(
      new Promise<void>((resolve, reject) => {
        wire.socket.onopen = () => resolve();
        wire.socket.onerror = (event) => reject(new Error(`refused: ${(event as ErrorEvent).message}`));
      }),
      "a WebSocket to open",
    );
    wire.socket.onerror = null;
    return wire;
  }

  /** Connects a new session and returns its open packet too. */
  static async start(server: TargetServer, query = ""): Promise<{ ws: WireSocket; open: OpenPacket }> {
    const ws = await WireSocket.connect(server.url(`transport=websocket${query}`, "ws"));
    return { ws, open: readOpen(await ws.text()) };
  }

  send(...messages: (string | Uint8Array<ArrayBuffer>)[]): void {
    for (const message of messages) this.socket.send(message);
  }

  /** The next message; throws where the socket ends first. */
  async next(): Promise<string | Uint8Array> {
    await within(
      (async () => {
        while (this.#waiting.length === 0 && !this.#isEnded) {
          await new Promise<void>((resolve) => this.#wake = resolve);
        }
      })(),
      "a WebSocket message",
    );
    const message = this.#waiting.shift();
    if (message === undefined) throw new Error(`The WebSocket ended: ${JSON.stringify(await this.ended)}`);
    return message;
  }

  /** The next message, which must be text. */
  async text(): Promise<string> {
    const message = await this.next();
    assertEquals(typeof message, "string");
    return message as string;
  }

  /** Waits for the end, which the server must bring about; messages before it are discarded. */
  async end(): Promise<Ending> {
    return await within(this.ended, "the end of a WebSocket");
  }

  /** Messages that came and were not read. */
  get unread(): readonly (string | Uint8Array)[] {
    return this.#waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await within(this.ended, "the close of a WebSocket");
  }
}

/** Clients that are there and do nothing, where a server keeps no time without any. */
export interface Companions extends AsyncDisposable {
  /** How many. */
  readonly count: number;
}

/** Has the server keep time: by itself, or with a companion that answers pings. */
export async function keepTime(server: TargetServer): Promise<Companions> {
  if (can.keepsTime === true) return { count: 0, [Symbol.asyncDispose]: () => Promise.resolve() };
  const { ws } = await WireSocket.start(server);
  ws.socket.addEventListener("message", ({ data }) => {
    if (data === "2") ws.send("3");
  });
  return { count: 1, [Symbol.asyncDispose]: () => ws[Symbol.asyncDispose]() };
}

/** A WebSocket that probes an upgrade of the session: `2probe` sent, `3probe` received. */
export async function probe(session: PollingSession): Promise<WireSocket> {
  const ws = await candidate(session);
  ws.send("2probe");
  assertEquals(await ws.text(), "3probe");
  return ws;
}

/** A WebSocket for the session's sid that has said nothing yet. */
export async function candidate(session: PollingSession, query = ""): Promise<WireSocket> {
  return await WireSocket.connect(session.server.url(`transport=websocket&sid=${session.sid}${query}`, "ws"));
}

/** Upgrades the session as the official client does: nothing in flight when `5` is sent. */
export async function upgrade(session: PollingSession): Promise<WireSocket> {
  const parked = session.poll();
  const ws = await probe(session);
  assertEquals(await parked, ["6"]);
  ws.send("5");
  return ws;
}
