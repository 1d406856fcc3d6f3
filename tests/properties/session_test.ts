/**
 * Random input orders of the session machine, against a model of its client. The generator is biased towards a
 * sane client (it answers pings, finishes upgrades), because a flat one hardly ever gets past the handshake.
 *
 * Invariants, checked after every step:
 * - an open session has a finite next deadline, and a silent client is gone in time
 * - exactly one `closed`; after it nothing but releases; every transport is released at most once, in the end all
 * - a poll is written to only while it is parked, once; a WebSocket only while it is the current transport
 * - what was sent arrives in order, none doubled; none lost as long as the session lives, across the upgrade too
 * - what the client sent on its current transport is delivered in order
 * - a candidate is gone at the upgrade timeout
 * - no more than the limit waits
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { type Output, Session, type SessionOptions } from "../../src/engine/session.ts";

const OPTIONS: SessionOptions = {
  pingInterval: 1_000,
  pingTimeout: 400,
  upgradeTimeout: 700,
  maxPayload: 60,
  maxBufferedBytes: 400,
};

type Step =
  | { readonly do: "send"; readonly size: number; readonly volatile: boolean }
  | { readonly do: "message" | "poll" | "abort" | "overlap" | "garbage" | "client close" }
  | { readonly do: "open ws" | "probe" | "upgrade" | "candidate lost" | "ws lost" | "block" | "drain" }
  | { readonly do: "close"; readonly discard: boolean }
  | { readonly do: "pong" | "ping from client" | "noise" }
  | { readonly do: "wait"; readonly ms: number };

const plain = (...names: Exclude<Step["do"], "send" | "close" | "wait">[]) =>
  fc.constantFrom(...names).map((name): Step => ({ do: name }));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: plain("poll", "message", "pong") },
  {
    weight: 18,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      size: fc.integer({ min: 0, max: 40 }),
      volatile: fc.boolean(),
    }),
  },
  { weight: 30, arbitrary: plain("open ws", "probe", "upgrade") },
  {
    weight: 14,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 320 }) }),
  },
  { weight: 5, arbitrary: plain("block", "drain", "noise") },
  {
    weight: 2,
    arbitrary: plain(
      "abort",
      "overlap",
      "garbage",
      "client close",
      "candidate lost",
      "ws lost",
      "ping from client",
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), discard: fc.boolean() }) },
);

interface Wire {
  readonly kind: "polling" | "websocket";
  readonly name: string;
  isReleased: boolean;
}

/** The client, the driver and the clock around one session. */
class World {
  now = 10_000;
  readonly session: Session<Wire>;
  current: Wire;
  candidate: Wire | undefined;
  candidateSince = 0;
  isProbed = false;
  isParked = false;
  isBlocked = false;
  owesPong = false;
  lastHeard: number;
  readonly wires: Wire[] = [];
  /** Numbers of the messages that were sent and not dropped at once, and of those that arrived. */
  readonly sent: number[] = [];
  readonly arrived: number[] = [];
  readonly spoken: number[] = [];
  readonly delivered: number[] = [];
  closed: string | undefined;
  #number = 0;

  constructor(isPolling: boolean) {
    this.current = this.#wire(isPolling ? "polling" : "websocket");
    this.session = new Session(this.current, ["0{}"], OPTIONS, this.now);
    this.lastHeard = this.now;
    this.isParked = isPolling;
    this.session.ready(this.current, this.now);
    this.perform();
  }

  #wire(kind: Wire["kind"]): Wire {
    const wire = { kind, name: `${kind} ${this.wires.length}`, isReleased: false };
    this.wires.push(wire);
    return wire;
  }

  /** Performs the outputs as the driver does, and checks each. */
  perform(): void {
    const { outputs } = this.session;
    for (let index = 0; index < outputs.length; index++) this.#do(outputs[index]!);
    outputs.length = 0;
    if (this.session.state === "closed") {
      assert(this.closed !== undefined, "a closed session has said so");
      assertEquals(this.session.nextDeadline(), Infinity);
      for (const wire of this.wires) assert(wire.isReleased, `${wire.name} is released in the end`);
    } else {
      assert(Number.isFinite(this.session.nextDeadline()), "an open session has a next deadline");
      const waiting = this.session.nextDeadline() === 0 ? 0 : this.sent.length - this.arrived.length;
      assert(waiting * 66 <= OPTIONS.maxBufferedBytes + 110, "no more than the limit waits");
    }
  }

  #do(output: Output<Wire>): void {
    if (this.closed !== undefined) assertEquals(output.do, "release", "nothing but releases after the end");
    switch (output.do) {
      case "flush":
        return this.session.flush();
      case "write": {
        const { to, frames } = output;
        assert(!to.isReleased, `${to.name} is not written to after its release`);
        if (to.kind === "polling") {
          assert(to === this.current && this.isParked, "a poll is answered only while parked");
          this.isParked = false;
        } else {
          assert(
            to === this.current || to === this.candidate,
            "only the current and the candidate are written to",
          );
          if (to === this.candidate) assertEquals(frames, ["3probe"]);
        }
        for (const frame of frames as string[]) {
          if (frame === "2") this.owesPong = true;
          if (frame.startsWith("4")) this.arrived.push(Number.parseInt(frame.slice(1)));
        }
        return;
      }
      case "release":
        assert(!output.transport.isReleased, `${output.transport.name} is released once`);
        output.transport.isReleased = true;
        if (output.transport.kind === "polling") this.isParked = false;
        if (output.transport === this.candidate) this.candidate = undefined;
        return;
      case "deliver":
        this.delivered.push(Number.parseInt((output.frame as string).slice(1)));
        return;
      case "closed":
        assertEquals(this.closed, undefined, "closed once");
        this.closed = output.reason;
    }
  }

  take(step: Step): void {
    const { session, now } = this;
    switch (step.do) {
      case "send": {
        const number = this.#number++;
        const before = session.queuedBytes;
        const wasOpen = session.state === "open";
        const wasWritable = session.isWritable;
        session.send([`4${number}-${"x".repeat(step.size)}`], step.volatile, true);
        const last = session.outputs.at(-1);
        const isTaken = session.queuedBytes > before || last?.do === "write" || last?.do === "flush";
        if (wasOpen && isTaken) this.sent.push(number);
        if (wasWritable) assert(isTaken, "what the transport takes at once is never dropped");
        if (wasOpen && !step.volatile) {
          assert(isTaken || session.nextDeadline() === 0, "only volatile ones are dropped");
        }
        break;
      }
      case "message": {
        const number = this.#number++;
        if (session.state === "open") this.spoken.push(number);
        this.#heard();
        session.receive(this.current, `4${number}`, now);
        break;
      }
      case "poll":
        if (this.current.kind !== "polling" || this.isParked || this.current.isReleased) return;
        this.isParked = true;
        session.ready(this.current, now);
        break;
      case "abort":
      case "overlap":
        if (this.current.kind !== "polling" || !this.isParked) return;
        session.lost(this.current, "transport error", step.do, now);
        break;
      case "garbage":
        session.garbled(this.current, "garbage", now);
        break;
      case "client close":
        session.receive(this.current, "1", now);
        break;
      case "ping from client":
        session.receive(this.current, "2", now);
        break;
      case "noise":
        session.receive(this.current, "6", now);
        if (this.candidate) session.ready(this.candidate, now); // nobody asked it
        break;
      case "open ws": {
        const wire = this.#wire("websocket");
        const isTaken = this.session.state === "open" && this.current.kind === "polling" && !this.candidate;
        if (isTaken) [this.candidate, this.candidateSince, this.isProbed] = [wire, now, false];
        session.propose(wire, now);
        break;
      }
      case "probe":
        if (!this.candidate || this.isProbed) return;
        this.isProbed = true;
        session.receive(this.candidate, "2probe", now);
        break;
      case "upgrade": {
        const { candidate } = this;
        if (!candidate || !this.isProbed || this.isParked) return; // a sane client waits for its poll
        const isDue = now < this.candidateSince + OPTIONS.upgradeTimeout && now < session.nextDeadline();
        session.receive(candidate, "5", now);
        if (isDue) {
          [this.current, this.candidate, this.isBlocked] = [candidate, undefined, false];
          assert(session.isUpgraded, "an upgrade in time succeeds");
        }
        break;
      }
      case "candidate lost":
        if (!this.candidate) return;
        session.lost(this.candidate, "transport close", undefined, now);
        break;
      case "ws lost":
        if (this.current.kind !== "websocket") return;
        session.lost(this.current, "transport close", undefined, now);
        break;
      case "block":
        if (this.current.kind !== "websocket" || this.isBlocked) return;
        this.isBlocked = true;
        session.blocked(this.current, 1_000);
        break;
      case "drain":
        if (!this.isBlocked) return;
        this.isBlocked = false;
        session.ready(this.current, now);
        break;
      case "close": {
        const mustWait = !step.discard && session.state === "open" && now < session.nextDeadline() &&
          this.current.kind === "polling" && !this.isParked;
        session.close(step.discard, now);
        if (mustWait) assertEquals(session.state, "closing", "the goodbye waits for a poll");
        break;
      }
      case "pong":
        if (!this.owesPong) return;
        this.owesPong = false;
        this.#heard();
        session.receive(this.current, "3", now);
        break;
      case "wait":
        this.now += step.ms;
        // The timer of the driver: late by nothing, or by all of the wait.
        if (this.session.nextDeadline() <= this.now) session.advance(this.now);
        break;
    }
    this.perform();
    this.#checkOrders();
  }

  #heard(): void {
    this.lastHeard = this.now;
  }

  #checkOrders(): void {
    assertEquals(
      this.arrived,
      this.sent.slice(0, this.arrived.length),
      "sent messages arrive in order, none twice",
    );
    assertEquals(
      this.delivered,
      this.spoken.slice(0, this.delivered.length),
      "messages are delivered in order",
    );
    if (this.closed === undefined && this.session.state === "open") {
      assertEquals(this.delivered, this.spoken, "an open session delivers everything");
    }
    const { candidate } = this;
    if (candidate && this.session.state !== "closed") {
      assert(
        this.now < this.candidateSince + OPTIONS.upgradeTimeout,
        "a candidate is gone at the upgrade timeout",
      );
    }
  }

  /** A healthy client takes what waits: then nothing of what was sent may be missing. */
  settle(): void {
    for (let round = 0; round < 400 && this.session.state === "open"; round++) {
      if (this.isBlocked) this.take({ do: "drain" });
      this.take({ do: "poll" });
      if (this.arrived.length === this.sent.length) break;
    }
    if (this.session.state === "open") {
      assertEquals(this.arrived, this.sent, "nothing is lost while the session lives");
    }
  }

  /** The client falls silent for ever: the session ends in time. */
  silence(): void {
    const limit = this.now + OPTIONS.pingInterval + 2 * OPTIONS.pingTimeout + 30_000;
    const start = this.now;
    const wasOpen = this.session.state === "open";
    for (let next = this.session.nextDeadline(); next !== Infinity; next = this.session.nextDeadline()) {
      this.now = Math.max(this.now, next);
      assert(this.now <= limit, "a silent client is gone in time");
      this.session.advance(this.now);
      this.perform();
    }
    if (wasOpen) {
      assert(this.now - start <= OPTIONS.pingInterval + 2 * OPTIONS.pingTimeout, "pings end a silent client");
    }
  }
}

Deno.test("Session keeps its promises in any order of inputs", () => {
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(step, { minLength: 1, maxLength: 80, size: "max" }),
      (isPolling, steps) => {
        const world = new World(isPolling);
        for (const each of steps) world.take(each);
        world.settle();
        const end = `${world.closed ?? world.session.state}${world.session.isUpgraded ? ", upgraded" : ""}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        world.silence();
        assert(world.closed !== undefined);
      },
    ),
    { numRuns: 12_000 },
  );
  const table = [...ends].sort((a, b) => b[1] - a[1]);
  console.log(table.map(([end, count]) => `${count} × ${end}`).join("; "));
  const upgraded = table.filter(([end]) => end.includes("upgraded")).reduce(
    (sum, [, count]) => sum + count,
    0,
  );
  assertGreater(upgraded, 1_500, "a good share of the runs upgrades");
  assertGreater(ends.size, 10, "many ends are reached");
});
