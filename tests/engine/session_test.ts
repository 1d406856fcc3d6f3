/**
 * The session machine: every input in every state, with outputs written as short texts.
 *
 * No driver: `perform` takes the outputs out in order and does what a driver does with `flush`, nothing else.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type CloseReason, type TransportKind } from "../../src/engine/ports.ts";
import { Session, type SessionOptions } from "../../src/engine/session.ts";

interface Named {
  readonly kind: TransportKind;
  readonly name: string;
}

const OPTIONS: SessionOptions = {
  pingInterval: 25_000,
  pingTimeout: 20_000,
  upgradeTimeout: 10_000,
  maxPayload: 100,
  maxBufferedBytes: 1_000,
};
const CLOSE_TIMEOUT = 30_000;
const BATCH = 131_072;

const poll: Named = { kind: "polling", name: "poll" };
const ws: Named = { kind: "websocket", name: "ws" };
const other: Named = { kind: "websocket", name: "other" };

function polling(options: Partial<SessionOptions> = {}): Session<Named> {
  return new Session(poll, [], { ...OPTIONS, ...options }, 0);
}

/** A session that began on WebSocket and is ready. */
function websocket(options: Partial<SessionOptions> = {}): Session<Named> {
  const session = new Session(ws, [], { ...OPTIONS, ...options }, 0);
  session.ready(ws, 0);
  perform(session);
  return session;
}

/** A polling session whose candidate `ws` has been probed; nothing is parked. */
function probed(options: Partial<SessionOptions> = {}): Session<Named> {
  const session = polling(options);
  session.propose(ws, 0);
  session.receive(ws, "2probe", 0);
  assertEquals(perform(session), ["write ws 3probe", "announce upgrading"]);
  return session;
}

function closed(): Session<Named> {
  const session = polling();
  session.close(true, 0);
  assertEquals(perform(session), ["release poll close", "closed forced close"]);
  return session;
}

/** Performs all outputs and tells what they were, but for `drain`, which has tests of its own. */
function perform(session: Session<Named>): string[] {
  return performAll(session).filter((text) => text !== "announce drain");
}

/** Performs all outputs and tells what they were. */
function performAll(session: Session<Named>): string[] {
  const log: string[] = [];
  for (;;) {
    const output = session.outputs.shift();
    if (!output) return log;
    switch (output.do) {
      case "write":
        log.push(`write ${output.to.name} ${output.frames.join("|")}`);
        break;
      case "flush":
        session.flush();
        break;
      case "deliver":
        log.push(`deliver ${output.frame}`);
        break;
      case "release":
        log.push(`release ${output.transport.name} ${output.farewell}`);
        break;
      case "announce":
        log.push(`announce ${output.event}`);
        break;
      case "closed":
        log.push(
          `closed ${output.reason}${output.description === undefined ? "" : `: ${output.description}`}`,
        );
        break;
      default:
        output satisfies never;
    }
  }
}

function send(session: Session<Named>, ...frames: string[]): void {
  session.send(frames, false, true);
}

// Opening and writing

Deno.test("Session writes its greeting with the first poll, and nothing before", () => {
  const session = new Session(poll, ["0{}", "4hello"], OPTIONS, 0);
  assertEquals(perform(session), []);
  assertEquals(session.queuedBytes, 9);
  session.ready(poll, 1);
  assertEquals(perform(session), ["write poll 0{}|4hello"]);
  assertEquals(session.queuedBytes, 0);
  assertEquals(session.isWritable, false);
});

Deno.test("Session writes its greeting as soon as the WebSocket is open", () => {
  const session = new Session(ws, ["0{}"], OPTIONS, 0);
  assertEquals(session.isWritable, false);
  session.ready(ws, 0);
  assertEquals(perform(session), ["write ws 0{}"]);
  assertEquals(session.isWritable, true);
});

Deno.test("Session writes once per poll and keeps the rest for the next", () => {
  const session = polling();
  session.ready(poll, 0);
  assert(session.isWritable);
  send(session, "41");
  send(session, "42");
  assertEquals(perform(session), ["write poll 41|42"]);
  send(session, "43");
  assertEquals(perform(session), []);
  session.ready(poll, 1);
  assertEquals(perform(session), ["write poll 43"]);
});

Deno.test("Session fills a poll up to maxPayload", () => {
  const session = polling({ maxPayload: 7 });
  send(session, "4aa", "4bb", "4cc");
  session.ready(poll, 0);
  assertEquals(perform(session), ["write poll 4aa|4bb"]);
  session.ready(poll, 0);
  assertEquals(perform(session), ["write poll 4cc"]);
});

Deno.test("Session writes at once to a ready WebSocket, each send by itself", () => {
  const session = websocket();
  send(session, "41");
  send(session, "42", "43");
  assertEquals(perform(session), ["write ws 41", "write ws 42|43"]);
});

Deno.test("Session queues for a blocked WebSocket and goes on when it is ready", () => {
  const session = websocket();
  session.blocked(ws, 10);
  assertEquals(session.isWritable, false);
  send(session, "41");
  send(session, "42");
  assertEquals(perform(session), []);
  session.ready(ws, 5);
  assertEquals(perform(session), ["write ws 41|42"]);
});

Deno.test("Session hands a WebSocket no more than a batch before it hears whether it is blocked", () => {
  const session = websocket({ maxBufferedBytes: 10 * BATCH });
  session.blocked(ws, 1);
  const big = "4".padEnd(BATCH, "x");
  send(session, big, "4b");
  session.ready(ws, 0);
  const first = session.outputs.shift();
  assert(first?.do === "write" && first.frames.length === 1);
  session.blocked(ws, BATCH); // what the transport says while it performs the write
  assertEquals(perform(session), []);
  session.ready(ws, 1);
  assertEquals(perform(session), ["write ws 4b"]);
});

Deno.test("Session hands over all batches of a long queue, unasked", () => {
  const session = websocket({ maxBufferedBytes: 10 * BATCH });
  session.blocked(ws, 1);
  const big = "4".padEnd(BATCH, "x");
  send(session, big, "4b");
  session.ready(ws, 0);
  assertEquals(perform(session), [`write ws ${big}`, "write ws 4b"]);
});

Deno.test("Session puts what is sent between two batches behind what waits", () => {
  const session = websocket({ maxBufferedBytes: 10 * BATCH });
  session.blocked(ws, 1);
  const big = "4".padEnd(BATCH, "x");
  send(session, big, "4b");
  session.ready(ws, 0);
  send(session, "4c"); // a listener sends while the first batch is being written
  assertEquals(perform(session), [`write ws ${big}`, "write ws 4b|4c"]);
});

Deno.test("Session says of a write whether any of its frames may be compressed", () => {
  for (const [first, second, expected] of [[false, false, false], [false, true, true], [true, false, true]]) {
    const session = polling();
    session.send(["41"], false, first!);
    session.send(["42"], false, second!);
    session.ready(poll, 0);
    const write = session.outputs[0];
    assert(write?.do === "write");
    assertEquals(write.compress, expected);
  }
});

Deno.test("Session ignores readiness and blocking of transports that are not the current one", () => {
  const session = polling();
  send(session, "41");
  session.ready(other, 0);
  session.blocked(other, 5_000);
  assertEquals(perform(session), []);
  session.ready(poll, 0);
  assertEquals(perform(session), ["write poll 41"]);
});

// Drain

Deno.test("Session says drain when the last that waited was written, and not before", () => {
  const session = polling({ maxPayload: 7 });
  session.ready(poll, 0);
  performAll(session);
  send(session, "4aa", "4bb", "4cc");
  assertEquals(performAll(session), ["write poll 4aa|4bb"]);
  session.ready(poll, 0);
  assertEquals(performAll(session), ["write poll 4cc", "announce drain"]);
});

Deno.test("Session says drain when the next poll comes after nothing was left to write", () => {
  const session = polling();
  session.ready(poll, 0);
  send(session, "41");
  performAll(session);
  assertEquals(session.isWritable, false);
  session.ready(poll, 1);
  assertEquals(performAll(session), ["announce drain"]);
  assertEquals(session.isWritable, true);
});

Deno.test("Session says drain when a WebSocket is no longer blocked, once", () => {
  const session = websocket();
  send(session, "41");
  session.blocked(ws, 10);
  assertEquals(performAll(session), ["write ws 41"]);
  session.blocked(ws, 5);
  assertEquals(performAll(session), []);
  session.ready(ws, 1);
  assertEquals(performAll(session), ["announce drain"]);
  session.ready(ws, 2);
  assertEquals(performAll(session), []);
});

Deno.test("Session on a WebSocket that takes all says no drain", () => {
  const session = websocket();
  send(session, "41");
  send(session, "42", "43");
  assertEquals(performAll(session), ["write ws 41", "write ws 42|43"]);
});

// Volatile and slow consumers

Deno.test("Session drops volatile frames without a parked poll, and sends them with one", () => {
  const session = polling();
  session.send(["4lost"], true, true);
  session.ready(poll, 0);
  assertEquals(perform(session), []);
  session.send(["4kept", "4too"], true, true);
  assertEquals(perform(session), ["write poll 4kept|4too"]);
});

Deno.test("Session drops volatile frames behind others that wait, and on a blocked WebSocket", () => {
  const session = polling();
  session.ready(poll, 0);
  send(session, "41");
  session.send(["4lost"], true, true);
  assertEquals(perform(session), ["write poll 41"]);

  const blocked = websocket();
  blocked.send(["4kept"], true, true);
  blocked.blocked(ws, 1);
  blocked.send(["4lost"], true, true);
  assertEquals(perform(blocked), ["write ws 4kept"]);
  blocked.ready(ws, 0);
  assertEquals(perform(blocked), []);
});

Deno.test("Session ends a consumer that never reads with its own reason, not inside send but at once after", () => {
  const session = polling({ maxBufferedBytes: 100 });
  send(session, "4".padEnd(500, "x")); // one message of any size may be on its way
  assert(session.nextDeadline() > 0);
  assertEquals(session.queuedBytes, 500);
  send(session, "4y");
  assertEquals(perform(session), []);
  assertEquals([session.state, session.isWritable, session.queuedBytes], ["open", false, 0]);
  assertEquals(session.nextDeadline(), 0);
  session.advance(1);
  assertEquals(perform(session), ["release poll close", "closed slow consumer"]);
});

Deno.test("Session counts what the WebSocket holds towards maxBufferedBytes", () => {
  const session = websocket({ maxBufferedBytes: 1_000 });
  session.blocked(ws, 1_001);
  send(session, "41");
  session.advance(0);
  assertEquals(perform(session), ["release ws close", "closed slow consumer"]);
});

Deno.test("Session forgets what the WebSocket held once it is ready again", () => {
  const session = websocket({ maxBufferedBytes: 1_000 });
  session.blocked(ws, 1_001);
  session.ready(ws, 0);
  session.blocked(ws, 1);
  send(session, "41");
  session.advance(0);
  assertEquals([session.state, session.queuedBytes], ["open", 2]);
});

Deno.test("Session counts many tiny frames with what they weigh in memory", () => {
  const session = polling({ maxBufferedBytes: 1_000 });
  for (let i = 0; i < 100; i++) send(session, "4");
  assertEquals(session.nextDeadline(), 0);
});

Deno.test("Session that is due to end as a slow consumer ends so with any input, and sends nothing more", () => {
  const inputs: ((session: Session<Named>) => void)[] = [
    (session) => session.receive(poll, "4a", 1),
    (session) => session.ready(poll, 1),
    (session) => session.lost(poll, "transport error", "overlap", 1),
    (session) => session.garbled(poll, "what", 1),
    (session) => session.close(false, 1),
    (session) => session.close(true, 1),
  ];
  for (const input of inputs) {
    const session = polling({ maxBufferedBytes: 100 });
    send(session, "4".padEnd(500, "x"));
    send(session, "4y");
    send(session, "4z");
    session.send(["4v"], true, true);
    assertEquals(session.queuedBytes, 0);
    input(session);
    assertEquals(perform(session), ["release poll close", "closed slow consumer"], String(input));
  }
});

// Receiving

Deno.test("Session delivers messages of the current transport in order, text and bytes", () => {
  const session = polling();
  const bytes = new Uint8Array([1, 2]);
  session.receive(poll, "4a", 0);
  session.receive(poll, bytes, 0);
  session.receive(poll, "4", 0);
  assertEquals(session.outputs, [
    { do: "deliver", frame: "4a" },
    { do: "deliver", frame: bytes },
    { do: "deliver", frame: "4" },
  ]);
});

Deno.test("Session announces a pong", () => {
  const session = polling();
  session.receive(poll, "3", 0);
  assertEquals(perform(session), ["announce heartbeat"]);
});

Deno.test("Session ignores open, upgrade and noop from the current transport", () => {
  const session = websocket();
  for (const frame of ["0", "0{}", "5", "6"]) session.receive(ws, frame, 0);
  assertEquals(perform(session), []);
  assertEquals(session.state, "open");
});

Deno.test("Session says goodbye with a noop when the client closed, with a close when this side ends it", () => {
  const cases: [(session: Session<Named>) => void, string[]][] = [
    [(s) => s.receive(poll, "1", 0), ["release poll noop", "closed transport close"]],
    [(s) => s.receive(poll, "2", 0), [
      "release poll close",
      "closed transport error: invalid heartbeat direction",
    ]],
    [(s) => s.receive(poll, "2probe", 0), [
      "release poll close",
      "closed transport error: invalid heartbeat direction",
    ]],
    [(s) => s.receive(poll, "7", 0), ["release poll close", "closed parse error: unknown packet type"]],
    [(s) => s.receive(poll, "", 0), ["release poll close", "closed parse error: unknown packet type"]],
    [(s) => s.garbled(poll, "not a packet", 0), ["release poll close", "closed parse error: not a packet"]],
    [(s) => s.lost(poll, "transport error", "overlap", 0), [
      "release poll close",
      "closed transport error: overlap",
    ]],
    [(s) => s.lost(poll, "transport close", undefined, 0), ["release poll close", "closed transport close"]],
    [(s) => s.close(true, 0), ["release poll close", "closed forced close"]],
    [(s) => s.close(false, 0), ["release poll close", "closed forced close"]],
  ];
  for (const [input, expected] of cases) {
    const session = polling();
    session.ready(poll, 0);
    input(session);
    assertEquals(perform(session), expected, String(input));
    assertEquals([session.state, session.nextDeadline()], ["closed", Infinity]);
  }
});

Deno.test("Session passes on the reason a transport was lost for", () => {
  const reasons: CloseReason[] = ["transport close", "transport error", "parse error"];
  for (const reason of reasons) {
    const session = websocket();
    session.lost(ws, reason, 1006, 0);
    assertEquals(perform(session), ["release ws close", `closed ${reason}: 1006`]);
  }
});

Deno.test("Session takes no notice of transports it does not know", () => {
  const session = polling();
  session.receive(other, "1", 0);
  session.receive(other, "4a", 0);
  session.garbled(other, "what", 0);
  session.lost(other, "transport close", undefined, 0);
  assertEquals(perform(session), []);
  assertEquals(session.state, "open");
});

// After the end

Deno.test("Session that is closed answers no input", () => {
  const session = closed();
  session.ready(poll, 1);
  session.blocked(poll, 5);
  session.receive(poll, "4a", 1);
  session.receive(poll, "1", 1);
  session.garbled(poll, "what", 1);
  session.lost(poll, "transport close", undefined, 1);
  session.close(false, 1);
  session.close(true, 1);
  send(session, "4a");
  session.flush();
  session.advance(1_000_000);
  assertEquals(perform(session), []);
  assertEquals([session.isWritable, session.queuedBytes, session.nextDeadline()], [false, 0, Infinity]);
});

Deno.test("Session that is closed releases a transport that comes too late", () => {
  const session = closed();
  session.propose(ws, 1);
  assertEquals(perform(session), ["release ws close"]);
});

// Heartbeat

Deno.test("Session pings when due, closes when no pong comes", () => {
  const session = polling();
  session.ready(poll, 0);
  assertEquals(session.nextDeadline(), 25_000);
  session.advance(24_999);
  assertEquals(perform(session), []);
  session.advance(25_000);
  assertEquals(perform(session), ["write poll 2"]);
  assertEquals(session.nextDeadline(), 45_000);
  session.advance(44_999);
  assertEquals(session.state, "open");
  session.advance(45_000);
  assertEquals(perform(session), ["release poll close", "closed ping timeout"]);
});

Deno.test("Session pings again pingInterval after each pong", () => {
  const session = websocket();
  session.advance(25_000);
  session.receive(ws, "3", 25_300);
  assertEquals(perform(session), ["write ws 2", "announce heartbeat"]);
  assertEquals(session.nextDeadline(), 50_300);
});

Deno.test("Session keeps a client whose pong waits behind an upload, once per ping", () => {
  for (const frame of ["4a", "6"]) {
    const session = websocket();
    session.advance(25_000);
    session.receive(ws, frame, 44_000);
    assertEquals(session.nextDeadline(), 64_000);
    session.receive(ws, frame, 50_000);
    assertEquals(session.nextDeadline(), 64_000);
    session.advance(64_000);
    assertEquals(perform(session).at(-1), "closed ping timeout");
  }
});

Deno.test("Session closes a client that reads nothing: the ping never leaves", () => {
  const session = polling();
  session.advance(25_000);
  session.advance(45_000);
  assertEquals(perform(session), ["release poll close", "closed ping timeout"]);
});

Deno.test("Session lets the time pass before any input, so a pong after the deadline is too late", () => {
  const inputs: [string, (session: Session<Named>) => void][] = [
    ["pong", (session) => session.receive(poll, "3", 45_000)],
    ["message", (session) => session.receive(poll, "4a", 45_000)],
    ["close", (session) => session.receive(poll, "1", 45_000)],
    ["ready", (session) => session.ready(poll, 45_000)],
    ["lost", (session) => session.lost(poll, "transport close", undefined, 45_000)],
    ["garbled", (session) => session.garbled(poll, "what", 45_000)],
    ["close here", (session) => session.close(false, 45_000)],
  ];
  for (const [name, input] of inputs) {
    const session = polling();
    session.advance(25_000);
    input(session);
    assertEquals(perform(session), ["release poll close", "closed ping timeout"], name);
  }
});

Deno.test("Session gives the whole pingTimeout after a ping that left late", () => {
  const session = polling();
  session.ready(poll, 0);
  session.advance(60_000); // the timer slept
  assertEquals(perform(session), ["write poll 2"]);
  assertEquals(session.nextDeadline(), 80_000);
});

// Closing

Deno.test("Session with an idle WebSocket closes at once", () => {
  const session = websocket();
  session.close(false, 0);
  assertEquals(perform(session), ["release ws close", "closed forced close"]);
});

Deno.test("Session sends what waits before it closes a WebSocket", () => {
  const session = websocket();
  session.blocked(ws, 1);
  send(session, "41");
  session.close(false, 0);
  assertEquals(perform(session), []);
  assertEquals(session.state, "closing");
  session.ready(ws, 1);
  assertEquals(perform(session), [
    "write ws 41",
    "release ws close",
    "closed forced close",
  ]);
});

Deno.test("Session sends frames of this turn before it closes a parked poll, and says goodbye to the next", () => {
  const session = polling();
  session.ready(poll, 0);
  send(session, "41");
  session.close(false, 0);
  assertEquals(perform(session), ["write poll 41"]);
  assertEquals(session.state, "closing");
  session.ready(poll, 1);
  assertEquals(perform(session), ["release poll close", "closed forced close"]);
});

Deno.test("Session without a parked poll waits for one to say goodbye, but not for ever", () => {
  const session = polling();
  session.close(false, 5);
  assertEquals(perform(session), []);
  assertEquals([session.state, session.nextDeadline()], ["closing", 5 + CLOSE_TIMEOUT]);
  session.advance(4 + CLOSE_TIMEOUT);
  assertEquals(session.state, "closing");
  session.advance(5 + CLOSE_TIMEOUT);
  assertEquals(perform(session), ["release poll close", "closed forced close"]);
});

Deno.test("Session that is closing sends, delivers and pings nothing, and takes no second transport", () => {
  const session = polling();
  session.close(false, 0);
  send(session, "4late");
  session.receive(poll, "4a", 1);
  session.receive(poll, "2", 1);
  session.receive(poll, "9", 1);
  session.advance(25_000);
  session.close(false, 25_000);
  session.propose(ws, 25_000);
  assertEquals(perform(session), ["release ws close"]);
  assertEquals([session.state, session.isWritable, session.nextDeadline()], [
    "closing",
    false,
    CLOSE_TIMEOUT,
  ]);
});

Deno.test("Session that is closing ends as forced close, whatever ends it", () => {
  const cases: [(session: Session<Named>) => void, string][] = [
    [(session) => session.receive(poll, "1", 1), "noop"],
    [(session) => session.lost(poll, "transport close", undefined, 1), "close"],
    [(session) => session.lost(poll, "transport error", undefined, 1), "close"],
    [(session) => session.close(true, 1), "close"],
    [(session) => session.ready(poll, 1), "close"],
  ];
  for (const [input, farewell] of cases) {
    const session = polling();
    session.close(false, 0);
    input(session);
    assertEquals(perform(session), [`release poll ${farewell}`, "closed forced close"], String(input));
  }
});

Deno.test("Session closed with discard drops what waits", () => {
  const session = polling();
  send(session, "41");
  session.close(true, 0);
  session.ready(poll, 0);
  assertEquals(perform(session), ["release poll close", "closed forced close"]);
});

Deno.test("Session closed inside the turn of a flush does not flush after its end", () => {
  const session = polling();
  session.ready(poll, 0);
  send(session, "41");
  session.close(true, 0);
  assertEquals(perform(session), ["release poll close", "closed forced close"]);
});

// Upgrade

Deno.test("Session answers the probe, frees the parked poll, and moves with the upgrade packet", () => {
  const session = polling();
  session.ready(poll, 0);
  session.propose(ws, 0);
  assertEquals(session.isUpgrading, false);
  session.receive(ws, "2probe", 10);
  assertEquals(perform(session), ["write ws 3probe", "announce upgrading", "write poll 6"]);
  assertEquals([session.isUpgrading, session.isUpgraded, session.transport.name], [true, false, "poll"]);
  session.receive(ws, "5", 20);
  assertEquals(perform(session), ["release poll noop", "announce upgrade"]);
  assertEquals([session.isUpgrading, session.isUpgraded, session.transport.name], [false, true, "ws"]);
  assert(session.isWritable);
});

Deno.test("Session nudges a poll parked during the upgrade, at most every 100 ms", () => {
  const session = probed();
  session.ready(poll, 50);
  assertEquals(perform(session), []);
  assertEquals(session.nextDeadline(), 100);
  session.advance(100);
  assertEquals(perform(session), ["write poll 6"]);
  session.ready(poll, 120);
  session.advance(199);
  assertEquals(perform(session), []);
  session.advance(200);
  assertEquals(perform(session), ["write poll 6"]);
});

Deno.test("Session nudges no poll before the probe", () => {
  const session = polling();
  session.ready(poll, 0);
  session.propose(ws, 0);
  session.advance(5_000);
  assertEquals(perform(session), []);
  assertEquals(session.nextDeadline(), 10_000);
});

Deno.test("Session sends over polling until the upgrade, then all that waits over WebSocket, once and in order", () => {
  const session = probed();
  send(session, "41");
  session.ready(poll, 10);
  assertEquals(perform(session), ["write poll 41"]);
  send(session, "42");
  send(session, "43");
  session.receive(ws, "5", 20);
  send(session, "44");
  assertEquals(perform(session), [
    "release poll noop",
    "announce upgrade",
    "write ws 42|43",
    "write ws 44",
  ]);
});

Deno.test("Session writes a frame of this turn before it releases the poll that takes it", () => {
  const session = probed();
  session.ready(poll, 10);
  send(session, "41"); // its flush is put out, not performed
  session.receive(ws, "5", 10);
  assertEquals(perform(session).filter((text) => text.includes("41")).length, 1);
  assertEquals(session.queuedBytes, 0);
});

Deno.test("Session hears what the old transport brought before the upgrade packet, and nothing after", () => {
  const session = probed();
  session.receive(poll, "4a", 1);
  session.receive(ws, "5", 2);
  session.receive(poll, "4late", 3);
  session.receive(ws, "4b", 3);
  session.lost(poll, "transport close", undefined, 4);
  session.garbled(poll, "what", 4);
  assertEquals(perform(session), ["deliver 4a", "release poll noop", "announce upgrade", "deliver 4b"]);
  assertEquals(session.state, "open");
});

Deno.test("Session drops a candidate that breaks the order of the upgrade, and polling goes on", () => {
  const cases: (string | Uint8Array)[][] = [
    ["5"],
    ["2"],
    ["4a"],
    ["1"],
    [new Uint8Array([1])],
    ["2probe", "2probe"],
    ["2probe", "4a"],
    ["2probe", "3"],
    ["2probe", "5x"],
  ];
  for (const frames of cases) {
    const session = polling();
    session.propose(ws, 0);
    for (const frame of frames) session.receive(ws, frame, 0);
    assertEquals(perform(session).at(-1), "release ws close", String(frames));
    assertEquals([session.state, session.transport.name, session.isUpgrading], ["open", "poll", false]);
    session.receive(poll, "4still", 0);
    assertEquals(perform(session), ["deliver 4still"]);
  }
});

Deno.test("Session drops a candidate that is lost or garbled, and polling goes on", () => {
  for (const start of [polling, probed]) {
    for (const end of ["lost", "garbled"]) {
      const session = start();
      if (start === polling) session.propose(ws, 0);
      if (end === "lost") session.lost(ws, "transport error", 1009, 1);
      else session.garbled(ws, "what", 1);
      assertEquals(perform(session), ["release ws close"]);
      assertEquals([session.state, session.isUpgrading], ["open", false]);
      session.propose(other, 2); // the client may try again
      session.receive(other, "2probe", 2);
      assertEquals(perform(session), ["write other 3probe", "announce upgrading"]);
    }
  }
});

Deno.test("Session releases the candidate at the upgrade timeout, probed or not", () => {
  for (const start of [polling, probed]) {
    const session = start();
    if (start === polling) session.propose(ws, 0);
    session.advance(9_999);
    assertEquals(perform(session), []);
    session.advance(10_000);
    assertEquals(perform(session), ["release ws close"]);
    session.receive(ws, "5", 10_001); // too late
    assertEquals([session.state, session.transport.name, session.isUpgraded], ["open", "poll", false]);
    assertEquals(session.nextDeadline(), 25_000);
  }
});

Deno.test("Session refuses an upgrade packet that comes after the timeout, however late the timer", () => {
  const session = probed();
  session.receive(ws, "5", 10_000);
  assertEquals(perform(session), ["release ws close"]);
  assertEquals(session.transport.name, "poll");
});

Deno.test("Session refuses a second candidate, and any candidate on WebSocket", () => {
  const session = probed();
  session.propose(other, 1);
  assertEquals(perform(session), ["release other close"]);
  session.receive(ws, "5", 2);
  assertEquals(session.transport.name, "ws");
  perform(session);
  session.propose(other, 3);
  assertEquals(perform(session), ["release other close"]);

  const direct = websocket();
  direct.propose(other, 0);
  assertEquals(perform(direct), ["release other close"]);
  assertEquals(direct.isUpgraded, false);
});

Deno.test("Session waits for the pong across an upgrade, and misses it on the new transport too", () => {
  for (const answers of [true, false]) {
    const session = polling();
    session.ready(poll, 0);
    session.propose(ws, 24_000);
    session.receive(ws, "2probe", 24_950);
    session.ready(poll, 24_960);
    session.advance(25_000); // the ping falls between probe and upgrade
    assert(perform(session).includes("write poll 2"));
    session.receive(ws, "5", 25_100);
    perform(session);
    assertEquals(session.nextDeadline(), 45_000);
    if (answers) session.receive(ws, "3", 25_200);
    session.advance(45_000);
    assertEquals(session.state, answers ? "open" : "closed");
    assertEquals(perform(session).at(-1), answers ? "announce heartbeat" : "closed ping timeout");
  }
});

Deno.test("Session sends a ping that waited for a poll over the WebSocket, before later messages", () => {
  const session = probed({ upgradeTimeout: 30_000 });
  session.advance(25_000);
  send(session, "41");
  session.receive(ws, "5", 26_000);
  assertEquals(perform(session), [
    "release poll noop",
    "announce upgrade",
    "write ws 2|41",
  ]);
});

Deno.test("Session that ends during an upgrade releases both transports", () => {
  const session = probed();
  session.receive(poll, "1", 1);
  assertEquals(perform(session), ["release poll noop", "release ws close", "closed transport close"]);
});

Deno.test("Session that closes before the probe gives the candidate up at once", () => {
  const session = polling();
  session.propose(ws, 0);
  session.close(false, 1);
  assertEquals(perform(session), ["release ws close"]);
  session.ready(poll, 2);
  assertEquals(perform(session), ["release poll close", "closed forced close"]);
});

Deno.test("Session that closes after the probe lets the client finish, then sends what waits and closes", () => {
  const session = probed();
  send(session, "41");
  session.close(false, 1);
  assertEquals(perform(session), []);
  assertEquals(session.state, "closing");
  session.receive(ws, "5", 2);
  assertEquals(perform(session), [
    "release poll noop",
    "announce upgrade",
    "write ws 41",
    "release ws close",
    "closed forced close",
  ]);
});

Deno.test("Session that closes after the probe ends at the upgrade timeout if the client never finishes", () => {
  for (const isParked of [true, false]) {
    const session = probed();
    session.close(false, 1);
    session.advance(9_950);
    if (isParked) session.ready(poll, 9_960);
    assertEquals(perform(session), []);
    session.advance(10_000);
    const goodbye = ["release poll close", "closed forced close"];
    assertEquals(perform(session), isParked ? ["release ws close", ...goodbye] : ["release ws close"]);
    session.ready(poll, 10_001);
    assertEquals(perform(session), isParked ? [] : goodbye);
  }
});

Deno.test("Session blocked on its new transport keeps what waits", () => {
  const session = probed();
  send(session, "41");
  session.receive(ws, "5", 1);
  perform(session);
  session.blocked(ws, 100);
  send(session, "42");
  assertEquals(perform(session), []);
  assertEquals([session.isWritable, session.queuedBytes], [false, 2]);
  session.ready(ws, 2);
  assertEquals(perform(session), ["write ws 42"]);
});
