/**
 * All sessions of one server, and the answers to their requests. It performs no platform call itself: the runtime
 * comes as a {@linkcode RequestContext} with each request.
 * @module
 */
import { Emitter } from "../events/emitter.ts";
import { type AnyEmitter, Listenable } from "../events/listenable.ts";
import { messageFrame } from "../protocol/engine_packet.ts";
import type { Frame } from "../protocol/frame.ts";
import { randomId } from "../protocol/random_id.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { Deadlines } from "../time/deadlines.ts";
import { emptyAnswer, EngineErrorCode, type Refusal, refusal, refusalAnswer } from "./answers.ts";
import { Driver, type DriverPorts } from "./driver.ts";
import { SessionSocket } from "./engine_socket.ts";
import { type Admission, admit, type Handshake, isWebSocketRequest } from "./handshake.ts";
import { HandshakeRequest } from "./handshake_request.ts";
import { HeaderList, type ResponseHeaders } from "./headers.ts";
import { askAllowRequest, askGenerateId, noSid, type Patience, patience } from "./hooks.ts";
import { type EngineMiddleware, runMiddlewares } from "./middleware.ts";
import { type EngineOptions, type EngineSettings, engineSettings } from "./options.ts";
import { PollingTransport } from "./polling.ts";
import type { EngineHandler, EngineSocket, TransportKind } from "./ports.ts";
import { readQuery } from "./query.ts";
import type { SessionOptions } from "./session.ts";
import { peerOf, type SessionSnapshot } from "./snapshot.ts";
import type { RequestContext, Runtime } from "./runtime.ts";
import type { Transport } from "./transport.ts";
import {
  type RuntimeSocket,
  type SocketEvents,
  type WebSocketOptions,
  WebSocketTransport,
} from "./websocket.ts";

/** Events of the engine, for users. */
export interface EngineEvents {
  /** A session began. */
  connection: (socket: EngineSocket) => void;
  /** A request was refused. */
  connection_error: (error: ConnectionError) => void;
  /** The first answer of a session is about to leave; headers set here go with it. */
  initial_headers: (headers: ResponseHeaders, request: Request) => void;
  /** An answer of HTTP long-polling, or to an upgrade request, is about to leave. */
  headers: (headers: ResponseHeaders, request: Request) => void;
  /** Frames of a session were handed to its transport. */
  flush: (socket: EngineSocket) => void;
  /** A session is writable again. */
  drain: (socket: EngineSocket) => void;
}

/** A refused request. */
export interface ConnectionError extends Refusal {
  /** The request. */
  readonly req: Request;
}

/** What the engine is given by whoever builds it. */
export interface EnginePorts {
  /** The layer above. */
  readonly handler?: EngineHandler | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** What answers requests. Default: the runtime this code runs on. */
  readonly runtime?: Runtime | undefined;
  /** Whether the runtime keeps the heartbeat of WebSockets itself. Default false. */
  readonly isWatched?: boolean | undefined;
  /** Makes sure that sessions that sleep are there: something is about all of them. */
  readonly wakeAll?: (() => void) | undefined;
  /** Makes sids where `generateId` does not. Default: 120 random bits. */
  readonly makeId?: (() => string) | undefined;
  /** What is put before the sids of `generateId`: they may have to say where their sessions are. */
  readonly idPrefix?: string | undefined;
}

const NO_HEADERS = new HeaderList();

class Session {
  readonly driver: Driver;
  /** The polling side, where the session began with one. */
  readonly polling: PollingTransport | undefined;
  /** The public face; made when the session is announced. */
  socket: SessionSocket | undefined;

  constructor(driver: Driver, polling: PollingTransport | undefined) {
    this.driver = driver;
    this.polling = polling;
  }

  get transportKind(): TransportKind {
    return this.driver.transportKind;
  }
}

// The side of an engine that runtimes use which let sessions sleep, and users do not see.

/**
 * A session as data: "busy" while something is under way on it; undefined where there is none, or not on this
 * WebSocket.
 */
export let snapshotSession: (
  engine: EngineCore,
  sid: string,
  socket: SocketEvents,
  base64: boolean,
) => SessionSnapshot | "busy" | undefined;
/**
 * Goes on with a session that slept, over its WebSocket. `state`: what the layer above knew of it. Returns whom to
 * tell what happens on the WebSocket.
 */
export let restoreSession: (
  engine: EngineCore,
  snapshot: SessionSnapshot,
  socket: RuntimeSocket,
  state: unknown,
) => SocketEvents;

/** The engine. Options are checked here: a wrong one throws a TypeError. */
export class EngineCore extends Listenable<EngineEvents, Record<never, never>> {
  readonly #settings: EngineSettings;
  readonly #deadlines: Deadlines;
  readonly #handler: EngineHandler | undefined;
  readonly #sessions = new Map<string, Session>();
  readonly #wakeAll: (() => void) | undefined;
  readonly #makeId: () => string;
  readonly #idPrefix: string;
  readonly #terms: string;
  readonly #middlewares: EngineMiddleware[] = [];
  readonly #emitter: Emitter<EngineEvents>;
  readonly #wait: Patience;
  /** What all sessions share. */
  readonly #sessionOptions: SessionOptions;
  readonly #ports: DriverPorts;
  readonly #webSockets: Readonly<Record<"plain" | "base64", WebSocketOptions>>;
  #isClosed = false;

  static {
    snapshotSession = (engine, sid, socket, base64) => engine.#snapshot(sid, socket, base64);
    restoreSession = (engine, snapshot, socket, state) => engine.#restore(snapshot, socket, state);
  }

  /** Makes the sid of a handshake; may be replaced, as on the official engine. */
  generateId: (request: Request) => string | Promise<string>;

  /** Checks the options: a wrong one throws a TypeError. */
  constructor(options: EngineOptions = {}, ports: EnginePorts = {}) {
    const settings = engineSettings(options);
    const emitter = new Emitter<EngineEvents>(settings.onError, "engine");
    super(emitter as unknown as AnyEmitter);
    this.#settings = settings;
    this.#deadlines = new Deadlines(ports.clock ?? systemClock);
    this.#handler = ports.handler;
    this.#wait = patience(this.#deadlines, settings.hookTimeout);
    this.#emitter = emitter;
    this.#wakeAll = ports.wakeAll;
    this.#makeId = ports.makeId ?? randomId;
    this.#idPrefix = ports.idPrefix ?? "";
    this.generateId = this.#settings.generateId ?? this.#makeId;
    const { pingInterval, pingTimeout, upgradeTimeout, maxBufferedBytes, maxHttpBufferSize } = settings;
    // The end of each open packet. Source: Engine.IO protocol v4, "Handshake".
    this.#terms = JSON.stringify({ pingInterval, pingTimeout, maxPayload: maxHttpBufferSize }).slice(1);
    this.#sessionOptions = {
      pingInterval,
      pingTimeout,
      upgradeTimeout,
      maxBufferedBytes,
      maxPayload: maxHttpBufferSize,
    };
    this.#ports = {
      deadlines: this.#deadlines,
      report: settings.onError,
      forget: (sid) => this.#sessions.delete(sid),
      isFlushHeard: () => emitter.has("flush"),
      tell: (event, sid) => {
        if (!emitter.has(event)) return;
        const socket = this.#sessions.get(sid)?.socket;
        if (socket !== undefined) emitter.emit(event, socket);
      },
    };
    const plain: WebSocketOptions = {
      maxMessageBytes: maxHttpBufferSize,
      base64: false,
      isWatched: ports.isWatched ?? false,
      clock: this.#deadlines,
    };
    this.#webSockets = { plain, base64: { ...plain, base64: true } };
  }

  /** How many sessions are open. */
  get clientsCount(): number {
    this.#wakeAll?.();
    return this.#sessions.size;
  }

  /** The options after their checks. */
  get settings(): EngineSettings {
    return this.#settings;
  }

  /** The same, under the official name. */
  get opts(): EngineSettings {
    return this.#settings;
  }

  /** The one timer of this engine, for the layers above. */
  get clock(): Clock {
    return this.#deadlines;
  }

  /**
   * Adds a middleware around all requests of the engine, upgrades included. A throw answers code 3; the answer to
   * an accepted upgrade cannot be replaced any more.
   */
  use(middleware: EngineMiddleware): this {
    if (typeof middleware !== "function") throw new TypeError("Cannot use middleware: it is not a function");
    this.#middlewares.push(middleware);
    return this;
  }

  /** Ends all sessions at once ("forced close") and refuses new ones with status 503. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const session of [...this.#sessions.values()]) session.driver.close(true);
    return Promise.resolve();
  }

  #snapshot(sid: string, socket: SocketEvents, base64: boolean): SessionSnapshot | "busy" | undefined {
    const session = this.#sessions.get(sid);
    if (session === undefined) return undefined;
    if (session.driver.transport !== socket as unknown) {
      return session.driver.isUpgrading ? "busy" : undefined;
    }
    if (session.socket === undefined || !session.driver.mayRest) return "busy";
    const { request } = session.socket;
    const { url, address } = request;
    return { sid, url, headers: request.pairs(), address, upgraded: session.driver.isUpgraded, base64 };
  }

  #restore(snapshot: SessionSnapshot, socket: RuntimeSocket, state: unknown): SocketEvents {
    const { sid } = snapshot;
    const transport = this.#webSocket(snapshot.base64, (transport) => {
      const driver = this.#enroll(sid, transport, undefined, [], snapshot.upgraded);
      transport.attach(driver);
      driver.ready(transport);
      this.#announce(sid, peerOf(snapshot), driver, state);
    });
    transport.opened(socket);
    return transport;
  }

  /** Answers one request of the engine. Neither throws nor rejects. */
  handleRequest(request: Request, context: RequestContext): Response | Promise<Response> {
    try {
      const answer = this.#middlewares.length === 0 && !this.#settings.cors
        ? this.#answer(request, context)
        : this.#answerWithin(request, context);
      return answer instanceof Promise ? answer.catch((error) => this.#fail(request, error)) : answer;
    } catch (error) {
      return this.#fail(request, error);
    }
  }

  /** The answer with CORS and middlewares around it. */
  async #answerWithin(request: Request, context: RequestContext): Promise<Response> {
    if (isWebSocketRequest(request)) context.watch?.();
    const deciding = this.#settings.cors?.(request);
    const cors = deciding && await this.#wait(deciding, "The option cors");
    const extra = new HeaderList(cors?.headers);
    let upgraded: Response | undefined;
    const last = async (): Promise<Response> => {
      const answered = cors?.preflight ?? await this.#answer(request, context, extra);
      if (answered.status === 101) upgraded = answered;
      return answered;
    };
    let response: Response;
    try {
      response = await runMiddlewares(this.#middlewares, request, last);
    } catch (error) {
      if (!upgraded) return this.#write(extra, this.#fail(request, error));
      this.#settings.onError(error, "engine request"); // too late to refuse anything
      return upgraded;
    }
    if (upgraded) return upgraded; // runtimes accept no other answer to an upgraded request
    return this.#write(extra, response);
  }

  /** A middleware, the CORS delegate or the runtime threw. */
  #fail(request: Request, error: unknown): Response {
    this.#settings.onError(error, "engine request");
    const refused = refusal(EngineErrorCode.BAD_REQUEST, { name: "MIDDLEWARE_FAILURE", error });
    return this.#refuse(request, refused);
  }

  /** `extra` are headers for whatever is answered to an upgrade. No promise is made for what needs none. */
  #answer(
    request: Request,
    context: RequestContext,
    extra: HeaderList = NO_HEADERS,
  ): Response | Promise<Response> {
    if (this.#isClosed) return emptyAnswer(503);
    const admission: Admission<Session> = admit(request, this.#settings, this.#sessions);
    if (admission.kind === "refused") return this.#refuse(request, admission.refusal);
    if (admission.kind === "handshake") return this.#begin(request, context, extra, admission);
    const { sid, session, isUpgrade } = admission;
    if (isUpgrade) return this.#upgrade(request, context, extra, sid, session);
    const polling = session.polling!; // a session on polling began there
    const response = request.method === "POST" ? polling.post(request) : polling.poll(request, context);
    if (!this.#emitter.has("headers")) return response;
    return response instanceof Promise
      ? response.then((made) => this.#withHeaders(request, made))
      : this.#withHeaders(request, response);
  }

  async #begin(
    request: Request,
    context: RequestContext,
    extra: HeaderList,
    { transport, base64 }: Handshake,
  ): Promise<Response> {
    const { allowRequest } = this.#settings;
    const takesTime = allowRequest !== undefined || this.generateId !== this.#makeId;
    if (takesTime) context.watch?.();
    if (allowRequest) {
      const refused = await askAllowRequest(
        allowRequest,
        request,
        (error) => this.#settings.onError(error, "allowRequest"),
        this.#wait,
      );
      if (refused) return this.#refuse(request, refused);
    }
    let sid: string;
    if (this.generateId === this.#makeId) sid = this.#makeId();
    else {
      const made = await askGenerateId(this.generateId, request, this.#wait);
      if (typeof made !== "string") return this.#refuse(request, made);
      sid = this.#idPrefix + made;
    }
    if (this.#sessions.has(sid)) {
      return this.#refuse(request, noSid(new Error("generateId made a sid in use")));
    }
    if (this.#isClosed) return emptyAnswer(503);
    const peer = new HandshakeRequest(request.url, context.address, request.headers);
    return transport === "polling"
      ? this.#openPolling(request, sid, peer)
      : this.#openWebSocket(request, context, extra, sid, peer, base64);
  }

  async #openPolling(
    request: Request,
    sid: string,
    peer: HandshakeRequest,
  ): Promise<Response> {
    const { maxHttpBufferSize, compressionThreshold, setCookie } = this.#settings;
    const polling = new PollingTransport({
      maxBodyBytes: maxHttpBufferSize,
      compressionThreshold,
      clock: this.#deadlines,
    });
    const driver = this.#openSession(sid, polling, polling);
    polling.attach(driver);
    const answered = polling.poll(request); // takes the open packet
    this.#announce(sid, peer, driver);
    const headers: ResponseHeaders = setCookie ? { "set-cookie": setCookie(sid) } : {};
    return this.#withHeaders(request, await answered, headers);
  }

  #openWebSocket(
    request: Request,
    context: RequestContext,
    extra: HeaderList,
    sid: string,
    peer: HandshakeRequest,
    base64: boolean,
  ): Response {
    const transport = this.#webSocket(base64, (transport) => {
      // The session begins with the open socket: a client that goes away during the upgrade leaves nothing behind.
      if (this.#isClosed || this.#sessions.has(sid)) return transport.release();
      const driver = this.#openSession(sid, transport, undefined);
      transport.attach(driver);
      driver.ready(transport);
      this.#announce(sid, peer, driver);
    });
    return this.#upgradeTo(transport, request, context, extra.with(this.#emitHeaders(request, {})), sid);
  }

  #upgrade(
    request: Request,
    context: RequestContext,
    extra: HeaderList,
    sid: string,
    { driver }: Session,
  ): Response {
    const base64 = readQuery(request.url).b64 === "1";
    const transport = this.#webSocket(base64, (transport) => {
      transport.attach(driver);
      driver.propose(transport);
    });
    return this.#upgradeTo(transport, request, context, extra.with(this.#emitHeaders(request)), sid);
  }

  #upgradeTo(
    transport: WebSocketTransport,
    request: Request,
    context: RequestContext,
    extra: HeaderList,
    sid: string,
  ): Response {
    const headers = extra.isEmpty ? undefined : new Headers(); // before the upgrade: afterwards nothing may fail
    if (headers !== undefined) extra.writeTo(headers, this.#settings.onError);
    try {
      return context.upgrade(transport, headers, sid);
    } catch (error) {
      // The request lacks what a WebSocket handshake needs: the client's fault.
      const refused = refusal(EngineErrorCode.BAD_REQUEST, { name: "TRANSPORT_HANDSHAKE_ERROR", error });
      return this.#refuse(request, refused);
    }
  }

  #webSocket(base64: boolean, onOpen: (transport: WebSocketTransport) => void): WebSocketTransport {
    return new WebSocketTransport(this.#webSockets[base64 ? "base64" : "plain"], onOpen);
  }

  #openSession(sid: string, transport: Transport, polling: PollingTransport | undefined): Driver {
    const { initialPacket, transports, allowUpgrades } = this.#settings;
    const canUpgrade = polling !== undefined && allowUpgrades && transports.has("websocket");
    const open = `{"sid":${JSON.stringify(sid)},"upgrades":${
      canUpgrade ? '["websocket"]' : "[]"
    },${this.#terms}`;
    const greeting = initialPacket === undefined ? ["0" + open] : ["0" + open, messageFrame(initialPacket)];
    return this.#enroll(sid, transport, polling, greeting, false);
  }

  #enroll(
    sid: string,
    transport: Transport,
    polling: PollingTransport | undefined,
    greeting: readonly Frame[],
    upgraded: boolean,
  ): Driver {
    const driver = new Driver(sid, transport, greeting, this.#sessionOptions, this.#ports, upgraded);
    this.#sessions.set(sid, new Session(driver, polling));
    return driver;
  }

  /** `state`: what the layer above knew of it, where it goes on after it slept. */
  #announce(sid: string, peer: HandshakeRequest, driver: Driver, state?: unknown): void {
    const socket = new SessionSocket(sid, peer, driver, state !== undefined);
    const session = this.#sessions.get(sid);
    if (session !== undefined) session.socket = socket;
    try {
      const listener = this.#handler?.opened(socket, state);
      if (listener) driver.listen(listener);
    } catch (error) {
      this.#settings.onError(error, "connection handler");
      driver.close(true);
      return;
    }
    this.#emitter.emit("connection", socket);
  }

  #refuse(request: Request, refused: Refusal): Response {
    this.#emitter.emit("connection_error", { ...refused, req: request });
    return refusalAnswer(refused, isWebSocketRequest(request));
  }

  /** Runs the header events; `initial` holds the headers of a session's first answer. */
  #emitHeaders(request: Request, initial?: ResponseHeaders): ResponseHeaders | undefined {
    const isHeard = this.#emitter.listenerCount("headers") > 0 ||
      (initial !== undefined && this.#emitter.listenerCount("initial_headers") > 0);
    if (!isHeard) return initial;
    const headers = initial ?? {};
    if (initial) this.#emitter.emit("initial_headers", headers, request);
    this.#emitter.emit("headers", headers, request);
    return headers;
  }

  #withHeaders(request: Request, response: Response, initial?: ResponseHeaders): Response {
    const headers = this.#emitHeaders(request, initial);
    return headers ? this.#write(NO_HEADERS.with(headers), response) : response;
  }

  /** The response with `headers` on it; what a listener or an option made that is no header is left out. */
  #write(headers: HeaderList, response: Response): Response {
    if (headers.isEmpty) return response;
    const answer = new Response(response.body, response); // that of Response.redirect() cannot be changed
    headers.writeTo(answer.headers, this.#settings.onError);
    return answer;
  }
}
