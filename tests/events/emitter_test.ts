import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Emitter, runCallback } from "../../src/events/emitter.ts";

type Listener = (...args: unknown[]) => unknown;

function setup(): {
  emitter: Emitter<Record<string, Listener>>;
  errors: [unknown, string][];
  log: unknown[];
} {
  const errors: [unknown, string][] = [];
  const emitter = new Emitter<Record<string, Listener>>(
    (error, where) => errors.push([error, where]),
    "thing",
  );
  return { emitter, errors, log: [] };
}

Deno.test("Emitter runs listeners in order with all arguments and says whether there were any", () => {
  const { emitter, log } = setup();
  emitter.on("a", (...args) => log.push(["first", ...args])).on(
    "a",
    (...args) => log.push(["second", ...args]),
  );
  emitter.prependListener("a", () => log.push("before"));
  assertEquals(emitter.emit("a", 1, "x"), true);
  assertEquals(emitter.emit("b"), false);
  assertEquals(log, ["before", ["first", 1, "x"], ["second", 1, "x"]]);
});

Deno.test("Emitter runs a once listener once, also when it emits the same event itself", () => {
  const { emitter, log } = setup();
  emitter.once("a", (value) => {
    log.push(value);
    emitter.emit("a", "inner");
  });
  emitter.prependOnceListener("a", () => log.push("before"));
  emitter.emit("a", "outer");
  emitter.emit("a", "again");
  assertEquals(log, ["before", "outer"]);
  assertEquals(emitter.listenerCount("a"), 0);
});

Deno.test("Emitter runs a once listener once when a listener before it emits the same event", () => {
  const { emitter, log } = setup();
  let depth = 0;
  emitter.on("a", () => {
    if (depth++ === 0) emitter.emit("a", "inner");
  });
  emitter.once("a", (value) => log.push(value));
  emitter.emit("a", "outer");
  assertEquals(log, ["inner"]);
});

Deno.test("Emitter removes the listener added last, one at a time, also one added by once", () => {
  const { emitter, log } = setup();
  const twice = (): void => void log.push("twice");
  const one = (): void => void log.push("one");
  emitter.on("a", twice).on("a", one).on("a", twice).once("a", one);
  emitter.off("a", twice);
  emitter.off("a", one);
  emitter.off("a", () => {});
  emitter.off("none", one);
  emitter.emit("a");
  assertEquals(log, ["twice", "one"]);
  emitter.removeListener("a", one).removeListener("a", twice);
  assertEquals(emitter.emit("a"), false);
  assertEquals(emitter.listenerCount("a"), 0);
  assertEquals(emitter.eventNames(), []);
});

Deno.test("Emitter counts a listener that is added or removed while emitting from the next emission on", () => {
  const { emitter, log } = setup();
  const removed = (): void => void log.push("removed");
  emitter.on("a", () => {
    log.push("first");
    emitter.off("a", removed);
    emitter.on("a", () => log.push("added"));
  });
  emitter.on("a", removed);
  emitter.emit("a");
  assertEquals(log, ["first", "removed"]);
  log.length = 0;
  emitter.emit("a");
  assertEquals(log, ["first", "added"]);
});

Deno.test("Emitter lists listeners and names, and removes all", () => {
  const { emitter } = setup();
  const one: Listener = () => {};
  const two: Listener = () => {};
  emitter.addListener("a", one).once("a", two).on("b", one);
  assertEquals(emitter.listeners("a"), [one, two]);
  assertEquals(emitter.listeners("none"), []);
  assertEquals(emitter.listenerCount("a"), 2);
  assertEquals(emitter.eventNames(), ["a", "b"]);
  emitter.off("a");
  assertEquals(emitter.eventNames(), ["b"]);
  emitter.on("c", two).removeAllListeners("c");
  assertEquals(emitter.eventNames(), ["b"]);
  emitter.removeAllListeners();
  assertEquals(emitter.eventNames(), []);
  assertEquals(emitter.emit("b"), false);
});

Deno.test("Emitter keeps names like __proto__ as any other", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "error", ""]) {
    const { emitter, log } = setup();
    assertEquals(emitter.emit(name, 1), false);
    assertEquals(emitter.listenerCount(name), 0);
    emitter.on(name, (value) => log.push(value));
    assertEquals(emitter.emit(name, 1), true);
    assertEquals(log, [1]);
  }
});

Deno.test("Emitter reports what throws or rejects and goes on", async () => {
  const { emitter, errors, log } = setup();
  const thrown = new Error("thrown");
  const rejected = new Error("rejected");
  emitter.on("a", () => {
    throw thrown;
  });
  emitter.on("a", () => Promise.reject(rejected));
  emitter.on("a", () => ({
    get then(): never {
      throw new Error("getter");
    },
  }));
  emitter.on("a", () => log.push("last"));
  assertEquals(emitter.emit("a"), true);
  assertEquals(log, ["last"]);
  await Promise.resolve();
  const where = 'listener of "a" on thing';
  assertEquals(errors.length, 3);
  assertEquals(errors[0], [thrown, where]);
  assertEquals((errors[1]![0] as Error).message, "getter");
  assertEquals(errors[2], [rejected, where]);
});

Deno.test("Emitter dispatches with the listeners' this", () => {
  const { emitter } = setup();
  const self = {};
  let seen: unknown;
  emitter.once("a", function (this: unknown) {
    seen = this;
  });
  emitter.dispatch(self, "a", []);
  assertStrictEquals(seen, self);
});

Deno.test("Emitter refuses a listener that is not a function", () => {
  const { emitter } = setup();
  for (const add of ["on", "once", "prependListener", "prependOnceListener"] as const) {
    assertThrows(() => emitter[add]("a", undefined as never), TypeError, "not a function");
  }
  assertEquals(emitter.eventNames(), []);
});

Deno.test("runCallback reports what throws or rejects, with the place", async () => {
  const errors: unknown[] = [];
  const report = (error: unknown, where: string): void => void errors.push([error, where]);
  runCallback((a, b) => errors.push(a + b), undefined, [1, 2], report, "there");
  runCallback(
    () => {
      throw "thrown";
    },
    undefined,
    [],
    report,
    "there",
  );
  runCallback(() => Promise.reject("rejected"), undefined, [], report, "there");
  await Promise.resolve();
  assertEquals(errors, [3, ["thrown", "there"], ["rejected", "there"]]);
});
