/**
 * The driver: outputs performed in order, listeners that emit, throw and close, and the one deadline.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Driver } from "../../src/engine/driver.ts";
import type { EngineListener, TopicSocket, TransportKind } from "../../src/engine/ports.ts";
import type { SessionOptions } from "../../src/engine/session.ts";
import type { Transport } from "../../src/engine/transport.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { Deadlines } from "../../src/time/deadlines.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

const OPTIONS: SessionOptions = {
  pingInterval: 25_000,
  pingTimeout: 20_000,
  upgradeTimeout: 10_000,
  maxPayload: 1_000,
  maxBufferedBytes: 1_000,
};

/** A transport that writes down what it is told. */
class FakeTransport implements Transport {
  bufferedAmount = 0;
  readonly kind: TransportKind;
  readonly #log: string[];
  /** What happens inside a write, as a runtime that blocks does it. */
  onWrite: (() => void) | undefined;
  /** What a runtime finds that is asked to look at once. */
  onRefresh: (() => void) | undefined;

  constructor(kind: TransportKind, log: string[]) {
    this.kind = kind;
    this.#log = log;
  }

  write(frames: readonly Frame[], compress: boolean): void {
    this.#log.push(`write ${this.kind} ${frames.join("|")}${compress ? "" : " raw"}`);
    this.onWrite?.();
  }

  refresh(): void {
    this.onRefresh?.();
  }

  release(farewell: "close" | "noop"): void {
    this.#log.push(`release ${this.kind} ${farewell}`);
  }
}

interface Stage {
  readonly clock: ManualClock;
  readonly driver: Driver;
  readonly transport: FakeTransport;
  /** Everything that happened, in order. */
  readonly log: string[];
}

/** A driver whose listener writes down what it hears, then does what `listener` says. */
function stage(
  kind: TransportKind,
  listener: Partial<EngineListener> = {},
  options: Partial<SessionOptions> = {},
  greeting: Frame[] = [],
): Stage {
  const log: string[] = [];
  const clock = new ManualClock();
  const transport = new FakeTransport(kind, log);
  const driver = new Driver("sid", transport, greeting, { ...OPTIONS, ...options }, {
    deadlines: new Deadlines(clock),
    report: (error, where) => log.push(`report ${(error as Error).message} in ${where}`),
    forget: () => log.push("forget"),
  });
  driver.listen({
    receive(frame) {
      log.push(`receive ${frame}`);
      listener.receive?.(frame);
    },
    closed(reason, description) {
      log.push(`closed ${reason}${description === undefined ? "" : `: ${description}`}`);
      listener.closed?.(reason, description);
    },
  });
  if (kind === "websocket") driver.ready(transport);
  log.length = 0;
  return { clock, driver, transport, log };
}

Deno.test("Driver sends the greeting once its transport is ready", () => {
  const { driver, transport, log } = stage("polling", {}, {}, ["0{}", "4hi"]);
  assertEquals(log, []);
  driver.ready(transport);
  assertEquals(log, ["write polling 0{}|4hi"]);
});

Deno.test("Driver delivers messages in order", () => {
  const { driver, transport, log } = stage("polling");
  driver.receive(transport, "4a");
  driver.receive(transport, "4b");
  assertEquals(log, ["receive 4a", "receive 4b"]);
});

Deno.test("Driver puts what one listener sends into one polling body, after it has returned", () => {
  const { driver, transport, log } = stage("polling", {
    receive() {
      driver.send(["41"], undefined);
      driver.send(["42"], undefined);
      log.push("returned");
    },
  });
  driver.ready(transport);
  driver.receive(transport, "4a");
  assertEquals(log, ["receive 4a", "returned", "write polling 41|42"]);
});

Deno.test("Driver hands what a listener sends to a WebSocket at once, in order", () => {
  const { driver, transport, log } = stage("websocket", {
    receive() {
      driver.send(["41"], undefined);
      driver.send(["42"], { compress: false });
    },
  });
  driver.receive(transport, "4a");
  driver.receive(transport, "4b");
  assertEquals(log, [
    "receive 4a",
    "write websocket 41",
    "write websocket 42 raw",
    "receive 4b",
    "write websocket 41",
    "write websocket 42 raw",
  ]);
});

Deno.test("Driver lets a listener return before the next message is delivered", () => {
  const { driver, transport, log } = stage("polling", {
    receive(frame) {
      if (frame === "4a") driver.receive(transport, "4b"); // e.g. a runtime that delivers inside of send
      log.push(`end ${frame}`);
    },
  });
  driver.receive(transport, "4a");
  assertEquals(log, ["receive 4a", "end 4a", "receive 4b", "end 4b"]);
});

Deno.test("Driver tells a listener that closed only after it has returned; what it sends then goes nowhere", () => {
  const { driver, transport, log } = stage("websocket", {
    receive() {
      driver.send(["4bye"], undefined);
      driver.close(true);
      driver.send(["4late"], undefined);
      log.push(`end ${driver.state}`);
    },
    closed: () => driver.send(["4later"], undefined),
  });
  driver.receive(transport, "4a");
  assertEquals(log, [
    "receive 4a",
    "write websocket 4bye",
    "release websocket close",
    "end closed",
    "forget",
    "closed forced close",
  ]);
});

Deno.test("Driver delivers what came before the client's close, then closes, once", () => {
  const { driver, transport, log } = stage("polling");
  driver.receive(transport, "4a");
  driver.receive(transport, "1");
  driver.lost(transport, "transport close");
  driver.garbled(transport, "what");
  driver.close(true);
  assertEquals(log, ["receive 4a", "release polling noop", "forget", "closed transport close"]);
});

Deno.test("Driver reports what a listener throws, and the session goes on", () => {
  const { driver, transport, log } = stage("polling", {
    receive(frame) {
      driver.send(["4sent"], undefined);
      throw new Error(`no ${frame}`);
    },
  });
  driver.ready(transport);
  driver.receive(transport, "4a");
  driver.receive(transport, "4b");
  driver.ready(transport);
  assertEquals(log, [
    "receive 4a",
    "report no 4a in engine socket",
    "write polling 4sent",
    "receive 4b",
    "report no 4b in engine socket",
    "write polling 4sent",
  ]);
  assertEquals(driver.state, "open");
});

Deno.test("Driver whose listener throws when it is told of the end has forgotten the session all the same", () => {
  const { clock, driver, log } = stage("polling", {
    closed() {
      throw new Error("oops");
    },
  });
  driver.close(true);
  driver.close(true);
  assertEquals(log, [
    "release polling close",
    "forget",
    "closed forced close",
    "report oops in engine socket",
  ]);
  assertEquals([driver.state, clock.pending], ["closed", 0]);
});

Deno.test("Driver pings and closes by the clock alone, with one timer and none left", () => {
  const { clock, transport, driver, log } = stage("polling");
  driver.ready(transport);
  assertEquals(clock.pending, 1);
  clock.advance(24_999);
  assertEquals(log, []);
  clock.advance(1);
  assertEquals(log, ["write polling 2 raw"]);
  assertEquals(clock.pending, 1);
  clock.advance(20_000);
  assertEquals(log, ["write polling 2 raw", "release polling close", "forget", "closed ping timeout"]);
  assertEquals(clock.pending, 0);
});

Deno.test("Driver leaves no timer behind, whoever ends the session", () => {
  const ends: ((stage: Stage) => void)[] = [
    ({ driver }) => driver.close(true),
    ({ driver, transport }) => driver.receive(transport, "1"),
    ({ driver, transport }) => driver.lost(transport, "transport close"),
    ({ driver, transport }) => driver.garbled(transport, "what"),
  ];
  for (const end of ends) {
    const each = stage("polling");
    each.driver.propose(new FakeTransport("websocket", each.log));
    end(each);
    assertEquals([each.driver.state, each.clock.pending], ["closed", 0], String(end));
  }
});

Deno.test("Driver closes a client for which too much waits, outside of the send that noticed", () => {
  const { clock, driver, log } = stage("polling");
  driver.send(["4".padEnd(2_000, "x")], undefined);
  assertEquals(driver.bufferedAmount, 2_000);
  driver.send(["4y"], undefined);
  assertEquals([log, driver.isWritable], [[], false]);
  clock.advance(0);
  assertEquals(log, ["release polling close", "forget", "closed slow consumer"]);
});

Deno.test("Driver keeps to a WebSocket that says inside of a write that it is blocked", () => {
  const { driver, transport, log } = stage("websocket", {
    receive() {
      for (let i = 0; i < 5; i++) driver.send([`4${i}`], undefined);
    },
  });
  transport.onWrite = () => {
    transport.bufferedAmount = 500;
    driver.blocked(transport, 500);
  };
  driver.receive(transport, "4a");
  assertEquals(log, ["receive 4a", "write websocket 40"]);
  assertEquals([driver.isWritable, driver.bufferedAmount], [false, 500 + 8]);
  transport.onWrite = undefined;
  transport.bufferedAmount = 0;
  driver.ready(transport);
  assertEquals(log.slice(2), ["write websocket 41|42|43|44"]);
  assertEquals([driver.isWritable, driver.bufferedAmount], [true, 0]);
});

Deno.test("Driver lets a blocked WebSocket look again before it queues what is sent", () => {
  const { driver, transport, log } = stage("websocket");
  driver.blocked(transport, 500);
  let looks = 0;
  transport.onRefresh = () => looks++;
  driver.send(["41"], undefined);
  transport.onRefresh = () => driver.ready(transport);
  driver.send(["42"], undefined);
  assertEquals([log, looks], [["write websocket 41", "write websocket 42"], 1]);
  transport.onRefresh = () => looks++;
  driver.send(["43"], undefined);
  driver.close(true);
  driver.send(["44"], undefined);
  assertEquals(looks, 1, "neither a ready nor an ended session asks");
});

Deno.test("Driver says drain when the client polls again, not when a poll took the last that waited", () => {
  const { driver, transport, log } = stage("polling");
  driver.emitter.on("drain", () => log.push("drain"));
  driver.send(["41"], undefined);
  driver.ready(transport);
  assertEquals(log.splice(0), ["write polling 41"]);
  driver.ready(transport);
  assertEquals(log.splice(0), ["drain"]);
});

Deno.test("Driver drops volatile frames that a blocked WebSocket cannot take", () => {
  const { driver, transport, log } = stage("websocket");
  driver.blocked(transport, 1);
  driver.send(["4lost"], { volatile: true });
  driver.ready(transport);
  driver.send(["4kept"], { volatile: true });
  assertEquals(log, ["write websocket 4kept"]);
});

Deno.test("Driver writes all that a listener sends however much it is, each once", () => {
  const { driver, transport, log } = stage("websocket", {
    receive(frame) {
      for (let i = 0; i < 1_000; i++) driver.send([`${frame}${i}`], undefined);
    },
  });
  driver.receive(transport, "4a");
  assertEquals(log.length, 1_001);
  assertEquals([log[1], log[1_000]], ["write websocket 4a0", "write websocket 4a999"]);
});

Deno.test("Driver moves a session to a second transport", () => {
  const { clock, driver, transport, log } = stage("polling");
  const ws = new FakeTransport("websocket", log);
  driver.ready(transport);
  driver.propose(ws);
  assertEquals([driver.isUpgrading, driver.transportKind], [false, "polling"]);
  driver.receive(ws, "2probe");
  assertEquals([driver.isUpgrading, driver.isUpgraded], [true, false]);
  driver.send(["4waits"], undefined);
  driver.receive(ws, "5");
  assertEquals([driver.isUpgrading, driver.isUpgraded, driver.transportKind], [false, true, "websocket"]);
  assertEquals(log, [
    "write websocket 3probe raw",
    "write polling 6 raw",
    "release polling noop",
    "write websocket 4waits",
  ]);
  assertEquals(clock.pending, 1);
});

Deno.test("Driver releases a candidate at the upgrade timeout", () => {
  const { clock, driver, log } = stage("polling");
  driver.propose(new FakeTransport("websocket", log));
  clock.advance(9_999);
  assertEquals(log, []);
  clock.advance(1);
  assertEquals(log, ["release websocket close"]);
});

// Listeners of users

Deno.test("Driver tells users' listeners what happens, in order", () => {
  const { clock, driver, transport, log } = stage("polling");
  const { emitter } = driver;
  emitter.on("message", (data) => log.push(`message ${data}`));
  emitter.on("data", (data) => log.push(`data ${data}`));
  emitter.on("packet", ({ type, data }) => log.push(`packet ${type} ${data}`));
  emitter.on("packetCreate", ({ type, data }) => log.push(`packetCreate ${type} ${data}`));
  emitter.on("flush", () => log.push("flush"));
  emitter.on("drain", () => log.push("drain"));
  emitter.on("heartbeat", () => log.push("heartbeat"));
  emitter.on("upgrading", ({ name, writable }) => log.push(`upgrading ${name} ${writable}`));
  emitter.on("upgrade", ({ name, writable }) => log.push(`upgrade ${name} ${writable}`));
  emitter.on("close", (reason, description) => log.push(`close ${reason} ${description}`));

  const take = (): string[] => log.splice(0);
  driver.receive(transport, "4a");
  assertEquals(take(), ["packet message a", "data a", "message a", "receive 4a"]);
  driver.ready(transport);
  assertEquals(take(), ["drain"]);
  driver.send(["4b"], undefined);
  assertEquals(take(), ["packetCreate message b", "write polling 4b", "flush"]);
  const ws = new FakeTransport("websocket", log);
  driver.propose(ws);
  driver.receive(ws, "2probe");
  assertEquals(take(), [
    "packet ping probe",
    "write websocket 3probe raw",
    "flush",
    "upgrading websocket false",
  ]);
  driver.receive(ws, "5");
  assertEquals(take(), ["packet upgrade undefined", "release polling noop", "upgrade websocket true"]);
  clock.advance(25_000);
  driver.receive(ws, "3");
  assertEquals(take(), ["write websocket 2 raw", "flush", "drain", "packet pong undefined", "heartbeat"]);
  driver.lost(ws, "transport error", "gone");
  assertEquals(take(), [
    "release websocket close",
    "forget",
    "close transport error gone",
    "closed transport error: gone",
  ]);
});

Deno.test("Driver reports a users' listener that throws, and still tells the layer above", () => {
  const { driver, transport, log } = stage("polling");
  driver.emitter.on("message", () => {
    throw new Error("mine");
  });
  driver.emitter.on("close", () => {
    throw new Error("mine too");
  });
  driver.receive(transport, "4a");
  driver.close(true);
  assert(log[0]!.startsWith("report mine in "));
  assertEquals(log[1], "receive 4a");
  assertEquals(log.slice(-1), ["closed forced close"]);
});

Deno.test("Driver shows users no packet where the frame is not one", () => {
  const { driver, transport, log } = stage("polling");
  driver.emitter.on("packet", ({ type }) => log.push(`packet ${type}`));
  driver.receive(transport, "9");
  assertEquals(log, ["release polling close", "forget", "closed parse error: unknown packet type"]);
});

// Broadcasts by topic

/** A WebSocket transport whose socket has topics, and takes any number of bytes. */
function withTopics(log: string[]): FakeTransport & Required<Pick<Transport, "direct">> {
  const topics: TopicSocket = {
    hub: { publish: () => {} },
    subscribe: () => {},
    unsubscribe: () => {},
  };
  return Object.assign(new FakeTransport("websocket", log), {
    direct: (bytes: number) => (log.push(`direct ${bytes}`), topics),
  });
}

/** A driver on such a transport. */
function topicStage(
  isFlushHeard?: () => boolean,
): { driver: Driver; transport: FakeTransport; log: string[] } {
  const log: string[] = [];
  const transport = withTopics(log);
  const driver = new Driver("sid", transport, [], OPTIONS, {
    deadlines: new Deadlines(new ManualClock()),
    report: (error) => {
      throw error;
    },
    forget: () => {},
    isFlushHeard: isFlushHeard ?? (() => false),
  });
  return { driver, transport, log };
}

Deno.test("Driver gives its WebSocket for a broadcast while nothing waits and it is open", () => {
  const { driver, transport, log } = topicStage();
  assertEquals(driver.direct(5), undefined);
  driver.ready(transport);
  assert(driver.direct(7) !== undefined);
  driver.blocked(transport, 1);
  assertEquals(driver.direct(5), undefined);
  driver.ready(transport);
  driver.close(true);
  assertEquals(driver.direct(5), undefined);
  assertEquals(log, ["direct 7", "release websocket close"]);
});

Deno.test("Driver on polling gives nothing for a broadcast", () => {
  const { driver, transport } = stage("polling");
  driver.ready(transport);
  assertEquals(driver.direct(5), undefined);
});

Deno.test("Driver keeps its WebSocket to itself while somebody is shown what is sent", () => {
  const { driver, transport } = topicStage();
  driver.ready(transport);
  const listener = (): void => {};
  for (const event of ["packetCreate", "flush"] as const) {
    driver.emitter.on(event, listener);
    assertEquals(driver.direct(5), undefined);
    driver.emitter.off(event, listener);
    assert(driver.direct(5) !== undefined);
  }
  driver.emitter.on("upgrade", listener);
  assert(driver.direct(5) !== undefined);
  const heard = topicStage(() => true);
  heard.driver.ready(heard.transport);
  assertEquals(heard.driver.direct(5), undefined);
});

Deno.test("Driver keeps its WebSocket to itself while frames are about to be written", () => {
  const { driver, transport: polling, log } = stage("polling");
  const transport = withTopics(log);
  driver.emitter.on("upgrade", () => void log.push(driver.direct(5) === undefined ? "kept" : "given"));
  driver.send(["4waits"], undefined);
  driver.propose(transport);
  driver.receive(transport, "2probe");
  driver.receive(transport, "5");
  assert(polling.kind === "polling");
  assertEquals(log.slice(-3), ["release polling noop", "kept", "write websocket 4waits"]);
  assert(driver.direct(5) !== undefined);
});
