/**
 * Where snapshots are kept: attachments up to their limit, the object's storage beyond it.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ConnectionSnapshot } from "../../src/core/sleep.ts";
import { forgetOrphans, openedAt, type Sleeping, Snapshot } from "../../src/runtimes/object_snapshots.ts";
import { FakeKv, MAX_VALUE } from "../support/fake_kv.ts";
import { FakeSocket, MAX_ATTACHMENT } from "../support/fake_object.ts";

/** A connection with one socket. */
function sleeping(data: unknown, sid = "a sid"): Sleeping {
  const connection: ConnectionSnapshot = {
    sockets: [{ nsp: "/chat", id: "an id", auth: { token: "t" }, issued: 5, rooms: ["red"], data }],
    left: [["/left", "by server"]],
  };
  const session = {
    sid,
    url: "http://h/socket.io/?EIO=4",
    headers: [["a", "b"]] as const,
    address: "192.0.2.1",
    upgraded: false,
    base64: false,
  };
  return { opened: 1_000, session, connection };
}

interface Stage {
  readonly socket: FakeSocket;
  readonly kv: FakeKv;
  readonly snapshot: Snapshot;
  /** What the next life reads. */
  read(): Sleeping | undefined;
}

function stage(): Stage {
  const socket = new FakeSocket();
  const kv = new FakeKv();
  return { socket, kv, snapshot: new Snapshot(socket, kv), read: () => new Snapshot(socket, kv).read() };
}

Deno.test("Snapshot is kept in the attachment, and read in a later life", () => {
  const { socket, kv, snapshot, read } = stage();
  const data = new Map([["when", new Date(7)]]);
  assertEquals(read(), undefined);
  assertEquals(openedAt(socket), Infinity);
  snapshot.write(sleeping(data));
  assertEquals(read(), sleeping(data));
  assertEquals(openedAt(socket), 1_000);
  assertEquals(kv.written, 0);
  snapshot.write(sleeping("changed"));
  assertEquals(read(), sleeping("changed"));
});

Deno.test("Snapshot of a socket in 2 namespaces and 3 rooms is a few hundred bytes", () => {
  const { socket, snapshot } = stage();
  const one = sleeping({ user: "ann" });
  const [first] = one.connection.sockets;
  const sockets = [first!, { ...first!, nsp: "/", rooms: ["red", "blue"] }];
  snapshot.write({ ...one, connection: { sockets } });
  assert(JSON.stringify(socket.deserializeAttachment()).length < 500);
});

Deno.test("Snapshot that is too large for the attachment goes to the storage, to the very byte", () => {
  let inAttachment = 0;
  let inStorage = 0;
  for (let size = MAX_ATTACHMENT - 600; size < MAX_ATTACHMENT; size += 7) {
    const { kv, snapshot, read } = stage();
    snapshot.write(sleeping("x".repeat(size)));
    assertEquals(read(), sleeping("x".repeat(size)));
    if (kv.keys().length === 0) inAttachment++;
    else inStorage++;
  }
  assert(inAttachment > 5 && inStorage > 5, `${inAttachment}, ${inStorage}`);
});

Deno.test("Snapshot in the storage is written again only when it changed", () => {
  const { socket, kv, snapshot, read } = stage();
  const large = { text: "x".repeat(20_000), n: 1 };
  snapshot.write(sleeping(large));
  assertEquals([kv.keys(), kv.written, socket.written], [["skein/socket/a sid"], 1, 1]);
  snapshot.write(sleeping({ ...large }));
  assertEquals([kv.written, socket.written], [1, 1]);
  large.n = 2; // the very object that was written before
  snapshot.write(sleeping(large));
  assertEquals(kv.written, 2);
  assertEquals(read(), sleeping(large));
});

Deno.test("Snapshot that was read from the storage is not written again unless it changed", () => {
  const { kv, snapshot, socket } = stage();
  snapshot.write(sleeping("x".repeat(20_000)));
  const next = new Snapshot(socket, kv);
  next.write(next.read()!);
  assertEquals(kv.written, 1);
  next.write(sleeping("y".repeat(20_000)));
  assertEquals(kv.written, 2);
});

Deno.test("Snapshot that is small again is still the latest one that is read", () => {
  const { kv, snapshot, read } = stage();
  snapshot.write(sleeping("x".repeat(20_000)));
  snapshot.write(sleeping("small"));
  assertEquals(read(), sleeping("small"));
  snapshot.write(sleeping("x".repeat(30_000)));
  assertEquals(read(), sleeping("x".repeat(30_000)));
  snapshot.write(sleeping("small again"));
  const last = read();
  assertEquals(last, sleeping("small again"));
  snapshot.forget();
  assertEquals(kv.keys(), []);
});

Deno.test("Snapshot that cannot be kept is an error that names the sockets, and the former one stays", () => {
  const { snapshot, read } = stage();
  snapshot.write(sleeping("former"));
  for (const data of [{ deep: () => {} }, "x".repeat(MAX_VALUE), Symbol("s")]) {
    const error = assertThrows(() => snapshot.write(sleeping(data)), Error);
    assert(
      error.message.startsWith(`Cannot keep what socket "an id" in "/chat" is while it sleeps: `),
      error.message,
    );
    assertEquals(read(), sleeping("former"));
  }
  const large = "x".repeat(20_000);
  snapshot.write(sleeping(large));
  assertThrows(() => snapshot.write(sleeping(() => {})), Error, "could not be cloned");
  assertThrows(() => snapshot.write(sleeping("x".repeat(MAX_VALUE))), Error, "too big");
  assertEquals(read(), sleeping(large));
  snapshot.write(sleeping("well again"));
  assertEquals(read(), sleeping("well again"));
});

Deno.test("Snapshot leaves nothing behind when it is forgotten, also where another life wrote it", () => {
  const { socket, kv, snapshot, read } = stage();
  snapshot.write(sleeping("x".repeat(20_000)));
  const next = new Snapshot(socket, kv);
  next.read();
  next.forget();
  assertEquals([kv.keys(), read(), socket.deserializeAttachment()], [[], undefined, null]);
  next.forget();
  snapshot.write(sleeping("small"));
  snapshot.forget();
  assertEquals([read(), kv.keys()], [undefined, []]);
});

Deno.test("Snapshot of another version, or of somebody else, is none of ours", () => {
  const { socket, read } = stage();
  for (const attachment of [{ skein: 2, opened: 1, here: {} }, "text", 5, { user: "data" }, null]) {
    socket.serializeAttachment(attachment);
    assertEquals(read(), undefined);
    assertEquals(openedAt(socket), Infinity);
  }
  socket.serializeAttachment({ skein: 1, opened: 1, stored: "gone" });
  assertEquals(read(), undefined);
});

Deno.test("forgetOrphans drops what was stored of WebSockets that are gone, and nothing else", () => {
  const kv = new FakeKv();
  for (const sid of ["here", "gone", "gone too"]) {
    new Snapshot(new FakeSocket(), kv).write(sleeping("x".repeat(20_000), sid));
  }
  kv.put("skein/session/gone", 1);
  forgetOrphans(kv, new Set(["here", "small"]));
  assertEquals(kv.keys(), ["skein/session/gone", "skein/socket/here"]);
});
