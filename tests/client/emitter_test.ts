import { assertEquals } from "@std/assert";
import { Emitter, fire } from "../../src/client/emitter.ts";

interface Events {
  a: (...args: unknown[]) => unknown;
  b: () => void;
}

Deno.test("Emitter runs listeners in order, with itself as this, and a listener as often as it was added", () => {
  const emitter = new Emitter<Events>();
  const log: unknown[] = [];
  const listener = function (this: unknown, ...args: unknown[]): void {
    log.push(this === emitter, ...args);
  };
  emitter.on("a", listener).addListener("a", listener).addEventListener("a", () => log.push("last"));
  fire(emitter, "a", 1, 2);
  assertEquals(log, [true, 1, 2, true, 1, 2, "last"]);
  fire(emitter, "nobody listens");
});

Deno.test("Emitter forgets one, all of an event, or all listeners", () => {
  const emitter = new Emitter<Events>();
  const one = (): void => {};
  const two = (): void => {};
  emitter.on("a", one).on("a", two).on("a", one).on("b", one);
  emitter.off("a", one);
  assertEquals(emitter.listeners("a"), [one, two]);
  emitter.removeListener("a", () => {});
  emitter.removeEventListener("a", two);
  assertEquals([emitter.listeners("a"), emitter.hasListeners("a")], [[one], true]);
  emitter.removeAllListeners("a");
  assertEquals([emitter.hasListeners("a"), emitter.hasListeners("b")], [false, true]);
  emitter.on("a", one).off();
  assertEquals([emitter.hasListeners("a"), emitter.hasListeners("b")], [false, false]);
});

Deno.test("Emitter runs a listener of once() once, and can be told to forget it before", () => {
  const emitter = new Emitter<Events>();
  const log: unknown[] = [];
  const listener = (n: unknown): void => {
    log.push(n);
    if (n === 1) fire(emitter, "a", 2); // not for this one
  };
  emitter.once("a", listener);
  assertEquals(emitter.listeners("a"), [listener]);
  fire(emitter, "a", 1);
  assertEquals([log, emitter.hasListeners("a")], [[1], false]);
  emitter.once("a", listener).off("a", listener);
  fire(emitter, "a", 3);
  assertEquals(log, [1]);
});

Deno.test("Emitter lets listeners change the list: what is under way goes on as it began", () => {
  const emitter = new Emitter<Events>();
  const log: string[] = [];
  const second = (): void => void log.push("second");
  emitter.on("a", () => {
    emitter.off("a", second);
    emitter.on("a", () => log.push("third"));
  });
  emitter.on("a", second);
  fire(emitter, "a");
  assertEquals(log, ["second"]);
});

Deno.test("Emitter reports what a listener throws as uncaught, and runs the others", async () => {
  const emitter = new Emitter<Events>();
  const log: string[] = [];
  const reported = new Promise((resolve) =>
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event.error);
    }, { once: true })
  );
  const error = new Error("mine");
  emitter.on("a", () => {
    throw error;
  }).on("a", () => log.push("second"));
  fire(emitter, "a");
  assertEquals(log, ["second"]);
  assertEquals(await reported, error);
});
