import { assertEquals, assertThrows } from "@std/assert";
import { AnyListeners } from "../../src/events/any_listeners.ts";

Deno.test("AnyListeners run in order, are removed one by one or all, and are listed as a copy", () => {
  const log: unknown[] = [];
  const listeners = new AnyListeners(() => {}, "here");
  const one = (...data: unknown[]): void => void log.push(["one", ...data]);
  const two = (...data: unknown[]): void => void log.push(["two", ...data]);
  listeners.add(one, false);
  listeners.add(two, true);
  listeners.run(undefined, ["event", 1]);
  assertEquals(log, [["two", "event", 1], ["one", "event", 1]]);
  assertEquals(listeners.list(), [two, one]);
  listeners.list().length = 0;
  listeners.remove(() => {});
  assertEquals(listeners.list(), [two, one]);
  listeners.remove(two);
  assertEquals(listeners.list(), [one]);
  listeners.add(two, false);
  listeners.remove();
  assertEquals(listeners.list(), []);
});

Deno.test("AnyListeners report what throws, and one removed while running counts from the next event on", () => {
  const errors: unknown[] = [];
  const log: unknown[] = [];
  const listeners = new AnyListeners((error, where) => errors.push([error, where]), "here");
  const second = (): void => void log.push("second");
  listeners.add(() => {
    listeners.remove(second);
    throw "oops";
  }, false);
  listeners.add(second, false);
  listeners.run(undefined, ["a"]);
  listeners.run(undefined, ["a"]);
  assertEquals(log, ["second"]);
  assertEquals(errors, [["oops", "here"], ["oops", "here"]]);
});

Deno.test("AnyListeners refuse what is not a function", () => {
  assertThrows(() => new AnyListeners(() => {}, "").add(1 as never, false), TypeError, "not a function");
});
