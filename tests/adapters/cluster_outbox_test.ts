import { assertEquals } from "@std/assert";
import { ClusterOutbox, type Published } from "../../src/adapters/cluster_outbox.ts";
import type { ClusterMessage, ServerId } from "../../src/adapters/cluster_messages.ts";

function message(name: string): ClusterMessage {
  return { type: "tell", from: "me" as ServerId, nsp: "/", data: [name] };
}

interface Setup {
  readonly outbox: ClusterOutbox;
  readonly sent: unknown[];
  say(what: ClusterMessage | Promise<ClusterMessage | undefined>, published?: Published): void;
}

function setup(onSent: (name: unknown) => void = () => {}): Setup {
  const sent: unknown[] = [];
  const outbox = new ClusterOutbox((message) => {
    const name = "data" in message ? message.data[0] : message.type;
    sent.push(name);
    onSent(name);
  });
  return {
    outbox,
    sent,
    say(what, published) {
      outbox.hold(what, published);
      outbox.release();
    },
  };
}

Deno.test("ClusterOutbox publishes at once", () => {
  const { sent, say } = setup();
  say(message("a"));
  say(message("b"));
  assertEquals(sent, ["a", "b"]);
});

Deno.test("ClusterOutbox sends what is said while a message is held after that message", () => {
  const { outbox, sent, say } = setup();
  outbox.hold(message("a"));
  say(message("b"));
  outbox.hold(message("c"));
  say(message("d"));
  outbox.release();
  assertEquals(sent, []);
  outbox.release();
  assertEquals(sent, ["a", "b", "c", "d"]);
});

Deno.test("ClusterOutbox keeps the order when publishing makes others speak", () => {
  const names = ["b", "c"];
  const { outbox, sent, say } = setup(() => {
    const name = names.shift();
    if (name !== undefined) say(message(name));
  });
  outbox.hold(message("a"));
  say(message("a2"));
  outbox.release();
  assertEquals(sent, ["a", "a2", "b", "c"]);
});

Deno.test("ClusterOutbox lets nothing overtake what is promised", async () => {
  const { sent, say } = setup();
  const first = Promise.withResolvers<ClusterMessage>();
  const second = Promise.withResolvers<ClusterMessage>();
  say(message("a"));
  say(first.promise);
  say(message("b"));
  say(second.promise);
  say(message("c"));
  second.resolve(message("2"));
  await second.promise;
  assertEquals(sent, ["a"]);
  first.resolve(message("1"));
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assertEquals(sent, ["a", "1", "b", "2", "c"]);
  say(message("d"));
  assertEquals(sent.at(-1), "d");
});

Deno.test("ClusterOutbox goes on after a promise of nothing, and says that it was nothing", async () => {
  const { sent, say } = setup();
  const failures: string[] = [];
  say(Promise.resolve(undefined), {
    reached: () => failures.push("reached"),
    failed: ({ message }) => failures.push(message),
  });
  say(Promise.resolve(undefined));
  say(message("a"));
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assertEquals(sent, ["a"]);
  assertEquals(failures, ["Cannot ask: the event could not be encoded"]);
});

Deno.test("ClusterOutbox waits for what it is told to wait for", async () => {
  const { outbox, sent, say } = setup();
  const ready = Promise.withResolvers<void>();
  outbox.waitFor(ready.promise);
  say(message("a"));
  assertEquals(sent, []);
  ready.resolve();
  await ready.promise;
  assertEquals(sent, ["a"]);
});
