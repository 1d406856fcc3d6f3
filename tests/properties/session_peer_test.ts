/**
 * The session machine against a client that follows the protocol, over a network that takes time and sometimes fails.
 * Where session_test.ts throws inputs in any order, this one knows what a sane client would do next, and a model of the
 * session says what must come of it: so the slips that only show between two well-behaved peers show here.
 *
 * Invariants, in words:
 * - numbered messages arrive once, in order, both ways, across the upgrade too; none is lost while the session lives
 * - what waits is what was sent and not written, to the byte, and never much more than the limit
 * - a poll is answered once, with no more than maxPayload; a blocked WebSocket gets nothing
 * - a volatile message goes at once or not at all
 * - a client that follows the rules is upgraded, and closed only by what one side did
 * - pings are pingInterval apart at least, a silent client is gone by pingInterval + 2 x pingTimeout
 * - a candidate is gone at the upgrade timeout; a replaced transport is not heard any more
 * - `closed` comes once, everything is released, with the goodbye that fits the cause
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { type Output, Session, type SessionOptions } from "../../src/engine/session.ts";

const OPTIONS: SessionOptions = {
  pingInterval: 1_000,
  pingTimeout: 400,
  upgradeTimeout: 700,
  maxPayload: 60,
  maxBufferedBytes: 1_500,
};
const CLOSE_TIMEOUT = 30_000;
/** What a waiting frame weighs beside its bytes. */
const OVERHEAD = 64;

type Fault =
  | "none"
  | "abort"
  | "garbage"
  | "silence"
  | "client close"
  | "ping"
  | "never upgrades"
  | "skips the probe"
  | "candidate lost"
  | "old transport speaks"
  | "second candidate"
  | "discard"
  | "server close"
  | "server close to the deaf"
  | "talks but never pongs"
  | "stops reading";

interface Plan {
  /** What the two sides do, each after `gap` ms. */
  readonly moves: readonly Move[];
  readonly direct: boolean;
  /** ms one way. */
  readonly latency: number;
  /** ms by which the driver's timer is late. */
  readonly late: number;
  readonly fault: Fault;
  /** The move before which the fault happens. */
  readonly faultAt: number;
  /** The move before which the client begins to upgrade. */
  readonly upgradeAt: number;
}

interface Move {
  readonly do: "send" | "volatile" | "speak" | "idle" | "block" | "drain";
  readonly count: number;
  readonly size: number;
  readonly gap: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  do: fc.oneof(
    { weight: 6, arbitrary: fc.constant("send" as const) },
    { weight: 4, arbitrary: fc.constant("speak" as const) },
    { weight: 2, arbitrary: fc.constantFrom("volatile" as const, "block" as const, "drain" as const) },
    { weight: 1, arbitrary: fc.constant("idle" as const) },
  ),
  count: fc.integer({ min: 1, max: 4 }),
  size: fc.integer({ min: 0, max: 30 }),
  gap: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 1_500 }) },
  ),
});

const FAULTS: Fault[] = [
  "abort",
  "garbage",
  "silence",
  "client close",
  "ping",
  "never upgrades",
  "skips the probe",
  "candidate lost",
  "old transport speaks",
  "second candidate",
  "discard",
  "server close",
  "server close to the deaf",
  "talks but never pongs",
  "stops reading",
];

const plan: fc.Arbitrary<Plan> = fc.record({
  moves: fc.array(move, { minLength: 4, maxLength: 30, size: "max" }),
  direct: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, {
    weight: 1,
    arbitrary: fc.constant(true),
  }),
  latency: fc.integer({ min: 0, max: 20 }),
  late: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }) },
  ),
  fault: fc.oneof({ weight: 2, arbitrary: fc.constant<Fault>("none") }, {
    weight: 3,
    arbitrary: fc.constantFrom(...FAULTS),
  }),
  faultAt: fc.nat(20),
  upgradeAt: fc.oneof(
    { weight: 4, arbitrary: fc.nat(10) },
    { weight: 1, arbitrary: fc.constant(Infinity) },
  ),
});

interface Wire {
  readonly kind: "polling" | "websocket";
  released: "close" | "noop" | undefined;
}

/** What travels: at which time, and what it does on arrival. */
interface Arrival {
  readonly at: number;
  readonly run: () => void;
}

/** One run: session, driver, network, client, and the model of what must happen. */
class Run {
  readonly session: Session<Wire>;
  end: { readonly reason: string; readonly at: number } | undefined;
  now = 5_000;
  readonly #plan: Plan;
  readonly #network: Arrival[] = [];

  // The server's side, as the model sees it.
  readonly #attached: Wire[] = [];
  #current: Wire;
  #candidate: { readonly wire: Wire; readonly since: number; isProbed: boolean } | undefined;
  #isParked = false;
  #isBlocked = false;
  #isUpgraded = false;
  #isSlow = false;
  #waiting: string[] = [];
  readonly #heard: string[] = [];
  readonly #brought: string[] = [];
  #number = 0;
  #lastPing = -Infinity;
  #lastPong = this.now;
  #closingSince = Infinity;
  /** Reasons, each with its goodbye, for which the input being fed may end the session. */
  #allowed: string[] = [];

  // The client.
  #uses: Wire;
  #hasRequest = false;
  #isPaused = false;
  #isSilent = false;
  #isReading = true;
  /** Whether it goes on talking and answers no ping. */
  #isTalker = false;
  #upgrading: Wire | undefined;
  readonly #written: string[] = [];
  readonly #received: string[] = [];
  #spoken = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#current = this.#uses = wire(plan.direct ? "websocket" : "polling");
    this.#attached.push(this.#current);
    this.session = new Session(this.#current, ["0{}"], OPTIONS, this.now);
    this.#waiting.push("0{}");
    if (plan.direct) this.#feed(() => this.session.ready(this.#current, this.now));
    else this.#poll();
  }

  /** Plays the plan, then lets the client fall silent. Returns the state between the two. */
  run(): string {
    for (const [index, move] of this.#plan.moves.entries()) {
      if (index === this.#plan.upgradeAt) this.#beginUpgrade();
      if (index === this.#plan.faultAt) this.#commitFault();
      this.#move(move);
      this.#pass(move.gap);
    }
    this.#pass(1_500); // a healthy client has all it needs by now
    this.#checkHealth();
    const state = this.end?.reason ?? this.session.state;
    this.#network.length = 0;
    this.#isSilent = true;
    this.#pass(OPTIONS.pingInterval + 2 * OPTIONS.pingTimeout + CLOSE_TIMEOUT + 200);
    assert(this.end, "a client that fell silent for ever is gone");
    return state;
  }

  // The driver

  /** Gives the session an input that may end it for the reasons `allowed`, and performs what comes of it. */
  #feed(input: () => void, ...allowed: string[]): void {
    const { session } = this;
    this.#allowed = allowed;
    if (session.nextDeadline() === 0) allowed.push("slow consumer/close");
    if (session.state === "closing") allowed.push("forced close/close");
    if (this.now >= this.#lastPong + OPTIONS.pingInterval + OPTIONS.pingTimeout) {
      allowed.push("ping timeout/close");
    }
    input();
    for (let index = 0; index < session.outputs.length; index++) this.#perform(session.outputs[index]!);
    session.outputs.length = 0;
    this.#check();
  }

  #perform(output: Output<Wire>): void {
    if (this.end) assertEquals(output.do, "release", "nothing but releases follows the end");
    switch (output.do) {
      case "flush":
        this.session.flush();
        break;
      case "write":
        this.#write(output.to, output.frames as string[]);
        break;
      case "deliver":
        this.#heard.push(output.frame as string);
        if (this.#heard.length % 3 === 0) this.#send(1, 2, false); // a listener that answers
        break;
      case "release":
        this.#release(output.transport, output.farewell);
        break;
      case "announce":
        break;
      case "closed": {
        this.end = { reason: output.reason, at: this.now };
        const end = `${output.reason}/${this.session.transport.released}`;
        assert(this.#allowed.includes(end), `ended with ${end}, expected one of: ${this.#allowed}`);
      }
    }
  }

  #write(to: Wire, frames: readonly string[]): void {
    assertEquals(to.released, undefined, "no transport is written to after its release");
    if (to === this.#candidate?.wire) {
      assertEquals(frames, ["3probe"], "a candidate hears nothing but the answer to its probe");
      return this.#later(() => this.#probeAnswered(to));
    }
    assert(to === this.#current, "frames leave over the current transport");
    if (to.kind === "polling") {
      assert(this.#isParked, "a poll is answered only while parked");
      this.#isParked = false;
      const bytes = frames.reduce((sum, frame) => sum + frame.length, frames.length - 1);
      assert(frames.length === 1 || bytes <= OPTIONS.maxPayload, `${bytes} bytes in one body`);
    } else {
      assert(!this.#isBlocked, "a blocked WebSocket gets nothing");
    }
    for (const frame of frames) {
      if (frame === "2") {
        assert(this.now - this.#lastPing >= OPTIONS.pingInterval, "pings are an interval apart");
        this.#lastPing = this.now;
      } else if (frame === "6") {
        assert(this.#candidate?.isProbed || this.#isUpgraded, "a noop is for a client that upgrades");
      } else {
        assertEquals(frame, this.#waiting.shift(), "frames leave in the order they were sent, once");
        if (frame.startsWith("4")) this.#written.push(frame);
      }
    }
    this.#later(() => this.#answer(to, frames));
  }

  #release(transport: Wire, farewell: "close" | "noop"): void {
    assertEquals(transport.released, undefined, "a transport is released once");
    transport.released = farewell;
    if (transport.kind === "polling" && this.#isParked) {
      this.#isParked = false;
      this.#later(() => this.#answer(transport, [farewell === "close" ? "1" : "6"]));
    }
    if (transport === this.#candidate?.wire && transport !== this.session.transport) {
      this.#candidate = undefined;
      this.#later(() => this.#candidateGone(transport));
    }
  }

  /** The current transport would take a frame. */
  get #takes(): boolean {
    return this.#current.kind === "polling" ? this.#isParked : !this.#isBlocked;
  }

  #check(): void {
    const { session } = this;
    if (session.state === "closed") {
      assert(this.end, "a closed session says so");
      assertEquals([session.nextDeadline(), session.queuedBytes, session.isWritable], [Infinity, 0, false]);
      for (const each of this.#attached) assert(each.released, "every transport is released in the end");
      return;
    }
    assert(Number.isFinite(session.nextDeadline()), "a session that lives has a next deadline");
    assert(session.transport === this.#current, "both agree on the transport in use");
    assertEquals(session.isUpgraded, this.#isUpgraded);
    if (session.state === "open") {
      assertEquals(
        this.#heard.length,
        this.#brought.length,
        "an open session delivers all that it was brought",
      );
    }
    if (this.#isSlow) return;
    const control = session.queuedBytes - this.#waiting.reduce((sum, frame) => sum + frame.length, 0);
    assert(
      control === 0 || control === 1 || control === 2,
      `what waits is what was sent: ${control} bytes off`,
    );
    assert(session.queuedBytes === 0 || !this.#takes, "nothing waits for a transport that would take it");
    assertEquals(session.isWritable, session.state === "open" && this.#takes);
  }

  /** After an input that carried the time. */
  #checkTime(): void {
    const next = this.session.nextDeadline();
    if (this.session.state === "open") {
      const limit = this.#lastPong + OPTIONS.pingInterval + 2 * OPTIONS.pingTimeout + 3 * this.#plan.late;
      assert(this.now <= limit, "a client that does not answer is gone in time");
    } else if (this.session.state === "closing") {
      assert(this.now <= this.#closingSince + CLOSE_TIMEOUT + this.#plan.late, "closing ends");
    }
    if (this.#candidate) {
      const timeout = this.#candidate.since + OPTIONS.upgradeTimeout;
      assert(this.now < timeout, "a candidate is gone at the upgrade timeout");
      assert(next <= timeout, "somebody looks at the upgrade timeout");
      if (this.#candidate.isProbed && this.#isParked) {
        assert(next <= this.now + 100, "a parked poll is freed within 100 ms during an upgrade");
      }
    }
  }

  // The network: nothing overtakes

  #later(run: () => void, delay = this.#plan.latency): void {
    const at = this.now + delay;
    let index = this.#network.length;
    while (index > 0 && this.#network[index - 1]!.at > at) index--;
    this.#network.splice(index, 0, { at, run });
  }

  /** Lets time pass: messages arrive, the driver's timer rings, late by what the plan says. */
  #pass(ms: number): void {
    const until = this.now + ms;
    for (let turns = 0;; turns++) {
      assert(turns < 5_000, "somebody runs in circles");
      const deadline = this.session.nextDeadline();
      const ring = deadline === Infinity ? Infinity : Math.max(this.now, deadline + this.#plan.late);
      const arrival = this.#network[0];
      const next = Math.min(ring, arrival?.at ?? Infinity);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      if (arrival && arrival.at <= ring) {
        this.#network.shift();
        arrival.run();
      } else {
        this.#feed(() => this.session.advance(this.now));
        this.#checkTime();
      }
    }
    this.now = until;
  }

  // What the two applications do

  #move(move: Move): void {
    switch (move.do) {
      case "send":
        return this.#feed(() => this.#send(move.count, move.size, false));
      case "volatile":
        return this.#feed(() => this.#send(move.count, move.size, true));
      case "speak":
        for (let i = 0; i < move.count && !this.#isSilent; i++) this.#speak(`4${this.#spoken++}`);
        return;
      case "block":
        if (this.#current.kind !== "websocket" || this.#isBlocked) return;
        this.#isBlocked = true;
        this.session.blocked(this.#current, 50);
        if (this.#isReading) this.#later(() => this.#drain(this.#current), 40);
    }
  }

  #drain(transport: Wire): void {
    if (!this.#isBlocked || transport.released) return;
    this.#isBlocked = false;
    this.#feed(() => this.session.ready(transport, this.now));
  }

  #send(count: number, size: number, isVolatile: boolean): void {
    const { session } = this;
    const wasOpen = session.state === "open" && !this.#isSlow;
    const wasWritable = session.isWritable;
    const weight = this.#waiting.reduce((sum, frame) => sum + frame.length + OVERHEAD, 0);
    const frames = Array.from({ length: count }, () => `4${this.#number++}-`.padEnd(size, "x"));
    session.send(frames, isVolatile, true);
    if (!wasOpen || (isVolatile && !wasWritable)) return;
    if (session.nextDeadline() === 0) {
      assert(
        weight + 50 + 2 * (OVERHEAD + 1) > OPTIONS.maxBufferedBytes,
        "a client is slow only past the limit",
      );
      this.#isSlow = true;
      this.#waiting = [];
    } else {
      assert(wasWritable || weight <= OPTIONS.maxBufferedBytes, "no more waits than the limit and one batch");
      this.#waiting.push(...frames);
    }
  }

  // The client

  #poll(): void {
    if (this.#hasRequest || this.#isPaused || !this.#isReading || this.#isSilent) return;
    if (this.#uses.kind !== "polling") return;
    this.#hasRequest = true;
    const transport = this.#uses;
    this.#later(() => {
      if (transport.released) return; // answered 400
      this.#isParked = true;
      this.#feed(() => this.session.ready(transport, this.now));
      this.#checkTime();
    });
  }

  #answer(from: Wire, frames: readonly string[]): void {
    if (from.kind === "polling") this.#hasRequest = false;
    for (const frame of frames) {
      if (frame === "2" && !this.#isSilent && !this.#isTalker) this.#speak("3");
      else if (frame.startsWith("4")) this.#received.push(frame);
    }
    if (this.#isPaused && this.#upgrading && !this.#hasRequest) this.#finishUpgrade();
    this.#poll();
  }

  #speak(frame: string): void {
    const transport = this.#uses;
    this.#later(() => {
      if (transport.released) return;
      const isMessage = frame.startsWith("4");
      const closes = frame === "1"
        ? [this.session.state === "closing" ? "forced close/noop" : "transport close/noop"]
        : frame === "2"
        ? ["transport error/close"]
        : [];
      const count = this.#heard.length;
      if (isMessage) this.#brought.push(frame);
      if (this.session.state === "closing") this.#brought.pop();
      this.#feed(() => this.session.receive(transport, frame, this.now), ...closes);
      if (isMessage && this.#heard.length > count) {
        assertEquals(this.#heard.at(-1), frame, "what is delivered is what came");
      }
      if (frame === "3" && this.session.state === "open") this.#lastPong = this.now;
      if (frame === "1" || frame === "2") {
        const isOver = frame === "1" || this.#closingSince === Infinity;
        if (isOver) assertEquals(this.session.state, "closed", `"${frame}" ends the session`);
      }
      this.#checkTime();
    });
  }

  #beginUpgrade(): void {
    if (this.#uses.kind !== "polling" || this.#isSilent) return;
    const transport = this.#upgrading = wire("websocket");
    this.#later(() => {
      this.#feed(() => this.session.advance(this.now));
      this.#attached.push(transport);
      if (this.session.state === "open") {
        this.#candidate = { wire: transport, since: this.now, isProbed: false };
      }
      this.#feed(() => this.session.propose(transport, this.now));
      assertEquals(
        transport.released === undefined,
        this.session.state === "open",
        "only an open session upgrades",
      );
    });
    this.#later(() => {
      if (transport.released) return;
      const frame = this.#plan.fault === "skips the probe" ? "5" : "2probe";
      this.#feed(() => this.session.advance(this.now));
      if (!this.#candidate) return;
      this.#candidate.isProbed = frame === "2probe";
      this.#feed(() => this.session.receive(transport, frame, this.now));
      if (frame === "5") assertEquals(transport.released, "close", "nobody moves without a probe");
      this.#checkTime();
    });
  }

  #probeAnswered(transport: Wire): void {
    if (this.#upgrading !== transport || this.#plan.fault === "never upgrades" || this.#isSilent) return;
    this.#isPaused = true; // no new poll, and the parked one must come back first
    if (!this.#hasRequest) this.#finishUpgrade();
  }

  #finishUpgrade(): void {
    const transport = this.#uses = this.#upgrading!;
    this.#upgrading = undefined;
    this.#later(() => {
      if (transport.released) return;
      this.#feed(() => this.session.advance(this.now));
      if (!this.#candidate) return;
      const old = this.#current;
      [this.#current, this.#candidate, this.#isUpgraded] = [transport, undefined, true];
      this.#feed(() => this.session.receive(transport, "5", this.now));
      assertEquals(old.released, "noop", "a client that follows the rules is upgraded");
      if (this.#plan.fault !== "old transport speaks") return;
      this.#feed(() => this.session.receive(old, "4nobody listens", this.now));
      this.#feed(() => this.session.ready(old, this.now));
      this.#feed(() => this.session.blocked(old, 5_000));
      this.#feed(() => this.session.garbled(old, "garbage", this.now));
      this.#feed(() => this.session.lost(old, "transport error", "gone", this.now));
    });
  }

  #candidateGone(transport: Wire): void {
    if (this.#upgrading === transport) this.#upgrading = undefined;
    if (this.#uses === transport) this.#isSilent = true; // it had moved there: for it, the connection is lost
    this.#isPaused = false;
    this.#poll();
  }

  #commitFault(): void {
    const { session, now } = this;
    switch (this.#plan.fault) {
      case "abort":
        if (!this.#isParked) return;
        return this.#feed(
          () => session.lost(this.#current, "transport error", "abort", now),
          "transport error/close",
        );
      case "garbage":
        return this.#feed(() => session.garbled(this.#current, "garbage", now), "parse error/close");
      case "client close":
        return this.#speak("1");
      case "ping":
        return this.#speak("2");
      case "silence":
        this.#isSilent = true;
        return;
      case "stops reading":
        this.#isReading = false;
        return;
      case "candidate lost":
        if (!this.#candidate) return;
        return this.#feed(() => session.lost(this.#candidate!.wire, "transport close", undefined, now));
      case "second candidate": {
        const second = wire("websocket");
        this.#attached.push(second);
        if (this.#candidate || this.#current.kind === "websocket" || session.state !== "open") {
          this.#feed(() => session.propose(second, now));
          assertEquals(second.released, "close", "there is one candidate at most, and none for a WebSocket");
        } else {
          second.released = "close"; // nothing to compete with
        }
        return;
      }
      case "talks but never pongs":
        this.#isTalker = true;
        return this.#talk();
      case "server close to the deaf":
        this.#isReading = false;
        return this.#close(false);
      case "server close":
        return this.#close(false);
      case "discard":
        return this.#close(true);
    }
  }

  #close(discard: boolean): void {
    const { session } = this;
    if (session.state === "open") this.#closingSince = this.now;
    this.#feed(() => session.advance(this.now));
    const mustWait = !discard && session.state === "open" && this.#current.kind === "polling" &&
      !this.#isParked;
    this.#feed(() => session.close(discard, this.now), "forced close/close");
    assertEquals(
      session.state,
      mustWait || (!discard && !this.end) ? "closing" : "closed",
      "a goodbye waits for its poll",
    );
  }

  #talk(): void {
    if (this.#isSilent || this.#uses.released) return;
    this.#speak(`4${this.#spoken++}`);
    this.#later(() => this.#talk(), 150);
  }

  /** After a while of quiet, with a client that did nothing wrong, nothing may be missing. */
  #checkHealth(): void {
    const { fault, upgradeAt, moves, direct } = this.#plan;
    const isHealthy = [
      "none",
      "never upgrades",
      "skips the probe",
      "old transport speaks",
      "second candidate",
    ]
      .includes(fault);
    if (isHealthy) {
      assertEquals(this.end?.reason ?? "slow consumer", "slow consumer", "nobody did anything wrong");
    }
    if (!isHealthy || this.end) return;
    assertEquals(this.#waiting, [], "what was sent has left");
    assertEquals(this.#received, this.#written, "what was sent has arrived");
    assertEquals(this.#heard.length, this.#spoken, "what the client said was heard");
    const upgrades = !direct && upgradeAt < moves.length && fault !== "never upgrades" &&
      fault !== "skips the probe";
    assertEquals(this.#isUpgraded, upgrades, "a client that follows the rules is upgraded");
    assertEquals(this.session.isUpgrading, false);
  }
}

function wire(kind: Wire["kind"]): Wire {
  return { kind, released: undefined };
}

Deno.test("Session and a client that follows the protocol lose nothing, whatever else happens", () => {
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(plan, (plan) => {
      const run = new Run(plan);
      const end = `${run.run()}${run.session.isUpgraded ? ", upgraded" : ""}`;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }),
    { numRuns: 15_000 },
  );
  const table = [...ends].sort((a, b) => b[1] - a[1]);
  console.log(table.map(([end, count]) => `${count} × ${end}`).join("; "));
  const upgraded = table.filter(([end]) => end.endsWith("upgraded")).reduce(
    (sum, [, count]) => sum + count,
    0,
  );
  assertGreater(upgraded, 5_000, "a good share of the runs upgrades");
  assertGreater(ends.size, 8, "many ends are reached");
});
