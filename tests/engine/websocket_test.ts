import { assert, assertEquals } from "@std/assert";
import { HIGH_WATER_MARK, WebSocketTransport } from "../../src/engine/websocket.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";
import { FakeOwner, FakeSocket } from "./fakes.ts";

interface Setup {
  readonly clock: ManualClock;
  readonly socket: FakeSocket;
  readonly owner: FakeOwner;
  readonly transport: WebSocketTransport;
}

/** An open socket with an owner. */
function open({ maxMessageBytes = 1000, base64 = false } = {}): Setup {
  const clock = new ManualClock();
  const owner = new FakeOwner();
  const transport = new WebSocketTransport({ maxMessageBytes, base64, clock }, (it) => it.attach(owner));
  const socket = new FakeSocket();
  transport.opened(socket);
  return { clock, socket, owner, transport };
}

const FULL = "4" + "x".repeat(HIGH_WATER_MARK);

// Opening

Deno.test("WebSocketTransport says once that it is open, with its socket at hand", () => {
  const opened: number[] = [];
  const clock = new ManualClock();
  const transport = new WebSocketTransport({ maxMessageBytes: 10, base64: false, clock }, (it) => {
    it.write(["0{}"]);
    opened.push(it.bufferedAmount);
  });
  const socket = new FakeSocket();
  transport.opened(socket);
  assertEquals(opened, [3]);
  assertEquals(socket.log, ["0{}"]);
});

Deno.test("WebSocketTransport that is not open yet writes, holds and closes nothing", () => {
  const clock = new ManualClock();
  const owner = new FakeOwner();
  const transport = new WebSocketTransport({ maxMessageBytes: 10, base64: false, clock }, () => {});
  transport.attach(owner);
  transport.write(["4a"]);
  transport.message("4a");
  transport.drained();
  transport.closed();
  transport.release();
  assertEquals([owner.log, transport.bufferedAmount, clock.pending], [[], 0, 0]);
});

Deno.test("WebSocketTransport can be released by whoever hears that it opened", () => {
  const clock = new ManualClock();
  const transport = new WebSocketTransport(
    { maxMessageBytes: 10, base64: false, clock },
    (it) => it.release(),
  );
  const socket = new FakeSocket();
  transport.opened(socket);
  transport.message("4a");
  assertEquals(socket.log, ["close"]);
});

// Receiving

Deno.test("WebSocketTransport passes text and bytes on as they came", () => {
  const { transport, owner } = open();
  transport.message("4hello");
  transport.message(new Uint8Array([1, 2]));
  transport.message("9");
  transport.message(new Uint8Array());
  assertEquals(owner.log, ["receive 4hello", "receive [1,2]", "receive 9", "receive []"]);
});

Deno.test("WebSocketTransport makes bytes of a base64 message, whatever the client asked for", () => {
  const { transport, owner } = open({ base64: false });
  transport.message("bAQID");
  assertEquals(owner.log, ["receive [1,2,3]"]);
});

Deno.test("WebSocketTransport calls an empty text garbled", () => {
  const { transport, owner } = open();
  transport.message("");
  assertEquals(owner.log, ["garbled empty frame"]);
});

const SIZES: readonly [what: string, message: string | Uint8Array, isTooBig: boolean][] = [
  ["text of the limit", "x".repeat(12), false],
  ["text of one more", "x".repeat(13), true],
  ["two-byte letters of the limit", "é".repeat(6), false],
  ["two-byte letters of more", "é".repeat(6) + "x", true],
  ["three-byte letters of the limit", "€".repeat(4), false],
  ["three-byte letters of more", "€".repeat(4) + "x", true],
  ["surrogate pairs of the limit", "😀".repeat(3), false],
  ["surrogate pairs of more", "😀".repeat(3) + "x", true],
  ["bytes of the limit", new Uint8Array(12), false],
  ["bytes of one more", new Uint8Array(13), true],
];

for (const [what, message, isTooBig] of SIZES) {
  Deno.test(`WebSocketTransport ${isTooBig ? "closes on" : "takes"} ${what}, in bytes of UTF-8`, () => {
    const { transport, owner, socket } = open({ maxMessageBytes: 12 });
    transport.message(message);
    if (isTooBig) {
      assertEquals(socket.log, ["close 1009 Message too big"]);
      assertEquals(owner.log, ["lost transport error: message of more than 12 bytes"]);
    } else {
      assertEquals([socket.log, owner.log.length], [[], 1]);
    }
  });
}

Deno.test("WebSocketTransport hears nothing more after a message that is too big", () => {
  const { transport, owner } = open({ maxMessageBytes: 2 });
  transport.message("4ab");
  transport.message("4a");
  transport.closed();
  assertEquals(owner.log.length, 1);
});

// Writing

Deno.test("WebSocketTransport sends each frame as a message of its own, in order", () => {
  const { transport, socket } = open();
  transport.write(["0{}", "4a", new Uint8Array([1, 2, 3])]);
  assertEquals(socket.log, ["0{}", "4a", "[1,2,3]"]);
});

Deno.test("WebSocketTransport sends bytes as base64 text to a client that asked for it", () => {
  const { transport, socket } = open({ base64: true });
  transport.write(["4a", new Uint8Array([1, 2, 3])]);
  assertEquals(socket.log, ["4a", "bAQID"]);
});

Deno.test("WebSocketTransport up to the high-water mark blocks nobody", () => {
  const { transport, owner, clock } = open();
  transport.write(["x".repeat(HIGH_WATER_MARK)]);
  assertEquals([owner.log, clock.pending], [[], 0]);
});

Deno.test("WebSocketTransport above the high-water mark tells how much it holds", () => {
  const { transport, owner, socket } = open();
  transport.write([FULL]);
  assertEquals(owner.log, [`blocked ${HIGH_WATER_MARK + 1}`]);
  assertEquals(transport.bufferedAmount, socket.bufferedAmount);
});

Deno.test("WebSocketTransport whose socket takes all at once is never blocked", () => {
  const { transport, owner, socket, clock } = open();
  socket.send = () => {}; // and nothing stays buffered
  for (let i = 0; i < 5; i++) transport.write([FULL]);
  assertEquals([owner.log, clock.pending], [[], 0]);
});

Deno.test("WebSocketTransport on a runtime that does not tell what it holds is never blocked", () => {
  const { transport, owner, clock } = open();
  const silent = { log: [] as unknown[], send: (data: unknown) => silent.log.push(data), close: () => {} };
  const other = new WebSocketTransport(
    { maxMessageBytes: 10, base64: false, clock },
    (it) => it.attach(owner),
  );
  other.opened(silent);
  other.write([FULL, FULL]);
  assertEquals([other.bufferedAmount, owner.log, clock.pending, silent.log.length], [0, [], 0, 2]);
  transport.release();
});

Deno.test("WebSocketTransport adds up small writes until the mark", () => {
  const { transport, owner } = open();
  const half = "x".repeat(HIGH_WATER_MARK / 2);
  transport.write([half]);
  transport.write([half]);
  assertEquals(owner.log, []);
  transport.write(["4a"]);
  assertEquals(owner.log, [`blocked ${HIGH_WATER_MARK + 2}`]);
});

// Draining

Deno.test("WebSocketTransport is ready again when a later look finds room, and needs no timer then", () => {
  const { transport, owner, socket, clock } = open();
  transport.write([FULL]);
  owner.log.length = 0;
  clock.advance(4);
  assertEquals(owner.log, []);
  socket.bufferedAmount = HIGH_WATER_MARK;
  clock.advance(1);
  assertEquals([owner.log, clock.pending], [["ready"], 0]);
});

Deno.test("WebSocketTransport looks again every 5 ms while the client reads", () => {
  const { transport, owner, socket, clock } = open();
  socket.bufferedAmount = 10 * HIGH_WATER_MARK;
  transport.write([FULL]);
  owner.log.length = 0;
  for (let left = 10; left > 1; left--) {
    socket.bufferedAmount = left * HIGH_WATER_MARK;
    clock.advance(5);
    assertEquals(owner.log.splice(0), [`blocked ${left * HIGH_WATER_MARK}`]);
  }
  socket.bufferedAmount = 0;
  clock.advance(5);
  assertEquals(owner.log, ["ready"]);
});

Deno.test("WebSocketTransport looks less and less often at a client that reads nothing, at most every 320 ms", () => {
  const { transport, socket, clock } = open();
  const looks: number[] = [];
  Object.defineProperty(socket, "bufferedAmount", {
    get: () => {
      looks.push(clock.now());
      return HIGH_WATER_MARK + 1;
    },
    set: () => {},
  });
  transport.write([FULL]);
  clock.advance(1500);
  assertEquals(looks.filter((time) => time > 0).slice(0, 9), [5, 15, 35, 75, 155, 315, 635, 955, 1275]);
});

Deno.test("WebSocketTransport looks at once when the runtime says that there is room", () => {
  const { transport, owner, socket, clock } = open();
  transport.write([FULL]);
  owner.log.length = 0;
  socket.bufferedAmount = 0;
  transport.drained();
  assertEquals([owner.log, clock.pending], [["ready"], 0]);
  transport.drained();
  assertEquals(owner.log, ["ready"]);
});

Deno.test("WebSocketTransport keeps waiting when the runtime's room is too little", () => {
  const { transport, owner, socket, clock } = open();
  socket.bufferedAmount = HIGH_WATER_MARK;
  transport.write([FULL]);
  owner.log.length = 0;
  socket.bufferedAmount = HIGH_WATER_MARK + 1;
  transport.drained();
  assertEquals([owner.log, clock.pending], [[`blocked ${HIGH_WATER_MARK + 1}`], 1]);
});

Deno.test("WebSocketTransport looks at once when its owner asks, and only while it is blocked", () => {
  const { transport, owner, socket, clock } = open();
  transport.refresh();
  assertEquals(owner.log, []);
  transport.write([FULL]);
  owner.log.length = 0;
  socket.bufferedAmount = 0;
  transport.refresh();
  transport.refresh();
  assertEquals([owner.log, clock.pending], [["ready"], 0]);
});

Deno.test("WebSocketTransport that is ready again can be blocked again", () => {
  const { transport, owner, socket, clock } = open();
  transport.write([FULL]);
  socket.bufferedAmount = 0;
  clock.advance(5);
  transport.write([FULL]);
  assertEquals(owner.log, [`blocked ${FULL.length}`, "ready", `blocked ${FULL.length}`]);
  assertEquals(clock.pending, 1);
});

Deno.test("WebSocketTransport that is written to while blocked keeps one timer", () => {
  const { transport, clock } = open();
  transport.write([FULL]);
  transport.write([FULL]);
  assertEquals(clock.pending, 1);
});

// Ending

Deno.test("WebSocketTransport tells a clean end from an error, once", () => {
  const clean = open();
  clean.transport.closed();
  clean.transport.closed(new Error("late"));
  assertEquals(clean.owner.log, ["lost transport close"]);
  const broken = open();
  broken.transport.closed(new Error("reset"));
  broken.transport.closed();
  assertEquals(broken.owner.log, ["lost transport error: reset"]);
});

Deno.test("WebSocketTransport closes its socket once when it is released, and says nothing afterwards", () => {
  const { transport, owner, socket } = open();
  transport.release();
  transport.release();
  transport.write(["4a"]);
  transport.message("4a");
  transport.closed();
  assertEquals([socket.log, owner.log, transport.bufferedAmount], [["close"], [], 0]);
});

Deno.test("WebSocketTransport leaves no timer behind, however it ends", () => {
  const ends: ((it: Setup) => void)[] = [
    ({ transport }) => transport.release(),
    ({ transport }) => transport.closed(),
    ({ transport }) => transport.closed(new Error("reset")),
    ({ transport }) => transport.message("x".repeat(1001)),
  ];
  for (const end of ends) {
    const setup = open();
    setup.transport.write([FULL]);
    assertEquals(setup.clock.pending, 1);
    end(setup);
    assertEquals(setup.clock.pending, 0);
  }
});

Deno.test("WebSocketTransport survives a socket that cannot be closed", () => {
  const { transport, socket } = open();
  socket.close = () => {
    throw new TypeError("InvalidStateError");
  };
  transport.release();
  assertEquals(transport.bufferedAmount, 0);
});

Deno.test("WebSocketTransport whose send throws tells its owner in a later turn, and stops there", () => {
  const { transport, owner, socket, clock } = open();
  transport.write(["4a"]);
  socket.failure = new Error("not open");
  transport.write(["4b", "4c"]);
  transport.write(["4d"]);
  assertEquals([owner.log, socket.log], [[], ["4a", "close"]]);
  clock.advance(0);
  assertEquals(owner.log, ["lost transport error: not open"]);
  transport.closed();
  assertEquals([owner.log.length, clock.pending], [1, 0]);
});

Deno.test("WebSocketTransport whose send throws while it is blocked looks no further", () => {
  const { transport, owner, socket, clock } = open();
  transport.write([FULL]);
  socket.failure = new Error("not open");
  transport.write(["4b"]);
  clock.advance(1000);
  assertEquals(owner.log, [`blocked ${FULL.length}`, "lost transport error: not open"]);
  assert(socket.log.includes("close"));
});

// Broadcasts by topic

Deno.test("WebSocketTransport gives its socket for a broadcast as long as it need not look what it holds", () => {
  const { transport, socket } = open();
  assertEquals(transport.direct(1), undefined);
  const topics = { hub: { publish: () => {} }, subscribe: () => {}, unsubscribe: () => {} };
  Object.assign(socket, { topics });
  assertEquals(transport.direct(HIGH_WATER_MARK - 10), topics);
  assertEquals(transport.direct(10), topics);
  assertEquals(transport.direct(1), undefined);
  socket.bufferedAmount = 5;
  transport.write(["4look"]);
  assertEquals(transport.direct(HIGH_WATER_MARK - 10), topics);
  assertEquals(transport.direct(1), undefined); // it holds ten: the five, and what was written
  transport.release();
  assertEquals(transport.direct(0), undefined);
});

Deno.test("WebSocketTransport on base64 keeps its socket to itself: frames differ from those of others", () => {
  const { transport, socket } = open({ base64: true });
  Object.assign(socket, {
    topics: { hub: { publish: () => {} }, subscribe: () => {}, unsubscribe: () => {} },
  });
  assertEquals(transport.direct(1), undefined);
});
