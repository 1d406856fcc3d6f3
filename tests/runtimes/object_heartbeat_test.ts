/**
 * The heartbeat of an object's WebSockets: pings by alarm, pongs by the platform, and the hunt for the mute, which
 * must neither believe the platform's timestamps nor wake the object for ever where they are wrong.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ObjectAlarm } from "../../src/runtimes/object_alarm.ts";
import { ObjectHeartbeat } from "../../src/runtimes/object_heartbeat.ts";
import { type ObjectWebSocket, SOCKET_TAG } from "../../src/runtimes/object_state.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeObject, FakeSocket } from "../support/fake_object.ts";

const INTERVAL = 25_000;
const TIMEOUT = 60_000;

class Stage {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  readonly object: FakeObject = new FakeObject(this.clock);
  /** Those whose end was told. */
  readonly silent: ObjectWebSocket[] = [];
  readonly opened: Map<ObjectWebSocket, number> = new Map();
  /** Pongs that reached the object. */
  pongs = 0;
  /** Whether the platform says when it answered. */
  isTimestamped = true;
  /** Lives of the object: it sleeps after every alarm that leaves no timer. */
  lives = 0;
  #life: { alarm: ObjectAlarm; heartbeat: ObjectHeartbeat } | undefined;
  #timers = 0;

  constructor() {
    this.object.onAlarm = () => this.#alarm();
  }

  /** Whether a timer keeps the object awake. */
  get isPinned(): boolean {
    return this.#timers > 0;
  }

  get heartbeat(): ObjectHeartbeat {
    if (this.#life === undefined) {
      this.lives++;
      const alarm = new ObjectAlarm(this.object, this.clock);
      this.#life = { alarm, heartbeat: new ObjectHeartbeat(this.object, alarm) };
    }
    return this.#life.heartbeat;
  }

  /** A client comes. `isMute`: it does not answer; else it does, at once. */
  open(isMute = false): FakeSocket {
    const socket = new FakeSocket();
    this.object.acceptWebSocket(socket, [SOCKET_TAG, "sid"]);
    this.opened.set(socket, this.clock.now());
    this.heartbeat.begin(INTERVAL);
    socket.told = () => {
      if (socket.heard.at(-1) === "2" && !isMute) queueMicrotask(() => this.pong(socket));
    };
    return socket;
  }

  pong(socket: FakeSocket): void {
    const { autoResponse } = this.object;
    if (autoResponse === undefined) {
      this.pongs++;
      assert(this.heartbeat.heard(socket, "3"), "a pong is nobody else's business");
    } else {
      assertEquals([autoResponse.request, autoResponse.response], ["3", "6"]);
      if (this.isTimestamped) this.object.answered(socket);
      socket.heard.push("6");
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await undefined;
    if (!this.isPinned) this.#life = undefined;
  }

  /** So many intervals pass. */
  async intervals(count: number): Promise<void> {
    for (let i = 0; i < count * 10; i++) {
      this.clock.advance(INTERVAL / 10);
      await this.settle();
    }
  }

  #alarm(): void {
    const { heartbeat } = this;
    this.#life!.alarm.wentOff();
    heartbeat.tick({
      pingInterval: INTERVAL,
      pingTimeout: TIMEOUT,
      timers: {
        now: () => this.clock.now(),
        at: (time, wake) => {
          this.#timers++;
          return this.clock.at(time, () => {
            this.#timers--;
            wake();
          });
        },
      },
      openedAt: (socket) => this.opened.get(socket) ?? Infinity,
      silent: (socket) => {
        this.silent.push(socket);
        this.object.remove(socket as FakeSocket);
      },
    });
    this.#life!.alarm.run();
  }
}

Deno.test("ObjectHeartbeat pings all once per interval with one alarm, and sleeps in between", async () => {
  const stage = new Stage();
  const sockets = [stage.open(), stage.open()];
  await stage.settle();
  await stage.intervals(4);
  const pings = sockets.map(({ heard }) => heard.filter((frame) => frame === "2").length);
  assertEquals(pings, [4, 4]);
  assertEquals(stage.object.alarmsSet, 5);
  assertEquals([stage.lives, stage.pongs, stage.silent.length], [5, 0, 0]);
});

Deno.test("ObjectHeartbeat pings somebody who comes in the middle early, and nobody late", async () => {
  const stage = new Stage();
  stage.open();
  await stage.settle();
  await stage.intervals(0.5);
  const late = stage.open();
  await stage.settle();
  await stage.intervals(0.5);
  assertEquals(late.heard, ["2", "6"]);
});

Deno.test("ObjectHeartbeat asks for no alarm while nobody is there, and begins again with the next client", async () => {
  const stage = new Stage();
  const socket = stage.open();
  await stage.settle();
  stage.object.remove(socket);
  await stage.intervals(1);
  assertEquals([stage.object.alarm, stage.clock.pending], [undefined, 0]);
  const next = stage.open();
  await stage.settle();
  await stage.intervals(1);
  assertEquals(next.heard, ["2", "6"]);
});

Deno.test("ObjectHeartbeat pings the others when one of them is closing", async () => {
  const stage = new Stage();
  const [closing, closed, other] = [stage.open(), stage.open(), stage.open()];
  await stage.settle();
  closing.readyState = 2;
  closed.closedHere = 1000; // but its readyState does not show it yet
  await stage.intervals(1);
  assertEquals([closing.heard, closed.heard, other.heard], [[], [], ["2", "6"]]);
});

Deno.test("ObjectHeartbeat leaves WebSockets alone that are not ours", async () => {
  const stage = new Stage();
  const other = new FakeSocket();
  stage.object.acceptWebSocket(other, ["theirs"]);
  stage.open();
  await stage.settle();
  await stage.intervals(6);
  assertEquals([other.heard, stage.silent], [[], []]);
});

Deno.test("ObjectHeartbeat tells who does not answer, and nobody else", async () => {
  const stage = new Stage();
  const answering = stage.open();
  const mute = stage.open(true);
  await stage.settle();
  await stage.intervals(8);
  assertEquals(stage.silent, [mute]);
  assert(answering.readyState === 1);
  assert(stage.object.autoResponse !== undefined, "the platform answers again");
  assertEquals(stage.isPinned, false);
});

Deno.test("ObjectHeartbeat gives a client 2.5 intervals and the timeout before it is lost", async () => {
  const stage = new Stage();
  stage.open(true);
  await stage.settle();
  await stage.intervals(2.9);
  assertEquals([stage.silent.length, stage.isPinned], [0, false]);
  await stage.intervals(2.3);
  assertEquals([stage.silent.length, stage.isPinned], [0, true]);
  await stage.intervals(0.4);
  assertEquals(stage.silent.length, 1);
});

Deno.test("ObjectHeartbeat does not lose a suspect that answers anything while it is asked again", async () => {
  const stage = new Stage();
  stage.isTimestamped = false;
  const talking = stage.open(true);
  const answering = stage.open();
  const mute = stage.open(true);
  await stage.settle();
  await stage.intervals(3.1);
  assert(stage.isPinned && stage.object.autoResponse === undefined, "it listens itself");
  assertEquals(stage.heartbeat.heard(talking, "42[1]"), false);
  await stage.intervals(2.5);
  assertEquals(stage.silent, [mute]);
  assert(stage.pongs > 0 && answering.readyState === 1);
});

Deno.test("ObjectHeartbeat whose hint is always wrong asks ever more rarely, and loses nobody", async () => {
  const stage = new Stage();
  stage.isTimestamped = false;
  stage.open();
  await stage.settle();
  const rounds: number[] = [];
  let wasPinned = false;
  for (let interval = 0; interval < 1_000; interval++) {
    stage.clock.advance(INTERVAL);
    await stage.settle();
    if (stage.isPinned && !wasPinned) rounds.push(interval);
    wasPinned = stage.isPinned;
  }
  assertEquals(stage.silent, []);
  const pauses = rounds.slice(1).map((round, index) => round - rounds[index]!);
  for (const [index, pause] of pauses.entries()) assert(pause >= (pauses[index - 1] ?? 0), `${pauses}`);
  assert(pauses.at(-1)! >= 144 && rounds.length < 14, `${rounds}`);
});

Deno.test("ObjectHeartbeat looks soon again once somebody was silent indeed", async () => {
  const stage = new Stage();
  stage.isTimestamped = false;
  stage.open();
  await stage.settle();
  await stage.intervals(200); // the pauses are long by now
  stage.open(true);
  await stage.settle();
  for (let i = 0; i < 160 && stage.silent.length === 0; i++) await stage.intervals(1);
  assertEquals(stage.silent.length, 1);
  stage.open(true);
  await stage.settle();
  await stage.intervals(10);
  assertEquals(stage.silent.length, 2);
});

Deno.test("ObjectHeartbeat begins no second round while one goes on", async () => {
  const stage = new Stage();
  stage.open(true);
  await stage.settle();
  await stage.intervals(3.1);
  const before = stage.clock.pending;
  await stage.intervals(1);
  assertEquals(stage.clock.pending, before);
});
